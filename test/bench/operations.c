/* SPDX-License-Identifier: BSD-3-Clause */
/* What one operation of the packet path costs: parsing, looking a flow up, a step of the engine for
 * each kind of packet, the rewrite for a next hop. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "engine/engine.h"
#include "flow/flow.h"
#include "nexthop/nexthop.h"
#include "operation.h"
#include "packet/packet.h"
#include "tcp/flags.h"

#define BURST   OPERATION_BURST
#define N_FLOWS 1024 /* in cache: instructions are the point, not memory */
#define STEP    5

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

static int ignore_message(void *context, const struct message *message)
{
    (void)context;
    (void)message;
    return 0;
}

static void *open_bench(void)
{
    static const uint64_t secret[2] = {1, 2};
    struct bench *b = operation_memory(sizeof(*b));
    size_t n = aggregate_table_memory_bytes(16);
    struct engine_config config;

    test_parameters_default(&b->slice.parameters);
    b->slice.mode = SLICE_ACTIVE;
    b->aggregates = aggregate_table_init(operation_memory(n), n, 16, secret);
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
    b->engine = engine_init(operation_memory(n), n, &config);
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

static void in_order(void *state)
{
    struct bench *b = state;
    give(b, TCP_FLAG_ACK, b->sequence, STEP);
    step_engine(b);
    next_flows(b, STEP);
}

static void duplicate(void *state)
{
    struct bench *b = state;
    give(b, TCP_FLAG_ACK, 1, STEP);
    step_engine(b);
    next_flows(b, 0);
}

/* Each flow leaves a hole, and fills it in its next turn. */
static void hole_and_fill(void *state)
{
    struct bench *b = state;
    bool fills = (b->sequence / STEP) & 1;

    give(b, TCP_FLAG_ACK, fills ? b->sequence - STEP : b->sequence + STEP, STEP);
    step_engine(b);
    next_flows(b, STEP);
}

static void pure_ack(void *state)
{
    struct bench *b = state;
    give(b, TCP_FLAG_ACK, b->sequence, 0);
    step_engine(b);
    next_flows(b, 0);
}

/* Of flows that the table does not know and will not take: it is full of others. */
static void refused(void *state)
{
    struct bench *b = state;
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

static void parse_ipv4(void *state)
{
    struct bench *b = state;
    for (unsigned int i = 0; i < BURST; i++)
        b->sink += packet_parse_ethernet(ipv4_frame, 64, 64, &b->views[i]);
}

static void parse_ipv6(void *state)
{
    struct bench *b = state;
    ipv6_frame[66] = 0x50;
    for (unsigned int i = 0; i < BURST; i++)
        b->sink += packet_parse_ethernet(ipv6_frame, 84, 84, &b->views[i]);
}

static void rewrite(void *state)
{
    struct bench *b = state;
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

struct lookup {
    struct flow_table *table;
    struct flow_key keys[2 * N_FLOWS]; /* the second half is not in the table */
    uint32_t next;
    uint64_t n_found;
};

static void *open_lookup(void)
{
    struct lookup *l = operation_memory(sizeof(*l));
    struct flow_table_config config = {.n_flows = 2 * N_FLOWS, .idle_timeout_ms = 30000};
    size_t n = flow_table_memory_bytes(config.n_flows);
    enum flow_admission admission;

    l->table = flow_table_init(operation_memory(n), n, &config);
    for (uint32_t i = 0; i < 2 * N_FLOWS; i++) {
        uint8_t source[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i},
                destination[4] = {198, 18, 0, 1};

        l->keys[i] = (struct flow_key){.source = ip_address_from_ipv4(source),
                                       .destination = ip_address_from_ipv4(destination),
                                       .source_port = 1024,
                                       .destination_port = 443};
        if (i < N_FLOWS)
            flow_table_insert(l->table, &l->keys[i], flow_table_hash(l->table, &l->keys[i]),
                              FLOW_ARMED, 0, &admission);
    }
    return l;
}

static void look_up(struct lookup *l, const struct flow_key *keys)
{
    uint64_t hashes[BURST];
    struct flow *flows[BURST];

    for (unsigned int i = 0; i < BURST; i++)
        hashes[i] = flow_table_hash(l->table, &keys[i]);
    flow_table_lookup_bulk(l->table, keys, hashes, BURST, flows);
    for (unsigned int i = 0; i < BURST; i++)
        l->n_found += flows[i] != NULL;
    l->next = (l->next + BURST) % N_FLOWS;
}

static void look_up_known(void *state)
{
    struct lookup *l = state;

    look_up(l, &l->keys[l->next]);
}

static void look_up_unknown(void *state)
{
    struct lookup *l = state;

    look_up(l, &l->keys[N_FLOWS + l->next]);
}

static void *open_known(void)
{
    struct lookup *l = open_lookup();

    look_up_known(l);
    if (l->n_found != BURST)
        abort();
    return l;
}

static void *open_unknown(void)
{
    struct lookup *l = open_lookup();

    look_up_unknown(l);
    if (l->n_found != 0)
        abort();
    return l;
}

static void *open_flows(void)
{
    struct bench *b = open_bench();

    begin_flows(b);
    return b;
}

/* So that what is sent again was sent before. */
static void *open_flows_with_data(void)
{
    struct bench *b = open_flows();

    for (uint32_t i = 0; i < N_FLOWS / BURST; i++)
        in_order(b);
    return b;
}

static void *open_full(void)
{
    struct bench *b = open_flows();

    for (uint32_t i = 0; i < N_FLOWS; i++)
        refused(b);
    return b;
}

static const struct operation operations[] = {
    {"parse_ipv4", open_bench, parse_ipv4},
    {"parse_ipv6", open_bench, parse_ipv6},
    {"flow_lookup_hit", open_known, look_up_known},
    {"flow_lookup_miss", open_unknown, look_up_unknown},
    {"engine_in_order", open_flows, in_order},
    {"engine_duplicate", open_flows_with_data, duplicate},
    {"engine_hole_fill", open_flows, hole_and_fill},
    {"engine_pure_ack", open_flows, pure_ack},
    {"engine_refused", open_full, refused},
    {"nexthop_rewrite", open_bench, rewrite},
};

int main(int argc, char **argv)
{
    return operation_main(operations, ARRAY_LENGTH(operations), argc, argv);
}
