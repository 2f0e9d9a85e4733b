/* SPDX-License-Identifier: BSD-3-Clause */
/* What an epoch costs the manager when so many aggregates changed in it: receiving a message of
 * each of them from one worker, and the tick. Times are real time; the manager sleeps between
 * epochs.
 *
 *   manager_epoch [LARGEST]    stop at LARGEST aggregates (default 1048576) */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/time.h"
#include "manager/manager.h"

#define EPOCH_MS 10
#define N_EPOCHS 9

struct bench {
    struct slice slice;
    struct aggregate_table *aggregates;
    struct engine_gate gate;
    struct manager *manager;
    uint64_t now_ns, epoch;
};

static uint64_t real_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void open_bench(struct bench *b, uint32_t n_aggregates)
{
    static const uint64_t secret[2] = {1, 2};
    size_t n = aggregate_table_memory_bytes(n_aggregates);
    struct manager_config config;

    memset(b, 0, sizeof(*b));
    n = (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    test_parameters_default(&b->slice.parameters);
    snprintf(b->slice.name, sizeof(b->slice.name), "bench");
    b->slice.mode = SLICE_ACTIVE;
    b->slice.granularity.ipv4 = 32;
    b->aggregates =
        aggregate_table_init(aligned_alloc(CACHE_LINE_BYTES, n), n, n_aggregates, secret);
    config = (struct manager_config){.slices = &b->slice,
                                     .n_slices = 1,
                                     .aggregates = b->aggregates,
                                     .gate = &b->gate,
                                     .n_workers = 1,
                                     .epoch_ms = EPOCH_MS,
                                     .n_drop_records = 65536,
                                     .n_concurrent_flow_phases = 256,
                                     .max_own_loss_ratio = 1};
    b->manager = manager_create(&config);
    if (b->aggregates == NULL || b->manager == NULL)
        abort();
    b->now_ns = NS_PER_S;
    manager_start(b->manager, b->now_ns);
}

static void end_epoch(struct bench *b)
{
    struct message mark = {.kind = MESSAGE_EPOCH};

    mark.epoch.epoch = atomic_load(&b->gate.epoch);
    manager_receive(b->manager, &mark);
    b->now_ns += EPOCH_MS * NS_PER_MS;
    manager_tick(b->manager, b->now_ns);
}

static void want_aggregates(struct bench *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct message m = {.kind = MESSAGE_AGGREGATE_WANTED, .aggregate = AGGREGATE_NONE};
        struct ip_address address;
        uint8_t bytes[4];

        store_be32(bytes, 0x0a000000 + i);
        address = ip_address_from_ipv4(bytes);
        m.wanted.prefix = ip_prefix_of_address(&address, 128);
        m.wanted.prefix.is_ipv4 = true;
        m.wanted.prefix.length = 32;
        manager_receive(b->manager, &m);
    }
    end_epoch(b);
}

static void measure(uint32_t n)
{
    static struct bench b;
    uint64_t best_receive = UINT64_MAX, best_tick = UINT64_MAX;

    open_bench(&b, n);
    want_aggregates(&b, n);
    for (int epoch = 0; epoch < N_EPOCHS; epoch++) {
        uint64_t start = real_ns(), received;

        for (uint32_t i = 0; i < n; i++) {
            struct message m = {.kind = MESSAGE_COUNTERS, .aggregate = i};

            m.counters.packets = m.counters.segments = m.counters.in_order = 10;
            m.counters.droppable = m.counters.population_droppable = 10;
            manager_receive(b.manager, &m);
        }
        received = real_ns();
        end_epoch(&b);
        if (received - start < best_receive)
            best_receive = received - start;
        if (real_ns() - received < best_tick)
            best_tick = real_ns() - received;
    }
    printf("%10" PRIu32 " %14.1f %16.2f %13.2f\n", n, (double)best_receive / n,
           (double)best_receive / NS_PER_MS, (double)best_tick / NS_PER_MS);
    fflush(stdout);
    manager_destroy(b.manager);
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = {1000, 100000, 1u << 20};
    unsigned long largest = argc > 1 ? strtoul(argv[1], NULL, 10) : sizes[2];

    printf("aggregates ns per message ms for all of them ms for a tick   (best of %d epochs)\n",
           N_EPOCHS);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && sizes[i] <= largest; i++)
        measure(sizes[i]);
    return EXIT_SUCCESS;
}
