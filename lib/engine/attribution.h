/* SPDX-License-Identifier: BSD-3-Clause */
/* Which aggregate a packet counts for. Internal to the engine: the worker's thread.
 *
 * Aggregates of sub-prefixes are made by the manager, on request. Whoever sends a packet chooses
 * its source, so requests are few: those for a flow that can be tested (a spoofed SYN makes none)
 * are up to MOST_ASKED an epoch, each flow one an epoch, and none when no number is free. What else
 * passes by, as SYNs and segments of flows just begun, is shown as far as there is plenty of room:
 * a sample of MOST_SAMPLED an epoch while more than half of the numbers are free. */
#ifndef ENGINE_ATTRIBUTION_H
#define ENGINE_ATTRIBUTION_H

#include "engine/internal.h"

/* What a packet shows, when its aggregate was not made yet. */
enum aggregate_want {
    WANT_NOTHING, /* nobody asks for it */
    WANT_SAMPLE,  /* that somebody sends */
    WANT_ARMED,   /* a flow that can be tested */
};

/* The number of the aggregate of the packet's source at this granularity, or AGGREGATE_NONE; then
 * the manager is asked for it, as far as it may be. *is_asked, unless NULL: it was. */
uint32_t engine_find_sub_prefix(struct engine *e, const struct engine_packet *p, uint8_t bits,
                                enum aggregate_want want, bool *is_asked);

static inline uint8_t engine_granularity(const struct engine_packet *p,
                                         const struct slice_rules *rules)
{
    return p->view->is_ipv4 ? rules->granularity_ipv4 : rules->granularity_ipv6;
}

/* The same of a packet of a slice, whatever its granularity. */
static inline uint32_t engine_find_aggregate(struct engine *e, const struct engine_packet *p,
                                             const struct slice_rules *rules,
                                             enum aggregate_want want)
{
    uint8_t bits = engine_granularity(p, rules);

    return likely_true(bits == 0) ? rules->aggregate
                                  : engine_find_sub_prefix(e, p, bits, want, NULL);
}

/* The number of an aggregate whose handle was kept, with its control word, or AGGREGATE_NONE when
 * there is none (any more). */
static inline uint32_t engine_live_word(const struct engine *e, uint32_t handle, uint64_t *word)
{
    uint32_t number = aggregate_number_of(handle);

    if (aggregate_handle_is_none(handle))
        return AGGREGATE_NONE;
    *word = atomic_load_explicit(&e->controls[number].word, memory_order_acquire);
    return likely_true(aggregate_generation_of_word(*word) == aggregate_generation_of(handle))
               ? number
               : AGGREGATE_NONE;
}

static inline uint32_t engine_live_aggregate(const struct engine *e, uint32_t handle)
{
    uint64_t word;

    return engine_live_word(e, handle, &word);
}

/* Of a flow that has no aggregate (any more): looks for it, and asks for it. */
uint32_t engine_ask_aggregate(struct engine *e, const struct engine_packet *p,
                              const struct slice_rules *rules, struct flow *f);

/* The number of the flow's aggregate and what may be done to it now, or AGGREGATE_NONE, and
 * nothing. A flow may be another slice's since its last packet: when the configuration changed. */
static inline uint32_t engine_aggregate_of(struct engine *e, const struct engine_packet *p,
                                           const struct slice_rules *rules, struct flow *f,
                                           struct aggregate_order *order)
{
    uint64_t word = 0; /* IDLE */
    uint32_t number = engine_live_word(e, f->aggregate, &word);

    if (likely_false(number == AGGREGATE_NONE || e->controls[number].slice != p->slice)) {
        number = engine_ask_aggregate(e, p, rules, f);
        word = number == AGGREGATE_NONE
                   ? 0
                   : atomic_load_explicit(&e->controls[number].word, memory_order_acquire);
    }
    *order = aggregate_order_of_word(word);
    return number;
}

#endif
