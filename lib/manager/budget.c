/* SPDX-License-Identifier: BSD-3-Clause */
/* Budget goes out by an atomic add and comes back by an atomic exchange, so what was granted, less
 * what came back, is exactly what workers took. A worker that read an older order may still take
 * budget that it finds, or bring back what it has no use for; so a phase with a budget of its own
 * begins only after the last phase's was withdrawn and one more epoch was closed. */
#include "base/time.h"
#include "manager/internal.h"

void budget_order(struct manager *m, const struct aggregate_state *a, enum aggregate_phase phase)
{
    const struct test *t = &a->test;

    struct aggregate_order order = {
        .threshold = phase == AGGREGATE_IDLE ? 0 : t->coin->threshold,
        .test_id = a->test_id,
        .phase = (uint8_t)phase,
        .n_repairs = t->n_repairs,
        .screening = t->screening,
    };

    if (phase == AGGREGATE_POOLED && (t->parameters.units & TEST_UNITS_DATA) == 0)
        order.phase = AGGREGATE_UNITS;
    if (phase == AGGREGATE_POOLED)
        order.data_only = t->units != NULL && !t->units_are_in;
    if (phase == AGGREGATE_POOLED)
        order.ends_when_spent = t->parameters.rule == TEST_RULE_PENNY;
    aggregate_control_order(aggregate_table_control(m->config.aggregates, a->number), order);
}

void budget_add(struct test *t, _Atomic int32_t *budget, uint32_t n)
{
    atomic_fetch_add_explicit(budget, (int32_t)n, memory_order_acq_rel);
    t->granted += n;
}

void budget_set_aside(struct test *t, uint32_t n)
{
    t->set_aside += n;
    t->granted += n;
}

uint32_t budget_release(struct test *t, _Atomic int32_t *budget, uint32_t n)
{
    n = n < t->set_aside ? n : t->set_aside;
    t->set_aside -= n;
    atomic_fetch_add_explicit(budget, (int32_t)n, memory_order_acq_rel);
    return n;
}

void budget_take_over(struct test *t, _Atomic int32_t *budget)
{
    t->set_aside += (uint32_t)atomic_exchange_explicit(budget, 0, memory_order_acq_rel);
}

bool budget_reserve_whole(struct manager *m, struct test *t, uint32_t n)
{
    t->awaits_drops = !hourly_budget_reserve_whole(&m->hourly, n * t->packets_per_drop);
    return !t->awaits_drops;
}

/* Up to so many: how many. */
static uint32_t reserve(struct manager *m, const struct test *t, uint32_t n)
{
    const uint32_t n_packets = hourly_budget_reserve(&m->hourly, n * t->packets_per_drop);

    hourly_budget_give_back(&m->hourly, n_packets % t->packets_per_drop);
    return n_packets / t->packets_per_drop;
}

void budget_raise(struct manager *m, struct aggregate_state *a, uint32_t granted, bool whole)
{
    struct aggregate_control *c = aggregate_table_control(m->config.aggregates, a->number);
    struct test *t = &a->test;
    uint32_t n;

    t->awaits_drops = false;
    if (granted <= t->granted)
        return;
    n = granted - t->granted;
    if (whole) {
        if (budget_reserve_whole(m, t, n))
            budget_add(t, &c->budget, n);
        return;
    }
    granted = reserve(m, t, n);
    t->awaits_drops = granted < n;
    budget_add(t, &c->budget, granted);
}

static void take_back(struct manager *m, struct test *t, _Atomic int32_t *budget)
{
    budget_take_over(t, budget);
    t->granted -= t->set_aside;
    hourly_budget_give_back(&m->hourly, t->set_aside * t->packets_per_drop);
    t->set_aside = 0;
}

void budget_collect(struct manager *m, struct aggregate_state *a)
{
    struct aggregate_control *c = aggregate_table_control(m->config.aggregates, a->number);

    atomic_exchange_explicit(&c->places, 0, memory_order_acq_rel);
    take_back(m, &a->test, &c->budget);
    take_back(m, &a->test, &c->screening);
    take_back(m, &a->test, &c->confirming);
}

void budget_spend(struct manager *m, const struct test *t, uint64_t n)
{
    hourly_budget_spend(&m->hourly, t->cause, (uint32_t)n * t->packets_per_drop, (uint32_t)n);
}

/* What is reserved for a flight is kept until its drop has ended: what follows the first packet
 * shares its fate (lib/unit). */
void budget_spend_units(struct manager *m, struct test *t, uint64_t n, uint64_t n_packets)
{
    hourly_budget_spend(&m->hourly, t->cause, (uint32_t)n_packets, (uint32_t)n_packets);
    t->n_held += (uint32_t)n * t->packets_per_drop - (uint32_t)n_packets;
}

void budget_give_back_held(struct manager *m, struct test *t)
{
    if (t->n_held == 0 || test_pending(t) != 0)
        return;
    hourly_budget_give_back(&m->hourly, t->n_held);
    t->n_held = 0;
}

/* Flows that were silent for so long are forgotten, so there is none left to drop from. */
bool budget_is_idle(const struct manager *m, const struct test *t)
{
    return m->hourly.max_per_hour != 0 &&
           (t->segment_ns == 0 ||
            m->now_ns - t->segment_ns >= t->parameters.flow_idle_timeout_ms * NS_PER_MS);
}

void budget_begin_round(struct manager *m)
{
    m->hourly.is_awaited = false;
}

/* It is over when a sixteenth is there again: not told anew for each drop. */
void budget_tell(struct manager *m)
{
    const struct hourly_budget *h = &m->hourly;

    if (!m->is_budget_spent && h->is_awaited) {
        m->is_budget_spent = true;
        manager_emit(m, EVENT_DROP_BUDGET_SPENT, AGGREGATE_NONE, NULL, NULL);
    } else if (m->is_budget_spent && !h->is_awaited &&
               hourly_budget_left(h) >= h->max_per_hour / 16) {
        m->is_budget_spent = false;
        manager_emit(m, EVENT_DROP_BUDGET_FREE, AGGREGATE_NONE, NULL, NULL);
    }
}

void manager_drop_budget(const struct manager *m, struct manager_drop_budget *out)
{
    const struct hourly_budget *h = &m->hourly;

    *out = (struct manager_drop_budget){
        .max_per_hour = h->max_per_hour,
        .reserved = h->reserved,
        .left = hourly_budget_left(h),
        .is_awaited = m->is_budget_spent,
        .next_ns = hourly_budget_next_ns(h),
    };
    for (int i = 0; i < TEST_N_CAUSES; i++)
        out->made[i] = h->spent[i];
}

void manager_set_max_drops_per_hour(struct manager *m, uint32_t max_per_hour)
{
    m->hourly.max_per_hour = max_per_hour;
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
