/* SPDX-License-Identifier: BSD-3-Clause */
/* Three workers with engines of their own, each on its thread, and the manager on another: a flood
 * from ever new prefixes beside flows that repair, in a table that is far too small for all, so
 * that numbers of aggregates change hands all the time. Whatever they meet in, no packet is counted
 * for another prefix than its own, and none twice or never. Under ThreadSanitizer: no two threads
 * meet in what is not atomic. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "engine/engine.h"
#include "manager/manager.h"
#include "tcp/flags.h"

enum {
    N_WORKERS = 3,
    N_PREFIXES = 600,
    N_AGGREGATES = 64,
    N_SLICES = 3,
    N_AT_ONCE = 24, /* prefixes that send; they move on */
    N_FLOWS = 24,   /* that go on, of each worker */
    BURST = 16,
    RING_LENGTH = 1024,
    N_EPOCHS = 1200, /* at least */
    MOST_EPOCHS = 100000,
    ENOUGH_REMOVED = 10, /* a busy machine, where workers seldom run, saw 48 in MOST_EPOCHS */
    STEP_MS = 500,       /* an epoch, on the clock that all of them read: ten minutes in all */
};

/* One thread puts, one takes. */
struct ring {
    alignas(CACHE_LINE_BYTES) _Atomic uint32_t n_put;
    alignas(CACHE_LINE_BYTES) _Atomic uint32_t n_taken;
    struct message messages[RING_LENGTH];
};

struct sender {
    uint32_t prefix, host, next, lost;
    bool has_lost;
};

struct worker {
    struct ring ring;
    struct engine *engine;
    void *memory;
    struct world *world;
    uint16_t number;
    struct random_source random;
    struct sender senders[N_FLOWS];
    uint64_t n_packets;
    pthread_t thread;
};

struct world {
    struct slice slices[N_SLICES];
    struct ip_prefix any;
    struct engine_gate gate;
    struct aggregate_table *table;
    void *table_memory;
    struct manager *manager;
    _Atomic uint64_t now_ns;
    _Atomic bool stop;
    struct worker workers[N_WORKERS];
    uint64_t n_counted, n_wrong, n_removed, n_tests, n_repaired;
};

static int put(void *context, const struct message *m)
{
    struct ring *ring = context;
    uint32_t n = atomic_load_explicit(&ring->n_put, memory_order_relaxed);

    if (n - atomic_load_explicit(&ring->n_taken, memory_order_acquire) == RING_LENGTH)
        return -1;
    ring->messages[n % RING_LENGTH] = *m;
    atomic_store_explicit(&ring->n_put, n + 1, memory_order_release);
    return 0;
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

/* A few are tested, others watched, and most are only counted. */
static uint32_t slice_of(uint32_t prefix)
{
    return prefix % 16 == 0 ? 0 : 1 + prefix % 2;
}

/* All packets of a prefix are of a length of its own, which tells whom they were counted for. */
static uint32_t bytes_of(uint32_t prefix)
{
    return 100 + prefix;
}

static struct packet_view view_of(uint32_t prefix, uint32_t host)
{
    static const uint8_t destination[4] = {198, 51, 100, 1};
    uint8_t source[4];

    store_be32(source, 0x0a000000 | prefix << 8 | (host & 0xff));
    return (struct packet_view){.source = ip_address_from_ipv4(source),
                                .destination = ip_address_from_ipv4(destination),
                                .source_port = (uint16_t)(1024 + host),
                                .destination_port = 443,
                                .is_ipv4 = true,
                                .has_ip = true};
}

static uint32_t prefix_of(const struct aggregate_identity *identity)
{
    return load_be32(identity->prefix.address.bytes + 12) >> 8 & 0xffff;
}

static uint32_t any_prefix(struct worker *w)
{
    uint64_t turn = atomic_load(&w->world->now_ns) / (5 * NS_PER_S);

    return (uint32_t)(turn * 5 + random_u32(&w->random) % N_AT_ONCE) % N_PREFIXES;
}

static void begin_anew(struct worker *w, struct sender *s)
{
    *s = (struct sender){.prefix = any_prefix(w),
                         .host = random_u32(&w->random) % 256,
                         .next = random_u32(&w->random)};
}

/* A SYN of anybody, or what comes next of a flow that repairs what it lost. */
static struct sender *next_packet(struct worker *w, struct packet_view *v, struct engine_packet *p)
{
    struct sender *s = &w->senders[random_u32(&w->random) % N_FLOWS];
    uint32_t prefix = any_prefix(w);

    if (random_u32(&w->random) % 4 == 0) {
        *v = view_of(prefix, random_u32(&w->random) % 50000);
        v->tcp_flags = TCP_FLAG_SYN;
        s = NULL;
    } else {
        if (random_u32(&w->random) % 100 == 0)
            begin_anew(w, s);
        prefix = s->prefix;
        *v = view_of(prefix, s->host);
        v->tcp_flags = TCP_FLAG_ACK;
        v->payload_bytes = 100;
        v->sequence = s->has_lost ? s->lost : s->next;
        if (!s->has_lost)
            s->next += 100;
        s->has_lost = false;
    }
    *p = (struct engine_packet){
        .view = v, .slice = slice_of(prefix), .ingress = 1, .n_bytes = bytes_of(prefix)};
    return s;
}

static void run_burst(struct worker *w)
{
    struct packet_view views[BURST];
    struct engine_packet packets[BURST];
    struct sender *senders[BURST];
    enum engine_action actions[BURST];
    uint8_t which[BURST];

    for (unsigned int i = 0; i < BURST; i++) {
        senders[i] = next_packet(w, &views[i], &packets[i]);
        which[i] = (uint8_t)i;
        engine_ask(w->engine, &packets[i]);
    }
    engine_packets(w->engine, packets, which, BURST, actions);
    w->n_packets += BURST;
    for (unsigned int i = 0; i < BURST; i++)
        if (actions[i] == ENGINE_DROP) {
            senders[i]->has_lost = true;
            senders[i]->lost = views[i].sequence;
        }
}

static void *run_worker(void *context)
{
    struct worker *w = context;

    for (int i = 0; i < N_FLOWS; i++)
        begin_anew(w, &w->senders[i]);
    while (!atomic_load(&w->world->stop)) {
        engine_begin_burst(w->engine, atomic_load(&w->world->now_ns));
        run_burst(w);
        engine_post_some(w->engine, 32);
        sched_yield();
    }
    return NULL;
}

static void receive(struct world *world, const struct message *m)
{
    if (m->kind == MESSAGE_COUNTERS) {
        uint32_t prefix = prefix_of(aggregate_table_identity(world->table, m->aggregate));

        world->n_counted += m->counters.packets;
        world->n_wrong += m->counters.bytes != m->counters.packets * bytes_of(prefix);
        world->n_repaired += m->counters.retransmitted;
    }
    manager_receive(world->manager, m);
}

static void receive_all(struct world *world)
{
    struct message m;

    for (uint16_t i = 0; i < N_WORKERS; i++)
        while (manager_accepts(world->manager, i) && take(&world->workers[i].ring, &m))
            receive(world, &m);
}

static void on_event(void *context, const struct manager_event *event)
{
    struct world *world = context;

    world->n_removed += event->kind == EVENT_AGGREGATE_REMOVED;
    world->n_tests += event->kind == EVENT_TEST_STARTED;
}

static void open_engine(struct world *world, uint16_t number)
{
    struct worker *w = &world->workers[number];
    struct engine_config config = {.slices = world->slices,
                                   .n_slices = N_SLICES,
                                   .aggregates = world->table,
                                   .gate = &world->gate,
                                   .worker = number,
                                   .n_flows = 1024,
                                   .n_pending_drops = 256,
                                   .n_places = 64,
                                   .max_manager_lateness_ms = 60000,
                                   .post = put,
                                   .post_context = &w->ring};
    size_t n_bytes;

    w->world = world;
    w->number = number;
    random_seed_fixed(&config.random, 1, number);
    random_seed_fixed(&w->random, 2, number);
    n_bytes = (engine_memory_bytes(&config) + CACHE_LINE_BYTES) & ~(size_t)(CACHE_LINE_BYTES - 1);
    w->memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    w->engine = engine_init(w->memory, n_bytes, &config);
    assert_non_null(w->engine);
}

static void open_world(struct world *world)
{
    static const uint64_t secret[2] = {3, 4};
    size_t n_bytes = aggregate_table_memory_bytes(N_AGGREGATES);
    struct manager_config config = {.slices = world->slices,
                                    .n_slices = N_SLICES,
                                    .gate = &world->gate,
                                    .n_workers = N_WORKERS,
                                    .epoch_ms = 10,
                                    .n_drop_records = 256,
                                    .n_concurrent_flow_phases = 4,
                                    .max_own_loss_ratio = 0.001,
                                    .on_event = on_event,
                                    .event_context = world};

    world->any = ip_prefix_any(true);
    for (int i = 0; i < N_SLICES; i++) {
        struct slice *s = &world->slices[i];

        s->sources = s->destinations = &world->any;
        s->n_sources = s->n_destinations = 1;
        s->mode = i == 2 ? SLICE_PASSIVE : SLICE_ACTIVE;
        s->start = i == 0 ? SLICE_START_AUTO : SLICE_START_MANUAL;
        s->granularity.ipv4 = 24;
        test_parameters_default(&s->parameters);
        s->parameters.flow_idle_timeout_ms = s->parameters.passive_flow_idle_timeout_ms = 5000;
    }
    world->table_memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    world->table = aggregate_table_init(world->table_memory, n_bytes, N_AGGREGATES, secret);
    config.aggregates = world->table;
    world->manager = manager_create(&config);
    assert_non_null(world->manager);
    atomic_store(&world->now_ns, NS_PER_S);
    manager_tick(world->manager, NS_PER_S);
    manager_start(world->manager, NS_PER_S);
    for (uint16_t i = 0; i < N_WORKERS; i++)
        open_engine(world, i);
}

/* All that is left comes with the last epochs. */
static void end_workers(struct world *world)
{
    atomic_store(&world->stop, true);
    for (int i = 0; i < N_WORKERS; i++)
        pthread_join(world->workers[i].thread, NULL);
    manager_stop(world->manager, REASON_STOPPED, atomic_load(&world->now_ns));
    for (int i = 0; i < N_WORKERS; i++)
        engine_stop(world->workers[i].engine);
    for (int turn = 0; turn < 4; turn++) {
        atomic_fetch_add(&world->now_ns, STEP_MS * NS_PER_MS);
        manager_tick(world->manager, atomic_load(&world->now_ns));
        for (int i = 0; i < N_WORKERS; i++)
            while (!engine_post_epoch(world->workers[i].engine))
                receive_all(world);
        receive_all(world);
    }
}

static void close_world(struct world *world)
{
    manager_destroy(world->manager);
    for (int i = 0; i < N_WORKERS; i++)
        free(world->workers[i].memory);
    free(world->table_memory);
    free(world);
}

/* How much happens in an epoch depends on how threads are scheduled. */
static bool has_seen_enough(const struct world *world)
{
    uint64_t epoch = manager_epoch(world->manager);

    return epoch >= MOST_EPOCHS ||
           (epoch >= N_EPOCHS && world->n_removed >= ENOUGH_REMOVED && world->n_repaired > 0);
}

static void numbers_change_hands_and_no_packet_is_miscounted(void **state)
{
    struct world *world = aligned_alloc(CACHE_LINE_BYTES, (sizeof(*world) + CACHE_LINE_BYTES - 1) /
                                                              CACHE_LINE_BYTES * CACHE_LINE_BYTES);
    uint64_t n_packets = 0, n_without = 0;
    const char *broken;

    (void)state;
    memset(world, 0, sizeof(*world));
    open_world(world);
    for (int i = 0; i < N_WORKERS; i++)
        assert_int_equal(
            pthread_create(&world->workers[i].thread, NULL, run_worker, &world->workers[i]), 0);
    while (!has_seen_enough(world)) {
        receive_all(world);
        manager_tick(world->manager, atomic_load(&world->now_ns));
        atomic_store(&world->now_ns,
                     NS_PER_S + manager_epoch(world->manager) * STEP_MS * NS_PER_MS);
        sched_yield();
    }
    end_workers(world);
    broken = manager_check(world->manager);
    if (broken != NULL)
        fail_msg("%s", broken);
    for (int i = 0; i < N_WORKERS; i++) {
        n_packets += world->workers[i].n_packets;
        n_without += engine_counters(world->workers[i].engine)->no_aggregate;
    }
    print_message("%lu packets, %lu without an aggregate; %lu tests, %lu repaired, %lu removed\n",
                  (unsigned long)n_packets, (unsigned long)n_without, (unsigned long)world->n_tests,
                  (unsigned long)world->n_repaired, (unsigned long)world->n_removed);
    assert_int_equal(world->n_wrong, 0);
    assert_int_equal(world->n_counted + n_without, n_packets);
    assert_true(world->n_removed >= ENOUGH_REMOVED);
    assert_true(world->n_repaired > 0);
    close_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_change_hands_and_no_packet_is_miscounted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
