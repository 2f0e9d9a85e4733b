/* SPDX-License-Identifier: BSD-3-Clause */
/* What pennyline-info sees: the appliance's figures in memory that other DPDK processes map. */
#ifndef PENNYLINE_INSPECT_H
#define PENNYLINE_INSPECT_H

#include <jansson.h>

#include "state.h"

/* Workers and ports are there. Without hugepages no other process could map it, so nothing is done.
 * 0 or a negative errno. */
int inspect_up(struct appliance *a);
void inspect_down(struct appliance *a);

/* The budget, and what of it is in use. The caller's. */
json_t *inspect_memory_json(const struct appliance *a);

/* In each turn of the manager's loop: some aggregates, so that all have their turn within half a
 * second, and every 100 ms the rest. */
void inspect_serve(struct appliance *a, uint64_t now_ns);

#endif
