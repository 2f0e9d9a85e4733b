/* SPDX-License-Identifier: BSD-3-Clause */
/* What one operation of the packet path costs: parsing, a step of the engine for each kind of
 * packet, the rewrite for a next hop.
 *
 *   operations              cycles of all, the best of some runs
 *   operations NAME N       does N of one, for an instruction counter that looks at measured()
 *   operations names        lists them */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "base/time.h"
#include "engine/engine.h"
#include "nexthop/nexthop.h"
#include "packet/packet.h"
#include "tcp/flags.h"

#define BURST      64
#define N_FLOWS    1024 /* in cache: instructions are the point, not memory */
#define N_RUNS     7
#define N_MEASURED (1u << 16)
#define STEP       5

struct bench {
    struct slice slice;
    struct aggregate_table *aggregates;
    struct engine_gate gate;
    struct engine *engine;
    uint64_t now_ns;
    uint32_t first_flow;
    uint32_t sequence; /* of the next round of all flows */
    struct packet_view views[BURST];
    struct engine_packet packets[BURST];
    enum engine_action actions[BURST];
    uint8_t which[BURST];
    uint64_t sink;
};

static uint64_t cycles_now(void)
{
#if defined(__x86_64__)
    return __rdtsc();
#else
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
#endif
}

static int ignore_message(void *context, const struct message *message)
{
    (void)context;
    (void)message;
    return 0;
}

static void *take_lines(size_t n_bytes)
{
    void *memory = aligned_alloc(CACHE_LINE_BYTES, (n_bytes + CACHE_LINE_BYTES - 1) /
                                                       CACHE_LINE_BYTES * CACHE_LINE_BYTES);

    if (memory == NULL)
        abort();
    return memory;
}

static struct bench *bench_open(void)
{
    static const uint64_t secret[2] = {1, 2};
    struct bench *b = take_lines(sizeof(*b));
    size_t n = aggregate_table_memory_bytes(16);
    struct engine_config config;

    memset(b, 0, sizeof(*b));
    test_parameters_default(&b->slice.parameters);
    b->slice.mode = SLICE_ACTIVE;
    b->aggregates = aggregate_table_init(take_lines(n), n, 16, secret);
    aggregate_table_add(b->aggregates, &(struct aggregate_identity){.slice = 0});
    aggregate_control_order(
        aggregate_table_control(b->aggregates, 0),
        (struct aggregate_order){.threshold = 0, .test_id = 1, .phase = AGGREGATE_POOLED});
    config = (struct engine_config){.slices = &b->slice,
                                    .n_slices = 1,
                                    .aggregates = b->aggregates,
                                    .gate = &b->gate,
                                    .n_flows = 2 * N_FLOWS,
                                    .n_pending_drops = 64,
                                    .n_places = 64,
                                    .max_manager_lateness_ms = 60000,
                                    .post = ignore_message};
    random_seed_fixed(&config.random, 1, 0);
    n = engine_memory_bytes(&config);
    b->engine = engine_init(take_lines(n), n, &config);
    b->now_ns = NS_PER_S;
    for (unsigned int i = 0; i < BURST; i++)
        b->which[i] = (uint8_t)i;
    return b;
}

/* The next burst of flows, each with a packet as told. */
static void give(struct bench *b, uint8_t flags, uint32_t sequence, uint32_t n_bytes)
{
    for (uint32_t i = 0; i < BURST; i++) {
        uint32_t flow = b->first_flow + i;
        uint8_t source[4] = {10, (uint8_t)(flow >> 16), (uint8_t)(flow >> 8), (uint8_t)flow};
        uint8_t destination[4] = {198, 18, 0, 1};

        b->views[i] = (struct packet_view){.source = ip_address_from_ipv4(source),
                                           .destination = ip_address_from_ipv4(destination),
                                           .source_port = (uint16_t)(1024 + (flow >> 24)),
                                           .destination_port = 443,
                                           .sequence = sequence,
                                           .payload_bytes = n_bytes,
                                           .tcp_flags = flags,
                                           .is_ipv4 = true,
                                           .has_ip = true};
        b->packets[i].view = &b->views[i];
        b->packets[i].n_bytes = 64;
    }
}

static void step_engine(struct bench *b)
{
    engine_begin_burst(b->engine, b->now_ns);
    for (unsigned int i = 0; i < BURST; i++)
        engine_ask(b->engine, &b->packets[i]);
    engine_packets(b->engine, b->packets, b->which, BURST, b->actions);
}

/* All flows begin, and are where `sequence` says. */
static void begin_flows(struct bench *b)
{
    for (b->first_flow = 0; b->first_flow < N_FLOWS; b->first_flow += BURST) {
        give(b, TCP_FLAG_SYN, 0, 0);
        step_engine(b);
    }
    b->sequence = 1;
    b->first_flow = 0;
}

static void next_flows(struct bench *b, uint32_t advance)
{
    b->first_flow += BURST;
    if (b->first_flow < N_FLOWS)
        return;
    b->first_flow = 0;
    b->sequence += advance;
}

static void in_order(struct bench *b)
{
    give(b, TCP_FLAG_ACK, b->sequence, STEP);
    step_engine(b);
    next_flows(b, STEP);
}

static void duplicate(struct bench *b)
{
    give(b, TCP_FLAG_ACK, 1, STEP);
    step_engine(b);
    next_flows(b, 0);
}

/* Each flow leaves a hole, and fills it in its next turn. */
static void hole_and_fill(struct bench *b)
{
    bool fills = (b->sequence / STEP) & 1;

    give(b, TCP_FLAG_ACK, fills ? b->sequence - STEP : b->sequence + STEP, STEP);
    step_engine(b);
    next_flows(b, STEP);
}

static void pure_ack(struct bench *b)
{
    give(b, TCP_FLAG_ACK, b->sequence, 0);
    step_engine(b);
    next_flows(b, 0);
}

/* Of flows that the table does not know and will not take: it is full of others. */
static void refused(struct bench *b)
{
    static uint32_t flood = 1u << 24;

    b->first_flow = flood;
    flood += BURST;
    give(b, TCP_FLAG_ACK, 1, STEP);
    step_engine(b);
}

static const uint8_t ipv4_frame[64] = {
    2, 0, 0,  0, 0, 2, 2,   0,  0, 0, 0, 1, 8, 0,   0x45, 0, 0, 45, 0, 0, 0x40, 0, 64,   6,
    0, 0, 10, 1, 2, 3, 198, 18, 0, 1, 4, 0, 1, 187, 0,    0, 0, 1,  0, 0, 0,    0, 0x50, 0x18};
static uint8_t ipv6_frame[84] = {2,    0,    0, 0, 0, 2, 2,  0, 0,  0,    0, 1,   0x86,
                                 0xdd, 0x60, 0, 0, 0, 0, 25, 6, 64, 0x20, 1, 0xd, 0xb8};

static void parse_ipv4(struct bench *b)
{
    for (unsigned int i = 0; i < BURST; i++)
        b->sink += packet_parse_ethernet(ipv4_frame, 64, 64, &b->views[i]);
}

static void parse_ipv6(struct bench *b)
{
    ipv6_frame[66] = 0x50;
    for (unsigned int i = 0; i < BURST; i++)
        b->sink += packet_parse_ethernet(ipv6_frame, 84, 84, &b->views[i]);
}

static void rewrite(struct bench *b)
{
    static const struct next_hop hop = {.vlan_id = NEXTHOP_VLAN_KEEP,
                                        .rewrite_mac = true,
                                        .destination_mac = {2, 1, 1, 1, 1, 1},
                                        .source_mac = {2, 2, 2, 2, 2, 2}};
    static struct next_hop_group group;
    static uint8_t frames[BURST][64];
    int grow;

    if (group.n_members == 0)
        nexthop_group_init(&group, &hop, 1);
    for (unsigned int i = 0; i < BURST; i++)
        b->sink += (uint64_t)nexthop_rewrite(nexthop_choose(&group, i), frames[i], 64, &grow);
}

static const struct operation {
    const char *name;
    void (*burst)(struct bench *b);
    bool with_flows;
} operations[] = {
    {"parse_ipv4", parse_ipv4, false},         {"parse_ipv6", parse_ipv6, false},
    {"engine_in_order", in_order, true},       {"engine_duplicate", duplicate, true},
    {"engine_hole_fill", hole_and_fill, true}, {"engine_pure_ack", pure_ack, true},
    {"engine_refused", refused, true},         {"nexthop_rewrite", rewrite, false},
};

/* Not inlined: the instruction counter knows it by its name. What gives packets to the engine is in
 * it, the same for all kinds. */
__attribute__((noinline)) static void measured(struct bench *b, const struct operation *o,
                                               uint32_t n)
{
    for (uint32_t done = 0; done < n; done += BURST)
        o->burst(b);
}

static void prepare(struct bench *b, const struct operation *o)
{
    if (!o->with_flows)
        return;
    begin_flows(b);
    for (uint32_t i = 0; o->burst == refused && i < N_FLOWS; i++)
        refused(b);
    for (uint32_t i = 0; o->burst == duplicate && i < N_FLOWS / BURST; i++)
        in_order(b);
}

static int count_one(const char *name, const char *count)
{
    for (size_t i = 0; i < ARRAY_LENGTH(operations); i++)
        if (strcmp(operations[i].name, name) == 0) {
            struct bench *b = bench_open();

            prepare(b, &operations[i]);
            measured(b, &operations[i], (uint32_t)strtoul(count, NULL, 10));
            return EXIT_SUCCESS;
        }
    fprintf(stderr, "no operation is called %s\n", name);
    return EXIT_FAILURE;
}

static void time_all(void)
{
    printf("%-18s cycles an operation, best of %d runs; flows in cache, packets made within\n",
           "operation", N_RUNS);
    for (size_t i = 0; i < ARRAY_LENGTH(operations); i++) {
        struct bench *b = bench_open();
        uint64_t best = UINT64_MAX;

        prepare(b, &operations[i]);
        for (int run = 0; run < N_RUNS; run++) {
            uint64_t start = cycles_now(), took;

            measured(b, &operations[i], N_MEASURED);
            took = cycles_now() - start;
            best = took < best ? took : best;
        }
        printf("%-18s %6.1f\n", operations[i].name, (double)best / N_MEASURED);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return count_one(argv[1], argv[2]);
    if (argc == 2)
        for (size_t i = 0; i < ARRAY_LENGTH(operations); i++)
            printf("%s\n", operations[i].name);
    else
        time_all();
    return EXIT_SUCCESS;
}
