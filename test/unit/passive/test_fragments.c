/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments that came in fragments, of which only the beginning is known. */
#include "bench.h"

#include "base/compiler.h"

enum { RTT_US = 20000, BYTES = 1000, START = 5000, LONGEST_PACKET = 65535 };

static void fragment(struct bench *b, uint32_t sequence)
{
    const struct passive_flow f = bench_flow(b);

    passive_flow_fragment(&f, sequence, &b->c);
}

static uint32_t open_flow(struct bench *b, uint32_t start)
{
    uint32_t next = start;

    bench_open(b, start);
    bench_wait_us(b, RTT_US);
    for (int i = 0; i < 10; i++, next += BYTES)
        assert_int_equal(bench_data(b, next, BYTES), PASSIVE_FIRST_TIME);
    return next;
}

/* How many holes there were, and how many of them fragments explain; none was taken for a loss. */
static void assert_holes(struct bench *b, uint64_t n_opened, uint64_t n_fragmented)
{
    assert_int_equal(b->c.holes_opened, n_opened);
    assert_int_equal(b->c.holes_fragmented, n_fragmented);
    assert_int_equal(b->c.lost_upstream + b->c.reordered + b->c.repeats, 0);
    bench_check(b);
}

static void what_came_in_fragments_is_not_missing(void **state)
{
    (void)state;
    /* Sequence numbers wrap somewhere in the middle, too. */
    for (uint32_t back = 0; back < 40 * BYTES; back += 500) {
        struct bench b;
        uint32_t next = open_flow(&b, (uint32_t)0 - back);

        for (int i = 0; i < 20; i++, next += 2 * BYTES) {
            fragment(&b, next);
            assert_int_equal(bench_data(&b, next + BYTES, BYTES), PASSIVE_FIRST_TIME);
        }
        assert_int_equal(b.line.n_holes, 0);
        bench_fin(&b, next);
        assert_int_equal(b.c.ended_fin, 1);
        assert_int_equal(b.c.missing_bytes + b.c.holes_unfilled + b.c.holes_unknown, 0);
        assert_int_equal(b.c.flows_with_open_holes + b.c.flows_balanced, 0);
        assert_holes(&b, 20, 20);
    }
}

/* As a worker tells of them: those of a burst first. */
static void fragments_of_several_segments_may_come_before_the_holes(void **state)
{
    struct bench b;
    uint32_t next = open_flow(&b, START);

    (void)state;
    for (uint32_t i = 0; i < 6; i++)
        fragment(&b, next + 2 * i * BYTES);
    for (uint32_t i = 0; i < 6; i++)
        bench_data(&b, next + (2 * i + 1) * BYTES, BYTES);
    next += 12 * BYTES;
    /* Ten in a row are one hole. */
    for (uint32_t i = 0; i < 10; i++)
        fragment(&b, next + i * BYTES);
    bench_data(&b, next + 10 * BYTES, BYTES);
    assert_int_equal(b.line.n_holes, 0);
    assert_holes(&b, 7, 7);
}

static void a_fragment_that_was_overtaken_closes_its_hole(void **state)
{
    struct bench b;
    uint32_t hole = open_flow(&b, START);

    (void)state;
    bench_data(&b, hole + BYTES, BYTES);
    bench_data(&b, hole + 3 * BYTES, BYTES);
    fragment(&b, hole + BYTES); /* went by: in none */
    assert_int_equal(b.line.n_holes, 2);
    fragment(&b, hole);
    assert_int_equal(b.line.n_holes, 1);
    assert_int_equal(b.rare.holes[0].start, hole + 2 * BYTES);
    bench_fin(&b, hole + 4 * BYTES);
    assert_int_equal(b.c.ended_fin, 0);
    fragment(&b, hole + 2 * BYTES);
    assert_int_equal(b.c.ended_fin, 1);
    assert_int_equal(b.c.flows_with_open_holes, 0);
    fragment(&b, hole + 9 * BYTES); /* it is over */
    assert_holes(&b, 2, 2);
}

static void what_comes_again_whole_tells_nothing(void **state)
{
    struct bench b;
    uint32_t hole = open_flow(&b, START);

    (void)state;
    fragment(&b, hole);
    bench_data(&b, hole + BYTES, BYTES);
    bench_wait_us(&b, RTT_US);
    assert_int_equal(bench_data_with(&b, hole, BYTES, (struct bench_detail){.timestamp = 7000}),
                     PASSIVE_UNKNOWN);
    assert_holes(&b, 1, 1);
}

/* A fragment in [hole, ...), or before or behind it: what it can be is explained, no more. */
static void a_fragment_explains_only_the_hole_that_it_leaves(void **state)
{
    static const struct {
        uint32_t fragment, hole_bytes;
        bool explains;
    } cases[] = {
        {0, BYTES, true},
        {BYTES - 1, BYTES, true},
        {BYTES, BYTES, false},
        {0, LONGEST_PACKET, true},
        {0, LONGEST_PACKET + 1, false},
        {LONGEST_PACKET, 70000, true},
        {LONGEST_PACKET + 1, 70000, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench b;
        uint32_t hole = open_flow(&b, START);

        fragment(&b, hole + cases[i].fragment);
        bench_data(&b, hole + cases[i].hole_bytes, BYTES);
        if (b.line.n_holes != !cases[i].explains)
            fail_msg("case %zu", i);
        assert_holes(&b, 1, cases[i].explains);
    }
}

static void holes_far_behind_the_fragments_are_holes_again(void **state)
{
    struct bench b;
    uint32_t next = open_flow(&b, START);

    (void)state;
    fragment(&b, next);
    bench_data(&b, next + BYTES, BYTES);
    bench_data(&b, next + 3 * BYTES, BYTES);
    assert_int_equal(b.line.n_holes, 1);
    bench_wait_us(&b, RTT_US);
    assert_int_equal(
        bench_data_with(&b, next + 2 * BYTES, BYTES, (struct bench_detail){.timestamp = 7000}),
        PASSIVE_RETRANSMITTED);
    assert_int_equal(b.c.lost_upstream, 1);
    /* Fragments so far apart that nobody would call it one place. */
    next += 4 * BYTES;
    fragment(&b, next);
    fragment(&b, next + (1 << 20) + 1);
    bench_data(&b, next + BYTES, BYTES);
    assert_int_equal(b.line.n_holes, 1);
    bench_check(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_came_in_fragments_is_not_missing),
        cmocka_unit_test(fragments_of_several_segments_may_come_before_the_holes),
        cmocka_unit_test(a_fragment_that_was_overtaken_closes_its_hole),
        cmocka_unit_test(what_comes_again_whole_tells_nothing),
        cmocka_unit_test(a_fragment_explains_only_the_hole_that_it_leaves),
        cmocka_unit_test(holes_far_behind_the_fragments_are_holes_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
