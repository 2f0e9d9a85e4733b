/* SPDX-License-Identifier: BSD-3-Clause */
/* Where mode passive says yes and where it says no, one step to either side. */
#include "../within.h"
#include "bench.h"

#include "passive/copies.h"

#define START  UINT32_C(5000)
#define BYTES  1000u
#define RTT_US 40000

/* One hole, and `n` segments that went by. */
static void open_with_one_hole(struct bench *b)
{
    bench_open(b, START);
    bench_wait_us(b, RTT_US);
    bench_data(b, START, BYTES);
    bench_data(b, START + 2 * BYTES, BYTES);
    assert_int_equal(b->line.n_holes, 1);
}

/* Sixteen holes that nobody filled, four times as many as were filled, one in twenty segments. */
static void balancing_begins_at_its_limits(void **state)
{
    static const struct {
        uint16_t n_unfilled, n_reordered, n_retransmitted;
        uint32_t n_passed;
        bool is_balanced;
    } cases[] = {
        {15, 0, 0, 320, true}, {14, 0, 0, 20, false}, {15, 0, 0, 321, false},
        {15, 4, 0, 20, true},  {15, 5, 0, 20, false}, {15, 0, 4, 20, true},
        {15, 0, 5, 20, false}, {15, 2, 2, 20, true},  {15, 3, 2, 20, false},
        {39, 5, 5, 800, true}, {38, 5, 5, 20, false}, {39, 5, 5, 801, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench b;
        const struct passive_flow f = bench_flow(&b);

        open_with_one_hole(&b);
        b.line.n_unfilled = cases[i].n_unfilled;
        b.line.n_reordered = cases[i].n_reordered;
        b.line.n_retransmitted = cases[i].n_retransmitted;
        b.c.lost_upstream = b.c.observed = 100;
        b.hot.n_passed = cases[i].n_passed;
        passive_flow_end(&f, PASSIVE_END_IDLE, &b.c);
        if (b.c.flows_balanced != cases[i].is_balanced)
            fail_msg("row %zu", i);
        assert_int_equal(b.line.n_unfilled, cases[i].n_unfilled + 1);
        assert_int_equal(b.c.lost_upstream,
                         100 - (cases[i].is_balanced ? cases[i].n_retransmitted : 0));
        assert_int_equal(b.line.n_retransmitted,
                         cases[i].is_balanced ? 0 : cases[i].n_retransmitted);
    }
}

/* What was given up and comes at last was not missing. */
static void a_hole_that_is_filled_after_all_is_none_of_the_unfilled(void **state)
{
    struct bench b;

    (void)state;
    open_with_one_hole(&b);
    bench_wait_us(&b, 10100000);
    /* It is too old by now, and is given up first. */
    bench_data(&b, START + 4 * BYTES, BYTES);
    assert_int_equal(b.line.n_unfilled, 1);
    assert_int_equal(b.c.holes_unfilled, 1);
    assert_int_equal(bench_data(&b, START + BYTES, BYTES), PASSIVE_UNKNOWN);
    assert_int_equal(b.line.n_unfilled, 0);
    assert_int_equal(bench_data(&b, START + BYTES, BYTES), PASSIVE_UNKNOWN);
    assert_int_equal(b.line.n_unfilled, 0);
    bench_check(&b);
}

/* 400 Gb/s are 50 bytes a nanosecond; a tick is 8.192 us, and the one under way counts. */
static void a_flow_went_on_no_faster_than_a_link(void **state)
{
    const uint32_t bytes_per_tick = 50u << PASSIVE_TICK_SHIFT;
    struct bench b;
    const struct passive_flow f = bench_flow(&b);
    uint32_t now, newest;

    (void)state;
    open_with_one_hole(&b);
    now = b.hot.snd_max;
    newest = b.hot.newest_ticks;
    assert_true(passive_flow_may_have_gone_on(&f, now, newest));
    assert_true(passive_flow_may_have_gone_on(&f, now + bytes_per_tick, newest));
    assert_false(passive_flow_may_have_gone_on(&f, now + bytes_per_tick + 1, newest));
    assert_true(passive_flow_may_have_gone_on(&f, now + 11 * bytes_per_tick, newest + 10));
    assert_false(passive_flow_may_have_gone_on(&f, now + 11 * bytes_per_tick + 1, newest + 10));
    /* Back, and however long it took. */
    assert_true(passive_flow_may_have_gone_on(&f, now + INT32_MAX, newest + 1000000));
    assert_false(passive_flow_may_have_gone_on(&f, now + INT32_MAX + 1u, newest + 1000000));
    assert_false(passive_flow_may_have_gone_on(&f, now - 1, newest));
}

/* What tells packets apart does so, and each of them has its own slot nearly always. */
static void fingerprints_spread_over_the_slots(void **state)
{
    static uint8_t used[1 << PASSIVE_COPY_BITS];
    uint8_t headers[40] = {0x45};
    struct packet_view v = {.is_ipv4 = true, .l4_offset = 20, .payload_bytes = BYTES};
    unsigned int n_slots = 0, n_tags = 0;
    uint32_t last_tag = 0;

    (void)state;
    for (uint32_t i = 0; i < 4096; i++) {
        uint64_t fingerprint;

        v.sequence = i * BYTES;
        fingerprint = passive_fingerprint(headers, &v, 7);
        n_slots += used[fingerprint >> (64 - PASSIVE_COPY_BITS)]++ == 0;
        n_tags += (uint32_t)fingerprint != last_tag;
        last_tag = (uint32_t)fingerprint;
    }
    /* By chance 4096 balls in 16384 boxes fill 16384 (1 - (1 - 1/16384)^4096) = 3624 of them, with
     * a standard deviation below 20. */
    assert_within(n_slots, 3624 - 120, 4096);
    assert_within(n_tags, 4095, 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balancing_begins_at_its_limits),
        cmocka_unit_test(a_hole_that_is_filled_after_all_is_none_of_the_unfilled),
        cmocka_unit_test(a_flow_went_on_no_faster_than_a_link),
        cmocka_unit_test(fingerprints_spread_over_the_slots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
