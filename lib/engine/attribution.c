/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/attribution.h"

#define MOST_ASKED   256
#define MOST_SAMPLED 192

/* What a flow without an aggregate holds instead of a handle: when it last asked for it. */
static uint32_t asked_in(uint64_t epoch)
{
    return aggregate_handle((uint32_t)epoch & (AGGREGATE_MOST - 1), AGGREGATE_GENERATIONS);
}
static_assert(FLOW_NO_AGGREGATE >> AGGREGATE_NUMBER_BITS == AGGREGATE_GENERATIONS,
              "a flow that never asked has no handle either");

static uint64_t epoch_now(const struct engine *e)
{
    return atomic_load_explicit(&e->config.gate->epoch, memory_order_acquire);
}

static bool may_ask(struct engine *e, enum aggregate_want want)
{
    uint32_t n_free = aggregate_table_n_free(e->aggregates);
    uint64_t epoch = epoch_now(e);

    if (want == WANT_NOTHING || n_free == 0)
        return false;
    if (e->asked_epoch != epoch) {
        e->asked_epoch = epoch;
        e->n_asked = e->n_sampled = 0;
    }
    if (want == WANT_SAMPLE &&
        (e->n_sampled >= MOST_SAMPLED || n_free <= aggregate_table_capacity(e->aggregates) / 2))
        return false;
    return e->n_asked < MOST_ASKED;
}

/* Apart, since a message is large and hardly ever made. Not posted now: asked again by another
 * packet. */
static never_inlined bool ask(struct engine *e, uint32_t slice, const struct ip_prefix *prefix,
                              enum aggregate_want want)
{
    struct message m = {
        .kind = MESSAGE_AGGREGATE_WANTED, .worker = e->config.worker, .aggregate = AGGREGATE_NONE};

    m.wanted.slice = slice;
    m.wanted.prefix = *prefix;
    m.wanted.is_armed = want == WANT_ARMED;
    if (e->config.post(e->config.post_context, &m) != 0)
        return false;
    e->n_asked++;
    e->n_sampled += want == WANT_SAMPLE;
    return true;
}

uint32_t engine_find_sub_prefix(struct engine *e, const struct engine_packet *p, uint8_t bits,
                                enum aggregate_want want, bool *is_asked)
{
    struct ip_prefix prefix = ip_prefix_of_address(&p->view->source, bits);
    uint32_t number = aggregate_table_find(e->aggregates, p->slice, &prefix);

    if (number == AGGREGATE_NONE && may_ask(e, want) && ask(e, p->slice, &prefix, want) &&
        is_asked != NULL)
        *is_asked = true;
    return number;
}

/* One more segment after those that armed it: this one could be dropped, or tells of losses. */
static bool shows_armed_flow(const struct engine_packet *p, const struct flow *f)
{
    if (p->view->payload_bytes == 0)
        return false;
    return flow_is_passive(f) ? f->n_passed > 0 : f->state == FLOW_ARMED;
}

/* What the flow did in tests of an aggregate that is gone does not count for the next one. */
static void forget_tests(struct engine *e, struct flow *f)
{
    engine_leave_place(e, f);
    f->test_id = 0;
    f->n_drops = 0;
    f->flags &= (uint8_t)~FLOW_OF_TEST;
}

uint32_t engine_ask_aggregate(struct engine *e, const struct engine_packet *p,
                              const struct slice_rules *rules, struct flow *f)
{
    uint8_t bits = engine_granularity(p, rules);
    uint32_t number = rules->aggregate, asked = asked_in(epoch_now(e));
    bool is_asked = false;

    if (!aggregate_handle_is_none(f->aggregate)) {
        if (!flow_is_passive(f))
            forget_tests(e, f);
        f->aggregate = FLOW_NO_AGGREGATE;
    }
    if (bits != 0)
        number = engine_find_sub_prefix(e, p, bits,
                                        f->aggregate == asked    ? WANT_NOTHING
                                        : shows_armed_flow(p, f) ? WANT_ARMED
                                                                 : WANT_SAMPLE,
                                        &is_asked);
    if (number == AGGREGATE_NONE) {
        e->counters.no_aggregate++;
        f->aggregate = is_asked ? asked : f->aggregate;
        return AGGREGATE_NONE;
    }
    f->aggregate = aggregate_table_handle(e->aggregates, number);
    engine_delta(e, number)->flows_seen++;
    return number;
}
