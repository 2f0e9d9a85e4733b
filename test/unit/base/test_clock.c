/* SPDX-License-Identifier: BSD-3-Clause */
/* The two clocks are made up: a counter of some rate, and time as it is. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../within.h"
#include "base/time.h"

#define START_TICKS UINT64_C(900000000000)
#define START_NS    (1000 * NS_PER_S)

/* A counter whose real rate no whole number says. */
struct world {
    struct clock_steering steering;
    double hz;
    uint64_t ticks, ns;
    uint64_t latest_ns; /* that the clock said */
};

static struct clock_look look(const struct world *w)
{
    return (struct clock_look){.ticks = w->ticks, .ns = w->ns};
}

static void open_world(struct world *w, double hz, double told_hz)
{
    *w = (struct world){.hz = hz, .ticks = START_TICKS, .ns = START_NS};
    clock_steering_init(&w->steering, &(struct clock_look){START_TICKS, START_NS}, told_hz);
}

/* Time goes on, and the clock is read all the time: it never goes back. */
static void pass(struct world *w, uint64_t ns)
{
    for (int i = 0; i < 10; i++) {
        uint64_t said_ns;

        w->ns += ns / 10;
        w->ticks += (uint64_t)((double)(ns / 10) * w->hz / 1e9);
        said_ns = clock_ns_of(&w->steering.line, w->ticks);
        assert_true(said_ns >= w->latest_ns);
        w->latest_ns = said_ns;
    }
}

static void steer(struct world *w, int64_t jitter_ns)
{
    struct clock_look now = look(w);
    uint64_t said_ns;

    now.ns = (uint64_t)((int64_t)now.ns + jitter_ns);
    clock_steering_look(&w->steering, &now);
    said_ns = clock_ns_of(&w->steering.line, w->ticks);
    assert_true(said_ns >= w->latest_ns);
    w->latest_ns = said_ns;
}

static int64_t error_ns(const struct world *w)
{
    struct clock_look now = look(w);

    return clock_steering_error_ns(&w->steering, &now);
}

/* As on a machine where a measured rate was rounded to 10 MHz. */
static void a_rate_wrong_by_1492_ppm_is_put_right(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, 2596120119, 2600000000);
    pass(&w, NS_PER_S);
    assert_within(-error_ns(&w), NS_PER_MS, 2 * NS_PER_MS);
    for (int i = 0; i < 3600; i++) {
        steer(&w, rand() % 2001 - 1000);
        pass(&w, NS_PER_S);
        if (i > 60)
            assert_true(llabs(error_ns(&w)) < 5000);
    }
}

/* The other clock is slewed by NTP for an hour, then no more. */
static void a_rate_that_changes_is_followed(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, 3e9, 3e9);
    for (int i = 0; i < 7200; i++) {
        w.hz = i < 3600 ? 3e9 * (1 + 500e-6) : 3e9;
        steer(&w, 0);
        pass(&w, NS_PER_S);
        assert_true(llabs(error_ns(&w)) < 3 * (int64_t)NS_PER_MS);
    }
    assert_true(llabs(error_ns(&w)) < 5000);
}

static void looks_may_be_missed_for_a_while(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, 2596120119, 2600000000);
    for (int i = 0; i < 200; i++) {
        steer(&w, 0);
        pass(&w, NS_PER_S);
    }
    pass(&w, 50 * NS_PER_S);
    assert_true(llabs(error_ns(&w)) < 50000);
    steer(&w, 0);
    for (int i = 0; i < 30; i++) {
        pass(&w, NS_PER_S);
        steer(&w, 0);
    }
    assert_true(llabs(error_ns(&w)) < 5000);
}

/* Reset at resume, or another socket's that began later. */
static void ticks_before_the_line_are_its_beginning(void **state)
{
    const struct clock_line line = {.base_ticks = 1000,
                                    .base_ns = START_NS,
                                    .ns_per_tick_q32 = UINT64_C(1) << 32,
                                    .trusted_ticks = NS_PER_S};

    (void)state;
    assert_int_equal(clock_ns_of(&line, 1000), START_NS);
    assert_int_equal(clock_ns_of(&line, 999), START_NS);
    assert_int_equal(clock_ns_of(&line, 0), START_NS);
    assert_int_equal(clock_ns_of(&line, 1007), START_NS + 7);
}

static void ticks_far_ahead_are_not_believed(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, 1e9, 1e9);
    assert_int_equal(clock_ns_of(&w.steering.line, START_TICKS + 59 * NS_PER_S),
                     START_NS + 59 * NS_PER_S);
    assert_int_equal(clock_ns_of(&w.steering.line, START_TICKS + 5 * 3600 * NS_PER_S),
                     START_NS + CLOCK_TRUST_NS);
}

/* It stands while time comes up to it, then goes on with it, and its rate is as good as before. */
static void a_counter_that_jumps_ahead_makes_the_clock_stand(void **state)
{
    struct world w;
    uint64_t stood_ns;

    (void)state;
    open_world(&w, 1e9, 1e9);
    for (int i = 0; i < 10; i++) {
        pass(&w, NS_PER_S);
        steer(&w, 0);
    }
    w.ticks += 5 * 3600 * NS_PER_S;
    stood_ns = clock_ns_of(&w.steering.line, w.ticks);
    assert_int_equal(stood_ns, w.steering.line.base_ns + CLOCK_TRUST_NS);
    steer(&w, 0);
    for (int i = 0; i < 58; i++) {
        pass(&w, NS_PER_S);
        steer(&w, 0);
        assert_int_equal(w.latest_ns, stood_ns);
    }
    for (int i = 0; i < 60; i++) {
        pass(&w, NS_PER_S);
        steer(&w, 0);
    }
    assert_true(llabs(error_ns(&w)) < 5000);
}

static void a_counter_that_begins_again_makes_the_clock_stand_until_it_was_seen(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, 1e9, 1e9);
    for (int i = 0; i < 10; i++) {
        pass(&w, NS_PER_S);
        steer(&w, 0);
    }
    w.ticks = 5;
    w.ns += 3 * NS_PER_S;
    assert_int_equal(clock_ns_of(&w.steering.line, w.ticks), w.steering.line.base_ns);
    steer(&w, 0);
    assert_int_equal(error_ns(&w), 0);
    pass(&w, NS_PER_S);
    assert_true(llabs(error_ns(&w)) < 5000);
}

/* A machine that was stopped: both clocks went on, or only one did. */
static void a_clock_far_behind_steps_forward(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, 1e9, 1e9);
    pass(&w, NS_PER_S);
    steer(&w, 0);
    w.ns += 3600 * NS_PER_S;
    steer(&w, 0);
    assert_int_equal(error_ns(&w), 0);
    for (int i = 0; i < 10; i++) {
        pass(&w, NS_PER_S);
        steer(&w, 0);
        assert_true(llabs(error_ns(&w)) < 5000);
    }
}

static void looks_that_go_back_change_nothing(void **state)
{
    struct clock_line before;
    struct world w;

    (void)state;
    open_world(&w, 1e9, 1e9);
    pass(&w, NS_PER_S);
    steer(&w, 0);
    before = w.steering.line;
    steer(&w, -2000);
    assert_memory_equal(&w.steering.line, &before, sizeof(before));
}

static void a_rate_needs_two_looks_some_time_apart(void **state)
{
    const struct clock_look then = {1000, 1000}, now = {1000 + 30000000, 1000 + 10 * NS_PER_MS};

    (void)state;
    assert_float_equal(clock_rate_between(&then, &now, 7), 3e9, 1);
    assert_float_equal(clock_rate_between(&then, &then, 7), 7, 0);
    assert_float_equal(clock_rate_between(&now, &then, 7), 7, 0);
    assert_float_equal(clock_rate_between(&then, &(struct clock_look){900, 1000 + NS_PER_S}, 7), 7,
                       0);
}

static void readers_copy_what_is_new_and_whole(void **state)
{
    const struct clock_line first = {1, 2, 3, 4}, second = {5, 6, 7, 8};
    struct clock_board board = {0};
    struct clock_line line = {0};
    uint64_t version = 0;

    (void)state;
    clock_board_read(&board, &version, &line);
    assert_int_equal(line.base_ns, 0);
    clock_board_write(&board, &first);
    clock_board_read(&board, &version, &line);
    assert_memory_equal(&line, &first, sizeof(line));
    clock_board_write(&board, &second);
    /* In the middle of the writing. */
    board.version++;
    clock_board_read(&board, &version, &line);
    assert_memory_equal(&line, &first, sizeof(line));
    board.version++;
    clock_board_read(&board, &version, &line);
    assert_memory_equal(&line, &second, sizeof(line));
    assert_int_equal(version, board.version);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_wrong_by_1492_ppm_is_put_right),
        cmocka_unit_test(a_rate_that_changes_is_followed),
        cmocka_unit_test(looks_may_be_missed_for_a_while),
        cmocka_unit_test(ticks_before_the_line_are_its_beginning),
        cmocka_unit_test(ticks_far_ahead_are_not_believed),
        cmocka_unit_test(a_counter_that_jumps_ahead_makes_the_clock_stand),
        cmocka_unit_test(a_counter_that_begins_again_makes_the_clock_stand_until_it_was_seen),
        cmocka_unit_test(a_clock_far_behind_steps_forward),
        cmocka_unit_test(looks_that_go_back_change_nothing),
        cmocka_unit_test(a_rate_needs_two_looks_some_time_apart),
        cmocka_unit_test(readers_copy_what_is_new_and_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
