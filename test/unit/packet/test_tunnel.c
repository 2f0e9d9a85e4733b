/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../within.h"
#include "base/bytes.h"
#include "base/compiler.h"
#include "base/random.h"
#include "exact.h"
#include "frames.h"
#include "naive_parser.h"
#include "packet/packet.h"

static enum packet_reason decapsulate_exact(const uint8_t *bytes, uint32_t captured_bytes,
                                            uint32_t frame_bytes, struct packet_view *view)
{
    uint8_t *copy = exact_copy(bytes, captured_bytes);
    enum packet_reason reason;

    packet_parse_ethernet(copy, captured_bytes, frame_bytes, view);
    reason = packet_decapsulate(copy, captured_bytes, view);
    assert_int_equal(reason, view->reason);
    free(copy);
    return reason;
}

static const struct frame_case *find_tunnel_case(const char *name)
{
    for (size_t i = 0; i < n_tunnel_cases; i++)
        if (strcmp(tunnel_cases[i].name, name) == 0)
            return &tunnel_cases[i];
    fail_msg("no frame \"%s\"", name);
    return NULL;
}

static void every_tunnel_gets_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_tunnel_cases; i++) {
        struct packet_view v;
        struct frame f;

        frame_build(&tunnel_cases[i], &f);
        decapsulate_exact(f.bytes, f.n_bytes, f.frame_bytes, &v);
        if (v.reason != tunnel_cases[i].reason)
            fail_msg("%s: %s", tunnel_cases[i].name, packet_reason_name(v.reason));
    }
}

/* They are the fuzzer's seeds, too: what none of them is, it hardly finds. */
static void every_tunnel_and_every_refusal_of_one_has_a_case(void **state)
{
    bool kinds[PACKET_N_TUNNELS] = {false}, reasons[PACKET_N_REASONS] = {false};

    (void)state;
    for (size_t i = 0; i < n_tunnel_cases; i++) {
        struct packet_view v;
        struct frame f;

        frame_build(&tunnel_cases[i], &f);
        decapsulate_exact(f.bytes, f.n_bytes, f.frame_bytes, &v);
        kinds[v.tunnel] |= v.reason == PACKET_TCP;
        reasons[v.reason] = true;
    }
    for (uint8_t tunnel = PACKET_TUNNEL_NONE + 1; tunnel < PACKET_N_TUNNELS; tunnel++)
        if (!kinds[tunnel])
            fail_msg("no case of %s", packet_tunnel_name(tunnel));
    assert_true(reasons[PACKET_TRUNCATED_TUNNEL]);
    assert_true(reasons[PACKET_TUNNEL_UNKNOWN]);
    assert_true(reasons[PACKET_TOO_MANY_TUNNELS]);
}

static void the_view_is_of_the_innermost_packet(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_tunnel_cases; i++) {
        struct packet_detail d;
        struct packet_view v;
        struct frame f;

        if (tunnel_cases[i].reason != PACKET_TCP)
            continue;
        frame_build(&tunnel_cases[i], &f);
        decapsulate_exact(f.bytes, f.n_bytes, f.frame_bytes, &v);
        assert_int_equal(v.is_ipv4, f.bytes[f.l3_offset] >> 4 == 4);
        assert_int_equal(v.l3_offset, f.l3_offset);
        assert_int_equal(v.l4_offset, f.l4_offset);
        assert_int_equal(v.sequence, FRAME_SEQUENCE);
        assert_int_equal(v.payload_bytes, f.payload_bytes);
        /* PPPoE is a tunnel without an IP header of its own. */
        assert_int_equal(v.n_tunnels > 1, f.n_ips + (v.tunnel == PACKET_TUNNEL_PPPOE) > 2);
        packet_read_detail(f.bytes, &v, &d);
        assert_int_equal(d.acknowledgement, FRAME_ACKNOWLEDGEMENT);
        assert_int_equal(d.window, FRAME_WINDOW);
        assert_int_equal(d.ttl, FRAME_TTL);
    }
}

static void the_outermost_tunnel_and_the_innermost_vlans_are_named(void **state)
{
    const struct {
        const char *frame, *tunnel;
        uint32_t id;
        uint8_t n_tunnels, n_vlans;
        uint16_t outer, inner;
    } cases[] = {
        {"IPv4 in IPv4", "ip_in_ip", 0, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"IPv4 in IPv4 in a VLAN", "ip_in_ip", 0, 1, 1, 77, PACKET_VLAN_NONE},
        {"GRE", "gre", 0, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"GRE over IPv6, key", "gre", FRAME_GRE_KEY, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"GRETAP", "gretap", 0, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"GRETAP, QinQ inside and a VLAN outside", "gretap", FRAME_GRE_KEY, 1, 2, 2000, 300},
        {"ERSPAN I", "erspan_1", 0, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"ERSPAN II", "erspan_2", 1023, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"ERSPAN II, cut flag and priority above the session", "erspan_2", 7, 1, 1, 8,
         PACKET_VLAN_NONE},
        {"ERSPAN III", "erspan_3", 12, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"ERSPAN III, platform's subheader", "erspan_3", 13, 1, 0, PACKET_VLAN_NONE,
         PACKET_VLAN_NONE},
        {"ERSPAN III of IPv4", "erspan_3", 14, 1, 1, 3, PACKET_VLAN_NONE},
        {"ERSPAN III of IPv6, platform's subheader", "erspan_3", 15, 1, 0, PACKET_VLAN_NONE,
         PACKET_VLAN_NONE},
        {"VXLAN", "vxlan", 4096, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"ERSPAN III of the type of ERSPAN II", "erspan_3", 16, 1, 0, PACKET_VLAN_NONE,
         PACKET_VLAN_NONE},
        {"VXLAN of Linux", "vxlan", 5, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"VXLAN-GPE of IPv4", "vxlan", 9, 1, 1, 6, PACKET_VLAN_NONE},
        {"GENEVE with an option", "geneve", 0x1092, 1, 1, 8, PACKET_VLAN_NONE},
        {"GTP-U", "gtp_u", 77, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"GTP-U of IPv6 with an extension header", "gtp_u", 78, 1, 0, PACKET_VLAN_NONE,
         PACKET_VLAN_NONE},
        {"MPLS in UDP", "mpls_udp", 0, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"TZSP", "tzsp", 0, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"PPPoE", "pppoe", 0x0102, 1, 1, 7, PACKET_VLAN_NONE},
        {"a frame of a backbone", "pbb", 0x030405, 1, 1, 8, PACKET_VLAN_NONE},
        {"metadata", "none", 0, 0, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"E-TAG and the rest of a VLAN tag behind it", "none", 0, 0, 1, 9, PACKET_VLAN_NONE},
        {"VXLAN in PPPoE", "pppoe", 0x0102, 2, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"EtherIP", "etherip", 0, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"most tunnels", "erspan_2", 3, 4, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"ARP in VXLAN", "vxlan", 1, 1, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"DNS", "none", 0, 0, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"PPTP", "none", 0, 0, 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct packet_view v;
        struct frame f;

        frame_build(find_tunnel_case(cases[i].frame), &f);
        decapsulate_exact(f.bytes, f.n_bytes, f.frame_bytes, &v);
        assert_string_equal(packet_tunnel_name(v.tunnel), cases[i].tunnel);
        assert_int_equal(v.tunnel_id, cases[i].id);
        assert_int_equal(v.n_tunnels, cases[i].n_tunnels);
        assert_int_equal(v.n_vlans, cases[i].n_vlans);
        assert_int_equal(v.vlan_id[0], cases[i].outer);
        assert_int_equal(v.vlan_id[1], cases[i].inner);
    }
    assert_null(packet_tunnel_name(PACKET_N_TUNNELS));
}

static void a_cut_mirror_still_tells_the_payload(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_tunnel_cases; i++) {
        struct packet_view whole, cut;
        struct frame f;

        if (tunnel_cases[i].reason != PACKET_TCP)
            continue;
        frame_build(&tunnel_cases[i], &f);
        decapsulate_exact(f.bytes, f.n_bytes, f.frame_bytes, &whole);
        for (uint32_t n = 0; n <= f.n_bytes; n++) {
            decapsulate_exact(f.bytes, n, PACKET_FRAME_SLICED, &cut);
            assert_int_equal(cut.reason == PACKET_TCP, n >= f.l4_offset + 20);
            cut.options_cut = whole.options_cut;
            if (cut.reason == PACKET_TCP)
                assert_null(packet_view_difference(&whole, &cut));
        }
    }
}

/* The router cut the packet to 64 bytes and wrapped that: the outer lengths are those of the wire.
 */
static void a_packet_that_was_cut_before_it_was_wrapped_keeps_its_length(void **state)
{
    struct packet_view v;
    struct frame f;

    (void)state;
    frame_build(find_tunnel_case("GRETAP"), &f);
    f.n_bytes -= 90;
    store_be16(f.bytes + 14 + 2, (uint16_t)(f.n_bytes - 14));
    assert_int_equal(decapsulate_exact(f.bytes, f.n_bytes, f.n_bytes, &v), PACKET_TCP);
    assert_int_equal(v.payload_bytes, 100);
}

/* To the byte: an outer packet that ends in the inner TCP header, and all that follows is padding.
 */
static void what_follows_the_outer_packet_is_never_read_as_the_inner_one(void **state)
{
    static const struct {
        const char *frame;
        uint32_t at_length;   /* of the outer IP header */
        uint16_t up_to_inner; /* what that length counts before the inner TCP header */
    } cases[] = {
        {"GRE", 14 + 2, 20 + 4 + 20},
        {"IPv4 in IPv6", 14 + 4, 20},
        {"VXLAN", 14 + 2, 20 + 8 + 8 + 14 + 20},
        {"VXLAN", 14 + 20 + 4, 8 + 8 + 14 + 20}, /* of UDP */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        for (uint16_t n = 0; n <= 20; n++) {
            struct packet_view v;
            struct frame f;

            frame_build(find_tunnel_case(cases[i].frame), &f);
            store_be16(f.bytes + cases[i].at_length, cases[i].up_to_inner + n);
            assert_int_equal(decapsulate_exact(f.bytes, f.n_bytes, f.n_bytes, &v),
                             n < 20 ? PACKET_TRUNCATED_TCP : PACKET_TCP);
        }
}

/* Nobody's frame has more, and each costs time. */
static void as_many_tags_of_a_link_are_taken_off_as_tunnels_and_no_more(void **state)
{
    enum { AT_TAG = 14, TAG_BYTES = 8 };

    (void)state;
    for (unsigned int n = 1; n <= PACKET_MAX_TUNNELS + 2; n++) {
        struct packet_view v;
        struct frame f;

        frame_build(find_tunnel_case("metadata"), &f);
        for (unsigned int i = 1; i < n; i++) {
            memmove(f.bytes + AT_TAG + TAG_BYTES, f.bytes + AT_TAG, f.n_bytes - AT_TAG);
            store_be16(f.bytes + AT_TAG + TAG_BYTES - 2, 0x8909);
            f.n_bytes += TAG_BYTES;
        }
        assert_int_equal(decapsulate_exact(f.bytes, f.n_bytes, f.n_bytes, &v),
                         n <= PACKET_MAX_TUNNELS ? PACKET_TCP : PACKET_NOT_IP);
        assert_int_equal(v.n_tunnels, 0);
    }
}

static void packets_in_no_tunnel_stay_as_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_frame_cases; i++) {
        struct packet_view before, after;
        struct frame f;

        frame_build(&frame_cases[i], &f);
        packet_parse_ethernet(f.bytes, f.n_bytes, f.frame_bytes, &before);
        after = before;
        packet_decapsulate(f.bytes, f.n_bytes, &after);
        assert_null(packet_view_difference(&before, &after));
    }
}

static void mutated_tunnels_are_read_as_the_naive_parser_reads_them(void **state)
{
    enum { N_FRAMES = 200000 };
    unsigned int n_inside = 0;
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 2784, 7348);
    for (unsigned int i = 0; i < N_FRAMES; i++) {
        struct packet_view fast, naive;
        uint32_t captured, frame_bytes;
        const char *difference;
        struct frame f;

        frame_build(&tunnel_cases[random_u32(&r) % n_tunnel_cases], &f);
        frame_mutate(&f, &r);
        captured = random_u32(&r) % 2 ? f.n_bytes : random_u32(&r) % (f.n_bytes + 1);
        frame_bytes = random_u32(&r) % 2 ? captured : PACKET_FRAME_SLICED;
        decapsulate_exact(f.bytes, captured, frame_bytes, &fast);
        naive_parse_ethernet(f.bytes, captured, frame_bytes, &naive);
        naive_decapsulate(f.bytes, captured, &naive);
        difference = packet_view_difference(&fast, &naive);
        if (difference != NULL)
            fail_msg("frame %u: %s differs: %s, naive %s", i, difference,
                     packet_reason_name(fast.reason), packet_reason_name(naive.reason));
        n_inside += fast.reason == PACKET_TCP && fast.n_tunnels > 0;
    }
    /* Else the comparison had nothing to say about the good path. */
    assert_within(n_inside, N_FRAMES / 50, N_FRAMES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tunnel_gets_its_reason),
        cmocka_unit_test(every_tunnel_and_every_refusal_of_one_has_a_case),
        cmocka_unit_test(the_view_is_of_the_innermost_packet),
        cmocka_unit_test(the_outermost_tunnel_and_the_innermost_vlans_are_named),
        cmocka_unit_test(a_cut_mirror_still_tells_the_payload),
        cmocka_unit_test(a_packet_that_was_cut_before_it_was_wrapped_keeps_its_length),
        cmocka_unit_test(what_follows_the_outer_packet_is_never_read_as_the_inner_one),
        cmocka_unit_test(as_many_tags_of_a_link_are_taken_off_as_tunnels_and_no_more),
        cmocka_unit_test(packets_in_no_tunnel_stay_as_they_are),
        cmocka_unit_test(mutated_tunnels_are_read_as_the_naive_parser_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
