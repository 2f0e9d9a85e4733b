/* SPDX-License-Identifier: BSD-3-Clause */
/* Epochs. A test goes on only from counters that all workers closed for the same epoch: an R of one
 * worker beside staler D of another would inflate the evidence. What a worker posts beyond its mark
 * stays in its ring until the others reached theirs. */
#include "base/time.h"
#include "manager/internal.h"

static bool all_closed(const struct manager *m)
{
    return m->n_closed == m->config.n_workers;
}

bool manager_accepts(const struct manager *m, uint16_t worker)
{
    return !m->closed[worker];
}

static void end_overdue_test(struct manager *m, struct aggregate_state *a)
{
    const struct test *t = &a->test;
    uint64_t limit_ns = t->parameters.max_duration_ms * NS_PER_MS;

    if (limit_ns != 0 && (t->state == TEST_POOLED || t->state == TEST_FLOWS) &&
        m->now_ns - t->started_ns >= limit_ns)
        manager_test_stop(m, a->number, REASON_DURATION, m->now_ns);
}

static void mark_silence(struct manager *m, struct aggregate_state *a)
{
    bool is_gone = silence_is_traffic_gone(&a->test, m->now_ns);

    if (is_gone || a->test.is_redrawn)
        atomic_store_explicit(&aggregate_table_control(m->config.aggregates, a->number)->silent_ns,
                              m->now_ns, memory_order_relaxed);
}

/* Steps may take their test out of the list. */
static void step_active_tests(struct manager *m)
{
    budget_begin_round(m);
    for (uint32_t next, i = m->active.head; i != INDEX_NONE; i = next) {
        struct aggregate_state *a = &m->aggregates[i];

        next = a->next;
        mark_silence(m, a);
        test_evaluate(m, a);
        budget_give_back_held(m, &a->test);
        test_step(m, a);
        test_tell_untested(m, a);
        end_overdue_test(m, a);
    }
    budget_tell(m);
}

/* A flow knows by 8 bits which test it last took part in. One that was silent through 255 tests
 * would take the next one for that, so these take longer than a silent flow is kept, at least twice
 * the time after which it may be aged. */
static uint64_t retest_interval_ns(const struct manager *m, const struct test *t)
{
    uint64_t wanted_ns = t->parameters.retest_interval_ms * NS_PER_MS;
    uint64_t least_ns = 2 * m->longest_idle_timeout_ms * NS_PER_MS / UINT8_MAX;

    return wanted_ns > least_ns ? wanted_ns : least_ns;
}

/* Tests of slices that became others, and begin tests by themselves. */
static void begin_anew(struct manager *m)
{
    while (m->anew.head != INDEX_NONE) {
        struct aggregate_state *a = &m->aggregates[m->anew.head];

        aggregate_list_remove(m, a);
        test_begin_by_itself(m, a);
    }
}

static void begin_retests(struct manager *m)
{
    static const struct test_request by_slice = {.cause = TEST_BY_SLICE};

    for (uint32_t s = 0; s < m->config.n_slices; s++) {
        while (m->retests[s].head != INDEX_NONE) {
            struct aggregate_state *a = &m->aggregates[m->retests[s].head];
            const struct test *t = &a->test;

            if (m->now_ns - t->ended_ns < retest_interval_ns(m, t))
                break;
            test_begin(m, a, &by_slice);
        }
    }
}

void manager_close_epoch(struct manager *m, uint16_t worker, uint64_t epoch)
{
    if (epoch != m->epoch || all_closed(m) || m->closed[worker])
        return;
    m->closed[worker] = true;
    if (++m->n_closed < m->config.n_workers)
        return;
    for (uint16_t w = 0; w < m->config.n_workers; w++)
        m->closed[w] = false;
    m->closed_epoch = m->epoch;
    step_active_tests(m);
    begin_retests(m);
    begin_anew(m);
    recycle_step(m);
}

static void begin_epoch(struct manager *m)
{
    m->epoch++;
    m->epoch_began_ns = m->now_ns;
    m->n_closed = 0;
    atomic_store_explicit(&m->config.gate->epoch, m->epoch, memory_order_release);
}

/* Together with the workers, or alone: then no new drop is allowed meanwhile. */
static void note_stall(const struct manager *m, uint64_t now_ns)
{
    if (m->config.max_stall_ms != 0 && m->now_ns != 0 &&
        now_ns > m->now_ns + m->config.max_stall_ms * NS_PER_MS)
        manager_emit_stall(m, MANAGER_THREAD, now_ns, now_ns - m->now_ns);
}

void manager_tick(struct manager *m, uint64_t now_ns)
{
    note_stall(m, now_ns);
    m->now_ns = now_ns;
    hourly_budget_advance(&m->hourly, now_ns);
    atomic_store_explicit(&m->config.gate->manager_seen_ns, now_ns, memory_order_relaxed);
    if (all_closed(m) &&
        (m->epoch == 0 || now_ns - m->epoch_began_ns >= m->config.epoch_ms * NS_PER_MS))
        begin_epoch(m);
    passive_tick(m);
}

uint64_t manager_epoch(const struct manager *m)
{
    return m->epoch;
}
