/* SPDX-License-Identifier: BSD-3-Clause */
/* Generations of the configuration follow each other under three workers at work: slices come, go,
 * and take prefixes from each other all the time. Each packet is counted for the slice that its own
 * generation says, and none twice or never; the test of the one slice that nothing touches goes on;
 * an old generation is overwritten and freed as soon as it may be. Under ThreadSanitizer: no two
 * threads meet in what is not atomic. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/time.h"
#include "engine/engine.h"
#include "manager/manager.h"
#include "tcp/flags.h"

enum {
    N_WORKERS = 3,
    N_SLOTS = 6,
    N_PREFIXES = 8,
    N_AGGREGATES = 64,
    N_FLOWS = 32, /* of each worker */
    BURST = 16,
    RING_LENGTH = 1024,
    N_CHANGES = 300,
    EPOCHS_A_CHANGE = 8,
    STEP_MS = 500, /* an epoch, on the clock that all of them read */
    NOWHERE = N_SLOTS,
};

/* What workers see, and the manager's slices. */
struct generation {
    struct engine_rules *rules;
    struct slice slices[N_SLOTS];
    uint32_t slot_of_prefix[N_PREFIXES]; /* NOWHERE: of no slice */
    uint32_t bytes_of_slot[N_SLOTS];     /* of each of its packets: another number for each slice */
};

/* One thread puts, one takes. */
struct mailbox {
    alignas(CACHE_LINE_BYTES) _Atomic uint32_t n_put;
    alignas(CACHE_LINE_BYTES) _Atomic uint32_t n_taken;
    struct message messages[RING_LENGTH];
};

struct talker {
    uint32_t prefix, next, lost;
    uint16_t port;
    bool has_lost, has_begun;
};

struct hand {
    struct mailbox mailbox;
    struct engine *engine;
    void *memory;
    struct stage *stage;
    struct random_source random;
    struct talker talkers[N_FLOWS];
    uint64_t n_packets, n_of_slot_0;
    pthread_t thread;
};

struct stage {
    struct ip_prefix any;
    struct engine_gate gate;
    struct aggregate_table *table;
    void *table_memory;
    struct manager *manager;
    _Atomic uint64_t now_ns;
    _Atomic bool stop;
    _Atomic(const struct generation *) generation;
    struct hand hands[N_WORKERS];
    /* The manager's side. */
    struct generation *now, *old;
    uint64_t left_epoch;
    struct random_source random;
    uint32_t n_lives, n_changes, sparing;
    uint32_t bytes_of_aggregate[N_AGGREGATES];
    uint64_t n_counted, n_wrong, n_reconfigured;
};

static int put(void *context, const struct message *m)
{
    struct mailbox *box = context;
    uint32_t n = atomic_load_explicit(&box->n_put, memory_order_relaxed);

    if (n - atomic_load_explicit(&box->n_taken, memory_order_acquire) == RING_LENGTH)
        return -1;
    box->messages[n % RING_LENGTH] = *m;
    atomic_store_explicit(&box->n_put, n + 1, memory_order_release);
    return 0;
}

static bool take(struct mailbox *box, struct message *out)
{
    uint32_t n = atomic_load_explicit(&box->n_taken, memory_order_relaxed);

    if (n == atomic_load_explicit(&box->n_put, memory_order_acquire))
        return false;
    *out = box->messages[n % RING_LENGTH];
    atomic_store_explicit(&box->n_taken, n + 1, memory_order_release);
    return true;
}

/* What comes next of a flow that repairs what it lost. */
static void next_segment(struct talker *t, struct packet_view *v)
{
    const uint8_t source[4] = {10, 0, (uint8_t)t->prefix, 1}, destination[4] = {198, 51, 100, 1};

    *v = (struct packet_view){.source = ip_address_from_ipv4(source),
                              .destination = ip_address_from_ipv4(destination),
                              .source_port = t->port,
                              .destination_port = 443,
                              .is_ipv4 = true,
                              .has_ip = true,
                              .tcp_flags = t->has_begun ? TCP_FLAG_ACK : TCP_FLAG_SYN,
                              .payload_bytes = t->has_begun ? 100 : 0,
                              .sequence = t->has_lost ? t->lost : t->next};
    if (!t->has_begun)
        t->next++;
    else if (!t->has_lost)
        t->next += 100;
    t->has_begun = true;
    t->has_lost = false;
}

static struct talker *next_packet(struct hand *h, const struct generation *g, struct packet_view *v,
                                  struct engine_packet *p)
{
    struct talker *t;

    do
        t = &h->talkers[random_u32(&h->random) % N_FLOWS];
    while (g->slot_of_prefix[t->prefix] == NOWHERE);
    next_segment(t, v);
    *p = (struct engine_packet){.view = v, .slice = g->slot_of_prefix[t->prefix], .ingress = 1};
    p->n_bytes = g->bytes_of_slot[p->slice];
    h->n_of_slot_0 += p->slice == 0;
    return t;
}

static void run_burst(struct hand *h, const struct generation *g)
{
    struct packet_view views[BURST];
    struct engine_packet packets[BURST];
    struct talker *talkers[BURST];
    enum engine_action actions[BURST];
    uint8_t which[BURST];

    for (unsigned int i = 0; i < BURST; i++) {
        talkers[i] = next_packet(h, g, &views[i], &packets[i]);
        which[i] = (uint8_t)i;
        engine_ask(h->engine, &packets[i]);
    }
    engine_packets(h->engine, packets, which, BURST, actions);
    h->n_packets += BURST;
    for (unsigned int i = 0; i < BURST; i++)
        if (actions[i] == ENGINE_DROP) {
            talkers[i]->has_lost = true;
            talkers[i]->lost = views[i].sequence;
        }
}

static void *run_worker(void *context)
{
    struct hand *h = context;

    while (!atomic_load(&h->stage->stop)) {
        const struct generation *g =
            atomic_load_explicit(&h->stage->generation, memory_order_acquire);

        engine_follow(h->engine, g->rules);
        engine_begin_burst(h->engine, atomic_load(&h->stage->now_ns));
        run_burst(h, g);
        engine_post_some(h->engine, 4);
        sched_yield();
    }
    return NULL;
}

static void on_event(void *context, const struct manager_event *event)
{
    struct stage *s = context;
    struct aggregate_report r;

    if (event->kind == EVENT_AGGREGATE_ADDED)
        s->bytes_of_aggregate[event->aggregate] =
            s->now->bytes_of_slot[aggregate_table_identity(s->table, event->aggregate)->slice];
    if (event->kind == EVENT_VERDICT && manager_report(s->manager, event->aggregate, &r))
        s->n_reconfigured += r.reason == REASON_RECONFIGURED;
}

static void receive(struct stage *s, const struct message *m)
{
    if (m->kind == MESSAGE_COUNTERS) {
        s->n_counted += m->counters.packets;
        s->n_wrong +=
            m->counters.bytes != m->counters.packets * s->bytes_of_aggregate[m->aggregate];
    }
    manager_receive(s->manager, m);
}

static void receive_all(struct stage *s)
{
    struct message m;

    for (uint16_t i = 0; i < N_WORKERS; i++)
        while (manager_accepts(s->manager, i) && take(&s->hands[i].mailbox, &m))
            receive(s, &m);
}

static void init_slice(struct stage *s, struct slice *slice)
{
    *slice = (struct slice){.sources = &s->any, .destinations = &s->any};
    slice->n_sources = slice->n_destinations = 1;
    slice->mode = SLICE_ACTIVE;
    test_parameters_default(&slice->parameters);
    slice->parameters.flow_idle_timeout_ms = 10000;
}

static struct engine_rules *make_rules(struct stage *s, const struct generation *g,
                                       const enum slice_fate *fates)
{
    const struct engine_rules_config config = {.slices = g->slices,
                                               .n_slices = N_SLOTS,
                                               .max_manager_lateness_ms = 60000,
                                               .fates = fates,
                                               .sparing = s->sparing};
    size_t n = (engine_rules_memory_bytes(&config) + CACHE_LINE_BYTES - 1) &
               ~(size_t)(CACHE_LINE_BYTES - 1);

    return engine_rules_init(aligned_alloc(CACHE_LINE_BYTES, n), &config);
}

/* Slot 0 and prefix 0 are never touched. */
static void change_slots(struct stage *s, struct generation *next, enum slice_fate *fates)
{
    bool held[N_SLOTS];

    manager_held_slots(s->manager, held);
    for (uint32_t i = 1; i < N_SLOTS; i++) {
        struct slice *slice = &next->slices[i];

        if (slice->presence == SLICE_PRESENT && random_u32(&s->random) % 4 == 0) {
            slice->presence = SLICE_LEAVING;
            fates[i] = SLICE_LEAVES;
        } else if (slice->presence != SLICE_PRESENT && !held[i]) {
            init_slice(s, slice);
            next->bytes_of_slot[i] = 100 + ++s->n_lives;
            fates[i] = SLICE_COMES;
        } else if (slice->presence == SLICE_PRESENT) {
            fates[i] = SLICE_STAYS;
        }
    }
}

static void change_prefixes(struct stage *s, struct generation *next, enum slice_fate *fates)
{
    for (uint32_t p = 1; p < N_PREFIXES; p++) {
        uint32_t was = next->slot_of_prefix[p], is = was;

        if (random_u32(&s->random) % 3 == 0)
            is = random_u32(&s->random) % (N_SLOTS + 1);
        if (is != NOWHERE && (is == 0 || next->slices[is].presence != SLICE_PRESENT))
            is = NOWHERE;
        next->slot_of_prefix[p] = is;
        if (is != was && was != NOWHERE && fates[was] == SLICE_STAYS)
            fates[was] = SLICE_IS_REDRAWN;
        if (is != was && is != NOWHERE && fates[is] == SLICE_STAYS)
            fates[is] = SLICE_IS_REDRAWN;
    }
}

static void change(struct stage *s)
{
    struct generation *next = malloc(sizeof(*next));
    enum slice_fate fates[N_SLOTS];
    struct manager_generation g = {.fates = fates, .max_own_loss_ratio = 0.001};

    assert_non_null(next);
    *next = *s->now;
    for (uint32_t i = 0; i < N_SLOTS; i++)
        fates[i] = i == 0 ? SLICE_STAYS : SLICE_IS_ELSEWHERE;
    change_slots(s, next, fates);
    change_prefixes(s, next, fates);
    s->sparing += random_u32(&s->random) % 4 == 0;
    next->rules = make_rules(s, next, fates);
    g.slices = next->slices;
    s->old = s->now;
    s->now = next;
    assert_int_equal(manager_follow(s->manager, &g, atomic_load(&s->now_ns)), 0);
    engine_rules_find_aggregates(next->rules, s->table);
    s->left_epoch = manager_epoch(s->manager);
    atomic_store_explicit(&s->generation, next, memory_order_release);
    s->n_changes++;
}

/* Who looked at it still would see nonsense, and sanitizers would say so. */
static void free_old(struct stage *s)
{
    if (s->old == NULL || !manager_is_epoch_over(s->manager, s->left_epoch))
        return;
    free(s->old->rules);
    memset(s->old, 0xff, sizeof(*s->old));
    free(s->old);
    s->old = NULL;
}

static void open_hand(struct stage *s, uint16_t number)
{
    struct hand *h = &s->hands[number];
    struct engine_config config = {.slices = s->now->slices,
                                   .n_slices = N_SLOTS,
                                   .aggregates = s->table,
                                   .gate = &s->gate,
                                   .worker = number,
                                   .n_flows = 1024,
                                   .n_pending_drops = 256,
                                   .n_places = 64,
                                   .max_manager_lateness_ms = 60000,
                                   .post = put,
                                   .post_context = &h->mailbox};
    size_t n_bytes;

    h->stage = s;
    random_seed_fixed(&config.random, 1, number);
    random_seed_fixed(&h->random, 2, number);
    for (uint32_t i = 0; i < N_FLOWS; i++)
        h->talkers[i] = (struct talker){.prefix = i % N_PREFIXES,
                                        .port = (uint16_t)(1024 + number * N_FLOWS + i),
                                        .next = random_u32(&h->random)};
    n_bytes = (engine_memory_bytes(&config) + CACHE_LINE_BYTES) & ~(size_t)(CACHE_LINE_BYTES - 1);
    h->memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    h->engine = engine_init(h->memory, n_bytes, &config);
    assert_non_null(h->engine);
}

static void open_stage(struct stage *s)
{
    static const uint64_t secret[2] = {3, 4};
    size_t n_bytes = aggregate_table_memory_bytes(N_AGGREGATES);
    struct manager_config config = {.n_slices = N_SLOTS,
                                    .gate = &s->gate,
                                    .n_workers = N_WORKERS,
                                    .epoch_ms = 10,
                                    .n_drop_records = 256,
                                    .n_concurrent_flow_phases = 4,
                                    .max_own_loss_ratio = 0.001,
                                    .on_event = on_event,
                                    .event_context = s};

    s->any = ip_prefix_any(true);
    random_seed_fixed(&s->random, 7, 0);
    s->now = calloc(1, sizeof(*s->now));
    assert_non_null(s->now);
    for (uint32_t i = 0; i < N_SLOTS; i++)
        s->now->slices[i].presence = SLICE_ABSENT;
    for (uint32_t p = 0; p < N_PREFIXES; p++)
        s->now->slot_of_prefix[p] = p == 0 ? 0 : NOWHERE;
    init_slice(s, &s->now->slices[0]);
    s->now->bytes_of_slot[0] = s->bytes_of_aggregate[0] = 77;
    s->table_memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    s->table = aggregate_table_init(s->table_memory, n_bytes, N_AGGREGATES, secret);
    config.aggregates = s->table;
    config.slices = s->now->slices;
    s->manager = manager_create(&config);
    assert_non_null(s->manager);
    s->now->rules = make_rules(s, s->now, NULL);
    engine_rules_find_aggregates(s->now->rules, s->table);
    atomic_store(&s->generation, s->now);
    atomic_store(&s->now_ns, NS_PER_S);
    manager_tick(s->manager, NS_PER_S);
    manager_start(s->manager, NS_PER_S);
    for (uint16_t i = 0; i < N_WORKERS; i++)
        open_hand(s, i);
}

/* All that is left comes with the last epochs. */
static void end_workers(struct stage *s)
{
    atomic_store(&s->stop, true);
    for (int i = 0; i < N_WORKERS; i++)
        pthread_join(s->hands[i].thread, NULL);
    manager_stop(s->manager, REASON_STOPPED, atomic_load(&s->now_ns));
    for (int i = 0; i < N_WORKERS; i++)
        engine_stop(s->hands[i].engine);
    for (int turn = 0; turn < 6; turn++) {
        atomic_fetch_add(&s->now_ns, STEP_MS * NS_PER_MS);
        manager_tick(s->manager, atomic_load(&s->now_ns));
        for (int i = 0; i < N_WORKERS; i++)
            while (!engine_post_epoch(s->hands[i].engine))
                receive_all(s);
        receive_all(s);
    }
    free_old(s);
}

static void close_stage(struct stage *s)
{
    manager_destroy(s->manager);
    for (int i = 0; i < N_WORKERS; i++)
        free(s->hands[i].memory);
    assert_null(s->old);
    free(s->now->rules);
    free(s->now);
    free(s->table_memory);
    free(s);
}

static void turn(struct stage *s)
{
    uint64_t due = (uint64_t)(s->n_changes + 1) * EPOCHS_A_CHANGE;

    receive_all(s);
    manager_tick(s->manager, atomic_load(&s->now_ns));
    atomic_store(&s->now_ns, NS_PER_S + manager_epoch(s->manager) * STEP_MS * NS_PER_MS);
    free_old(s);
    if (manager_epoch(s->manager) >= due && s->old == NULL)
        change(s);
    sched_yield();
}

static void each_packet_is_counted_as_its_own_generation_says(void **state)
{
    struct stage *s = aligned_alloc(CACHE_LINE_BYTES, (sizeof(*s) + CACHE_LINE_BYTES - 1) /
                                                          CACHE_LINE_BYTES * CACHE_LINE_BYTES);
    uint64_t n_packets = 0, n_without = 0, n_of_slot_0 = 0;
    struct aggregate_report r;
    const char *broken;

    (void)state;
    memset(s, 0, sizeof(*s));
    open_stage(s);
    for (int i = 0; i < N_WORKERS; i++)
        assert_int_equal(pthread_create(&s->hands[i].thread, NULL, run_worker, &s->hands[i]), 0);
    while (s->n_changes < N_CHANGES)
        turn(s);
    end_workers(s);
    broken = manager_check(s->manager);
    if (broken != NULL)
        fail_msg("%s", broken);
    for (int i = 0; i < N_WORKERS; i++) {
        n_packets += s->hands[i].n_packets;
        n_of_slot_0 += s->hands[i].n_of_slot_0;
        n_without += engine_counters(s->hands[i].engine)->no_aggregate;
    }
    print_message("%lu packets, %u changes, %u slices, %lu tests reconfigured\n",
                  (unsigned long)n_packets, s->n_changes, s->n_lives,
                  (unsigned long)s->n_reconfigured);
    assert_int_equal(n_without, 0);
    assert_int_equal(s->n_wrong, 0);
    assert_int_equal(s->n_counted, n_packets);
    assert_true(manager_report(s->manager, 0, &r));
    assert_int_equal(r.total->packets, n_of_slot_0);
    assert_int_equal(r.n_tests, 1);
    assert_int_equal(r.verdict, VERDICT_CLOSED_LOOP);
    assert_true(s->n_reconfigured > 0);
    close_stage(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_packet_is_counted_as_its_own_generation_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
