/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker and packets that lie in several buffers, cut at every place of their headers. The driver
 * is two functions here: what it hands over are real chains of mbufs, and what it is given to send
 * is held against what came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "../unit/packet/layers.h"
#include "base/bytes.h"
#include "eal.h"
#include "pennyline/worker.h"
#include "prefix/prefix.h"
#include "tcp/flags.h"

#define N_MBUFS     255
#define ROOM_BYTES  (RTE_PKTMBUF_HEADROOM + FRAME_MAX_BYTES)
#define ALWAYS      UINT32_MAX
#define FIRST_PORT  1024
#define MOST_BOUNDS 12
/* Beyond what the buffer holds of the packet: no header that was read from there would be right. */
#define JUNK 0xa5

struct bench {
    struct worker worker;
    struct engine_gate gate;
    struct slice slice;
    struct ip_prefix anything[2];
    struct policy policy;
    struct policy_slice policy_slice;
    struct aggregate_table *aggregates;
    struct aggregate_counters sums;
    struct clock_steering steering;
    struct clock_board board;
    struct rte_mempool *pool;
    struct rte_mbuf *waiting;
    uint8_t sent[FRAME_MAX_BYTES + NEXTHOP_HEADROOM_BYTES];
    uint32_t n_sent_bytes, n_sent;
};

/* Cut before `end`, a packet counts as `reason`; beyond the last bound, as TCP. */
struct bound {
    uint16_t end;
    enum packet_reason reason;
};

struct stack {
    struct frame_case headers;
    bool decapsulates;
    struct bound bounds[MOST_BOUNDS];
};

static const struct stack stacks[] = {
    {{"IPv4", PACKET_TCP, {ETHERNET, IPV4, TCP, DATA(100)}, {{0}}, 0},
     false,
     {{14, PACKET_TRUNCATED_ETHERNET}, {34, PACKET_TRUNCATED_IPV4}, {54, PACKET_TRUNCATED_TCP}}},
    {{"options", PACKET_TCP, {ETHERNET, IPV4_OPTIONS(3), TCP_OPTIONS(10), DATA(9)}, {{0}}, 0},
     false,
     {{14, PACKET_TRUNCATED_ETHERNET}, {46, PACKET_TRUNCATED_IPV4}, {66, PACKET_TRUNCATED_TCP}}},
    {{"IPv6", PACKET_TCP, {ETHERNET, IPV6, TCP, DATA(100)}, {{0}}, 0},
     false,
     {{14, PACKET_TRUNCATED_ETHERNET}, {54, PACKET_TRUNCATED_IPV6}, {74, PACKET_TRUNCATED_TCP}}},
    {{"IPv6, extension", PACKET_TCP, {ETHERNET, IPV6, DESTINATION(1), TCP, DATA(7)}, {{0}}, 0},
     false,
     {{14, PACKET_TRUNCATED_ETHERNET},
      {54, PACKET_TRUNCATED_IPV6},
      {70, PACKET_TRUNCATED_IPV6_EXTENSION},
      {90, PACKET_TRUNCATED_TCP}}},
    {{"VLAN", PACKET_TCP, {ETHERNET, VLAN(0x8100, 100), IPV4, TCP, DATA(50)}, {{0}}, 0},
     false,
     {{14, PACKET_TRUNCATED_ETHERNET},
      {18, PACKET_TRUNCATED_VLAN},
      {38, PACKET_TRUNCATED_IPV4},
      {58, PACKET_TRUNCATED_TCP}}},
    {{"two VLANs",
      PACKET_TCP,
      {ETHERNET, VLAN(0x88a8, 7), VLAN(0x8100, 8), IPV6, TCP, DATA(50)},
      {{0}},
      0},
     false,
     {{14, PACKET_TRUNCATED_ETHERNET},
      {22, PACKET_TRUNCATED_VLAN},
      {62, PACKET_TRUNCATED_IPV6},
      {82, PACKET_TRUNCATED_TCP}}},
    {{"MPLS", PACKET_TCP, {ETHERNET, MPLS(16), MPLS(17), IPV4, TCP, DATA(50)}, {{0}}, 0},
     false,
     {{14, PACKET_TRUNCATED_ETHERNET},
      {23, PACKET_TRUNCATED_MPLS},
      {42, PACKET_TRUNCATED_IPV4},
      {62, PACKET_TRUNCATED_TCP}}},
    {{"GRE", PACKET_TCP, {ETHERNET, IPV4, GRE(0, 0), IPV4, TCP, DATA(50)}, {{0}}, 0},
     true,
     {{14, PACKET_TRUNCATED_ETHERNET},
      {34, PACKET_TRUNCATED_IPV4},
      {38, PACKET_TRUNCATED_TUNNEL},
      {58, PACKET_TRUNCATED_IPV4},
      {78, PACKET_TRUNCATED_TCP}}},
    {{"VXLAN",
      PACKET_TCP,
      {ETHERNET, VLAN(0x8100, 5), IPV4, UDP(4789), VXLAN(9), ETHERNET, IPV6, TCP, DATA(50)},
      {{0}},
      0},
     true,
     {{14, PACKET_TRUNCATED_ETHERNET},
      {18, PACKET_TRUNCATED_VLAN},
      {38, PACKET_TRUNCATED_IPV4},
      {46, PACKET_TRUNCATED_UDP},
      {54, PACKET_TRUNCATED_TUNNEL},
      {68, PACKET_TRUNCATED_ETHERNET},
      {108, PACKET_TRUNCATED_IPV6},
      {128, PACKET_TRUNCATED_TCP}}},
};
#define N_STACKS (sizeof(stacks) / sizeof(stacks[0]))

static enum packet_reason reason_at(const struct stack *s, uint32_t cut)
{
    for (const struct bound *b = s->bounds; b->end != 0; b++)
        if (cut < b->end)
            return b->reason;
    return PACKET_TCP;
}

/* Addresses are of the innermost packet that was reached; without them it is of no slice. */
static bool has_addresses(enum packet_reason reason)
{
    return reason == PACKET_TCP || reason == PACKET_TRUNCATED_TCP ||
           reason == PACKET_TRUNCATED_UDP || reason == PACKET_TRUNCATED_TUNNEL ||
           reason == PACKET_TRUNCATED_IPV6_EXTENSION;
}

/* One packet, and the worker is told to quit when it is through with it. */
static uint16_t receive_one(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
    struct bench *b = queue;

    assert_true(n > 0);
    atomic_store(&b->worker.order, WORKER_QUIT);
    mbufs[0] = b->waiting;
    b->waiting = NULL;
    return 1;
}

static uint16_t send_all(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
    struct bench *b = queue;

    for (uint16_t i = 0; i < n; i++) {
        b->n_sent++;
        b->n_sent_bytes = mbufs[i]->pkt_len;
        assert_true(b->n_sent_bytes <= sizeof(b->sent));
        assert_int_equal(rte_mbuf_check(mbufs[i], 1, &(const char *){NULL}), 0);
        for (uint32_t at = 0; at < b->n_sent_bytes; at++)
            b->sent[at] = *(const uint8_t *)rte_pktmbuf_read(mbufs[i], at, 1, &b->sent[at]);
        rte_pktmbuf_free(mbufs[i]);
    }
    return n;
}

static void *queues[1], *callbacks[1];

static void connect_driver(struct bench *b)
{
    queues[0] = b;
    for (unsigned int i = 0; i < 2; i++) {
        rte_eth_fp_ops[i].rx_pkt_burst = receive_one;
        rte_eth_fp_ops[i].tx_pkt_burst = send_all;
        rte_eth_fp_ops[i].rxq.data = rte_eth_fp_ops[i].txq.data = queues;
        rte_eth_fp_ops[i].rxq.clbk = rte_eth_fp_ops[i].txq.clbk = (void *)callbacks;
    }
}

static void *zeroed(size_t n)
{
    size_t whole = (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    void *memory = aligned_alloc(CACHE_LINE_BYTES, whole);

    assert_non_null(memory);
    return memset(memory, 0, whole);
}

static int sum_up(void *context, const struct message *message)
{
    struct bench *b = context;

    if (message->kind == MESSAGE_COUNTERS)
        aggregate_counters_add(&b->sums, &message->counters);
    return 0;
}

static void make_engine(struct bench *b)
{
    static const uint64_t secret[2] = {1, 2};
    size_t n = aggregate_table_memory_bytes(4);
    struct engine_config config = {.slices = &b->slice,
                                   .n_slices = 1,
                                   .gate = &b->gate,
                                   .n_flows = 4096,
                                   .n_pending_drops = 4096,
                                   .n_places = 4,
                                   .max_manager_lateness_ms = 60000,
                                   .post = sum_up,
                                   .post_context = b};
    struct engine_rules_config rules = {
        .slices = &b->slice, .n_slices = 1, .max_manager_lateness_ms = 60000};

    b->aggregates = aggregate_table_init(zeroed(n), n, 4, secret);
    assert_int_equal(aggregate_table_add(b->aggregates, &(struct aggregate_identity){.slice = 0}),
                     0);
    config.aggregates = b->aggregates;
    random_seed_fixed(&config.random, 1, 0);
    n = engine_memory_bytes(&config);
    b->worker.engine = engine_init(zeroed(n), n, &config);
    assert_non_null(b->worker.engine);
    b->worker.counters = engine_counters_mutable(b->worker.engine);
    b->policy.rules = engine_rules_init(zeroed(engine_rules_memory_bytes(&rules)), &rules);
    engine_rules_find_aggregates(b->policy.rules, b->aggregates);
    n = ingress_table_memory_bytes(16);
    b->worker.ingresses = ingress_table_init(zeroed(n), n, 16, 2, secret);
}

static void make_policy(struct bench *b)
{
    static unsigned int n_made;
    char name[20];

    b->anything[0] = ip_prefix_any(true);
    b->anything[1] = ip_prefix_any(false);
    b->slice.sources = b->slice.destinations = b->anything;
    b->slice.n_sources = b->slice.n_destinations = 2;
    b->slice.ingress = (struct slice_ingress){.port = SLICE_ANY_PORT, .vlan = SLICE_ANY_VLAN};
    b->slice.mode = SLICE_ACTIVE;
    test_parameters_default(&b->slice.parameters);
    b->policy.slices = &b->policy_slice;
    b->policy_slice.may_drop = true;
    b->policy.n_slices = 1;
    b->policy.n_ports = 2;
    for (unsigned int i = 0; i < 2; i++)
        b->policy.ports[i] =
            (struct policy_port){.is_plain = true, .pair = 1, .longest_whole_frame = 60};
    snprintf(name, sizeof(name), "segments_%u", n_made++);
    b->policy.prefixes = prefix_table_create(name, &b->slice, 1, SOCKET_ID_ANY);
    assert_non_null(b->policy.prefixes);
}

static int make(void **state)
{
    struct bench *b = zeroed(sizeof(*b));
    struct clock_look first = tsc_clock_look();

    make_policy(b);
    make_engine(b);
    tsc_clock_begin(&b->steering, &b->board, &first);
    b->worker.clock = tsc_clock_of(&b->steering, &b->board);
    b->worker.n_ports = 2;
    b->worker.n_queues = 1;
    b->worker.outputs[1].device = 1;
    atomic_store(&b->worker.policy, &b->policy);
    b->pool = rte_pktmbuf_pool_create("segments", N_MBUFS, 0, 0, ROOM_BYTES, SOCKET_ID_ANY);
    assert_non_null(b->pool);
    connect_driver(b);
    *state = b;
    return 0;
}

/* What was neither sent nor freed would be missing here. */
static int unmake(void **state)
{
    struct bench *b = *state;
    bool is_whole = rte_mempool_avail_count(b->pool) == N_MBUFS;

    rte_mempool_free(b->pool);
    prefix_table_destroy(b->policy.prefixes);
    free(b->worker.engine);
    free(b->policy.rules);
    free(b->worker.ingresses);
    free(b->aggregates);
    free(b);
    return is_whole ? 0 : -1;
}

static struct rte_mbuf *buffer_of(const struct bench *b, const uint8_t *bytes, uint32_t n)
{
    struct rte_mbuf *mbuf = rte_pktmbuf_alloc(b->pool);

    assert_non_null(mbuf);
    memset(rte_pktmbuf_mtod(mbuf, void *), JUNK, FRAME_MAX_BYTES);
    memcpy(rte_pktmbuf_append(mbuf, (uint16_t)n), bytes, n);
    return mbuf;
}

/* `first` bytes in the first buffer, `others` in each of those behind it. */
static struct rte_mbuf *chain(const struct bench *b, const struct frame *f, uint32_t first,
                              uint32_t others)
{
    struct rte_mbuf *head = buffer_of(b, f->bytes, first < f->n_bytes ? first : f->n_bytes);

    for (uint32_t at = first; at < f->n_bytes; at += others) {
        uint32_t n = others < f->n_bytes - at ? others : f->n_bytes - at;

        assert_int_equal(rte_pktmbuf_chain(head, buffer_of(b, f->bytes + at, n)), 0);
    }
    return head;
}

/* A turn of the worker for one packet. */
static void turn(struct bench *b, struct rte_mbuf *mbuf)
{
    b->waiting = mbuf;
    b->n_sent = 0;
    atomic_store(&b->gate.manager_seen_ns, monotonic_now_ns());
    atomic_store(&b->worker.order, WORKER_RUN);
    assert_int_equal(worker_run(&b->worker), 0);
    assert_null(b->waiting);
}

/* True: it was sent; false: it was dropped by a test. */
static bool pass(struct bench *b, struct rte_mbuf *mbuf)
{
    uint64_t n_dropped = b->worker.counters->dropped;

    turn(b, mbuf);
    assert_int_equal(b->n_sent + (b->worker.counters->dropped - n_dropped), 1);
    assert_int_equal(b->worker.counters->lost_cut, 0);
    assert_int_equal(b->worker.counters->lost_no_headroom, 0);
    return b->n_sent == 1;
}

static void assert_sent(const struct bench *b, const struct frame *f)
{
    assert_int_equal(b->n_sent_bytes, f->n_bytes);
    assert_memory_equal(b->sent, f->bytes, f->n_bytes);
}

/* A flow of its own for each place of a cut. */
static void build_segment(const struct stack *s, uint32_t flow, struct frame *out)
{
    frame_build(&s->headers, out);
    store_be16(out->bytes + out->l4_offset, (uint16_t)(FIRST_PORT + flow));
}

static void build_syn(const struct stack *s, uint32_t flow, struct frame *out)
{
    struct stack without_data = *s;

    for (struct layer *l = without_data.headers.layers; l->kind != LAYER_END; l++)
        if (l->kind == LAYER_DATA)
            l->kind = LAYER_END;
    build_segment(&without_data, flow, out);
    store_be32(out->bytes + out->l4_offset + 4, FRAME_SEQUENCE - 1);
    out->bytes[out->l4_offset + 13] = TCP_FLAG_SYN;
}

static void begin_test(struct bench *b)
{
    struct aggregate_control *c = aggregate_table_control(b->aggregates, 0);

    atomic_store(&c->budget, 10000);
    aggregate_control_order(
        c, (struct aggregate_order){.threshold = ALWAYS, .test_id = 1, .phase = AGGREGATE_POOLED});
}

static void collect(struct bench *b)
{
    atomic_fetch_add(&b->gate.epoch, 1);
    engine_begin_burst(b->worker.engine, monotonic_now_ns());
    assert_true(engine_post_epoch(b->worker.engine));
}

/* Its connection is known, and then a segment comes in several buffers. */
static bool pass_cut(struct bench *b, const struct stack *s, uint32_t flow, uint32_t cut,
                     struct frame *f)
{
    uint64_t n_counted;
    bool was_sent;

    build_syn(s, flow, f);
    assert_true(pass(b, chain(b, f, f->n_bytes, 1)));
    build_segment(s, flow, f);
    n_counted = b->worker.packet_reasons[reason_at(s, cut)];
    was_sent = pass(b, chain(b, f, cut, 1 + cut % 40));
    if (b->worker.packet_reasons[reason_at(s, cut)] != n_counted + 1)
        fail_msg("%s cut at %u does not count as %s", s->headers.name, cut,
                 packet_reason_name(reason_at(s, cut)));
    return was_sent;
}

static void use_stack(struct bench *b, const struct stack *s)
{
    b->policy.ports[0].decapsulates = s->decapsulates;
    b->policy.ports[0].is_plain = !s->decapsulates;
}

static void headers_in_several_buffers_are_forwarded_whole_and_counted(void **state)
{
    struct bench *b = *state;
    uint32_t flow = 0, n_unread = 0, n_udp = 0, n_without_slice = 0;
    struct frame f;

    for (const struct stack *s = stacks; s < stacks + N_STACKS; s++) {
        use_stack(b, s);
        build_segment(s, 0, &f);
        for (uint32_t cut = 1, n = f.n_bytes; cut < n; cut++) {
            assert_true(pass_cut(b, s, flow++, cut, &f));
            assert_sent(b, &f);
            if (!has_addresses(reason_at(s, cut)))
                n_without_slice++;
            else if (reason_at(s, cut) == PACKET_TRUNCATED_UDP)
                n_udp++;
            else if (reason_at(s, cut) != PACKET_TCP)
                n_unread++;
        }
    }
    collect(b);
    assert_int_equal(b->worker.counters->untested, n_without_slice);
    assert_int_equal(b->sums.unreadable, n_unread);
    assert_int_equal(b->sums.not_tcp, n_udp);
    assert_int_equal(b->worker.counters->dropped, 0);
}

static void a_test_drops_only_what_its_first_buffer_tells_whole(void **state)
{
    struct bench *b = *state;
    uint32_t flow = 0, n_dropped = 0;
    struct frame f;

    begin_test(b);
    for (const struct stack *s = stacks; s < stacks + N_STACKS; s++) {
        use_stack(b, s);
        build_segment(s, 0, &f);
        for (uint32_t cut = 1, n = f.n_bytes; cut < n; cut++) {
            bool is_read = reason_at(s, cut) == PACKET_TCP;

            if (pass_cut(b, s, flow++, cut, &f) == is_read)
                fail_msg("%s cut at %u is %s", s->headers.name, cut,
                         is_read ? "not dropped" : "dropped");
            if (!is_read)
                assert_sent(b, &f);
            n_dropped += is_read;
        }
    }
    assert_true(n_dropped > 0);
    assert_int_equal(b->worker.counters->dropped, n_dropped);
}

static void payload_in_many_buffers_is_as_in_one(void **state)
{
    static const struct stack jumbo = {
        {"jumbo", PACKET_TCP, {ETHERNET, IPV4, TCP, DATA(4000)}, {{0}}, 0}, false, {{0}}};
    struct bench *b = *state;
    struct frame f;

    for (uint32_t flow = 0; flow < 2; flow++) {
        build_syn(&jumbo, flow, &f);
        assert_true(pass(b, chain(b, &f, f.n_bytes, 1)));
        build_segment(&jumbo, flow, &f);
        if (flow == 1)
            begin_test(b);
        assert_int_equal(pass(b, chain(b, &f, 54 + 200 * flow, 100)), flow == 0);
        if (flow == 0)
            assert_sent(b, &f);
    }
    assert_int_equal(b->worker.packet_reasons[PACKET_TCP], 4);
    collect(b);
    assert_int_equal(b->sums.bytes, 2 * (54 + 4054));
    assert_int_equal(b->sums.dropped, 1);
}

/* Addresses and a tag of the next hop, where the slice is known; the rest stays. */
static void a_next_hop_changes_the_first_buffer_only(void **state)
{
    static const uint8_t start[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 100};
    const struct stack *s = &stacks[0];
    struct next_hop hop = {.port = 1, .vlan_id = 100, .rewrite_mac = true};
    struct bench *b = *state;
    struct frame f;

    memcpy(hop.destination_mac, start, 6);
    memcpy(hop.source_mac, start + 6, 6);
    b->policy_slice.has_next_hops = true;
    assert_int_equal(nexthop_group_init(&b->policy_slice.next_hops, &hop, 1), 0);
    build_segment(s, 0, &f);
    for (uint32_t cut = 1; cut < f.n_bytes; cut++) {
        assert_true(pass(b, chain(b, &f, cut, 7)));
        if (!has_addresses(reason_at(s, cut))) {
            assert_sent(b, &f);
            continue;
        }
        assert_int_equal(b->n_sent_bytes, f.n_bytes + 4);
        assert_memory_equal(b->sent, start, sizeof(start));
        assert_memory_equal(b->sent + sizeof(start), f.bytes + 12, f.n_bytes - 12);
    }
}

/* A tag is popped, and the frame is short then: padding comes behind the last buffer. */
static void a_short_frame_in_several_buffers_is_padded_at_its_end(void **state)
{
    static const struct stack s = {
        {"short", PACKET_TCP, {ETHERNET, VLAN(0x8100, 100), IPV4, TCP, DATA(1)}, {{0}}, 0},
        false,
        {{0}}};
    const struct next_hop hop = {.port = 1, .vlan_id = 0};
    struct bench *b = *state;
    struct frame f;
    uint8_t expected[60] = {0};

    b->policy_slice.has_next_hops = true;
    assert_int_equal(nexthop_group_init(&b->policy_slice.next_hops, &hop, 1), 0);
    build_segment(&s, 0, &f);
    memcpy(expected, f.bytes, 12);
    memcpy(expected + 12, f.bytes + 16, f.n_bytes - 16);
    for (uint32_t cut = 38; cut < f.n_bytes; cut++) {
        assert_true(pass(b, chain(b, &f, cut, 100)));
        assert_int_equal(b->n_sent_bytes, sizeof(expected));
        assert_memory_equal(b->sent, expected, sizeof(expected));
    }
}

/* As of a driver that hands the outer tag over beside the packet. */
static struct rte_mbuf *chain_without_tag(const struct bench *b, const struct frame *f,
                                          uint32_t first)
{
    struct rte_mbuf *head = chain(b, f, first, 7);

    head->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    head->vlan_tci = 100;
    return head;
}

/* The addresses lie in front of the tag, so they must be in one piece. */
static void a_tag_beside_the_packet_goes_back_in_unless_its_addresses_are_cut(void **state)
{
    static const uint8_t tag[] = {0x81, 0, 0, 100};
    struct bench *b = *state;
    struct frame f;

    build_segment(&stacks[0], 0, &f);
    for (uint32_t cut = 12; cut < f.n_bytes; cut++) {
        assert_true(pass(b, chain_without_tag(b, &f, cut)));
        assert_int_equal(b->n_sent_bytes, f.n_bytes + sizeof(tag));
        assert_memory_equal(b->sent, f.bytes, 12);
        assert_memory_equal(b->sent + 12, tag, sizeof(tag));
        assert_memory_equal(b->sent + 16, f.bytes + 12, f.n_bytes - 12);
    }
    turn(b, chain_without_tag(b, &f, 11));
    assert_int_equal(b->n_sent, 0);
    assert_int_equal(b->worker.counters->lost_no_headroom, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(headers_in_several_buffers_are_forwarded_whole_and_counted,
                                        make, unmake),
        cmocka_unit_test_setup_teardown(a_test_drops_only_what_its_first_buffer_tells_whole, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(payload_in_many_buffers_is_as_in_one, make, unmake),
        cmocka_unit_test_setup_teardown(a_next_hop_changes_the_first_buffer_only, make, unmake),
        cmocka_unit_test_setup_teardown(a_short_frame_in_several_buffers_is_padded_at_its_end, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(
            a_tag_beside_the_packet_goes_back_in_unless_its_addresses_are_cut, make, unmake),
    };

    if (test_eal_init() < 0)
        return 1;
    return cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
