/* SPDX-License-Identifier: BSD-3-Clause */
/* Which aggregate a packet counts for. Internal to the engine: the worker's thread. */
#ifndef ENGINE_ATTRIBUTION_H
#define ENGINE_ATTRIBUTION_H

#include "engine/internal.h"

/* The aggregate of the packet's source at this granularity; when it was not made yet, and is
 * wanted, the manager is asked for it. */
uint32_t engine_find_sub_prefix(struct engine *e, const struct engine_packet *p, uint8_t bits,
                                bool want);

static inline uint32_t engine_find_aggregate(struct engine *e, const struct engine_packet *p,
                                             const struct slice_rules *rules, bool want)
{
    uint8_t bits = p->view->is_ipv4 ? rules->granularity_ipv4 : rules->granularity_ipv6;

    return likely_true(bits == 0) ? rules->aggregate : engine_find_sub_prefix(e, p, bits, want);
}

/* Of a flow whose aggregate was not made yet: asks again. */
uint32_t engine_ask_aggregate(struct engine *e, const struct engine_packet *p,
                              const struct slice_rules *rules, struct flow *f);

/* The flow's aggregate, asked for again when it was not made yet. */
static inline uint32_t engine_aggregate_of(struct engine *e, const struct engine_packet *p,
                                           const struct slice_rules *rules, struct flow *f)
{
    return likely_true(f->aggregate != FLOW_NO_AGGREGATE) ? f->aggregate
                                                          : engine_ask_aggregate(e, p, rules, f);
}

#endif
