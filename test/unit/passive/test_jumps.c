/* SPDX-License-Identifier: BSD-3-Clause */
/* When segments far from where their flow stood agree with each other. */
#include "passive/jumps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { FLOW = 7, BYTES = 1000, NEAR = 1 << 16, NOW = 500, NEWEST = 400 };

#define FAR UINT32_C(300000000)

static struct passive_jumps jumps;

static void forget_all(void)
{
    memset(&jumps, 0, sizeof(jumps));
}

static const struct passive_jump *ahead(uint32_t flow, uint32_t sequence, uint32_t newest_ticks)
{
    return passive_jump_agrees(&jumps, flow, sequence, BYTES, false, newest_ticks, NOW);
}

static const struct passive_jump *behind(uint32_t sequence)
{
    return passive_jump_agrees(&jumps, FLOW, sequence, BYTES, true, NEWEST, NOW);
}

static void four_ahead_agree_and_sixteen_behind(void **state)
{
    const struct passive_jump *j;

    (void)state;
    for (int again = 0; again < 2; again++) {
        forget_all();
        for (uint32_t i = 0; i < 3; i++)
            assert_null(ahead(FLOW, FAR + i * BYTES, NEWEST));
        j = ahead(FLOW, FAR + 3 * BYTES, NEWEST);
        assert_non_null(j);
        assert_int_equal(j->first, FAR);
        assert_false(j->is_syn);
        /* What agreed is used up. */
        assert_null(ahead(FLOW, FAR + 4 * BYTES, NEWEST));
    }
    forget_all();
    for (uint32_t i = 0; i < 15; i++)
        assert_null(behind(FAR + i * BYTES));
    assert_non_null(behind(FAR + 15 * BYTES));
}

/* The next one is looked for around the farthest, 64 KiB to either side. */
static void what_is_not_near_begins_anew(void **state)
{
    static const struct {
        int64_t from_next;
        bool agrees;
    } cases[] = {{0, true}, {NEAR, true}, {NEAR + 1, false}, {-NEAR, true}, {-NEAR - 1, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const uint32_t next = FAR + 3 * BYTES;

        forget_all();
        for (uint32_t k = 0; k < 3; k++)
            assert_null(ahead(FLOW, FAR + k * BYTES, NEWEST));
        if ((ahead(FLOW, next + (uint32_t)cases[i].from_next, NEWEST) != NULL) != cases[i].agrees)
            fail_msg("row %zu", i);
    }
    /* One that lies lower takes nothing back. */
    forget_all();
    assert_null(ahead(FLOW, FAR, NEWEST));
    assert_null(ahead(FLOW, FAR - NEAR / 2, NEWEST));
    assert_null(ahead(FLOW, FAR + BYTES + NEAR, NEWEST));
    assert_non_null(ahead(FLOW, FAR + 2 * BYTES + NEAR, NEWEST));
}

static void a_flow_that_went_on_meanwhile_forgets(void **state)
{
    (void)state;
    forget_all();
    for (uint32_t i = 0; i < 3; i++)
        assert_null(ahead(FLOW, FAR + i * BYTES, NEWEST));
    assert_null(ahead(FLOW, FAR + 3 * BYTES, NOW + 1));
    forget_all();
    for (uint32_t i = 0; i < 3; i++)
        assert_null(ahead(FLOW, FAR + i * BYTES, NEWEST));
    assert_non_null(ahead(FLOW, FAR + 3 * BYTES, NOW));
}

/* Flow 0 is one, too, and free is none. */
static void flows_of_one_place_push_each_other_out(void **state)
{
    (void)state;
    forget_all();
    for (uint32_t i = 0; i < 3; i++)
        assert_null(ahead(0, i * BYTES, NEWEST));
    assert_non_null(ahead(0, 3 * BYTES, NEWEST));
    for (uint32_t i = 0; i < 8; i++) {
        assert_null(ahead(FLOW, FAR + i * BYTES, NEWEST));
        assert_null(ahead(FLOW + PASSIVE_JUMP_SLOTS, FAR + i * BYTES, NEWEST));
    }
    for (uint32_t i = 0; i < 3; i++) {
        assert_null(ahead(FLOW, FAR + i * BYTES, NEWEST));
        assert_null(ahead(FLOW + 1, FAR + i * BYTES, NEWEST));
    }
    assert_non_null(ahead(FLOW, FAR + 3 * BYTES, NEWEST));
    assert_non_null(ahead(FLOW + 1, FAR + 3 * BYTES, NEWEST));
}

static void behind_a_syn_one_packet_is_enough(void **state)
{
    const struct passive_jump *j;

    (void)state;
    forget_all();
    passive_jump_expect(&jumps, FLOW, FAR, NOW);
    assert_false(passive_jump_was_expected(&jumps, FLOW, FAR + 1));
    assert_false(passive_jump_was_expected(&jumps, FLOW + PASSIVE_JUMP_SLOTS, FAR));
    assert_true(passive_jump_was_expected(&jumps, FLOW, FAR));
    assert_false(passive_jump_was_expected(&jumps, FLOW, FAR));
    passive_jump_expect(&jumps, FLOW, FAR, NOW);
    j = ahead(FLOW, FAR, NEWEST);
    assert_non_null(j);
    assert_true(j->is_syn);
    assert_int_equal(j->first, FAR);
    /* A segment is no SYN. */
    forget_all();
    assert_null(ahead(FLOW, FAR, NEWEST));
    assert_false(passive_jump_was_expected(&jumps, FLOW, FAR + BYTES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_ahead_agree_and_sixteen_behind),
        cmocka_unit_test(what_is_not_near_begins_anew),
        cmocka_unit_test(a_flow_that_went_on_meanwhile_forgets),
        cmocka_unit_test(flows_of_one_place_push_each_other_out),
        cmocka_unit_test(behind_a_syn_one_packet_is_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
