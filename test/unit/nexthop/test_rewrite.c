/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "base/random.h"
#include "nexthop/nexthop.h"

#define OLD_MACS "\x02\0\0\0\0\x0d\x02\0\0\0\0\x0e"
#define PAYLOAD  "\x45\0\0\x54"

static const uint8_t new_macs[12] = {6, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14};

enum { MAX_FRAME_BYTES = 64, HEADROOM_BYTE = 0x5a };

/* Bytes as text, with their length. */
#define BYTES(text) INITIALIZER(sizeof(text) - 1, text)

struct bytes {
    uint32_t n_bytes;
    const char *bytes;
};

static struct next_hop make_hop(uint16_t vlan_id, bool rewrite_mac)
{
    struct next_hop hop = {.port = 1, .vlan_id = vlan_id, .rewrite_mac = rewrite_mac};

    memcpy(hop.destination_mac, new_macs, 6);
    memcpy(hop.source_mac, new_macs + 6, 6);
    return hop;
}

/* A frame at the end of a block of exactly headroom and frame, so that AddressSanitizer sees every
 * byte too many on either side. */
static uint8_t *make_block(const void *frame, uint32_t n_bytes)
{
    uint8_t *block = malloc(NEXTHOP_HEADROOM_BYTES + n_bytes);

    assert_non_null(block);
    memset(block, HEADROOM_BYTE, NEXTHOP_HEADROOM_BYTES);
    if (n_bytes > 0)
        memcpy(block + NEXTHOP_HEADROOM_BYTES, frame, n_bytes);
    return block;
}

static void assert_rewritten(const struct next_hop *hop, const void *frame, uint32_t n_bytes,
                             const void *expected, uint32_t n_expected)
{
    uint8_t *block = make_block(frame, n_bytes);
    uint8_t *start = block + NEXTHOP_HEADROOM_BYTES;
    int grow = 99;

    assert_int_equal(nexthop_rewrite(hop, start, n_bytes, &grow), 0);
    assert_int_equal((int)n_bytes + grow, n_expected);
    assert_memory_equal(start - grow, expected, n_expected);
    if (grow <= 0)
        for (int i = 0; i < NEXTHOP_HEADROOM_BYTES; i++)
            assert_int_equal(block[i], HEADROOM_BYTE);
    free(block);
}

static void each_vlan_action_meets_each_kind_of_frame(void **state)
{
    const struct {
        uint16_t vlan_id;
        struct bytes before, after; /* behind the addresses */
    } cases[] = {
        {NEXTHOP_VLAN_KEEP, BYTES("\x08\0" PAYLOAD), BYTES("\x08\0" PAYLOAD)},
        {NEXTHOP_VLAN_KEEP, BYTES("\x81\0\xe0\x07\x08\0" PAYLOAD),
         BYTES("\x81\0\xe0\x07\x08\0" PAYLOAD)},
        {NEXTHOP_VLAN_KEEP, BYTES("\x81\0"), BYTES("\x81\0")}, /* cut, but nothing to change */
        {NEXTHOP_VLAN_NONE, BYTES("\x08\0" PAYLOAD), BYTES("\x08\0" PAYLOAD)},
        {NEXTHOP_VLAN_NONE, BYTES("\x81\0\xe0\x07\x08\0" PAYLOAD), BYTES("\x08\0" PAYLOAD)},
        {NEXTHOP_VLAN_NONE, BYTES("\x88\xa8\0\x07\x81\0\0\x09\x08\0" PAYLOAD),
         BYTES("\x81\0\0\x09\x08\0" PAYLOAD)},
        {NEXTHOP_VLAN_NONE, BYTES("\x91\0\0\x07\x86\xdd"), BYTES("\x86\xdd")},
        {0x123, BYTES("\x08\0" PAYLOAD), BYTES("\x81\0\x01\x23\x08\0" PAYLOAD)},
        {0x123, BYTES("\x08\0"), BYTES("\x81\0\x01\x23\x08\0")},
        {0x123, BYTES("\x81\0\xff\xff\x08\0" PAYLOAD), BYTES("\x81\0\xf1\x23\x08\0" PAYLOAD)},
        {0x123, BYTES("\x81\0\0\0\x08\0" PAYLOAD), BYTES("\x81\0\x01\x23\x08\0" PAYLOAD)},
        {0x123, BYTES("\x88\xa8\x20\x07\x81\0\0\x09\x08\0" PAYLOAD),
         BYTES("\x88\xa8\x21\x23\x81\0\0\x09\x08\0" PAYLOAD)},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases) * 2; i++) {
        bool rewrite_mac = i % 2 == 1;
        const struct bytes *before = &cases[i / 2].before, *after = &cases[i / 2].after;
        struct next_hop hop = make_hop(cases[i / 2].vlan_id, rewrite_mac);
        uint8_t frame[MAX_FRAME_BYTES], expected[MAX_FRAME_BYTES];

        memcpy(frame, OLD_MACS, 12);
        memcpy(frame + 12, before->bytes, before->n_bytes);
        memcpy(expected, rewrite_mac ? new_macs : frame, 12);
        memcpy(expected + 12, after->bytes, after->n_bytes);
        assert_rewritten(&hop, frame, 12 + before->n_bytes, expected, 12 + after->n_bytes);
    }
}

static void a_cut_header_is_refused_and_left_alone(void **state)
{
    const uint16_t vlan_ids[] = {NEXTHOP_VLAN_KEEP, NEXTHOP_VLAN_NONE, 5};
    static const uint8_t tagged[] = OLD_MACS "\x81\0\x20\x07\x08";

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(vlan_ids); i++) {
        const struct next_hop hop = make_hop(vlan_ids[i], true);
        uint32_t n_needed = vlan_ids[i] == NEXTHOP_VLAN_KEEP ? 14 : 18;

        for (uint32_t n = 0; n < n_needed; n++) {
            uint8_t *block = make_block(tagged, n);
            int grow;

            assert_int_equal(nexthop_rewrite(&hop, block + NEXTHOP_HEADROOM_BYTES, n, &grow),
                             -EMSGSIZE);
            for (int b = 0; b < NEXTHOP_HEADROOM_BYTES; b++)
                assert_int_equal(block[b], HEADROOM_BYTE);
            if (n > 0)
                assert_memory_equal(block + NEXTHOP_HEADROOM_BYTES, tagged, n);
            free(block);
        }
    }
}

/* The naive way: take the frame apart into addresses, tag and rest, and write a new one. */
static uint32_t naive_rewrite(const struct next_hop *hop, const uint8_t *frame, uint32_t n_bytes,
                              uint8_t *out)
{
    uint16_t type = load_be16(frame + 12);
    bool has_tag = type == 0x8100 || type == 0x88a8 || type == 0x9100;
    uint16_t tag_type = has_tag ? type : 0x8100;
    uint16_t tag = has_tag ? load_be16(frame + 14) : 0;
    const uint8_t *rest = frame + (has_tag ? 16 : 12);
    uint32_t n_rest = n_bytes - (has_tag ? 16 : 12), n = 12;

    memcpy(out, hop->rewrite_mac ? hop->destination_mac : frame, 6);
    memcpy(out + 6, hop->rewrite_mac ? hop->source_mac : frame + 6, 6);
    if (hop->vlan_id != NEXTHOP_VLAN_KEEP) {
        has_tag = hop->vlan_id != NEXTHOP_VLAN_NONE;
        tag = (uint16_t)(tag / 4096 * 4096 + hop->vlan_id);
    }
    if (has_tag) {
        store_be16(out + n, tag_type);
        store_be16(out + n + 2, tag);
        n += 4;
    }
    memcpy(out + n, rest, n_rest);
    return n + n_rest;
}

static void random_frames_are_rewritten_as_the_naive_way_does(void **state)
{
    const uint16_t types[] = {0x0800, 0x86dd, 0x8100, 0x88a8, 0x9100, 0x8847};
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 802, 1);
    for (unsigned int i = 0; i < 50000; i++) {
        const uint16_t vlan_ids[] = {NEXTHOP_VLAN_KEEP, NEXTHOP_VLAN_NONE,
                                     (uint16_t)(1 + random_u32(&r) % 4094)};
        struct next_hop hop = make_hop(vlan_ids[random_u32(&r) % 3], random_u32(&r) % 2);
        uint32_t n_bytes = 18 + random_u32(&r) % (MAX_FRAME_BYTES - 18);
        uint8_t frame[MAX_FRAME_BYTES], expected[MAX_FRAME_BYTES + 4];

        for (uint32_t b = 0; b < n_bytes; b++)
            frame[b] = (uint8_t)random_u32(&r);
        store_be16(frame + 12, types[random_u32(&r) % ARRAY_LENGTH(types)]);
        assert_rewritten(&hop, frame, n_bytes, expected,
                         naive_rewrite(&hop, frame, n_bytes, expected));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_vlan_action_meets_each_kind_of_frame),
        cmocka_unit_test(a_cut_header_is_refused_and_left_alone),
        cmocka_unit_test(random_frames_are_rewritten_as_the_naive_way_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
