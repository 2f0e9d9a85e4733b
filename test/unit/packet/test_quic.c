/* SPDX-License-Identifier: BSD-3-Clause */
/* A client's first flight of QUIC is known by its header, and by nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "exact.h"
#include "packet/quic.h"

/* An IPv4 packet without options, from its IP header on. */
enum { AT_UDP = 20, AT_QUIC = AT_UDP + 8, AT_ID = AT_QUIC + 6, V2 = 0x6b3343cf };

struct datagram {
    uint8_t bytes[AT_QUIC + PACKET_QUIC_LEAST_BYTES];
    struct packet_view view;
};

static struct datagram initial(uint8_t first, uint32_t version, uint8_t n_id_bytes)
{
    struct datagram d = {.bytes = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, PACKET_PROTOCOL_UDP}};

    store_be16(d.bytes + 2, sizeof(d.bytes));
    store_be16(d.bytes + AT_UDP + 4, 8 + PACKET_QUIC_LEAST_BYTES);
    d.bytes[AT_QUIC] = first;
    store_be32(d.bytes + AT_QUIC + 1, version);
    d.bytes[AT_QUIC + 5] = n_id_bytes;
    for (unsigned int i = 0; i < n_id_bytes; i++)
        d.bytes[AT_ID + i] = (uint8_t)(i + 1);
    d.bytes[AT_ID + n_id_bytes] = 5; /* and its source's ID */
    packet_parse_l3(0, d.bytes, sizeof(d.bytes), sizeof(d.bytes), &d.view);
    assert_int_equal(d.view.reason, PACKET_UDP);
    assert_int_equal(d.view.payload_bytes, PACKET_QUIC_LEAST_BYTES);
    return d;
}

/* `out` is written for an Initial and else stays as it was. */
static bool read_initial(const struct datagram *d, uint32_t captured_bytes,
                         struct packet_quic_initial *out)
{
    struct packet_quic_initial before;
    uint8_t *copy = exact_copy(d->bytes, captured_bytes);
    bool is_initial;

    memset(&before, 0xee, sizeof(before));
    *out = before;
    is_initial = packet_read_quic_initial(&d->view, copy, captured_bytes, out);
    free(copy);
    if (!is_initial)
        assert_memory_equal(out, &before, sizeof(before));
    return is_initial;
}

static bool is_initial(const struct datagram *d)
{
    struct packet_quic_initial out;

    return read_initial(d, sizeof(d->bytes), &out);
}

/* RFC 9000 17.2, RFC 9369 3.2: of every first byte, the four bits that are not protected. */
static void one_type_of_each_version_is_an_initial(void **state)
{
    static const struct {
        uint32_t version;
        unsigned int first; /* without the protected bits; 0: none */
    } cases[] = {
        {1, 0xc0},       {V2, 0xd0},      {0, 0},                       /* version negotiation */
        {2, 0},          {V2 - 1, 0},     {V2 + 1, 0}, {0xff00001d, 0}, /* a draft */
        {0x1a2a3a4a, 0}, /* one to force negotiation (RFC 9000 15) */
        {0x01000000, 0}, {UINT32_MAX, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        for (unsigned int first = 0; first <= UINT8_MAX; first++) {
            const struct datagram d = initial((uint8_t)first, cases[i].version, 8);

            assert_int_equal(is_initial(&d),
                             cases[i].first != 0 && first / 16 * 16 == cases[i].first);
        }
}

static void a_clients_first_id_has_8_to_20_bytes_and_is_read_whole(void **state)
{
    (void)state;
    for (unsigned int n = 0; n <= UINT8_MAX; n++) {
        const struct datagram d =
            initial(n % 2 == 0 ? 0xc0 : 0xd5, n % 2 == 0 ? 1 : V2, (uint8_t)n);
        struct packet_quic_initial out;

        assert_int_equal(read_initial(&d, sizeof(d.bytes), &out), n >= 8 && n <= 20);
        if (n < 8 || n > 20)
            continue;
        assert_int_equal(out.version, n % 2 == 0 ? 1 : V2);
        assert_int_equal(out.n_id_bytes, n);
        for (unsigned int i = 0; i < PACKET_QUIC_MOST_ID_BYTES; i++)
            assert_int_equal(out.id[i], i < n ? i + 1 : 0);
    }
}

static void an_id_of_the_source_has_up_to_20_bytes(void **state)
{
    (void)state;
    for (unsigned int n_id_bytes = 8; n_id_bytes <= 20; n_id_bytes++)
        for (unsigned int n = 0; n <= UINT8_MAX; n++) {
            struct datagram d = initial(0xc0, 1, (uint8_t)n_id_bytes);

            d.bytes[AT_ID + n_id_bytes] = (uint8_t)n;
            assert_int_equal(is_initial(&d), n <= 20);
        }
}

/* Whatever of it was captured: a frame that is cut behind the length of the source's ID says all.
 */
static void nothing_is_read_that_was_not_captured(void **state)
{
    (void)state;
    for (unsigned int n_id_bytes = 8; n_id_bytes <= 20; n_id_bytes += 12) {
        const struct datagram d = initial(0xc0, 1, (uint8_t)n_id_bytes);
        struct packet_quic_initial out;

        for (uint32_t n = 0; n <= sizeof(d.bytes); n++)
            assert_int_equal(read_initial(&d, n, &out), n >= AT_ID + n_id_bytes + 1);
    }
}

/* RFC 9000 14.1; what is on the wire counts, not what was captured. */
static void a_datagram_below_1200_bytes_is_none(void **state)
{
    struct datagram d = initial(0xc0, 1, 8);

    (void)state;
    d.view.payload_bytes = PACKET_QUIC_LEAST_BYTES - 1;
    assert_false(is_initial(&d));
    d.view.payload_bytes = PACKET_QUIC_LEAST_BYTES + 1;
    assert_true(is_initial(&d));
    d.view.payload_bytes = 65507;
    assert_true(is_initial(&d));
}

static void what_is_no_datagram_is_none(void **state)
{
    struct datagram d = initial(0xc0, 1, 8);

    (void)state;
    for (unsigned int reason = 0; reason < PACKET_N_REASONS; reason++) {
        d.view.reason = (uint8_t)reason;
        assert_int_equal(is_initial(&d), reason == PACKET_UDP);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_type_of_each_version_is_an_initial),
        cmocka_unit_test(a_clients_first_id_has_8_to_20_bytes_and_is_read_whole),
        cmocka_unit_test(an_id_of_the_source_has_up_to_20_bytes),
        cmocka_unit_test(nothing_is_read_that_was_not_captured),
        cmocka_unit_test(a_datagram_below_1200_bytes_is_none),
        cmocka_unit_test(what_is_no_datagram_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
