/* SPDX-License-Identifier: BSD-3-Clause */
/* What is left out when the box cannot keep up: first tests (manager_report_own_loss()), then the
 * tracking of flows, never forwarding.
 *
 * Left out is what is seen of flows, whatever it is and whatever their coins said, while nothing
 * is dropped; and what was pending is void, as with any own loss. So for rule anytime each segment
 * with a coin goes on to count, or does not, by what cannot know the coin. Rule penny compares
 * counts of a population that would have a gap: its tests end. */
#include "base/time.h"
#include "manager/internal.h"

#define ABOVE_NS  NS_PER_S /* above the limit for so long without a break: shed */
#define HOLD_NS   (5 * NS_PER_S)
#define MOST_NS   (60 * NS_PER_S)
#define FORGET_NS (60 * NS_PER_S)

static void end_tests_by_population(struct manager *m)
{
    for (uint32_t next, i = m->active.head; i != INDEX_NONE; i = next) {
        struct aggregate_state *a = &m->aggregates[i];

        next = a->next;
        if (a->test.parameters.rule == TEST_RULE_PENNY &&
            (a->test.state == TEST_POOLED || a->test.state == TEST_FLOWS))
            test_wind_up(m, a, REASON_OWN_LOSS);
    }
}

/* What was too much a moment ago will be again: twice as long then. */
static uint64_t hold_ns(const struct overload *o, uint64_t now_ns)
{
    if (o->ended_ns == 0 || now_ns - o->ended_ns >= FORGET_NS)
        return HOLD_NS;
    return 2 * o->hold_ns < MOST_NS ? 2 * o->hold_ns : MOST_NS;
}

static void set_shedding(struct manager *m, bool sheds)
{
    m->overload.is_shedding = sheds;
    atomic_store_explicit(&m->config.gate->sheds_tracking, sheds, memory_order_release);
    manager_emit(m, sheds ? EVENT_TRACKING_SHED : EVENT_TRACKING_RESUMED, AGGREGATE_NONE, NULL,
                 NULL);
}

static void begin(struct manager *m)
{
    m->overload.hold_ns = hold_ns(&m->overload, m->now_ns);
    m->overload.calm_since_ns = m->now_ns;
    end_tests_by_population(m);
    set_shedding(m, true);
}

void manager_report_overload(struct manager *m, uint64_t n_packets, uint64_t n_lost,
                             uint64_t now_ns)
{
    struct overload *o = &m->overload;
    bool is_above = manager_is_above_loss_limit(m, n_packets, n_lost);

    m->now_ns = now_ns;
    if (!is_above)
        o->above_since_ns = 0;
    else if (o->above_since_ns == 0)
        o->above_since_ns = now_ns;
    if (o->is_shedding) {
        if (is_above)
            o->calm_since_ns = now_ns;
        if (m->config.may_shed && now_ns - o->calm_since_ns < o->hold_ns)
            return;
        o->ended_ns = now_ns;
        set_shedding(m, false);
    } else if (is_above && m->config.may_shed && now_ns - o->above_since_ns >= ABOVE_NS) {
        begin(m);
    }
}

bool manager_sheds_tracking(const struct manager *m)
{
    return m->overload.is_shedding;
}
