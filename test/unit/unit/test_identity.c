/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "packet/quic.h"
#include "unit/unit.h"

static const uint64_t key[2] = {UINT64_C(0x1234567890abcdef), UINT64_C(0xfedcba0987654321)};

enum {
    SYN = 0x02,
    ACK = 0x10,
    FIN = 0x01,
    RST = 0x04,
    PSH = 0x08,
    URG = 0x20,
    ECE = 0x40,
    CWR = 0x80
};

static struct packet_view tcp_view(uint8_t flags)
{
    struct packet_view v = {.reason = PACKET_TCP,
                            .has_ip = true,
                            .is_ipv4 = true,
                            .protocol = PACKET_PROTOCOL_TCP,
                            .source_port = 40000,
                            .destination_port = 443,
                            .sequence = 0x89abcdef,
                            .tcp_flags = flags};

    assert_int_equal(ip_address_parse("192.0.2.1", &v.source), 0);
    assert_int_equal(ip_address_parse("198.51.100.2", &v.destination), 0);
    return v;
}

static uint64_t handshake_of(const struct packet_view *v, uint16_t ingress)
{
    uint64_t identity;

    assert_true(unit_identify_handshake(v, ingress, key, &identity));
    return identity;
}

static void what_opens_a_connection_is_a_handshake_and_nothing_else(void **state)
{
    static const struct {
        uint8_t flags;
        bool is_unit;
    } cases[] = {
        {SYN, true},
        {SYN | ACK, true},
        {SYN | ECE | CWR, true},
        {SYN | PSH | URG, true},
        {SYN | FIN, false},
        {SYN | RST, false},
        {ACK, false},
        {0, false},
        {FIN, false},
        {SYN | ACK | RST, false},
        {RST | ACK, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct packet_view v = tcp_view(cases[i].flags);
        uint64_t identity;

        assert_int_equal(unit_identify_handshake(&v, 1, key, &identity), cases[i].is_unit);
        v.reason = PACKET_IPV4_FRAGMENT;
        assert_false(unit_identify_handshake(&v, 1, key, &identity));
    }
}

/* RFC 3168 6.1.1.1: an unanswered SYN that asked for ECN may come again without asking. */
static void a_syn_that_asks_for_ecn_no_more_is_the_same(void **state)
{
    struct packet_view asking = tcp_view(SYN | ECE | CWR), plain = tcp_view(SYN),
                       with_data = tcp_view(SYN);

    (void)state;
    with_data.payload_bytes = 100; /* RFC 7413: its repeat may have none */
    assert_true(handshake_of(&asking, 1) == handshake_of(&plain, 1));
    assert_true(handshake_of(&with_data, 1) == handshake_of(&plain, 1));
}

static void each_part_of_a_handshake_tells_it_apart(void **state)
{
    struct packet_view v = tcp_view(SYN), w;
    const uint64_t one = handshake_of(&v, 1);

    (void)state;
    assert_true(one != handshake_of(&v, 2));
    w = v, w.tcp_flags |= ACK;
    assert_true(one != handshake_of(&w, 1));
    w = v, w.sequence++;
    assert_true(one != handshake_of(&w, 1));
    w = v, w.source_port++;
    assert_true(one != handshake_of(&w, 1));
    w = v, w.destination_port++;
    assert_true(one != handshake_of(&w, 1));
    w = v, w.source.bytes[15]++;
    assert_true(one != handshake_of(&w, 1));
    w = v, w.destination.bytes[15]++;
    assert_true(one != handshake_of(&w, 1));
    w = v, w.source = v.destination, w.destination = v.source;
    assert_true(one != handshake_of(&w, 1));
}

/* An IPv4 packet with a client's Initial of QUIC, from its IP header on. */
struct datagram {
    uint8_t bytes[20 + 8 + PACKET_QUIC_LEAST_BYTES];
    struct packet_view view;
};

enum { AT_UDP = 20, AT_QUIC = 28, V2 = 0x6b3343cf };

static void set_quic(struct datagram *d, uint8_t first, uint32_t version, uint8_t n_id_bytes)
{
    uint8_t *quic = d->bytes + AT_QUIC;

    memset(quic, 0, PACKET_QUIC_LEAST_BYTES);
    quic[0] = first;
    store_be32(quic + 1, version);
    quic[5] = n_id_bytes;
    for (unsigned int i = 0; i < n_id_bytes && i < 30; i++)
        quic[6 + i] = (uint8_t)(i + 1);
    quic[6 + n_id_bytes] = 5; /* and its source's ID */
}

static struct datagram initial(uint8_t first, uint32_t version, uint8_t n_id_bytes)
{
    struct datagram d = {.bytes = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17}};

    store_be16(d.bytes + 2, sizeof(d.bytes));
    memcpy(d.bytes + 12, (uint8_t[]){192, 0, 2, 1, 198, 51, 100, 2}, 8);
    store_be16(d.bytes + AT_UDP, 50000);
    store_be16(d.bytes + AT_UDP + 2, 443);
    store_be16(d.bytes + AT_UDP + 4, 8 + PACKET_QUIC_LEAST_BYTES);
    set_quic(&d, first, version, n_id_bytes);
    packet_parse_l3(0, d.bytes, sizeof(d.bytes), sizeof(d.bytes), &d.view);
    assert_int_equal(d.view.reason, PACKET_UDP);
    return d;
}

static uint64_t flight_of(const struct datagram *d, uint16_t ingress)
{
    uint64_t identity;

    assert_true(unit_identify_quic(&d->view, d->bytes, sizeof(d->bytes), ingress, key, &identity));
    return identity;
}

static void each_part_of_a_first_flight_tells_it_apart(void **state)
{
    const struct datagram d = initial(0xc0, 1, 8), v2 = initial(0xd0, V2, 8),
                          longer = initial(0xc0, 1, 9);
    const uint64_t one = flight_of(&d, 1);
    struct datagram e = d;

    (void)state;
    assert_true(one != flight_of(&d, 2));
    assert_true(one != flight_of(&v2, 1));
    assert_true(one != flight_of(&longer, 1));
    for (unsigned int i = 0; i < 8; i++) {
        e = d;
        e.bytes[AT_QUIC + 6 + i] ^= 1;
        assert_true(one != flight_of(&e, 1));
    }
    e = d;
    e.view.source_port++;
    assert_true(one != flight_of(&e, 1));
    /* What is protected may differ: it is encrypted anew, and has another number. */
    e = d;
    e.bytes[AT_QUIC] |= 0x0f;
    e.bytes[AT_QUIC + 100] ^= 0xff;
    assert_true(one == flight_of(&e, 1));
}

static void units_of_one_flow_have_that_in_common(void **state)
{
    struct datagram d = initial(0xc0, 1, 8), e = initial(0xd0, V2, 20);
    const uint64_t one = unit_identity_of_flow(&d.view, 1, key);

    (void)state;
    assert_true(one == unit_identity_of_flow(&e.view, 1, key));
    assert_true(one != unit_identity_of_flow(&d.view, 2, key));
    assert_true(one != flight_of(&d, 1));
    e.view.destination_port++;
    assert_true(one != unit_identity_of_flow(&e.view, 1, key));
    e = d;
    e.view.protocol = PACKET_PROTOCOL_TCP;
    assert_true(one != unit_identity_of_flow(&e.view, 1, key));
}

/* An ID of eight bytes and the same with a zero behind. */
static void the_length_of_an_id_tells_it_apart(void **state)
{
    struct datagram d = initial(0xc0, 1, 8), e = initial(0xc0, 1, 9);

    (void)state;
    e.bytes[AT_QUIC + 6 + 8] = 0;
    assert_true(flight_of(&d, 1) != flight_of(&e, 1));
}

static void another_key_gives_other_identities(void **state)
{
    const uint64_t other[2] = {key[0], key[1] + 1};
    const struct packet_view v = tcp_view(SYN);
    uint64_t identity;

    (void)state;
    assert_true(unit_identify_handshake(&v, 1, other, &identity));
    assert_true(identity != handshake_of(&v, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_opens_a_connection_is_a_handshake_and_nothing_else),
        cmocka_unit_test(a_syn_that_asks_for_ecn_no_more_is_the_same),
        cmocka_unit_test(each_part_of_a_handshake_tells_it_apart),
        cmocka_unit_test(each_part_of_a_first_flight_tells_it_apart),
        cmocka_unit_test(units_of_one_flow_have_that_in_common),
        cmocka_unit_test(the_length_of_an_id_tells_it_apart),
        cmocka_unit_test(another_key_gives_other_identities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
