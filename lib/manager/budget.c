/* SPDX-License-Identifier: BSD-3-Clause */
/* Budget goes out by an atomic add and comes back by an atomic exchange, so what was granted, less
 * what came back, is exactly what workers took. A worker that read an older order may still take
 * budget that it finds, or bring back what it has no use for; so a phase with a budget of its own
 * begins only after the last phase's was withdrawn and one more epoch was closed. */
#include "manager/internal.h"

void budget_order(struct manager *m, const struct aggregate_state *a, enum aggregate_phase phase)
{
    const struct test *t = &a->test;

    struct aggregate_order order = {
        .threshold = phase == AGGREGATE_IDLE ? 0 : t->coin->threshold,
        .test_id = a->test_id,
        .phase = (uint8_t)phase,
        .repaired_flows_only = t->repaired_flows_only,
        .screening = t->screening,
    };

    if (phase == AGGREGATE_POOLED)
        order.ends_when_spent = t->parameters.rule == TEST_RULE_PENNY;
    aggregate_control_order(aggregate_table_control(m->config.aggregates, a->number), order);
}

void budget_raise(struct manager *m, struct aggregate_state *a, uint32_t granted)
{
    struct aggregate_control *c = aggregate_table_control(m->config.aggregates, a->number);
    struct test *t = &a->test;

    if (granted <= t->granted)
        return;
    atomic_fetch_add_explicit(&c->budget, (int32_t)(granted - t->granted), memory_order_acq_rel);
    t->granted = granted;
}

void budget_collect(struct manager *m, struct aggregate_state *a)
{
    struct aggregate_control *c = aggregate_table_control(m->config.aggregates, a->number);

    atomic_exchange_explicit(&c->places, 0, memory_order_acq_rel);
    a->test.granted -= (uint32_t)atomic_exchange_explicit(&c->budget, 0, memory_order_acq_rel);
    a->test.granted -= (uint32_t)atomic_exchange_explicit(&c->screening, 0, memory_order_acq_rel);
}

void budget_pause(struct manager *m, struct aggregate_state *a)
{
    budget_collect(m, a);
    a->test.withdrawn_epoch = m->epoch;
}

void budget_withdraw(struct manager *m, struct aggregate_state *a)
{
    budget_order(m, a, AGGREGATE_SETTLING);
    budget_pause(m, a);
}

bool budget_is_drained(const struct manager *m, const struct test *t)
{
    return m->closed_epoch > t->withdrawn_epoch;
}
