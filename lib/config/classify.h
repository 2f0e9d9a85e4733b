/* SPDX-License-Identifier: BSD-3-Clause */
/* Which slice a packet belongs to, by looking at every slice. Simple on purpose: it serves replays
 * of captures, and is what the faster lookup of the appliance is compared with. */
#ifndef CONFIG_CLASSIFY_H
#define CONFIG_CLASSIFY_H

#include "config/slice.h"

/* Index of the slice that wins by the order of slice.h, or -1 when none matches. Of slices that
 * tie, which a loaded configuration never holds, the first. The packet has addresses. Pure; any
 * thread. */
int slice_classify_linear(const struct slice *slices, unsigned int n,
                          const struct packet_view *view, const struct ingress *at);
/* The same of a packet that a state machine marked, or SLICE_NO_MARK. */
int slice_classify_marked(const struct slice *slices, unsigned int n,
                          const struct packet_view *view, const struct ingress *at, uint32_t mark);

#endif
