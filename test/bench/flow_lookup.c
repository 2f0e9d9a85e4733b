/* SPDX-License-Identifier: BSD-3-Clause */
/* What a lookup costs: cycles per key, in bulks of 32 random keys, for tables of 1k, 64k, 1M and 8M
 * flows. "updated" reads the flow and updates it as an in-order segment does; "miss" asks for keys
 * that are not there. Making the keys is measured apart and taken off; hashing them is shown apart
 * too. Beside it, where there is DPDK, rte_hash_lookup_bulk_data(): hashing is within its hits and
 * misses, so they stand beside hash and hit together.
 *
 *   flow_lookup [LARGEST]     stop at LARGEST flows (default 8388608, which takes 1.2 GB) */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "base/random.h"
#include "flow/flow.h"
#include "rte_hash_beside.h"

#define BULK      32
#define N_LOOKUPS (1u << 22)
#define N_RUNS    5

enum what { MAKE_KEYS, HASH_KEYS, LOOK_UP, LOOK_UP_AND_UPDATE };

static uint64_t cycles_now(void)
{
#if defined(__x86_64__)
    return __rdtsc();
#else
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
#endif
}

/* The i-th flow: IPv4, addresses and ports spread as of many hosts. */
static struct flow_key key_of(uint32_t i)
{
    uint32_t mixed = i * 2654435761u;
    uint8_t source[4] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
    uint8_t destination[4] = {198, 18, (uint8_t)(mixed >> 24), (uint8_t)(mixed >> 16)};

    return (struct flow_key){.source = ip_address_from_ipv4(source),
                             .destination = ip_address_from_ipv4(destination),
                             .source_port = (uint16_t)(mixed | 1),
                             .destination_port = 443,
                             .ingress = (uint16_t)(i >> 24)};
}

static double run_once(struct flow_table *t, uint32_t n_flows, uint32_t first, enum what what,
                       uint64_t seed, uint64_t *sink)
{
    struct random_source random;
    struct flow_key keys[BULK];
    uint64_t hashes[BULK] = {0};
    struct flow *flows[BULK];
    uint64_t start;

    random_seed_fixed(&random, seed, 0);
    start = cycles_now();
    for (uint32_t done = 0; done < N_LOOKUPS; done += BULK) {
        for (int i = 0; i < BULK; i++)
            keys[i] = key_of(first + (uint32_t)(((uint64_t)random_u32(&random) * n_flows) >> 32));
        *sink += keys[done % BULK].source_port;
        if (what == MAKE_KEYS)
            continue;
        for (int i = 0; i < BULK; i++)
            hashes[i] = flow_table_hash(t, &keys[i]);
        *sink += hashes[done % BULK];
        if (what == HASH_KEYS)
            continue;
        flow_table_lookup_bulk(t, keys, hashes, BULK, flows);
        for (int i = 0; i < BULK; i++) {
            *sink += flows[i] != NULL;
            if (what == LOOK_UP_AND_UPDATE && flows[i] != NULL) {
                flows[i]->snd_max += 1460;
                flows[i]->last_seen_ms = done;
            }
        }
    }
    return (double)(cycles_now() - start) / N_LOOKUPS;
}

/* The best of some runs: on a machine that does other work too, that is the steadiest figure. */
static double best_cycles(struct flow_table *t, uint32_t n_flows, uint32_t first, enum what what)
{
    double best = 0;
    uint64_t sink = 0;

    for (uint64_t run = 0; run < N_RUNS; run++) {
        double cycles = run_once(t, n_flows, first, what, run + 1, &sink);

        if (run == 0 || cycles < best)
            best = cycles;
    }
    if (sink == 0)
        abort();
    return best;
}

/* Now and then both buckets of a flow are full: such a flow is a miss from then on. */
static void fill(struct flow_table *t, uint32_t n_flows)
{
    for (uint32_t i = 0; i < n_flows; i++) {
        struct flow_key key = key_of(i);
        enum flow_admission admission;

        flow_table_insert(t, &key, flow_table_hash(t, &key), FLOW_ARMED, 0, &admission);
    }
    if (flow_table_counters(t)->n_flows < n_flows - n_flows / 10000) {
        fprintf(stderr, "only %" PRIu64 " of %" PRIu32 " flows found a place\n",
                flow_table_counters(t)->n_flows, n_flows);
        exit(EXIT_FAILURE);
    }
}

/* The same for rte_hash, of packed IPv4 keys. */
static double run_beside(struct rte_hash *h, uint32_t n_flows, uint32_t first, bool look_up,
                         uint64_t seed, uint64_t *sink)
{
    struct random_source random;
    struct beside_key keys[BULK];
    uint64_t start;

    random_seed_fixed(&random, seed, 0);
    start = cycles_now();
    for (uint32_t done = 0; done < N_LOOKUPS; done += BULK) {
        for (int i = 0; i < BULK; i++) {
            struct flow_key key =
                key_of(first + (uint32_t)(((uint64_t)random_u32(&random) * n_flows) >> 32));

            keys[i] = beside_key_of(&key);
        }
        *sink += keys[done % BULK].ports + 1u;
        if (look_up)
            *sink += beside_look_up(h, keys, BULK);
    }
    return (double)(cycles_now() - start) / N_LOOKUPS;
}

static double best_beside(struct rte_hash *h, uint32_t n_flows, uint32_t first, bool look_up)
{
    double best = 0;
    uint64_t sink = 0;

    for (uint64_t run = 0; run < N_RUNS; run++) {
        double cycles = run_beside(h, n_flows, first, look_up, run + 1, &sink);

        if (run == 0 || cycles < best)
            best = cycles;
    }
    if (sink == 0)
        abort();
    return best;
}

static void measure_beside(uint32_t n_flows)
{
    struct rte_hash *h = beside_create(n_flows + n_flows / 3 + 2);
    double keys;

    if (h == NULL) {
        printf(" %15s\n", "not measured");
        return;
    }
    for (uint32_t i = 0; i < n_flows; i++) {
        struct flow_key key = key_of(i);

        beside_insert(h, beside_key_of(&key));
    }
    keys = best_beside(h, n_flows, 0, false);
    printf(" %12.1f %13.1f\n", best_beside(h, n_flows, 0, true) - keys,
           best_beside(h, n_flows, n_flows, true) - keys);
    beside_destroy(h);
}

/* The flows fill three quarters of the table, up to where every new flow is let in. */
static void measure(uint32_t n_flows)
{
    struct flow_table_config config = {.n_flows = n_flows + n_flows / 3 + 2,
                                       .idle_timeout_ms = 30000,
                                       .secret = {0x0123456789abcdef, 0xfedcba9876543210}};
    size_t n_bytes = flow_table_memory_bytes(config.n_flows);
    void *memory = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct flow_table *t;
    double keys, hash, hit, update, miss;

    if (memory == MAP_FAILED) {
        fprintf(stderr, "%" PRIu32 " flows: no memory for %zu bytes\n", n_flows, n_bytes);
        exit(EXIT_FAILURE);
    }
    madvise(memory, n_bytes, MADV_HUGEPAGE);
    t = flow_table_init(memory, n_bytes, &config);
    fill(t, n_flows);
    keys = best_cycles(t, n_flows, 0, MAKE_KEYS);
    hash = best_cycles(t, n_flows, 0, HASH_KEYS);
    hit = best_cycles(t, n_flows, 0, LOOK_UP);
    update = best_cycles(t, n_flows, 0, LOOK_UP_AND_UPDATE);
    miss = best_cycles(t, n_flows, n_flows, LOOK_UP);
    printf("%9" PRIu32 " %6.1f %6.1f %12.1f %6.1f %15.1f %10.1f", n_flows, hash - keys, hit - hash,
           update - hash, miss - hash, update - keys, (double)n_bytes / n_flows);
    measure_beside(n_flows);
    munmap(memory, n_bytes);
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = {1u << 10, 1u << 16, 1u << 20, 1u << 23};
    unsigned long largest = argc > 1 ? strtoul(argv[1], NULL, 10) : sizes[3];

    printf("cycles per key, bulks of %d\n", BULK);
    printf("    flows   hash    hit hit, updated   miss hash and update bytes/flow rte_hash hit "
           "rte_hash miss\n");
    beside_start();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && sizes[i] <= largest; i++)
        measure(sizes[i]);
    return 0;
}
