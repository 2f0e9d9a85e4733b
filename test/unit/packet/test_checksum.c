/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A SYN (with data) from 10.0.0.1:1 to 10.0.0.2:2 with one byte of payload, its checksum reckoned
 * by hand: 0a00+0001+0a00+0002+0006+0015 + 0001+0002+0000+0001+0000+0000+5002+ffff+0000+0000+4100.
 */
static const uint8_t ipv4[] = {0x45, 0, 0,  41, 0,    0, 0,    0,    64,   6,    0, 0, 10,  0,
                               0,    1, 10, 0,  0,    2, 0,    1,    0,    2,    0, 0, 0,   1,
                               0,    0, 0,  0,  0x50, 2, 0xff, 0xff, 0x5a, 0xdb, 0, 0, 0x41};

static struct packet_view view_of(const uint8_t *data, uint32_t n)
{
    struct packet_view view;

    assert_int_equal(packet_parse_l3(0, data, n, n, &view), PACKET_TCP);
    return view;
}

static void a_right_checksum_is_told_from_a_wrong_one(void **state)
{
    struct packet_view view = view_of(ipv4, sizeof(ipv4));
    uint8_t data[sizeof(ipv4)];

    (void)state;
    assert_int_equal(packet_tcp_checksum(&view, ipv4, sizeof(ipv4)), PACKET_CHECKSUM_RIGHT);
    /* Every bit of addresses, header and payload counts. */
    for (uint32_t bit = 8 * 12; bit < 8 * sizeof(ipv4); bit++) {
        memcpy(data, ipv4, sizeof(ipv4));
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (bit / 8 == 32 && bit % 8 >= 4)
            continue; /* the header's length */
        assert_int_equal(packet_tcp_checksum(&view, data, sizeof(data)), PACKET_CHECKSUM_WRONG);
    }
}

/* What a sender with checksum offload leaves: the sum of the pseudo-header alone. */
static void a_partial_checksum_is_wrong(void **state)
{
    uint8_t data[sizeof(ipv4)];
    struct packet_view view;

    (void)state;
    memcpy(data, ipv4, sizeof(ipv4));
    data[36] = 0x14; /* 0a00+0001+0a00+0002+0006+0015 */
    data[37] = 0x1e;
    view = view_of(data, sizeof(data));
    assert_int_equal(packet_tcp_checksum(&view, data, sizeof(data)), PACKET_CHECKSUM_WRONG);
}

static void ipv6_has_a_checksum_of_its_own(void **state)
{
    uint8_t data[40 + 21] = {0x60, 0, 0, 0, 0, 21, 6, 64};
    struct packet_view view;

    (void)state;
    /* The same sum by other addresses: 0a00+0001 and 0a00+0002. */
    data[8] = data[24] = 0x0a;
    data[23] = 1;
    data[39] = 2;
    memcpy(data + 40, ipv4 + 20, 21);
    view = view_of(data, sizeof(data));
    assert_int_equal(packet_tcp_checksum(&view, data, sizeof(data)), PACKET_CHECKSUM_RIGHT);
    data[15] = 1;
    assert_int_equal(packet_tcp_checksum(&view, data, sizeof(data)), PACKET_CHECKSUM_WRONG);
}

static void what_is_not_all_here_is_unknown(void **state)
{
    struct packet_view view = view_of(ipv4, sizeof(ipv4));

    (void)state;
    for (uint32_t n = 0; n < sizeof(ipv4); n++)
        assert_int_equal(packet_tcp_checksum(&view, ipv4, n), PACKET_CHECKSUM_UNKNOWN);
    /* An IP option may be a source route, whose last hop the sum is of. */
    view.l4_offset += 4;
    assert_int_equal(packet_tcp_checksum(&view, ipv4, sizeof(ipv4)), PACKET_CHECKSUM_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_checksum_is_told_from_a_wrong_one),
        cmocka_unit_test(a_partial_checksum_is_wrong),
        cmocka_unit_test(ipv6_has_a_checksum_of_its_own),
        cmocka_unit_test(what_is_not_all_here_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
