/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "packet/packet.h"

#define FRAME_BYTES 1982

/* What stands behind the addresses, up to the length field of the IP header and it. */
static const struct {
    const char *name;
    uint8_t bytes[24];
    uint32_t n;         /* of them */
    uint32_t l3_offset; /* where its IP packet begins */
    bool is_ipv6, can_tell;
} frames[] = {
    {"IPv4", {8, 0, 0x45, 0}, 4, 14, false, true},
    {"IPv6", {0x86, 0xdd, 0x60, 0, 0, 0}, 6, 14, true, true},
    {"IPv4 in a VLAN", {0x81, 0, 0, 5, 8, 0, 0x45, 0}, 8, 18, false, true},
    {"IPv6 in two VLANs",
     {0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x86, 0xdd, 0x60, 0, 0, 0},
     14,
     22,
     true,
     true},
    {"IPv4 in three VLANs",
     {0x81, 0, 0, 5, 0x81, 0, 0, 6, 0x81, 0, 0, 7, 8, 0, 0x45, 0},
     16,
     26,
     false,
     false},
    {"a label, and what looks like IPv4 behind it",
     {0x88, 0x47, 0, 0, 1, 64, 0x45, 0},
     8,
     18,
     false,
     false},
    {"IPv4 that says version 6", {8, 0, 0x65, 0}, 4, 14, false, false},
    {"ARP", {8, 6, 0x45, 0}, 4, 14, false, false},
};

static void make(uint8_t data[FRAME_BYTES], size_t i, uint32_t ip_bytes)
{
    uint32_t length = frames[i].is_ipv6 ? ip_bytes - 40 : ip_bytes;
    uint8_t *at = data + 12 + frames[i].n;

    memset(data, 0, FRAME_BYTES);
    memcpy(data + 12, frames[i].bytes, frames[i].n);
    at[0] = (uint8_t)(length >> 8);
    at[1] = (uint8_t)length;
}

static void test_a_frame_is_cut_when_its_ip_packet_is_longer(void **state)
{
    static uint8_t data[FRAME_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(frames); i++) {
        uint32_t fits = FRAME_BYTES - frames[i].l3_offset;

        make(data, i, fits);
        assert_false(packet_is_cut(data, FRAME_BYTES, FRAME_BYTES));
        make(data, i, fits + 1);
        if (packet_is_cut(data, FRAME_BYTES, FRAME_BYTES) != frames[i].can_tell)
            fail_msg("%s", frames[i].name);
        make(data, i, 60000);
        assert_int_equal(packet_is_cut(data, FRAME_BYTES, FRAME_BYTES), frames[i].can_tell);
        make(data, i, 100); /* padding behind it */
        assert_false(packet_is_cut(data, FRAME_BYTES, FRAME_BYTES));
    }
}

static void test_nothing_is_read_beyond_what_is_there(void **state)
{
    static uint8_t data[FRAME_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(frames); i++) {
        uint32_t header = frames[i].l3_offset + (frames[i].is_ipv6 ? 40 : 20);

        make(data, i, 60000);
        for (uint32_t n = 0; n < header; n++)
            assert_false(packet_is_cut(data, n, n));
        assert_int_equal(packet_is_cut(data, header, header), frames[i].can_tell);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_frame_is_cut_when_its_ip_packet_is_longer),
        cmocka_unit_test(test_nothing_is_read_beyond_what_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
