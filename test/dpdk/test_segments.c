/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker and packets that lie in several buffers, cut at every place of their headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "eal.h"
#include "tcp/flags.h"
#include "worker_bench.h"

#define FIRST_PORT  1024
#define MOST_BOUNDS 12

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

/* `first` bytes in the first buffer, `others` in each of those behind it. */
static struct rte_mbuf *chain(const struct bench *b, const struct frame *f, uint32_t first,
                              uint32_t others)
{
    struct rte_mbuf *head = bench_buffer(b, f->bytes, first < f->n_bytes ? first : f->n_bytes);

    for (uint32_t at = first; at < f->n_bytes; at += others) {
        uint32_t n = others < f->n_bytes - at ? others : f->n_bytes - at;

        assert_int_equal(rte_pktmbuf_chain(head, bench_buffer(b, f->bytes + at, n)), 0);
    }
    return head;
}

/* True: it was sent; false: it was dropped by a test. */
static bool pass(struct bench *b, struct rte_mbuf *mbuf)
{
    uint64_t n_dropped = b->worker.counters->dropped;

    bench_turn(b, &mbuf, 1);
    assert_int_equal(b->n_sent + (b->worker.counters->dropped - n_dropped), 1);
    assert_int_equal(b->worker.counters->lost_cut, 0);
    assert_int_equal(b->worker.counters->lost_no_headroom, 0);
    return b->n_sent == 1;
}

static void assert_sent(const struct bench *b, const struct frame *f)
{
    assert_int_equal(b->sent[0].n_bytes, f->n_bytes);
    assert_memory_equal(b->sent[0].bytes, f->bytes, f->n_bytes);
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
    bench_collect(b);
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

    bench_begin_test(b);
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
            bench_begin_test(b);
        assert_int_equal(pass(b, chain(b, &f, 54 + 200 * flow, 100)), flow == 0);
        if (flow == 0)
            assert_sent(b, &f);
    }
    assert_int_equal(b->worker.packet_reasons[PACKET_TCP], 4);
    bench_collect(b);
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
        assert_int_equal(b->sent[0].n_bytes, f.n_bytes + 4);
        assert_memory_equal(b->sent[0].bytes, start, sizeof(start));
        assert_memory_equal(b->sent[0].bytes + sizeof(start), f.bytes + 12, f.n_bytes - 12);
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
        assert_int_equal(b->sent[0].n_bytes, sizeof(expected));
        assert_memory_equal(b->sent[0].bytes, expected, sizeof(expected));
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
    struct rte_mbuf *mbuf;
    struct frame f;

    build_segment(&stacks[0], 0, &f);
    for (uint32_t cut = 12; cut < f.n_bytes; cut++) {
        assert_true(pass(b, chain_without_tag(b, &f, cut)));
        assert_int_equal(b->sent[0].n_bytes, f.n_bytes + sizeof(tag));
        assert_memory_equal(b->sent[0].bytes, f.bytes, 12);
        assert_memory_equal(b->sent[0].bytes + 12, tag, sizeof(tag));
        assert_memory_equal(b->sent[0].bytes + 16, f.bytes + 12, f.n_bytes - 12);
    }
    mbuf = chain_without_tag(b, &f, 11);
    bench_turn(b, &mbuf, 1);
    assert_int_equal(b->n_sent, 0);
    assert_int_equal(b->worker.counters->lost_no_headroom, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(headers_in_several_buffers_are_forwarded_whole_and_counted,
                                        bench_make, bench_unmake),
        cmocka_unit_test_setup_teardown(a_test_drops_only_what_its_first_buffer_tells_whole,
                                        bench_make, bench_unmake),
        cmocka_unit_test_setup_teardown(payload_in_many_buffers_is_as_in_one, bench_make,
                                        bench_unmake),
        cmocka_unit_test_setup_teardown(a_next_hop_changes_the_first_buffer_only, bench_make,
                                        bench_unmake),
        cmocka_unit_test_setup_teardown(a_short_frame_in_several_buffers_is_padded_at_its_end,
                                        bench_make, bench_unmake),
        cmocka_unit_test_setup_teardown(
            a_tag_beside_the_packet_goes_back_in_unless_its_addresses_are_cut, bench_make,
            bench_unmake),
    };

    if (test_eal_init() < 0)
        return 1;
    return cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
