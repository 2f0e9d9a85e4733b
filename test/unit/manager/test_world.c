/* SPDX-License-Identifier: BSD-3-Clause */
/* Engines and manager together, in virtual time: flows of real and of blind senders go through one
 * or several workers, whose messages wait in queues as they do in service. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../within.h"
#include "base/time.h"
#include "engine/engine.h"
#include "manager/manager.h"
#include "tcp/flags.h"

#define MAX_WORKERS   3
#define MAX_FLOWS     40
#define MAX_REPEATS   4096
#define QUEUE_LENGTH  8192
#define SEGMENT_BYTES 1000
#define STEP_NS       (5 * NS_PER_MS) /* each flow sends one segment per step */
#define REPAIR_NS     (50 * NS_PER_MS)

enum sender { CLOSED_LOOP, BLIND };

struct repeat {
    uint64_t due_ns;
    uint32_t sequence;
};

struct sender_flow {
    enum sender sender;
    uint32_t next;
    /* Blind: how often a segment is sent twice, and when. */
    double duplicate_share;
    uint64_t duplicate_after_ns;
    struct repeat repeats[MAX_REPEATS]; /* a ring, in the order in which they are due */
    uint32_t first_repeat, n_repeats;
};

struct queue {
    struct message messages[QUEUE_LENGTH];
    uint32_t first, n;
};

struct world {
    struct slice slice;
    struct ip_prefix any;
    struct engine_gate gate;
    struct aggregate_table *table;
    struct manager *manager;
    uint16_t n_workers;
    struct engine *engines[MAX_WORKERS];
    void *table_memory, *engine_memory[MAX_WORKERS];
    struct queue queues[MAX_WORKERS];
    uint64_t now_ns;
    struct sender_flow flows[MAX_FLOWS];
    uint32_t n_flows;
    struct random_source random;
};

static int post(void *context, const struct message *message)
{
    struct queue *q = context;

    if (q->n == QUEUE_LENGTH)
        return -1;
    q->messages[(q->first + q->n++) % QUEUE_LENGTH] = *message;
    return 0;
}

static struct world *world_new(uint16_t n_workers, uint64_t seed)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->n_workers = n_workers;
    w->now_ns = 1000 * NS_PER_S;
    w->any = ip_prefix_any(true);
    w->slice.sources = w->slice.destinations = &w->any;
    w->slice.n_sources = w->slice.n_destinations = 1;
    strcpy(w->slice.name, "world");
    test_parameters_default(&w->slice.parameters);
    random_seed_fixed(&w->random, 99, seed);
    return w;
}

static void open_engine(struct world *w, uint16_t worker)
{
    struct engine_config config = {
        .slices = &w->slice,
        .n_slices = 1,
        .aggregates = w->table,
        .gate = &w->gate,
        .worker = worker,
        .n_flows = 256,
        .n_pending_drops = 256,
        .n_places = 64,
        .max_manager_lateness_ms = 1000,
        .post = post,
        .post_context = &w->queues[worker],
    };
    size_t n_bytes;

    random_seed_fixed(&config.random, random_u64(&w->random), worker);
    n_bytes = engine_memory_bytes(&config);
    w->engine_memory[worker] = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    w->engines[worker] = engine_init(w->engine_memory[worker], n_bytes, &config);
    assert_non_null(w->engines[worker]);
}

static void world_open(struct world *w)
{
    const uint64_t secret[2] = {3, 4};
    size_t n_bytes = aggregate_table_memory_bytes(4);
    struct manager_config config = {
        .slices = &w->slice,
        .n_slices = 1,
        .gate = &w->gate,
        .n_workers = w->n_workers,
        .epoch_ms = 10,
        .n_drop_records = 512,
        .n_concurrent_flow_phases = 1,
    };

    w->table_memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    w->table = config.aggregates = aggregate_table_init(w->table_memory, n_bytes, 4, secret);
    w->manager = manager_create(&config);
    assert_non_null(w->manager);
    for (uint16_t i = 0; i < w->n_workers; i++)
        open_engine(w, i);
    manager_tick(w->manager, w->now_ns);
    manager_start(w->manager, w->now_ns);
}

static void world_close(struct world *w)
{
    manager_destroy(w->manager);
    for (uint16_t i = 0; i < w->n_workers; i++)
        free(w->engine_memory[i]);
    free(w->table_memory);
    free(w);
}

static enum engine_action send_packet(struct world *w, uint32_t flow, uint8_t flags,
                                      uint32_t sequence, uint32_t n_bytes)
{
    const uint8_t source[4] = {192, 0, 2, (uint8_t)flow}, destination[4] = {198, 51, 100, 1};
    struct engine *e = w->engines[flow % w->n_workers];
    struct packet_view view = {
        .source = ip_address_from_ipv4(source),
        .destination = ip_address_from_ipv4(destination),
        .source_port = (uint16_t)(40000 + flow),
        .destination_port = 443,
        .sequence = sequence,
        .payload_bytes = n_bytes,
        .tcp_flags = flags,
        .is_ipv4 = true,
        .has_ip = true,
    };
    struct engine_packet p = {.view = &view, .n_bytes = n_bytes + 40};

    engine_lookup_bulk(e, &p, 1);
    return engine_packet(e, &p);
}

static void add_flows(struct world *w, uint32_t n, struct sender_flow kind)
{
    for (uint32_t i = 0; i < n; i++) {
        w->flows[w->n_flows] = kind;
        w->flows[w->n_flows].next = random_u32(&w->random);
        w->n_flows++;
    }
}

static void remember(struct sender_flow *f, uint64_t due_ns, uint32_t sequence)
{
    assert_true(f->n_repeats < MAX_REPEATS);
    f->repeats[(f->first_repeat + f->n_repeats++) % MAX_REPEATS] =
        (struct repeat){.due_ns = due_ns, .sequence = sequence};
}

static void send_repeats(struct world *w, uint32_t flow)
{
    struct sender_flow *f = &w->flows[flow];

    while (f->n_repeats > 0 && f->repeats[f->first_repeat].due_ns <= w->now_ns) {
        uint32_t sequence = f->repeats[f->first_repeat].sequence;

        f->first_repeat = (f->first_repeat + 1) % MAX_REPEATS;
        f->n_repeats--;
        assert_int_equal(send_packet(w, flow, TCP_FLAG_ACK, sequence, SEGMENT_BYTES),
                         ENGINE_FORWARD);
    }
}

/* A real sender learns of a loss; a blind one throws its own coin. */
static void send_next(struct world *w, uint32_t flow)
{
    struct sender_flow *f = &w->flows[flow];
    uint32_t sequence = f->next;
    bool dropped = send_packet(w, flow, TCP_FLAG_ACK, sequence, SEGMENT_BYTES) == ENGINE_DROP;

    f->next += SEGMENT_BYTES;
    if (f->sender == CLOSED_LOOP && dropped)
        remember(f, w->now_ns + REPAIR_NS, sequence);
    else if (f->sender == BLIND && random_unit(&w->random) < f->duplicate_share)
        remember(f, w->now_ns + f->duplicate_after_ns, sequence);
}

static void drain_queues(struct world *w)
{
    for (uint16_t i = 0; i < w->n_workers; i++) {
        struct queue *q = &w->queues[i];

        while (q->n > 0 && manager_accepts(w->manager, i)) {
            struct message m = q->messages[q->first];

            q->first = (q->first + 1) % QUEUE_LENGTH;
            q->n--;
            manager_receive(w->manager, &m);
        }
    }
}

static void step(struct world *w, bool send)
{
    w->now_ns += STEP_NS;
    for (uint16_t i = 0; i < w->n_workers; i++)
        engine_begin_burst(w->engines[i], w->now_ns);
    for (uint32_t flow = 0; flow < w->n_flows; flow++) {
        send_repeats(w, flow);
        if (send)
            send_next(w, flow);
    }
    /* Workers come to their epochs at different times, and take more or less time for them. */
    for (uint16_t i = 0; i < w->n_workers; i++)
        if (random_u32(&w->random) % 3 != 0)
            engine_post_some(w->engines[i], random_u32(&w->random) % 3);
    drain_queues(w);
    manager_tick(w->manager, w->now_ns);
}

static void check_identities(const struct world *w)
{
    const char *broken = manager_check(w->manager);

    if (broken != NULL)
        fail_msg("%s", broken);
}

/* Runs until the verdict is final, for at most `seconds`. */
static struct aggregate_report run(struct world *w, uint64_t seconds)
{
    uint64_t end_ns = w->now_ns + seconds * NS_PER_S;
    struct aggregate_report r;

    for (uint32_t flow = 0; flow < w->n_flows; flow++) {
        send_packet(w, flow, TCP_FLAG_SYN, w->flows[flow].next, 0);
        w->flows[flow].next++;
    }
    while (w->now_ns < end_ns && manager_any_running(w->manager)) {
        step(w, true);
        check_identities(w);
    }
    manager_stop(w->manager, REASON_STOPPED, w->now_ns);
    for (int i = 0; i < 5000 && manager_any_running(w->manager); i++)
        step(w, i < 1000);
    assert_false(manager_any_running(w->manager));
    check_identities(w);
    assert_true(manager_report(w->manager, 0, &r));
    assert_int_equal(aggregate_counters_pending(&r.test), 0);
    return r;
}

static const struct sender_flow genuine = {.sender = CLOSED_LOOP};
static const struct sender_flow silent = {.sender = BLIND};

static void genuine_senders_are_closed_loop_whatever_the_number_of_workers(void **state)
{
    (void)state;
    for (uint16_t n_workers = 1; n_workers <= MAX_WORKERS; n_workers++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            struct world *w = world_new(n_workers, seed);
            struct aggregate_report r;

            add_flows(w, 10, genuine);
            world_open(w);
            r = run(w, 60);
            assert_int_equal(r.verdict, VERDICT_CLOSED_LOOP);
            assert_int_equal(r.via, VIA_POOLED);
            assert_false(r.mixed);
            assert_within(r.test.dropped, 5, 6);
            assert_int_equal(r.test.retransmitted, r.test.dropped);
            assert_int_equal(r.n_drop_records, r.test.dropped);
            for (const struct drop_record *d = manager_next_drop(w->manager, 0, NULL); d != NULL;
                 d = manager_next_drop(w->manager, 0, d)) {
                assert_int_equal(d->state, DROP_RETRANSMITTED);
                assert_int_equal(d->ended_ns - d->time_ns, REPAIR_NS);
            }
            world_close(w);
        }
}

static void silent_senders_are_not_closed_loop(void **state)
{
    (void)state;
    for (uint16_t n_workers = 1; n_workers <= MAX_WORKERS; n_workers += 2) {
        struct world *w = world_new(n_workers, 7);
        struct aggregate_report r;

        add_flows(w, 10, silent);
        world_open(w);
        r = run(w, 200);
        assert_int_equal(r.verdict, VERDICT_NOT_CLOSED_LOOP);
        assert_false(r.provisional);
        assert_int_equal(r.reason, REASON_EVIDENCE);
        assert_int_equal(r.test.retransmitted, 0);
        assert_int_equal(r.n_flow_reports, 10);
        world_close(w);
    }
}

static void blind_senders_that_repeat_are_never_closed_loop(void **state)
{
    const struct sender_flow kinds[] = {
        {.sender = BLIND, .duplicate_share = 0.149, .duplicate_after_ns = 5 * NS_PER_MS},
        {.sender = BLIND, .duplicate_share = 0.5, .duplicate_after_ns = 200 * NS_PER_MS},
        {.sender = BLIND, .duplicate_share = 1, .duplicate_after_ns = 2500 * NS_PER_MS},
    };

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        for (uint16_t n_workers = 1; n_workers <= MAX_WORKERS; n_workers += 2) {
            struct world *w = world_new(n_workers, 20 + i);
            struct aggregate_report r;

            add_flows(w, 10, kinds[i]);
            world_open(w);
            r = run(w, 120);
            assert_int_not_equal(r.verdict, VERDICT_CLOSED_LOOP);
            assert_int_not_equal(r.anytime.outcome, VERDICT_CLOSED_LOOP);
            /* It was no easy case: some drops did come back. */
            assert_true(r.test.retransmitted > 0);
            assert_true(r.test.test_duplicates > r.test.retransmitted);
            world_close(w);
        }
}

static void one_genuine_sender_among_blind_ones_is_found_by_its_flow(void **state)
{
    struct world *w = world_new(2, 3);
    struct aggregate_report r;

    (void)state;
    add_flows(w, 1, genuine);
    add_flows(w, 9, silent);
    world_open(w);
    r = run(w, 200);
    assert_int_equal(r.verdict, VERDICT_CLOSED_LOOP);
    assert_int_equal(r.via, VIA_FLOWS);
    assert_true(r.mixed);
    world_close(w);
}

static void rule_penny_tells_genuine_from_silent(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct world *w = world_new(2, 40 + i);
        struct aggregate_report r;

        w->slice.parameters.rule = TEST_RULE_PENNY;
        add_flows(w, 10, i == 0 ? genuine : silent);
        world_open(w);
        r = run(w, 200);
        assert_int_equal(r.verdict, i == 0 ? VERDICT_CLOSED_LOOP : VERDICT_NOT_CLOSED_LOOP);
        assert_int_equal(r.penny.outcome, r.verdict);
        world_close(w);
    }
}

static void a_killed_or_suspended_box_drops_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct world *w = world_new(1, 1);
        struct aggregate_report r;

        add_flows(w, 10, genuine);
        world_open(w);
        if (i == 0)
            manager_set_kill_switch(w->manager, true, w->now_ns);
        else
            manager_report_own_loss(w->manager, 1, 1, "rx_missed", w->now_ns);
        r = run(w, 10);
        assert_int_equal(r.test.dropped, 0);
        assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
        assert_int_equal(r.reason, REASON_NO_DROP);
        world_close(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(genuine_senders_are_closed_loop_whatever_the_number_of_workers),
        cmocka_unit_test(silent_senders_are_not_closed_loop),
        cmocka_unit_test(blind_senders_that_repeat_are_never_closed_loop),
        cmocka_unit_test(one_genuine_sender_among_blind_ones_is_found_by_its_flow),
        cmocka_unit_test(rule_penny_tells_genuine_from_silent),
        cmocka_unit_test(a_killed_or_suspended_box_drops_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
