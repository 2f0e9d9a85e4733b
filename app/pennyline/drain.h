/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking the box out of the path: tests end, nothing is dropped any more, and packets are forwarded
 * until none came for a while, since whoever sends them may need minutes to be led elsewhere. */
#ifndef PENNYLINE_DRAIN_H
#define PENNYLINE_DRAIN_H

#include <jansson.h>

#include "state.h"

/* Without one packet on the ports that forward, of whatever kind, the drain is over. */
#define DRAIN_QUIET_S 10

/* Begins, or is given another time: `timeout_s` from now at most; 0 is over at once, UINT32_MAX is
 * without limit. */
void drain_begin(struct appliance *a, uint32_t timeout_s, uint64_t now_ns);

/* Both false before drain_begin(). */
bool drain_has_begun(const struct appliance *a);
bool drain_is_over(struct appliance *a, uint64_t now_ns);

/* What "status" says of it: since when, how long still at most (null: no limit), and for how long
 * no packet has come. NULL before drain_begin(); the caller's. */
json_t *drain_json(const struct appliance *a, uint64_t now_ns);

#endif
