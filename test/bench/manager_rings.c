/* SPDX-License-Identifier: BSD-3-Clause */
/* What the manager takes in from 16 workers by real rings, when every aggregate changed at every
 * worker in every epoch: the most that can be asked of it. A thread on CPU 1 plays all workers, the
 * manager runs on CPU 0 as in the appliance: 256 messages of each ring, then a tick. An epoch is
 * over when all that was posted for it is merged and evaluated; workers post at once, so the time
 * of an epoch is the manager's own.
 *
 *   manager_rings [LARGEST [WORKERS]]    stop at LARGEST aggregates (default 1048576); 16 workers
 */
#include <pthread.h>
#include <rte_eal.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "export/export.h"
#include "manager/manager.h"
#include "operation.h"

#define EPOCH_MS          10
#define N_EPOCHS          5
#define MOST_WORKERS      16
#define MESSAGES_PER_TURN 256
/* As the appliance sizes a ring: packets of 10 Gbit/s in an epoch, and 4,096 + 4,096 more. */
#define MOST_IN_EPOCH (14880952u * EPOCH_MS / 1000)
#define SPARE         8192u

struct player {
    uint32_t position; /* aggregates posted of this epoch */
    uint64_t posted_epoch;
};

struct bench {
    struct slice slice;
    struct engine_gate gate;
    struct aggregate_table *aggregates;
    struct manager *manager;
    struct rte_ring *rings[MOST_WORKERS];
    struct player players[MOST_WORKERS];
    uint32_t n_aggregates, n_workers;
    _Atomic bool must_stop;
};

static uint64_t real_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void eal_up(void)
{
    static char *arguments[] = {(char *)"manager_rings",
                                (char *)"--no-huge",
                                (char *)"-m",
                                (char *)"1536",
                                (char *)"--no-pci",
                                (char *)"--no-shconf",
                                (char *)"--no-telemetry",
                                (char *)"--lcores",
                                (char *)"0@0,1@1",
                                (char *)"--log-level=*:error"};

    if (rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])), arguments) < 0)
        exit(EXIT_FAILURE);
}

static void open_rings(struct bench *b)
{
    uint32_t n = b->n_aggregates < MOST_IN_EPOCH ? b->n_aggregates : MOST_IN_EPOCH;

    for (uint32_t w = 0; w < b->n_workers; w++) {
        b->rings[w] = export_ring_create((uint16_t)w, n + SPARE, 0);
        if (b->rings[w] == NULL)
            abort();
    }
}

static void open_bench(struct bench *b, uint32_t n_aggregates, uint32_t n_workers)
{
    static const uint64_t secret[2] = {1, 2};
    size_t n = aggregate_table_memory_bytes(n_aggregates);
    struct manager_config config;

    memset(b, 0, sizeof(*b));
    b->n_aggregates = n_aggregates;
    b->n_workers = n_workers;
    test_parameters_default(&b->slice.parameters);
    snprintf(b->slice.name, sizeof(b->slice.name), "bench");
    b->slice.mode = SLICE_ACTIVE;
    b->slice.granularity.ipv4 = 32;
    b->aggregates = aggregate_table_init(operation_memory(n), n, n_aggregates, secret);
    config = (struct manager_config){.slices = &b->slice,
                                     .n_slices = 1,
                                     .aggregates = b->aggregates,
                                     .gate = &b->gate,
                                     .n_workers = (uint16_t)n_workers,
                                     .epoch_ms = EPOCH_MS,
                                     .n_drop_records = 65536,
                                     .n_concurrent_flow_phases = 256,
                                     .max_own_loss_ratio = 1};
    b->manager = manager_create(&config);
    if (b->manager == NULL)
        abort();
    manager_start(b->manager, real_ns());
    open_rings(b);
}

/* So that all aggregates exist. */
static void want_aggregates(struct bench *b)
{
    for (uint32_t i = 0; i < b->n_aggregates; i++) {
        struct message m = {.kind = MESSAGE_AGGREGATE_WANTED, .aggregate = AGGREGATE_NONE};
        struct ip_address address;
        uint8_t bytes[4];

        store_be32(bytes, 0x0a000000 + i);
        address = ip_address_from_ipv4(bytes);
        m.wanted.prefix = ip_prefix_of_address(&address, 32);
        manager_receive(b->manager, &m);
    }
}

/* Until the ring is full or the epoch is told. False: there was nothing to do. */
static bool play(struct bench *b, uint16_t worker)
{
    struct player *p = &b->players[worker];
    uint64_t epoch = atomic_load_explicit(&b->gate.epoch, memory_order_acquire);
    struct message m = {.kind = MESSAGE_COUNTERS, .worker = worker};
    struct message mark = {.kind = MESSAGE_EPOCH, .worker = worker, .epoch = {.epoch = epoch}};

    if (p->posted_epoch == epoch)
        return false;
    m.counters.packets = m.counters.segments = m.counters.in_order = 10;
    m.counters.droppable = m.counters.population_droppable = 10;
    for (int i = 0; i < MESSAGES_PER_TURN && p->position < b->n_aggregates; i++) {
        m.aggregate = p->position;
        if (export_post(b->rings[worker], &m) != 0)
            return false;
        p->position++;
    }
    if (p->position < b->n_aggregates || export_post(b->rings[worker], &mark) != 0)
        return true;
    p->posted_epoch = epoch;
    p->position = 0;
    return true;
}

static void *play_all(void *context)
{
    struct bench *b = context;
    cpu_set_t cpu;

    CPU_ZERO(&cpu);
    CPU_SET(1, &cpu);
    pthread_setaffinity_np(pthread_self(), sizeof(cpu), &cpu);
    while (!atomic_load_explicit(&b->must_stop, memory_order_relaxed))
        for (uint32_t w = 0; w < b->n_workers; w++)
            play(b, (uint16_t)w);
    return NULL;
}

static uint64_t turn(struct bench *b)
{
    uint64_t n = 0;

    for (uint32_t w = 0; w < b->n_workers; w++)
        n += export_drain(b->rings[w], b->manager, (uint16_t)w, MESSAGES_PER_TURN);
    manager_tick(b->manager, real_ns());
    return n;
}

/* Runs to the next epoch; returns its messages. */
static uint64_t run_epoch(struct bench *b)
{
    uint64_t epoch = manager_epoch(b->manager), n = 0;

    while (manager_epoch(b->manager) == epoch)
        n += turn(b);
    return n;
}

static void measure(uint32_t n_aggregates, uint32_t n_workers)
{
    static struct bench b;
    pthread_t thread;
    uint64_t start, n = 0, took;
    double least = 0;

    open_bench(&b, n_aggregates, n_workers);
    want_aggregates(&b);
    if (pthread_create(&thread, NULL, play_all, &b) != 0)
        abort();
    run_epoch(&b);
    for (int i = 0; i < N_EPOCHS; i++) {
        start = real_ns();
        n = run_epoch(&b);
        took = real_ns() - start;
        if (i == 0 || (double)took < least)
            least = (double)took;
    }
    atomic_store(&b.must_stop, true);
    pthread_join(thread, NULL);
    printf("%10u %8u %10llu %14.1f %22.2f\n", n_aggregates, n_workers, (unsigned long long)n,
           least / 1e6, (double)n * 1e3 / least);
    fflush(stdout);
    for (uint32_t w = 0; w < n_workers; w++)
        export_ring_free(b.rings[w]);
    manager_destroy(b.manager);
    free(b.aggregates);
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = {1000, 4096, 100000, 1u << 20};
    unsigned long largest = argc > 1 ? strtoul(argv[1], NULL, 10) : 1u << 20;
    unsigned long workers = argc > 2 ? strtoul(argv[2], NULL, 10) : MOST_WORKERS;

    eal_up();
    printf("a message has %zu bytes\n", sizeof(struct message));
    printf("aggregates  workers   messages   ms an epoch  million messages a s   (best of %d)\n",
           N_EPOCHS);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && sizes[i] <= largest; i++)
        measure(sizes[i], (uint32_t)workers);
    return EXIT_SUCCESS;
}
