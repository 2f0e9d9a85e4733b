/* SPDX-License-Identifier: BSD-3-Clause */
/* What fills a hole, and what does not: the rules as tables. */
#include "bench.h"

enum { RTT_US = 20000, BYTES = 1000, START = 5000 };

static void rules_decide_in_their_order(void **state)
{
    static const struct {
        uint16_t opener_timestamp, timestamp, opener_id, id;
        uint32_t delay_us, n_since, rtt_us;
        enum passive_sent_again evidence;
    } cases[] = {
        /* 1. The sender's clock, whatever order and delay say. */
        {100, 101, 0, 0, 10, 0, RTT_US, PASSIVE_BY_CLOCK},
        {100, 99, 0, 0, 900000, 50, RTT_US, PASSIVE_ONLY_LATE},
        {65535, 3, 0, 0, 10, 0, RTT_US, PASSIVE_BY_CLOCK},
        {3, 65535, 0, 0, 900000, 50, RTT_US, PASSIVE_ONLY_LATE},
        {100, 101, 50, 49, 10, 0, RTT_US, PASSIVE_BY_CLOCK},
        /* No clock of 1 ms went so far meanwhile: 40 ms of one of 1 us, both ways. */
        {1, 40001, 0, 0, 40000, 30, RTT_US, PASSIVE_BY_ORDER},
        {40001, 1, 0, 0, 40000, 30, RTT_US, PASSIVE_BY_ORDER},
        {1, 182, 0, 0, 40000, 0, 50000, PASSIVE_ONLY_LATE},
        {1, 179, 0, 0, 40000, 0, 50000, PASSIVE_BY_CLOCK},
        {179, 1, 0, 0, 40000, 30, RTT_US, PASSIVE_ONLY_LATE},
        {182, 1, 0, 0, 40000, 30, RTT_US, PASSIVE_BY_ORDER},
        {1, 40001, 50, 51, 40000, 0, RTT_US, PASSIVE_BY_COUNT},
        {1, 40001, 51, 50, 40000, 30, RTT_US, PASSIVE_ONLY_LATE},
        /* 2. The sender's count of packets, when the clock stood still or is unknown. */
        {100, 100, 50, 51, 10, 0, RTT_US, PASSIVE_BY_COUNT},
        {100, 100, 50, 49, 900000, 50, RTT_US, PASSIVE_ONLY_LATE},
        {0, 0, 50, 60, 10, 9, RTT_US, PASSIVE_BY_COUNT},
        {0, 0, 65535, 5, 10, 5, RTT_US, PASSIVE_BY_COUNT},
        {0, 0, 5, 65535, 900000, 50, RTT_US, PASSIVE_ONLY_LATE},
        /* 3. Identifications that are no count are left aside. */
        {0, 0, 50, 30000, 10, 0, RTT_US, PASSIVE_ONLY_LATE},
        {0, 0, 50, 30000, RTT_US, 0, RTT_US, PASSIVE_BY_ORDER},
        {0, 0, 30000, 50, RTT_US, 0, RTT_US, PASSIVE_BY_ORDER},
        {0, 0, 50, 0, RTT_US, 0, RTT_US, PASSIVE_BY_ORDER},
        /* 0 is none: near to the other one it says nothing. */
        {0, 0, 0, 5, 10, 0, RTT_US, PASSIVE_ONLY_LATE},
        {0, 0, 0, 65530, RTT_US, 0, RTT_US, PASSIVE_BY_ORDER},
        {0, 0, 5, 0, RTT_US, 0, RTT_US, PASSIVE_BY_ORDER},
        {0, 0, 65530, 0, 10, 0, RTT_US, PASSIVE_ONLY_LATE},
        /* 4. Order and delay. */
        {0, 0, 0, 0, RTT_US / 2 - 100, 3, RTT_US, PASSIVE_ONLY_LATE},
        {0, 0, 0, 0, RTT_US / 2, 3, RTT_US, PASSIVE_BY_ORDER},
        {0, 0, 0, 0, RTT_US / 2, 2, RTT_US, PASSIVE_ONLY_LATE},
        {0, 0, 0, 0, RTT_US - 100, 2, RTT_US, PASSIVE_ONLY_LATE},
        {0, 0, 0, 0, RTT_US, 0, RTT_US, PASSIVE_BY_ORDER},
        /* 5. Order alone. */
        {0, 0, 0, 0, 900000, 2, 0, PASSIVE_ONLY_LATE},
        {0, 0, 0, 0, 10, 3, 0, PASSIVE_BY_ORDER},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct passive_hole hole = {.timestamp = cases[i].opener_timestamp,
                                          .ip_id = cases[i].opener_id};
        const struct packet_detail detail = {.timestamp = cases[i].timestamp,
                                             .has_timestamp = cases[i].timestamp != 0,
                                             .ip_id = cases[i].id};

        if (passive_is_retransmission(
                &hole, &detail, passive_ticks(cases[i].delay_us * NS_PER_US), cases[i].n_since,
                passive_ticks(cases[i].rtt_us * NS_PER_US)) != cases[i].evidence)
            fail_msg("case %zu", i);
    }
}

/* One byte of a round-trip time keeps it within a quarter octave. */
static void coded_times_are_rounded_down_by_a_fifth_at_most(void **state)
{
    uint8_t last = 0;

    (void)state;
    assert_int_equal(passive_ticks_of_code(0), 0);
    for (uint64_t ticks = 1; ticks <= UINT32_MAX; ticks += 1 + ticks / 100) {
        uint8_t code = passive_code_of_ticks((uint32_t)ticks);
        uint32_t back = passive_ticks_of_code(code);

        assert_true(code >= last && code > 0);
        assert_true(back <= ticks && back > ticks - ticks / 5 - 1);
        last = code;
    }
    assert_int_equal(passive_code_of_ticks(0), 1);
}

static void a_late_segment_is_reordered_with_its_extent(void **state)
{
    static const struct {
        uint32_t n_between;
        uint64_t extents[5];
    } cases[] = {
        {0, {1, 0, 0, 0, 0}}, {1, {0, 1, 0, 0, 0}},  {2, {0, 0, 1, 0, 0}},  {6, {0, 0, 1, 0, 0}},
        {7, {0, 0, 0, 1, 0}}, {30, {0, 0, 0, 1, 0}}, {31, {0, 0, 0, 0, 1}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench b;
        uint32_t hole = bench_open_with_hole(&b, START, RTT_US), next = hole + 2 * BYTES;

        for (uint32_t k = 0; k < cases[i].n_between; k++, next += BYTES)
            bench_data(&b, next, BYTES);
        assert_int_equal(bench_data(&b, hole, BYTES), PASSIVE_REORDERED);
        assert_int_equal(b.c.extent_1, cases[i].extents[0]);
        assert_int_equal(b.c.extent_2, cases[i].extents[1]);
        assert_int_equal(b.c.extent_3_7, cases[i].extents[2]);
        assert_int_equal(b.c.extent_8_31, cases[i].extents[3]);
        assert_int_equal(b.c.extent_32, cases[i].extents[4]);
        assert_int_equal(b.c.holes_reordered, 1);
        assert_int_equal(b.c.lost_upstream, 0);
        bench_check(&b);
    }
}

static void a_round_trip_later_it_was_lost_upstream(void **state)
{
    struct bench b;
    uint32_t hole = bench_open_with_hole(&b, START, RTT_US);

    (void)state;
    bench_wait_us(&b, RTT_US);
    assert_int_equal(bench_data(&b, hole, BYTES), PASSIVE_RETRANSMITTED);
    assert_int_equal(b.c.lost_upstream, 1);
    assert_int_equal(b.c.holes_retransmitted, 1);
    /* Ten segments and their successor, the lost one; nothing followed the opener yet. */
    assert_int_equal(b.c.observed, 11);
    assert_int_equal(b.c.repeats, 0);
    bench_check(&b);
}

static void the_senders_clock_tells_when_there_is_no_delay(void **state)
{
    const struct bench_detail at_first = {.timestamp = 7000}, later = {.timestamp = 7001};
    struct bench b;

    (void)state;
    bench_open(&b, START);
    bench_data_with(&b, START, BYTES, at_first);
    bench_data_with(&b, START + 2 * BYTES, BYTES, at_first);
    bench_data_with(&b, START + 4 * BYTES, BYTES, later);
    assert_int_equal(bench_data_with(&b, START + BYTES, BYTES, later), PASSIVE_RETRANSMITTED);
    assert_int_equal(bench_data_with(&b, START + 3 * BYTES, BYTES, at_first), PASSIVE_REORDERED);
    bench_check(&b);
}

static void a_first_copy_that_its_retransmission_overtook_was_not_lost(void **state)
{
    static const struct {
        struct bench_detail first, repair, again;
    } cases[] = {
        {{.timestamp = 7000}, {.timestamp = 7003}, {.timestamp = 7004}},
        {{.timestamp = 7000, .ip_id = 100},
         {.timestamp = 7000, .ip_id = 105},
         {.timestamp = 7000, .ip_id = 106}},
        {{.ip_id = 65530}, {.ip_id = 3}, {.ip_id = 4}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench b;
        uint32_t hole = bench_open_with_hole(&b, START, RTT_US);

        bench_wait_us(&b, RTT_US);
        assert_int_equal(bench_data_with(&b, hole, BYTES, cases[i].repair), PASSIVE_RETRANSMITTED);
        assert_int_equal(b.c.lost_upstream, 1);
        assert_int_equal(bench_data_with(&b, hole, BYTES, cases[i].first), PASSIVE_LATE);
        assert_int_equal(b.c.lost_upstream, 0);
        /* There was one loss to take back, not two; and lateness may explain what is sent again. */
        assert_int_equal(bench_data_with(&b, hole, BYTES, cases[i].first), PASSIVE_UNKNOWN);
        assert_int_equal(bench_data_with(&b, hole, BYTES, cases[i].again), PASSIVE_UNKNOWN);
        assert_int_equal(b.c.repeats, 0);
        bench_check(&b);
    }
}

/* 60 segments, 5 ms apart, at a clock of 1 us: of each ten the fifth is lost before us and comes
 * again 40 ms later, and the ninth is lost after us. */
static void a_clock_of_microseconds_is_not_believed(void **state)
{
    uint32_t clock = 12345678, next = START;
    struct bench b;

    (void)state;
    bench_open(&b, START);
    bench_wait_us(&b, RTT_US);
    for (uint32_t i = 0; i < 60; i++, next += BYTES) {
        if (i % 10 != 5)
            bench_data_with(&b, next, BYTES, (struct bench_detail){.timestamp = clock});
        bench_wait_us(&b, 5000);
        clock += 5000;
        if (i >= 13 && i % 10 == 3)
            assert_int_equal(bench_data_with(&b, next - 8 * BYTES, BYTES,
                                             (struct bench_detail){.timestamp = clock}),
                             PASSIVE_RETRANSMITTED);
        /* No clock of 1 ms may take it for the late first copy of what was just repaired. */
        if (i >= 13 && i % 10 == 4)
            assert_int_equal(bench_data_with(&b, next - 3 * BYTES, BYTES,
                                             (struct bench_detail){.timestamp = clock}),
                             PASSIVE_UNKNOWN);
    }
    assert_int_equal(b.c.lost_upstream, 5);
    assert_int_equal(b.c.reordered, 0);
    assert_int_equal(b.c.late, 0);
    bench_check(&b);
}

/* One wrong reading must not make others wrong: the time of the handshake stays, but for half. */
static void round_trip_times_are_learnt_from_what_proves_them(void **state)
{
    static const struct {
        uint32_t delay_us, learnt_us; /* of 20 ms */
        struct bench_detail opener, filling;
        uint32_t n_between;
    } cases[] = {
        {400, RTT_US, {.ip_id = 7}, {.ip_id = 12}, 0},
        {15000, 15000, {.timestamp = 7000}, {.timestamp = 7015}, 0},
        {400, RTT_US / 2, {.timestamp = 7000}, {.timestamp = 7001}, 0},
        {12000, 12000, {0}, {0}, 3},
        {RTT_US, RTT_US, {0}, {0}, 0},
        {2 * RTT_US, RTT_US, {.timestamp = 7000}, {.timestamp = 7040}, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench b;
        uint32_t learnt, next = START + BYTES;

        bench_open(&b, START);
        bench_wait_us(&b, RTT_US);
        bench_data(&b, START, BYTES);
        /* Twice: what was learnt once is no new beginning. */
        for (int k = 0; k < 2; k++, next += (2 + cases[i].n_between) * BYTES) {
            bench_data_with(&b, next + BYTES, BYTES, cases[i].opener);
            for (uint32_t n = 0; n < cases[i].n_between; n++)
                bench_data(&b, next + (2 + n) * BYTES, BYTES);
            bench_wait_us(&b, cases[i].delay_us);
            assert_int_equal(bench_data_with(&b, next, BYTES, cases[i].filling),
                             PASSIVE_RETRANSMITTED);
        }
        learnt = passive_ticks(cases[i].learnt_us * NS_PER_US);
        if (passive_ticks_of_code(b.hot.rtt_code) > learnt ||
            passive_ticks_of_code(b.hot.rtt_code) < learnt - learnt / 5 - 1)
            fail_msg("case %zu: %u ticks", i, passive_ticks_of_code(b.hot.rtt_code));
        bench_check(&b);
    }
}

/* A flow of both directions, whose segments are as short as those of a terminal. */
static void one_lost_segment_of_a_few_bytes_counts_as_one(void **state)
{
    enum { SHORT = 20 };
    struct bench b;

    (void)state;
    bench_open(&b, START);
    b.line.marks |= PASSIVE_TWO_WAY;
    bench_wait_us(&b, RTT_US);
    bench_data(&b, START, SHORT);
    bench_data(&b, START + 2 * SHORT, SHORT);
    bench_wait_us(&b, RTT_US);
    assert_int_equal(bench_data(&b, START + SHORT, SHORT), PASSIVE_RETRANSMITTED);
    assert_int_equal(b.c.lost_upstream, 1);
    bench_check(&b);
}

static void a_hole_filled_in_its_middle_becomes_two(void **state)
{
    struct bench b;
    uint32_t hole;

    (void)state;
    bench_open(&b, START);
    bench_data(&b, START, BYTES);
    hole = START + BYTES;
    bench_data(&b, hole + 3 * BYTES, BYTES);
    assert_int_equal(bench_data(&b, hole + BYTES, BYTES), PASSIVE_REORDERED);
    assert_int_equal(b.line.n_holes, 2);
    assert_int_equal(b.c.holes_opened, 2);
    bench_check(&b);
    assert_int_equal(bench_data(&b, hole, 3 * BYTES), PASSIVE_REORDERED);
    assert_int_equal(b.line.n_holes, 0);
    assert_int_equal(b.c.holes_reordered, 2);
    bench_check(&b);
}

static void a_repeat_of_what_went_by_was_lost_downstream(void **state)
{
    struct bench b;
    uint32_t hole = bench_open_with_hole(&b, START, RTT_US);

    (void)state;
    /* Behind what is missing a sender may repeat more than that; not below it. */
    assert_int_equal(bench_data(&b, hole + BYTES, BYTES), PASSIVE_UNKNOWN);
    assert_int_equal(bench_data(&b, START, BYTES), PASSIVE_REPEAT);
    assert_int_equal(bench_data(&b, hole - BYTES, BYTES), PASSIVE_REPEAT);
    assert_int_equal(b.c.repeatable, 10 + 2);
    bench_wait_us(&b, RTT_US);
    assert_int_equal(bench_data(&b, hole, BYTES), PASSIVE_RETRANSMITTED);
    /* What was under way at the repair tells nothing; what came later does. */
    assert_int_equal(bench_data(&b, hole + BYTES, BYTES), PASSIVE_UNKNOWN);
    assert_int_equal(bench_data(&b, hole + 2 * BYTES, BYTES), PASSIVE_FIRST_TIME);
    assert_int_equal(bench_data(&b, hole + 2 * BYTES + 100, 300), PASSIVE_REPEAT);
    assert_int_equal(b.c.repeats, 3);
    assert_int_equal(b.c.repeat_runs, 3);
    assert_int_equal(b.c.repeatable, 10 + 2 + 1 + 1);
    assert_int_equal(b.c.lost_upstream, 1);
    bench_check(&b);
}

static void late_segments_explain_repeats_of_what_was_under_way(void **state)
{
    struct bench b;
    uint32_t hole = bench_open_with_hole(&b, START, RTT_US), next = hole + 2 * BYTES;

    (void)state;
    assert_int_equal(bench_data(&b, hole, BYTES), PASSIVE_REORDERED);
    assert_int_equal(bench_data(&b, next, BYTES), PASSIVE_FIRST_TIME);
    assert_int_equal(bench_data(&b, hole, BYTES), PASSIVE_UNKNOWN);
    assert_int_equal(bench_data(&b, next - BYTES, BYTES), PASSIVE_UNKNOWN);
    /* The newest may be a probe. */
    assert_int_equal(bench_data(&b, next, BYTES), PASSIVE_UNKNOWN);
    assert_int_equal(bench_data(&b, next + BYTES, BYTES), PASSIVE_FIRST_TIME);
    assert_int_equal(bench_data(&b, next, BYTES), PASSIVE_REPEAT);
    bench_check(&b);
}

static void repeats_that_follow_on_each_other_are_one_run(void **state)
{
    struct bench b;
    uint32_t next = START;

    (void)state;
    bench_open(&b, START);
    for (int i = 0; i < 20; i++, next += BYTES)
        bench_data(&b, next, BYTES);
    for (uint32_t i = 2; i < 7; i++)
        assert_int_equal(bench_data(&b, START + i * BYTES, BYTES), PASSIVE_REPEAT);
    assert_int_equal(b.c.repeat_runs, 1);
    bench_data(&b, START + 9 * BYTES, BYTES);
    bench_data(&b, START + 2 * BYTES, BYTES); /* once more */
    bench_data(&b, START + 3 * BYTES, BYTES);
    assert_int_equal(b.c.repeat_runs, 3);
    assert_int_equal(b.c.repeats, 8);
    bench_check(&b);
}

static void what_the_receiver_got_twice_was_repeated_needlessly(void **state)
{
    struct bench b;
    uint32_t next = START;
    const struct passive_flow f = bench_flow(&b);

    (void)state;
    bench_open(&b, START);
    for (int i = 0; i < 20; i++, next += BYTES)
        bench_data(&b, next, BYTES);
    passive_flow_duplicate(&f, START, &b.c); /* nothing was repeated */
    assert_int_equal(b.c.needless, 0);
    for (uint32_t i = 2; i < 5; i++)
        bench_data(&b, START + i * BYTES, BYTES);
    passive_flow_duplicate(&f, START + BYTES, &b.c); /* not of these */
    passive_flow_duplicate(&f, next, &b.c);
    assert_int_equal(b.c.needless, 0);
    passive_flow_duplicate(&f, START + 3 * BYTES, &b.c);
    passive_flow_duplicate(&f, START + 4 * BYTES, &b.c);
    assert_int_equal(b.c.needless, 2);
    assert_int_equal(b.c.repeats, 1);
    assert_int_equal(b.c.repeatable, 19 + 1);
    passive_flow_duplicate(&f, START + 2 * BYTES, &b.c);
    passive_flow_duplicate(&f, START + 2 * BYTES, &b.c); /* more reports than repeats */
    assert_int_equal(b.c.repeats, 0);
    assert_int_equal(b.c.needless, 3);
    bench_check(&b);
    /* What follows is another repair. */
    bench_data(&b, next, BYTES);
    bench_data(&b, next + BYTES, BYTES);
    bench_data(&b, next, BYTES);
    passive_flow_duplicate(&f, START + 2 * BYTES, &b.c);
    assert_int_equal(b.c.repeats, 1);
    passive_flow_duplicate(&f, next, &b.c);
    assert_int_equal(b.c.repeats, 0);
    bench_check(&b);
}

static void what_went_by_before_we_came_is_not_a_repeat(void **state)
{
    struct bench b;

    (void)state;
    bench_open_middle(&b, START);
    bench_data(&b, START, BYTES);
    bench_data(&b, START + BYTES, BYTES);
    assert_int_equal(bench_data(&b, START - 2 * BYTES, BYTES), PASSIVE_UNKNOWN);
    assert_int_equal(bench_data(&b, START, BYTES), PASSIVE_REPEAT);
    bench_check(&b);
}

static void with_one_hole_too_many_the_lowest_two_become_one(void **state)
{
    const struct bench_detail later = {.timestamp = 7001};
    struct bench b;
    uint32_t hole = bench_open_with_hole(&b, START, RTT_US), next = hole + 2 * BYTES;

    (void)state;
    for (unsigned int i = 1; i < PASSIVE_MAX_HOLES + 3; i++, next += 2 * BYTES)
        bench_data_with(&b, next + BYTES, BYTES, (struct bench_detail){.timestamp = 7000});
    assert_int_equal(b.line.n_holes, PASSIVE_MAX_HOLES);
    assert_int_equal(b.c.holes_merged, 3);
    bench_check(&b);
    for (unsigned int i = 0; i < PASSIVE_MAX_HOLES + 3; i++)
        assert_int_equal(bench_data_with(&b, hole + i * 2 * BYTES, BYTES, later),
                         PASSIVE_RETRANSMITTED);
    assert_int_equal(b.c.lost_upstream, PASSIVE_MAX_HOLES + 3);
    assert_int_equal(b.line.n_holes, 0);
    assert_int_equal(b.c.missing_bytes, 0);
    assert_int_equal(bench_data_with(&b, hole, BYTES, (struct bench_detail){.timestamp = 7002}),
                     PASSIVE_UNKNOWN);
    bench_check(&b);
}

static void a_hole_too_large_to_be_merged_is_given_up(void **state)
{
    struct bench b;
    uint32_t hole = bench_open_with_hole(&b, START, RTT_US), next = hole + 2 * BYTES;

    (void)state;
    for (unsigned int i = 1; i < PASSIVE_MAX_HOLES + 1; i++, next += 41 * BYTES)
        bench_data(&b, next + 40 * BYTES, BYTES);
    bench_data(&b, next + 40 * BYTES, BYTES);
    assert_int_equal(b.line.n_holes, PASSIVE_MAX_HOLES);
    assert_int_equal(b.c.holes_merged, 1);
    assert_int_equal(b.c.holes_unknown, 1);
    assert_int_equal(b.c.missing_bytes, 41 * BYTES);
    assert_int_equal(bench_data(&b, hole, BYTES), PASSIVE_UNKNOWN);
    bench_check(&b);
}

static void a_hole_that_stays_is_never_filled(void **state)
{
    struct bench b;
    uint32_t hole = bench_open_with_hole(&b, START, RTT_US);

    (void)state;
    bench_wait_us(&b, 10100000);
    bench_data(&b, hole + 3 * BYTES, BYTES); /* an event: another hole */
    assert_int_equal(b.c.holes_unfilled, 1);
    assert_int_equal(b.line.n_holes, 1);
    bench_check(&b);
}

static void holes_live_through_the_wrap(void **state)
{
    (void)state;
    for (uint32_t back = 0; back < 14 * BYTES; back += 500) {
        struct bench b;
        uint32_t hole = bench_open_with_hole(&b, (uint32_t)0 - back, RTT_US);

        bench_wait_us(&b, RTT_US);
        assert_int_equal(bench_data(&b, hole - BYTES, BYTES), PASSIVE_REPEAT);
        assert_int_equal(bench_data(&b, hole, BYTES), PASSIVE_RETRANSMITTED);
        assert_int_equal(bench_data(&b, hole - BYTES, BYTES), PASSIVE_UNKNOWN);
        assert_int_equal(passive_flow_bytes(&(struct passive_flow){&b.hot, &b.rare, &b.line}),
                         12 * BYTES);
        bench_check(&b);
    }
}

/* Two turns of the sequence space in steps that are all believed, and a hole in front of each. */
static void holes_that_were_left_far_behind_never_come_round_again(void **state)
{
    uint32_t step = 8u << 20, next = START;
    struct bench b;

    (void)state;
    bench_open(&b, START);
    for (int i = 0; i < 1024; i++, next += step) {
        assert_int_equal(bench_data(&b, next, BYTES), PASSIVE_FIRST_TIME);
        assert_true(b.line.n_holes <= 2);
        bench_check(&b);
    }
    assert_int_equal(b.hot.n_turns, 1);
    assert_int_equal(bench_data(&b, next - 2 * step + BYTES, BYTES), PASSIVE_REORDERED);
}

/* 2 GiB on, the numbers below a hole that was given up look as if they were above it. */
static void a_hole_that_was_given_up_is_forgotten_in_time(void **state)
{
    enum { LONG = 60000 };
    struct bench b;
    uint32_t next = bench_open_with_hole(&b, START, RTT_US) + 2 * BYTES;

    (void)state;
    bench_wait_us(&b, 11000000);
    bench_data(&b, next + BYTES, BYTES);
    assert_int_equal(b.c.holes_unfilled, 1);
    next += 2 * BYTES;
    for (uint64_t n_bytes = 0; n_bytes < UINT64_C(5) << 29; n_bytes += LONG, next += LONG)
        assert_int_equal(bench_data(&b, next, LONG), PASSIVE_FIRST_TIME);
    bench_wait_us(&b, RTT_US);
    assert_int_equal(bench_data(&b, next - 5 * LONG, LONG), PASSIVE_REPEAT);
    bench_check(&b);
}

static void a_jump_is_not_believed(void **state)
{
    struct bench b;
    uint32_t hole = bench_open_with_hole(&b, START, RTT_US);
    struct passive_counters before = b.c;

    (void)state;
    assert_int_equal(bench_data(&b, hole + (1u << 30), BYTES), PASSIVE_JUMP);
    assert_int_equal(bench_data(&b, hole - (1u << 30), BYTES), PASSIVE_JUMP);
    assert_memory_equal(&before, &b.c, sizeof(before));
    assert_int_equal(bench_data(&b, hole + 2 * BYTES, BYTES), PASSIVE_FIRST_TIME);
}

static void segments_before_a_pause_are_not_observed(void **state)
{
    struct bench b;
    uint32_t next = START;

    (void)state;
    bench_open(&b, START);
    bench_wait_us(&b, RTT_US);
    for (int flight = 0; flight < 10; flight++) {
        for (int i = 0; i < 4; i++, next += BYTES)
            bench_data(&b, next, BYTES);
        bench_wait_us(&b, 3 * RTT_US);
    }
    /* Had the last of a flight been lost, its retransmission would have come in its turn. */
    assert_int_equal(b.c.observed, 10 * 3);
    assert_int_equal(b.c.first_time, 10 * 4);
}

static void half_of_the_packets_elsewhere_is_balancing(void **state)
{
    struct bench b;
    uint32_t next = START;

    (void)state;
    bench_open(&b, START);
    bench_wait_us(&b, RTT_US);
    for (int i = 0; i < 200; i++, next += BYTES) {
        bench_wait_us(&b, 100);
        if (i % 2 == 0)
            bench_data(&b, next, BYTES);
    }
    assert_int_equal(b.c.flows_balanced, 1);
    assert_true(b.line.marks & PASSIVE_BALANCED);
    bench_check(&b);
    /* What is sent again and comes here says no more where it was lost. */
    bench_wait_us(&b, RTT_US);
    assert_int_equal(bench_data(&b, START + 199 * BYTES, BYTES), PASSIVE_FIRST_TIME);
    assert_int_equal(bench_data(&b, START + 197 * BYTES, BYTES), PASSIVE_RETRANSMITTED);
    assert_int_equal(b.c.lost_upstream, 0);
    bench_check(&b);
}

/* It was taken for lost before us, until enough was missing to know better. */
static void losses_of_a_flow_found_balanced_are_taken_back(void **state)
{
    struct bench b;
    uint32_t next = START;

    (void)state;
    bench_open(&b, START);
    bench_wait_us(&b, RTT_US);
    for (int i = 0; i < 200 && b.c.flows_balanced == 0; i++, next += BYTES) {
        bench_wait_us(&b, 1000);
        if (i % 2 == 0)
            bench_data(&b, next, BYTES);
        if (i == 60) {
            bench_wait_us(&b, 2 * RTT_US);
            assert_int_equal(bench_data(&b, next - BYTES, BYTES), PASSIVE_RETRANSMITTED);
            assert_int_equal(b.c.lost_upstream, 1);
        }
    }
    assert_int_equal(b.c.flows_balanced, 1);
    assert_int_equal(b.c.lost_upstream, 0);
    assert_int_equal(b.c.lost_upstream_repairs, 1);
    bench_check(&b);
}

/* Loss of one in 10 with repairs, and late packets far beyond what the list of holes can hold. */
static void loss_and_reordering_are_not_balancing(void **state)
{
    struct bench b;

    (void)state;
    for (uint32_t late = 20; late <= 200; late += 180) {
        bench_open(&b, START);
        bench_wait_us(&b, RTT_US);
        for (uint32_t i = 0; i < 5000; i++) {
            bench_wait_us(&b, 100);
            if (i % 10 != 5)
                bench_data(&b, START + i * BYTES, BYTES);
            if (i >= late && (i - late) % 10 == 5)
                bench_data(&b, START + (i - late) * BYTES, BYTES);
        }
        assert_int_equal(b.c.flows_balanced, 0);
        bench_check(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_decide_in_their_order),
        cmocka_unit_test(coded_times_are_rounded_down_by_a_fifth_at_most),
        cmocka_unit_test(a_late_segment_is_reordered_with_its_extent),
        cmocka_unit_test(a_round_trip_later_it_was_lost_upstream),
        cmocka_unit_test(the_senders_clock_tells_when_there_is_no_delay),
        cmocka_unit_test(a_first_copy_that_its_retransmission_overtook_was_not_lost),
        cmocka_unit_test(a_clock_of_microseconds_is_not_believed),
        cmocka_unit_test(round_trip_times_are_learnt_from_what_proves_them),
        cmocka_unit_test(one_lost_segment_of_a_few_bytes_counts_as_one),
        cmocka_unit_test(a_hole_filled_in_its_middle_becomes_two),
        cmocka_unit_test(a_repeat_of_what_went_by_was_lost_downstream),
        cmocka_unit_test(late_segments_explain_repeats_of_what_was_under_way),
        cmocka_unit_test(repeats_that_follow_on_each_other_are_one_run),
        cmocka_unit_test(what_the_receiver_got_twice_was_repeated_needlessly),
        cmocka_unit_test(what_went_by_before_we_came_is_not_a_repeat),
        cmocka_unit_test(with_one_hole_too_many_the_lowest_two_become_one),
        cmocka_unit_test(a_hole_too_large_to_be_merged_is_given_up),
        cmocka_unit_test(a_hole_that_stays_is_never_filled),
        cmocka_unit_test(holes_live_through_the_wrap),
        cmocka_unit_test(holes_that_were_left_far_behind_never_come_round_again),
        cmocka_unit_test(a_hole_that_was_given_up_is_forgotten_in_time),
        cmocka_unit_test(a_jump_is_not_believed),
        cmocka_unit_test(segments_before_a_pause_are_not_observed),
        cmocka_unit_test(half_of_the_packets_elsewhere_is_balancing),
        cmocka_unit_test(losses_of_a_flow_found_balanced_are_taken_back),
        cmocka_unit_test(loss_and_reordering_are_not_balancing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
