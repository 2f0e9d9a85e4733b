/* SPDX-License-Identifier: BSD-3-Clause */
/* What one packet says about another: copies, first copies, and where a flow goes on after a jump.
 */
#include "passive/copies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "passive/jumps.h"
#include "passive/passive.h"

#define L3 14
#define L4 34

static void every_byte_of_what_tells_packets_apart_counts(void **state)
{
    /* IP identification and TCP checksum. */
    static const unsigned int told_by[] = {L3 + 4, L3 + 5, L4 + 16, L4 + 17};
    const struct packet_view v = {
        .is_ipv4 = true, .l3_offset = L3, .l4_offset = L4, .sequence = 1000, .payload_bytes = 100};
    uint8_t data[L4 + 20];
    struct packet_view other;
    uint64_t first;

    (void)state;
    for (unsigned int i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)i;
    first = passive_fingerprint(data, &v, 7);
    assert_true(first == passive_fingerprint(data, &v, 7));
    for (unsigned int i = 0; i < sizeof(data); i++) {
        bool tells = false;

        for (size_t j = 0; j < sizeof(told_by) / sizeof(told_by[0]); j++)
            tells = tells || told_by[j] == i;
        data[i] ^= 1;
        assert_true((first != passive_fingerprint(data, &v, 7)) == tells);
        data[i] ^= 1;
    }
    assert_true(first != passive_fingerprint(data, &v, 8));
    other = v;
    other.sequence++;
    assert_true(first != passive_fingerprint(data, &other, 7));
    other = v;
    other.payload_bytes++;
    assert_true(first != passive_fingerprint(data, &other, 7));
}

/* IPv6 has no identification. */
static void ipv6_is_told_by_the_rest(void **state)
{
    const struct packet_view v = {.l3_offset = L3, .l4_offset = L4, .sequence = 1000};
    uint8_t data[L4 + 20] = {0};
    uint64_t first = passive_fingerprint(data, &v, 7);

    (void)state;
    data[L3 + 4] = data[L3 + 5] = 9;
    assert_true(first == passive_fingerprint(data, &v, 7));
    data[L4 + 16] = 9;
    assert_true(first != passive_fingerprint(data, &v, 7));
}

/* The repair that came first was sent later by its clock, or else by its count. */
static void the_first_copy_is_the_one_sent_earlier(void **state)
{
    const struct packet_detail timed = {.has_timestamp = true, .timestamp = 1000, .ip_id = 50};
    const struct packet_detail counted = {.ip_id = 50}, neither = {0};

    (void)state;
    assert_true(passive_is_first_copy(1001, 0, &timed));
    assert_false(passive_is_first_copy(999, 51, &timed));
    /* The same tick: the count says. */
    assert_true(passive_is_first_copy(1000, 51, &timed));
    assert_false(passive_is_first_copy(1000, 49, &timed));
    assert_true(passive_is_first_copy(0, 51, &timed)); /* the repair had no clock */
    assert_true(passive_is_first_copy(1001, 51, &counted));
    assert_false(passive_is_first_copy(0, 50, &counted));
    assert_false(passive_is_first_copy(0, 49, &counted));
    assert_false(passive_is_first_copy(0, 0, &counted));
    assert_false(passive_is_first_copy(0, 1, &neither));
}

static void what_follows_a_syn_is_expected_once_and_of_its_flow(void **state)
{
    static struct passive_jumps jumps;

    (void)state;
    assert_false(passive_jump_was_expected(&jumps, 7, 0));
    passive_jump_expect(&jumps, 7, 5000, 1);
    assert_false(passive_jump_was_expected(&jumps, 7, 5001));
    assert_false(passive_jump_was_expected(&jumps, 7 + PASSIVE_JUMP_SLOTS, 5000));
    assert_true(passive_jump_was_expected(&jumps, 7, 5000));
    assert_false(passive_jump_was_expected(&jumps, 7, 5000));
    /* A jump without a SYN is none. */
    assert_null(passive_jump_agrees(&jumps, 7, 4000, 1000, false, 0, 1));
    assert_false(passive_jump_was_expected(&jumps, 7, 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_of_what_tells_packets_apart_counts),
        cmocka_unit_test(ipv6_is_told_by_the_rest),
        cmocka_unit_test(the_first_copy_is_the_one_sent_earlier),
        cmocka_unit_test(what_follows_a_syn_is_expected_once_and_of_its_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
