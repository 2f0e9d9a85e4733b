/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers on threads of their own take from the budget whenever they can, while the manager begins
 * and ends phases. However they meet, no test gets one drop more than its parameters allow, and no
 * drop of one phase is paid for by another. */
#include <pthread.h>
#include <sched.h>

#include "../within.h"
#include "base/compiler.h"
#include "box.h"

#define N_WORKERS   3
#define RING_LENGTH 256
#define N_TESTS     200

/* One thread puts, one takes. */
struct ring {
    alignas(CACHE_LINE_BYTES) _Atomic uint32_t n_put;
    alignas(CACHE_LINE_BYTES) _Atomic uint32_t n_taken;
    struct message messages[RING_LENGTH];
};

struct worker {
    struct box *box;
    struct aggregate_control *control;
    uint16_t number;
    _Atomic bool *stop;
    struct ring ring;
    pthread_t thread;
    uint64_t n_pending; /* dropped since the last post: they expire with the next */
    uint64_t n_paid_by_another_phase;
};

static void put(struct worker *w, const struct message *m)
{
    uint32_t n = atomic_load_explicit(&w->ring.n_put, memory_order_relaxed);

    while (n - atomic_load_explicit(&w->ring.n_taken, memory_order_acquire) == RING_LENGTH)
        sched_yield();
    w->ring.messages[n % RING_LENGTH] = *m;
    atomic_store_explicit(&w->ring.n_put, n + 1, memory_order_release);
}

static bool take(struct ring *ring, struct message *out)
{
    uint32_t n = atomic_load_explicit(&ring->n_taken, memory_order_relaxed);

    if (n == atomic_load_explicit(&ring->n_put, memory_order_acquire))
        return false;
    *out = ring->messages[n % RING_LENGTH];
    atomic_store_explicit(&ring->n_taken, n + 1, memory_order_release);
    return true;
}

static void drop_if_allowed(struct worker *w, struct aggregate_counters *delta)
{
    struct aggregate_order order = aggregate_control_read(w->control), then;

    if (order.phase != AGGREGATE_POOLED && order.phase != AGGREGATE_FLOWS)
        return;
    sched_yield(); /* so that the order may be an old one by now */
    if (!aggregate_take(&w->control->budget))
        return;
    /* No phase with a budget can have begun while this worker had not posted. */
    then = aggregate_control_read(w->control);
    if (then.test_id != order.test_id ||
        (then.phase == AGGREGATE_FLOWS && order.phase != then.phase))
        w->n_paid_by_another_phase++;
    delta->packets++;
    delta->segments++;
    delta->in_order++;
    delta->droppable++;
    delta->dropped++;
    w->n_pending++;
}

static void *run_worker(void *context)
{
    struct worker *w = context;
    struct message counters = {.kind = MESSAGE_COUNTERS, .worker = w->number};
    struct message mark = {.kind = MESSAGE_EPOCH, .worker = w->number};
    uint64_t posted = 0;

    while (!atomic_load(w->stop)) {
        uint64_t epoch = atomic_load_explicit(&w->box->gate.epoch, memory_order_acquire);

        drop_if_allowed(w, &counters.counters);
        if (epoch == posted) {
            sched_yield();
            continue;
        }
        put(w, &counters);
        counters.counters = (struct aggregate_counters){.expired = w->n_pending};
        w->n_pending = 0;
        mark.epoch.epoch = epoch;
        put(w, &mark);
        posted = epoch;
    }
    return NULL;
}

struct tally {
    struct box *box;
    uint64_t most_pooled, most;
    uint32_t n_ended;
};

static void on_event(void *context, const struct manager_event *event)
{
    struct tally *tally = context;
    uint64_t dropped;

    if (event->kind != EVENT_PROVISIONAL && event->kind != EVENT_TEST_ENDED)
        return;
    dropped = box_report(tally->box, 0).test.dropped;
    if (event->kind == EVENT_PROVISIONAL && dropped > tally->most_pooled)
        tally->most_pooled = dropped;
    if (event->kind == EVENT_TEST_ENDED) {
        tally->n_ended++;
        if (dropped > tally->most)
            tally->most = dropped;
    }
}

static void run_manager(struct box *b, struct worker *workers, const struct tally *tally)
{
    struct message m;

    while (tally->n_ended < N_TESTS) {
        for (uint16_t i = 0; i < N_WORKERS; i++)
            while (manager_accepts(b->manager, i) && take(&workers[i].ring, &m))
                manager_receive(b->manager, &m);
        box_tick(b);
        assert_identities_hold(b);
        sched_yield();
    }
}

/* Three pooled drops, then one single flow with one drop: at most four in all. */
static void no_test_gets_a_drop_too_many_however_threads_meet(void **state)
{
    static struct worker workers[N_WORKERS];
    struct box *b = box_new(N_WORKERS);
    struct tally tally = {.box = b};
    _Atomic bool stop = false;

    (void)state;
    b->slices[0].parameters.rule = TEST_RULE_PENNY;
    b->slices[0].parameters.max_duplicate_ratio = 1e9;
    b->slices[0].parameters.max_drops_per_aggregate = 3;
    b->slices[0].parameters.max_individual_flows = 1;
    b->slices[0].parameters.max_drops_per_flow = 1;
    b->slices[0].parameters.individual_phase_timeout_ms = 50;
    b->slices[0].parameters.retest_interval_ms = 10;
    b->on_event = on_event;
    b->event_context = &tally;
    box_open(b);
    for (uint16_t i = 0; i < N_WORKERS; i++) {
        workers[i].box = b;
        workers[i].control = aggregate_table_control(b->table, 0);
        workers[i].number = i;
        workers[i].stop = &stop;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]), 0);
    }
    run_manager(b, workers, &tally);
    atomic_store(&stop, true);
    for (uint16_t i = 0; i < N_WORKERS; i++) {
        struct message m;

        while (take(&workers[i].ring, &m)) /* nobody may wait for room */
            continue;
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].n_paid_by_another_phase, 0);
    }
    assert_int_equal(tally.most_pooled, 3);
    assert_within(tally.most, 3, 4);
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_test_gets_a_drop_too_many_however_threads_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
