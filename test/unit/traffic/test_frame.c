/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/bytes.h"
#include "packet/quic.h"
#include "traffic/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct frame_path path_of(const char *sources, const char *destination, uint16_t vlan_id)
{
    struct frame_path path = {.source_mac = {2, 0, 0, 0, 0, 1},
                              .destination_mac = {2, 0, 0, 0, 0, 2},
                              .vlan_id = vlan_id,
                              .destination_port = 443};

    assert_int_equal(ip_prefix_parse(sources, &path.sources), 0);
    assert_int_equal(ip_address_parse(destination, &path.destination), 0);
    return path;
}

/* The naive twin: word by word, carry by carry (RFC 1071). 0xffff over data with its checksum. */
static uint16_t naive_sum(const uint8_t *bytes, size_t n_bytes, uint16_t sum)
{
    for (size_t i = 0; i < n_bytes; i++) {
        uint32_t wide = sum + (uint32_t)(i % 2 ? bytes[i] : bytes[i] << 8);

        sum = (uint16_t)((wide & 0xffff) + (wide >> 16));
    }
    return sum;
}

static void assert_tcp_checksum(const uint8_t *tcp, uint16_t tcp_bytes, const uint8_t *addresses,
                                size_t address_bytes)
{
    uint8_t rest[4] = {0, 6, (uint8_t)(tcp_bytes >> 8), (uint8_t)tcp_bytes};
    uint16_t sum = naive_sum(addresses, address_bytes, 0);

    sum = naive_sum(rest, 4, sum);
    assert_int_equal(naive_sum(tcp, tcp_bytes, sum), 0xffff);
}

/* As the parser sees them, in both families; version negotiation has no version, and so on. */
static void datagrams_are_what_they_are_called(void **state)
{
    const struct frame_path paths[] = {path_of("198.51.100.0/24", "192.0.2.7", 0),
                                       path_of("2001:db8::/64", "2001:db8:1::1", 7)};
    uint8_t frame[FRAME_MAX_BYTES];

    (void)state;
    for (unsigned int i = 0; i < 2 * DATAGRAM_N_KINDS; i++) {
        const struct frame_path *path = &paths[i % 2];
        const enum datagram kind = (enum datagram)(i / 2);
        const struct segment segment = {
            .flow = 5, .seq = 1234, .n_bytes = datagram_bytes(kind), .datagram = (uint8_t)kind};
        struct packet_quic_initial initial;
        struct packet_view view;
        uint8_t pseudo[4] = {0, 17};
        const uint8_t *ip = frame + (i % 2 == 0 ? 14 : 18);
        uint16_t n_bytes, sum;

        if (kind == DATAGRAM_NONE)
            continue;
        n_bytes = frame_build(path, &segment, 1, frame);
        assert_int_equal(packet_parse_ethernet(frame, n_bytes, n_bytes, &view), PACKET_UDP);
        assert_int_equal(view.payload_bytes, segment.n_bytes);
        assert_int_equal(packet_read_quic_initial(&view, frame, n_bytes, &initial),
                         kind == DATAGRAM_INITIAL || kind == DATAGRAM_INITIAL_2 ||
                             kind == DATAGRAM_COALESCED);
        store_be16(pseudo + 2, segment.n_bytes + 8);
        sum = i % 2 == 0 ? naive_sum(ip + 12, 8, 0) : naive_sum(ip + 8, 32, 0);
        sum = naive_sum(pseudo, 4, sum);
        assert_int_equal(naive_sum(frame + view.l4_offset, segment.n_bytes + 8, sum), 0xffff);
    }
}

static void ipv4_frames_have_right_lengths_and_checksums(void **state)
{
    static const uint16_t payloads[] = {0, 1, 2, 3, 4, 5, 999, 1460};
    struct frame_path path = path_of("198.51.100.0/24", "192.0.2.7", 0);
    uint8_t frame[FRAME_MAX_BYTES];

    (void)state;
    assert_int_equal(frame_path_max_payload(&path), 1460);
    for (unsigned int i = 0; i < 8; i++) {
        struct segment segment = {.flow = 5, .seq = 0xfffffff0, .n_bytes = payloads[i]};
        uint16_t n_bytes = frame_build(&path, &segment, 77, frame);

        assert_int_equal(n_bytes, 54 + payloads[i]);
        assert_int_equal(load_be16(frame + 12), 0x0800);
        assert_int_equal(load_be16(frame + 16), 40 + payloads[i]);
        assert_int_equal(naive_sum(frame + 14, 20, 0), 0xffff);
        assert_int_equal(load_be32(frame + 26), 0xc6336405); /* 198.51.100.5 */
        assert_int_equal(load_be32(frame + 30), 0xc0000207);
        assert_int_equal(load_be32(frame + 38), 0xfffffff0);
        assert_tcp_checksum(frame + 34, 20 + payloads[i], frame + 26, 8);
    }
}

static void ipv6_frames_have_right_lengths_and_checksums(void **state)
{
    struct frame_path path = path_of("2001:db8:5::/64", "2001:db8::7", 0);
    struct segment segment = {.flow = 65537, .seq = 1, .n_bytes = 1440};
    uint8_t frame[FRAME_MAX_BYTES];

    (void)state;
    assert_int_equal(frame_path_max_payload(&path), 1440);
    assert_int_equal(frame_build(&path, &segment, 0, frame), FRAME_MAX_BYTES - 4);
    assert_int_equal(load_be16(frame + 12), 0x86dd);
    assert_int_equal(load_be16(frame + 18), 1460);
    assert_int_equal(load_be16(frame + 36), 1); /* the second of 65536 sources */
    assert_tcp_checksum(frame + 54, 1460, frame + 22, 32);
}

static void a_vlan_tag_stands_before_the_same_packet(void **state)
{
    struct frame_path plain = path_of("198.51.100.0/24", "192.0.2.7", 0);
    struct frame_path tagged = path_of("198.51.100.0/24", "192.0.2.7", 100);
    struct segment segment = {.flow = 3, .seq = 9, .n_bytes = 100, .tcp_flags = 0x18};
    uint8_t a[FRAME_MAX_BYTES], b[FRAME_MAX_BYTES];
    uint16_t n_bytes = frame_build(&plain, &segment, 0, a);

    (void)state;
    assert_int_equal(frame_build(&tagged, &segment, 0, b), n_bytes + 4);
    assert_int_equal(load_be32(b + 12), 0x81000064);
    assert_memory_equal(a, b, 12);
    assert_memory_equal(a + 12, b + 16, n_bytes - 12u);
}

static void a_repeat_at_other_boundaries_repeats_the_bytes(void **state)
{
    struct frame_path path = path_of("198.51.100.0/24", "192.0.2.7", 0);
    struct segment whole = {.seq = 0xffffff00, .n_bytes = 1000};
    struct segment part = {.seq = 0xffffff00 + 300, .n_bytes = 500};
    uint8_t a[FRAME_MAX_BYTES], b[FRAME_MAX_BYTES];

    (void)state;
    frame_build(&path, &whole, 0, a);
    frame_build(&path, &part, 0, b);
    assert_memory_equal(a + 54 + 300, b + 54, 500);
}

static void flows_differ_in_address_or_port(void **state)
{
    struct frame_path path = path_of("198.51.100.64/30", "192.0.2.7", 0);
    static bool used[4][65536];

    (void)state;
    for (uint64_t flow = 0; flow < 4 * 64512; flow++) {
        struct frame_tuple tuple = frame_path_tuple(&path, flow);
        unsigned int host = tuple.source.bytes[15] - 64u;

        assert_true(ip_prefix_contains(&path.sources, &tuple.source));
        assert_false(used[host][tuple.source_port]);
        used[host][tuple.source_port] = true;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_are_what_they_are_called),
        cmocka_unit_test(ipv4_frames_have_right_lengths_and_checksums),
        cmocka_unit_test(ipv6_frames_have_right_lengths_and_checksums),
        cmocka_unit_test(a_vlan_tag_stands_before_the_same_packet),
        cmocka_unit_test(a_repeat_at_other_boundaries_repeats_the_bytes),
        cmocka_unit_test(flows_differ_in_address_or_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
