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

static enum packet_reason parse_exact(const uint8_t *bytes, uint32_t captured_bytes,
                                      uint32_t frame_bytes, struct packet_view *view)
{
    uint8_t *copy = exact_copy(bytes, captured_bytes);
    enum packet_reason reason;

    memset(view, 0xa5, sizeof(*view)); /* what the parser leaves alone shows */
    reason = packet_parse_ethernet(copy, captured_bytes, frame_bytes, view);
    assert_int_equal(reason, view->reason);
    free(copy);
    return reason;
}

static const struct frame_case *find_case(const char *name)
{
    for (size_t i = 0; i < n_frame_cases; i++)
        if (strcmp(frame_cases[i].name, name) == 0)
            return &frame_cases[i];
    fail_msg("no frame \"%s\"", name);
    return NULL;
}

static void parse_case(const char *name, struct packet_view *view)
{
    struct frame f;

    frame_build(find_case(name), &f);
    parse_exact(f.bytes, f.n_bytes, f.frame_bytes, view);
}

static void assert_address(const struct ip_address *a, const char *text)
{
    char buffer[IP_TEXT_BYTES];

    assert_string_equal(ip_address_format(a, buffer), text);
}

static void every_reason_has_its_own_name_and_help(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < PACKET_N_REASONS; i++) {
        assert_non_null(packet_reason_name(i));
        assert_true(strlen(packet_reason_help(i)) > 0);
        for (unsigned int j = 0; j < i; j++)
            assert_string_not_equal(packet_reason_name(i), packet_reason_name(j));
    }
    assert_string_equal(packet_reason_name(PACKET_TCP), "tcp");
    assert_string_equal(packet_reason_name(PACKET_IPV4_FRAGMENT), "ipv4_fragment");
    assert_null(packet_reason_name(PACKET_N_REASONS));
    assert_null(packet_reason_help(PACKET_N_REASONS));
}

static void every_frame_gets_its_reason_and_every_reason_a_frame(void **state)
{
    bool seen[PACKET_N_REASONS] = {false};

    (void)state;
    for (size_t i = 0; i < n_frame_cases; i++) {
        struct packet_view v;
        struct frame f;

        frame_build(&frame_cases[i], &f);
        parse_exact(f.bytes, f.n_bytes, f.frame_bytes, &v);
        if (v.reason != frame_cases[i].reason)
            fail_msg("%s: %s", frame_cases[i].name, packet_reason_name(v.reason));
        seen[v.reason] = true;
    }
    for (size_t i = 0; i < n_tunnel_cases; i++)
        seen[tunnel_cases[i].reason] = true;
    for (unsigned int i = 0; i < PACKET_N_REASONS; i++)
        if (!seen[i])
            fail_msg("no frame is %s", packet_reason_name(i));
}

static void tcp_packets_yield_all_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_frame_cases; i++) {
        struct packet_view v;
        struct frame f;

        if (frame_cases[i].reason != PACKET_TCP)
            continue;
        frame_build(&frame_cases[i], &f);
        parse_exact(f.bytes, f.n_bytes, f.n_bytes, &v);
        assert_true(v.has_ip);
        assert_int_equal(v.protocol, 6);
        assert_int_equal(v.is_ipv4, f.bytes[f.l3_offset] >> 4 == 4);
        assert_address(&v.source, v.is_ipv4 ? FRAME_IPV4_SOURCE : FRAME_IPV6_SOURCE);
        assert_address(&v.destination, v.is_ipv4 ? FRAME_IPV4_DESTINATION : FRAME_IPV6_DESTINATION);
        assert_int_equal(v.source_port, FRAME_SOURCE_PORT);
        assert_int_equal(v.destination_port, FRAME_DESTINATION_PORT);
        assert_int_equal(v.sequence, FRAME_SEQUENCE);
        assert_int_equal(v.tcp_flags, FRAME_TCP_FLAGS);
        assert_int_equal(v.l3_offset, f.l3_offset);
        assert_int_equal(v.l4_offset, f.l4_offset);
        assert_int_equal(v.payload_bytes, f.payload_bytes);
    }
}

static void udp_datagrams_yield_ports_and_payload(void **state)
{
    unsigned int n = 0;

    (void)state;
    for (size_t i = 0; i < n_frame_cases; i++) {
        struct packet_view v;
        struct frame f;

        if (frame_cases[i].reason != PACKET_UDP)
            continue;
        frame_build(&frame_cases[i], &f);
        parse_exact(f.bytes, f.n_bytes, f.n_bytes, &v);
        n++;
        assert_true(v.has_ip);
        assert_int_equal(v.protocol, PACKET_PROTOCOL_UDP);
        assert_address(&v.source, v.is_ipv4 ? FRAME_IPV4_SOURCE : FRAME_IPV6_SOURCE);
        assert_int_equal(v.source_port, FRAME_SOURCE_PORT);
        assert_int_equal(v.destination_port, FRAME_DESTINATION_PORT);
        assert_int_equal(v.l3_offset, f.l3_offset);
        assert_int_equal(v.l4_offset, f.l4_offset);
        /* As its own length says, whatever IP has behind it. */
        if (strcmp(frame_cases[i].name, "UDP length of nothing") == 0)
            assert_int_equal(v.payload_bytes, 0);
        else
            assert_int_equal(v.payload_bytes, f.payload_bytes);
        assert_int_equal(v.sequence + v.tcp_flags, 0);
    }
    assert_int_equal(n, 8);
}

static void padding_is_no_payload(void **state)
{
    struct packet_view v;

    (void)state;
    parse_case("IPv4, pure ACK, padded", &v);
    assert_int_equal(v.payload_bytes, 0);
    parse_case("IPv6, TCP options, padded", &v);
    assert_int_equal(v.payload_bytes, 0);
    parse_case("UDP with nothing in it, padded", &v);
    assert_int_equal(v.payload_bytes, 0);
}

static void vlan_ids_come_outermost_first_without_priority(void **state)
{
    const struct {
        const char *frame;
        uint8_t n_vlans;
        uint16_t outer, inner;
    } cases[] = {
        {"IPv4", 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
        {"one VLAN", 1, 100, PACKET_VLAN_NONE},
        {"priority tag", 1, 0, PACKET_VLAN_NONE},
        {"QinQ", 2, 2000, 4095},
        {"QinQ, MPLS, IPv6 with extensions", 2, 4094, 4095},
        {"three VLAN tags", 2, 1, 2},
        {"ARP in a VLAN", 1, 5, PACKET_VLAN_NONE},
        {"half a VLAN tag", 0, PACKET_VLAN_NONE, PACKET_VLAN_NONE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct packet_view v;

        parse_case(cases[i].frame, &v);
        assert_int_equal(v.n_vlans, cases[i].n_vlans);
        assert_int_equal(v.vlan_id[0], cases[i].outer);
        assert_int_equal(v.vlan_id[1], cases[i].inner);
    }
}

static void addresses_are_known_whenever_the_ip_header_is_sound(void **state)
{
    const struct {
        const char *frame;
        bool has_ip;
        uint8_t protocol;
    } cases[] = {
        {"UDP", true, 17},
        {"ICMPv6 in a VLAN", true, 58},
        {"UDP behind IPv6 extensions", true, 17},
        {"UDP behind AH in IPv4", true, 17},
        {"half an AH in IPv4", true, 51},
        {"first IPv4 fragment", true, 6},
        {"last IPv4 fragment", true, 6},
        {"first IPv4 fragment of UDP", true, 17},
        {"later IPv6 fragment of UDP", true, 44},
        {"atomic IPv6 fragment", true, 6},
        {"IPv6 fragment behind an extension", true, 6},
        {"IPv6 jumbogram", true, 0},
        {"half an IPv6 extension header", true, 0},
        {"nine IPv6 extension headers", true, 60},
        {"TCP header of 16 bytes", true, 6},
        {"IPv4 total length ends in the TCP header", true, 6},
        {"mapped IPv6 source", false, 0},
        {"mapped IPv6 destination", false, 0},
        {"IPv4 total length one beyond the frame", false, 0},
        {"IPv6 payload length one beyond the frame", false, 0},
        {"half an IPv4 header", false, 0},
        {"half an IPv6 header", false, 0},
        {"ARP", false, 0},
    };
    const struct ip_address zero = {{0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct packet_view v;

        parse_case(cases[i].frame, &v);
        assert_int_equal(v.has_ip, cases[i].has_ip);
        assert_int_equal(v.protocol, cases[i].protocol);
        if (v.has_ip) {
            assert_address(&v.source, v.is_ipv4 ? FRAME_IPV4_SOURCE : FRAME_IPV6_SOURCE);
            assert_address(&v.destination,
                           v.is_ipv4 ? FRAME_IPV4_DESTINATION : FRAME_IPV6_DESTINATION);
        } else {
            assert_true(ip_address_equal(&v.source, &zero));
            assert_true(ip_address_equal(&v.destination, &zero));
        }
    }
}

static void a_cut_frame_is_never_tcp(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_frame_cases; i++) {
        struct packet_view v;
        struct frame f;

        if (frame_cases[i].reason != PACKET_TCP)
            continue;
        frame_build(&frame_cases[i], &f);
        for (uint32_t n = 0; n <= f.n_bytes; n++) {
            parse_exact(f.bytes, n, n, &v);
            assert_int_equal(v.reason == PACKET_TCP, n >= f.ip_end);
        }
    }
}

static void a_capture_needs_all_headers_but_no_options_and_no_payload(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_frame_cases; i++) {
        struct packet_view whole, cut;
        struct frame f;

        if (frame_cases[i].reason != PACKET_TCP)
            continue;
        frame_build(&frame_cases[i], &f);
        parse_exact(f.bytes, f.n_bytes, f.n_bytes, &whole);
        for (uint32_t n = 0; n <= f.n_bytes; n++) {
            parse_exact(f.bytes, n, f.n_bytes, &cut);
            assert_int_equal(cut.reason == PACKET_TCP, n >= f.l4_offset + 20);
            if (cut.reason != PACKET_TCP)
                continue;
            assert_int_equal(cut.options_cut, n < f.payload_offset);
            cut.options_cut = whole.options_cut;
            assert_null(packet_view_difference(&whole, &cut));
        }
    }
}

static void l3_start_gives_the_same_with_other_offsets(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_frame_cases; i++) {
        struct packet_view whole, l3;
        struct frame f;
        uint8_t *copy;

        frame_build(&frame_cases[i], &f);
        if (frame_cases[i].reason == PACKET_TRUNCATED_ETHERNET)
            continue;
        parse_exact(f.bytes, f.n_bytes, f.frame_bytes, &whole);
        copy = exact_copy(f.bytes + 14, f.n_bytes - 14);
        packet_parse_l3(load_be16(f.bytes + 12), copy, f.n_bytes - 14, f.frame_bytes - 14, &l3);
        free(copy);
        if (l3.l3_offset != 0 || whole.l3_offset == 14)
            l3.l3_offset += 14;
        if (l3.l4_offset != 0)
            l3.l4_offset += 14;
        assert_null(packet_view_difference(&whole, &l3));
    }
}

static void l3_start_without_type_looks_at_the_version(void **state)
{
    const struct {
        uint8_t first;
        enum packet_reason reason;
    } cases[] = {
        {0x45, PACKET_TRUNCATED_IPV4}, {0x60, PACKET_TRUNCATED_IPV6}, {0x00, PACKET_NOT_IP},
        {0x50, PACKET_NOT_IP},         {0xf0, PACKET_NOT_IP},
    };
    struct packet_view v;
    struct frame f;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_int_equal(packet_parse_l3(0, &cases[i].first, 1, 1, &v), cases[i].reason);
    assert_int_equal(packet_parse_l3(0, NULL, 0, 0, &v), PACKET_NOT_IP);

    frame_build(find_case("IPv6"), &f);
    assert_int_equal(packet_parse_l3(0, f.bytes + 14, f.n_bytes - 14, f.n_bytes - 14, &v),
                     PACKET_TCP);
    assert_int_equal(v.l3_offset, 0);
    assert_int_equal(v.l4_offset, 40);
}

/* Not before its 20 bytes of TCP or 8 of UDP are there, neither in the capture nor in the packet.
 */
static void a_first_fragment_tells_whose_it_is_and_where_it_begins(void **state)
{
    static const struct {
        const char *frame;
        uint8_t protocol; /* 0: it tells nothing */
    } cases[] = {
        {"first IPv4 fragment", PACKET_PROTOCOL_TCP},
        {"last IPv4 fragment", 0},
        {"IPv4 fragment far in, high offset bits", 0},
        {"first IPv4 fragment of UDP", PACKET_PROTOCOL_UDP},
        {"last IPv4 fragment of UDP", 0},
        {"IPv4 fragment of ICMP", 0},
        {"first IPv6 fragment", PACKET_PROTOCOL_TCP},
        {"later IPv6 fragment", 0},
        {"first IPv6 fragment of UDP", PACKET_PROTOCOL_UDP},
        {"later IPv6 fragment of UDP", 0},
        {"IPv6 fragment of ICMPv6", 0},
        {"atomic IPv6 fragment", PACKET_PROTOCOL_TCP},
        {"IPv6 fragment behind an extension", PACKET_PROTOCOL_TCP},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct packet_view v;
        struct frame f;

        frame_build(find_case(cases[i].frame), &f);
        for (uint32_t n = 0; n <= f.n_bytes; n++) {
            bool is_tcp = cases[i].protocol == PACKET_PROTOCOL_TCP;
            bool is_first = cases[i].protocol != 0 && n >= f.l4_offset + (is_tcp ? 20 : 8);

            parse_exact(f.bytes, n, f.n_bytes, &v);
            assert_int_equal(packet_is_first_fragment(&v, PACKET_PROTOCOL_TCP), is_first && is_tcp);
            assert_int_equal(packet_is_first_fragment(&v, PACKET_PROTOCOL_UDP),
                             is_first && !is_tcp);
            assert_int_equal(v.source_port, is_first ? FRAME_SOURCE_PORT : 0);
            assert_int_equal(v.destination_port, is_first ? FRAME_DESTINATION_PORT : 0);
            assert_int_equal(v.sequence, is_first && is_tcp ? FRAME_SEQUENCE : 0);
            assert_int_equal(v.l4_offset, is_first ? f.l4_offset : 0);
            assert_int_equal(v.payload_bytes + v.tcp_flags, 0);
        }
    }
}

static void a_fragment_too_short_for_its_tcp_header_tells_nothing(void **state)
{
    static const char *const frames[] = {"first IPv4 fragment", "first IPv6 fragment"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(frames); i++) {
        struct packet_view v;
        struct frame f;

        frame_build(find_case(frames[i]), &f);
        /* The length that IP states: from nothing behind its header up to all. */
        for (uint32_t end = 14 + 40; end <= f.n_bytes; end++) {
            bool is_ipv4 = i == 0;

            store_be16(f.bytes + (is_ipv4 ? 14 + 2 : 14 + 4),
                       (uint16_t)(end - 14 - (is_ipv4 ? 0 : 40)));
            parse_exact(f.bytes, f.n_bytes, f.n_bytes, &v);
            assert_int_equal(v.reason, is_ipv4 ? PACKET_IPV4_FRAGMENT : PACKET_IPV6_FRAGMENT);
            assert_int_equal(packet_is_first_fragment(&v, PACKET_PROTOCOL_TCP),
                             end >= f.l4_offset + 20);
        }
        for (uint32_t end = 14 + 20; i == 0 && end < f.l4_offset + 20; end++) {
            store_be16(f.bytes + 14 + 2, (uint16_t)(end - 14));
            parse_exact(f.bytes, f.n_bytes, f.n_bytes, &v);
            assert_int_equal(v.reason, PACKET_IPV4_FRAGMENT);
            assert_false(packet_is_first_fragment(&v, PACKET_PROTOCOL_TCP));
        }
    }
}

static void mutated_frames_are_read_as_the_naive_parser_reads_them(void **state)
{
    enum { N_FRAMES = 200000 };
    struct random_source r;
    unsigned int n_tcp = 0;

    (void)state;
    random_seed_fixed(&r, 791, 8200);
    for (unsigned int i = 0; i < N_FRAMES; i++) {
        struct packet_view fast, naive;
        uint32_t captured, frame_bytes;
        const char *difference;
        struct frame f;

        frame_build(&frame_cases[random_u32(&r) % n_frame_cases], &f);
        frame_mutate(&f, &r);
        captured = random_u32(&r) % 2 ? f.n_bytes : random_u32(&r) % (f.n_bytes + 1);
        frame_bytes = random_u32(&r) % 2 ? captured : captured + random_u32(&r) % 200;
        parse_exact(f.bytes, captured, frame_bytes, &fast);
        naive_parse_ethernet(f.bytes, captured, frame_bytes, &naive);
        difference = packet_view_difference(&fast, &naive);
        if (difference != NULL)
            fail_msg("frame %u: %s differs: %s, naive %s", i, difference,
                     packet_reason_name(fast.reason), packet_reason_name(naive.reason));
        n_tcp += fast.reason == PACKET_TCP;
    }
    /* Else the comparison had nothing to say about the good path. */
    assert_within(n_tcp, N_FRAMES / 50, N_FRAMES);
}

/* RFC 2883 4: the first block reports a duplicate when it lies below what is acknowledged, or
 * within the second one. */
static void a_block_that_was_acknowledged_already_reports_a_duplicate(void **state)
{
    static const struct {
        uint32_t acknowledgement;
        uint8_t n_blocks, kind, length; /* of the option, as it says itself; 0: as it is */
        uint32_t blocks[6];
        bool is_duplicate;
    } cases[] = {
        {4000, 1, 5, 0, {3000, 3500}, true},
        {4000, 1, 5, 0, {4000, 4500}, false},
        {4000, 1, 5, 0, {4500, 5000}, false},
        {4000, 2, 5, 0, {4500, 5000, 4200, 6000}, true},
        {4000, 2, 5, 0, {4500, 5000, 4500, 5500}, true},
        {4000, 2, 5, 0, {4500, 5000, 4600, 5500}, false},
        {4000, 2, 5, 0, {4500, 5000, 4200, 4900}, false},
        {4000, 3, 5, 0, {7000, 8000, 5000, 5500, 4200, 4500}, false},
        {100, 1, 5, 0, {UINT32_MAX - 99, 50}, true}, /* across the wrap */
        {UINT32_MAX - 99, 1, 5, 0, {50, 100}, false},
        {4000, 0, 5, 0, {0}, false},
        {4000, 1, 6, 0, {3000, 3500}, false},  /* another option */
        {4000, 1, 5, 9, {3000, 3500}, false},  /* cut */
        {4000, 1, 5, 40, {3000, 3500}, false}, /* longer than the header */
        {4000, 1, 5, 1, {3000, 3500}, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct packet_view view = {.l4_offset = 0};
        uint8_t tcp[60] = {0};
        uint32_t start, n_bytes = cases[i].n_blocks * 8u + 4;

        store_be32(tcp + 8, cases[i].acknowledgement);
        tcp[12] = (uint8_t)((20 + n_bytes) / 4 << 4);
        tcp[20] = tcp[21] = 1;
        tcp[22] = cases[i].kind;
        tcp[23] = (uint8_t)(cases[i].length != 0 ? cases[i].length : n_bytes - 2);
        for (uint32_t k = 0; k < 2u * cases[i].n_blocks; k++)
            store_be32(tcp + 24 + 4 * k, cases[i].blocks[k]);
        if (packet_read_duplicate(tcp, &view, &start) != cases[i].is_duplicate)
            fail_msg("case %zu", i);
        if (cases[i].is_duplicate)
            assert_int_equal(start, cases[i].blocks[0]);
    }
}

/* The block is of exactly what was captured: a sanitizer sees any byte that is read beyond. */
static void options_that_were_cut_are_not_read(void **state)
{
    struct packet_detail detail;
    struct packet_view view;
    uint8_t bytes[14 + 20 + 32] = {[12] = 0x08, [14] = 0x45};
    uint8_t *copy;
    uint32_t start;

    (void)state;
    store_be16(bytes + 14 + 2, 52);
    bytes[14 + 9] = 6;
    bytes[14 + 20 + 12] = 8 << 4;
    memcpy(bytes + 14 + 40, "\x01\x01\x08\x0a\x01\x02\x03\x04\0\0\0\0", 12);
    copy = exact_copy(bytes, 14 + 40 + 4);
    assert_int_equal(packet_parse_ethernet(copy, 14 + 40 + 4, 14 + 52, &view), PACKET_TCP);
    assert_true(view.options_cut);
    packet_read_detail(copy, &view, &detail);
    assert_false(detail.has_timestamp);
    assert_false(packet_read_duplicate(copy, &view, &start));
    free(copy);
    assert_int_equal(packet_parse_ethernet(bytes, sizeof(bytes), sizeof(bytes), &view), PACKET_TCP);
    assert_false(view.options_cut);
    packet_read_detail(bytes, &view, &detail);
    assert_int_equal(detail.timestamp, 0x01020304);
}

/* Every field another number. IPv6 has no identification. */
static void details_are_read_where_they_stand(void **state)
{
    uint8_t four[14 + 20 + 20] = {[12] = 0x08, [14] = 0x45}, six[14 + 40 + 20] = {0x86};
    struct packet_detail detail;
    struct packet_view view;

    (void)state;
    store_be16(four + 14 + 2, 40);
    store_be16(four + 14 + 4, 0x1234);
    four[14 + 8] = 61;
    four[14 + 9] = 6;
    store_be32(four + 34 + 8, 0x89abcdef);
    four[34 + 12] = 5 << 4;
    store_be16(four + 34 + 14, 0x5678);
    assert_int_equal(packet_parse_ethernet(four, sizeof(four), sizeof(four), &view), PACKET_TCP);
    packet_read_detail(four, &view, &detail);
    assert_int_equal(detail.acknowledgement, 0x89abcdef);
    assert_int_equal(detail.window, 0x5678);
    assert_int_equal(detail.ip_id, 0x1234);
    assert_int_equal(detail.ttl, 61);
    assert_false(detail.has_timestamp);
    store_be16(six + 12, 0x86dd);
    six[14] = 0x60;
    store_be16(six + 14 + 4, 20);
    six[14 + 6] = 6;
    six[14 + 7] = 62;
    memcpy(six + 54, four + 34, 20);
    assert_int_equal(packet_parse_ethernet(six, sizeof(six), sizeof(six), &view), PACKET_TCP);
    packet_read_detail(six, &view, &detail);
    assert_int_equal(detail.acknowledgement, 0x89abcdef);
    assert_int_equal(detail.window, 0x5678);
    assert_int_equal(detail.ip_id, 0);
    assert_int_equal(detail.ttl, 62);
}

/* What a host hands to its NIC has an IP length of 0 where it is too long for the field. */
static void a_length_of_0_is_that_of_the_frame_where_a_host_was_captured(void **state)
{
    const struct {
        const char *frame;
        enum packet_reason before;
        bool is_offloaded;
        enum packet_reason after;
        uint32_t payload_bytes;
    } cases[] = {
        {"IPv4 total length 0", PACKET_BAD_IPV4_TOTAL_LENGTH, true, PACKET_TCP, 9},
        {"IPv6 jumbogram", PACKET_IPV6_JUMBOGRAM, true, PACKET_TCP, 9},
        {"IPv6 payload length 0", PACKET_TRUNCATED_TCP, true, PACKET_TRUNCATED_TCP, 0},
        {"IPv4 total length below the header", PACKET_BAD_IPV4_TOTAL_LENGTH, false, 0, 0},
        {"IPv6 payload length ends in the TCP header", PACKET_TRUNCATED_TCP, false, 0, 0},
        {"IPv4", PACKET_TCP, false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct packet_view view;
        struct frame f;
        size_t k = 0;

        while (strcmp(frame_cases[k].name, cases[i].frame) != 0)
            k++;
        frame_build(&frame_cases[k], &f);
        assert_int_equal(parse_exact(f.bytes, f.n_bytes, f.frame_bytes, &view), cases[i].before);
        assert_int_equal(packet_is_offloaded(f.bytes, f.n_bytes, &view), cases[i].is_offloaded);
        if (!cases[i].is_offloaded)
            continue;
        assert_int_equal(packet_parse_offloaded(f.bytes, f.n_bytes, f.frame_bytes, &view),
                         cases[i].after);
        assert_int_equal(view.payload_bytes, cases[i].payload_bytes);
        assert_true(view.has_ip);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_were_cut_are_not_read),
        cmocka_unit_test(details_are_read_where_they_stand),
        cmocka_unit_test(a_length_of_0_is_that_of_the_frame_where_a_host_was_captured),
        cmocka_unit_test(a_block_that_was_acknowledged_already_reports_a_duplicate),
        cmocka_unit_test(every_reason_has_its_own_name_and_help),
        cmocka_unit_test(every_frame_gets_its_reason_and_every_reason_a_frame),
        cmocka_unit_test(tcp_packets_yield_all_fields),
        cmocka_unit_test(udp_datagrams_yield_ports_and_payload),
        cmocka_unit_test(padding_is_no_payload),
        cmocka_unit_test(vlan_ids_come_outermost_first_without_priority),
        cmocka_unit_test(addresses_are_known_whenever_the_ip_header_is_sound),
        cmocka_unit_test(a_cut_frame_is_never_tcp),
        cmocka_unit_test(a_capture_needs_all_headers_but_no_options_and_no_payload),
        cmocka_unit_test(l3_start_gives_the_same_with_other_offsets),
        cmocka_unit_test(l3_start_without_type_looks_at_the_version),
        cmocka_unit_test(a_first_fragment_tells_whose_it_is_and_where_it_begins),
        cmocka_unit_test(a_fragment_too_short_for_its_tcp_header_tells_nothing),
        cmocka_unit_test(mutated_frames_are_read_as_the_naive_parser_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
