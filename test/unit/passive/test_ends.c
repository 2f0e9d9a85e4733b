/* SPDX-License-Identifier: BSD-3-Clause */
#include "../within.h"
#include "bench.h"

#include <string.h>

enum { START = 5000, BYTES = 1000, TTL = 60, WINDOW = 1000 };

static void fin_ends_a_whole_flow_at_once(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, START);
    bench_data(&b, START, BYTES);
    bench_data(&b, START + BYTES, BYTES);
    bench_fin(&b, START + 2 * BYTES);
    assert_int_equal(b.c.ended_fin, 1);
    assert_int_equal(b.c.observed, 2);
    bench_fin(&b, START + 2 * BYTES);
    assert_int_equal(b.c.flows_finished, 1);
    /* What is sent again after it still tells of loss downstream. */
    assert_int_equal(bench_data(&b, START, BYTES), PASSIVE_REPEAT);
    bench_check(&b);
}

static void fin_waits_for_what_is_missing(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, START);
    bench_data(&b, START, BYTES);
    bench_fin(&b, START + 2 * BYTES);
    assert_int_equal(b.c.flows_finished, 0);
    assert_int_equal(b.line.n_holes, 1);
    bench_wait_us(&b, 500000);
    assert_int_equal(bench_data(&b, START + BYTES, BYTES), PASSIVE_RETRANSMITTED);
    assert_int_equal(b.c.ended_fin, 1);
    assert_int_equal(b.c.flows_with_open_holes, 0);
    bench_check(&b);
}

static void ends_are_told_apart(void **state)
{
    static const struct {
        bool data, fin, hole;
        enum passive_end given, expected;
    } cases[] = {
        {false, false, false, PASSIVE_END_IDLE, PASSIVE_END_SYN_ONLY},
        {false, false, false, PASSIVE_END_EVICTED, PASSIVE_END_SYN_ONLY},
        {true, false, false, PASSIVE_END_IDLE, PASSIVE_END_IDLE},
        {true, false, true, PASSIVE_END_IDLE, PASSIVE_END_IDLE},
        {true, false, false, PASSIVE_END_EVICTED, PASSIVE_END_EVICTED},
        {true, true, true, PASSIVE_END_IDLE, PASSIVE_END_FIN},
        {true, true, true, PASSIVE_END_STOPPED, PASSIVE_END_FIN},
        {true, false, true, PASSIVE_END_STOPPED, PASSIVE_END_STOPPED},
        {false, false, false, PASSIVE_END_STOPPED, PASSIVE_END_STOPPED},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench b;
        const struct passive_flow f = bench_flow(&b);

        bench_open(&b, START);
        if (cases[i].data)
            bench_data(&b, START, BYTES);
        if (cases[i].hole)
            bench_data(&b, START + 2 * BYTES, BYTES);
        if (cases[i].fin)
            bench_fin(&b, START + 3 * BYTES);
        assert_int_equal(passive_flow_end(&f, cases[i].given, &b.c), cases[i].expected);
        assert_int_equal(b.c.flows_finished, cases[i].expected != PASSIVE_END_STOPPED);
        assert_int_equal(b.c.flows_stopped, cases[i].expected == PASSIVE_END_STOPPED);
        assert_int_equal(b.c.flows_with_open_holes, cases[i].hole);
        assert_int_equal(b.c.holes_open_at_end, cases[i].hole);
        assert_int_equal(b.c.silences_with_open_holes,
                         cases[i].expected == PASSIVE_END_IDLE && cases[i].hole);
        assert_int_equal(b.c.flows_without_data, !cases[i].data);
        assert_string_equal(passive_end_name(cases[i].expected),
                            passive_end_name(passive_flow_end(&f, cases[i].given, &b.c)));
        assert_int_equal(b.c.flows_finished + b.c.flows_stopped, 1);
        bench_check(&b);
    }
    assert_null(passive_end_name(PASSIVE_N_ENDS));
}

static void resets_are_held_against_the_flow(void **state)
{
    static const struct {
        int32_t off; /* from snd_max */
        struct bench_detail detail;
        bool is_out_of_line;
    } cases[] = {
        {0, {.ttl = TTL, .window = 0}, false},
        {0, {.ttl = TTL, .window = WINDOW}, false},
        {1, {.ttl = TTL}, false},
        {-BYTES, {.ttl = TTL}, false},
        {-65536, {.ttl = TTL}, false},
        {-65537, {.ttl = TTL}, true},
        {-2 * 65536, {.ttl = TTL}, true},
        {2, {.ttl = TTL}, true},
        {1460, {.ttl = TTL}, true},
        {0, {.ttl = TTL + 1}, false},
        {0, {.ttl = TTL + 2}, true},
        {0, {.ttl = TTL - 1}, false},
        {0, {.ttl = TTL - 2}, true},
        {0, {.ttl = TTL - 10}, true},
        /* The flow's window is 1000; a receiver may let it grow a hundredfold. */
        {0, {.ttl = TTL, .window = 60000}, false},
        {0, {.ttl = TTL, .window = 64}, false},
        {0, {.ttl = TTL, .window = 63}, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench b;

        bench_open(&b, START);
        bench_data_with(&b, START, BYTES, (struct bench_detail){.ttl = TTL, .window = WINDOW});
        bench_rst(&b, START + BYTES + (uint32_t)cases[i].off, cases[i].detail);
        assert_int_equal(b.c.ended_rst, 1);
        if (b.c.resets_out_of_line != cases[i].is_out_of_line)
            fail_msg("case %zu", i);
        bench_rst(&b, START, cases[i].detail);
        assert_int_equal(b.c.ended_rst, 1);
        bench_check(&b);
    }
}

/* Of a flow that showed no header nothing can be compared. */
static void where_no_ttl_is_known_a_reset_is_in_line(void **state)
{
    struct bench b;

    (void)state;
    bench_open_with(&b, START, (struct bench_detail){.window = WINDOW});
    bench_data_with(&b, START, BYTES, (struct bench_detail){.window = WINDOW});
    bench_rst(&b, START + BYTES, (struct bench_detail){.ttl = TTL});
    assert_int_equal(b.c.ended_rst, 1);
    assert_int_equal(b.c.resets_out_of_line, 0);
}

/* RFC 7323 2.2: the window of a SYN is never scaled, so nothing can be compared with it. */
static void a_window_is_compared_with_the_first_one_that_no_syn_had(void **state)
{
    static const struct {
        uint16_t of_syn, of_data, of_rst; /* of_data 0: none is sent */
        bool is_out_of_line;
    } cases[] = {
        {64240, 501, 501, false}, {64240, 0, 501, false}, {64240, 0, 64240, false},
        {501, 64240, 501, true},  {5, 5, 1024, true},     {5, 5, 1023, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct bench b;

        bench_open_with(&b, START, (struct bench_detail){.ttl = TTL, .window = cases[i].of_syn});
        if (cases[i].of_data != 0)
            bench_data_with(&b, START, BYTES,
                            (struct bench_detail){.ttl = TTL, .window = cases[i].of_data});
        bench_rst(&b, b.hot.snd_max, (struct bench_detail){.ttl = TTL, .window = cases[i].of_rst});
        if (b.c.resets_out_of_line != cases[i].is_out_of_line)
            fail_msg("case %zu", i);
    }
}

static void a_reset_with_holes_open_is_counted_as_such(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, START);
    bench_data(&b, START, BYTES);
    bench_data(&b, START + 2 * BYTES, BYTES);
    bench_rst(&b, START + 3 * BYTES, (struct bench_detail){.ttl = TTL});
    assert_int_equal(b.c.resets_with_open_holes, 1);
    assert_int_equal(b.c.holes_unknown, 1);
    assert_int_equal(b.line.n_holes, 0);
    assert_int_equal(bench_data(&b, START + BYTES, BYTES), PASSIVE_UNKNOWN);
    bench_check(&b);
}

static void the_handshake_tells_the_round_trip_time(void **state)
{
    struct bench b;
    uint32_t ticks = passive_ticks(30 * NS_PER_MS);

    (void)state;
    bench_open(&b, START);
    bench_wait_us(&b, 30000);
    bench_data(&b, START, BYTES);
    assert_within(passive_ticks_of_code(b.hot.rtt_code), ticks - ticks / 5 - 1, ticks);
    bench_open_middle(&b, START);
    bench_wait_us(&b, 30000);
    bench_data(&b, START, BYTES);
    assert_int_equal(b.hot.rtt_code, 0);
}

/* Its record may have been that of a flow whose numbers went round. */
static void bytes_are_counted_from_the_beginning_of_the_flow(void **state)
{
    static const uint32_t starts[] = {START, UINT32_MAX - BYTES / 2};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(starts); i++) {
        const struct packet_view syn = {.tcp_flags = TCP_FLAG_SYN, .sequence = starts[i] - 1};
        const struct passive_packet packet = {.view = &syn};
        struct bench b;
        const struct passive_flow f = bench_flow(&b);

        memset(&b, 0xff, sizeof(b));
        passive_flow_begin(&f, &packet);
        b.c = (struct passive_counters){0};
        b.now_ns = 0;
        bench_data(&b, starts[i], BYTES);
        assert_true(passive_flow_bytes(&f) == BYTES);
        bench_check(&b);
    }
}

/* What was missing before is given up, and so is what lies between. */
static void a_flow_that_goes_on_elsewhere_leaves_no_hole_open(void **state)
{
    (void)state;
    for (uint32_t n_holes = 0; n_holes <= PASSIVE_MAX_HOLES; n_holes++) {
        const uint32_t sequence = START + 100 * BYTES;
        const struct packet_view v = {.sequence = sequence, .payload_bytes = BYTES};
        struct bench b;
        const struct passive_flow f = bench_flow(&b);

        bench_open(&b, START);
        for (uint32_t i = 0; i < n_holes; i++)
            bench_data(&b, START + (1 + 2 * i) * BYTES, BYTES);
        assert_int_equal(b.line.n_holes, n_holes);
        passive_flow_go_on(
            &f, &(struct passive_packet){.view = &v, .now_ticks = passive_ticks(b.now_ns)},
            sequence, &b.c);
        assert_int_equal(b.line.n_holes, 0);
        assert_int_equal(b.c.holes_unknown + b.c.holes_unfilled, n_holes + 1);
        bench_check(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fin_ends_a_whole_flow_at_once),
        cmocka_unit_test(fin_waits_for_what_is_missing),
        cmocka_unit_test(ends_are_told_apart),
        cmocka_unit_test(resets_are_held_against_the_flow),
        cmocka_unit_test(where_no_ttl_is_known_a_reset_is_in_line),
        cmocka_unit_test(a_window_is_compared_with_the_first_one_that_no_syn_had),
        cmocka_unit_test(a_reset_with_holes_open_is_counted_as_such),
        cmocka_unit_test(the_handshake_tells_the_round_trip_time),
        cmocka_unit_test(bytes_are_counted_from_the_beginning_of_the_flow),
        cmocka_unit_test(a_flow_that_goes_on_elsewhere_leaves_no_hole_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
