/* SPDX-License-Identifier: BSD-3-Clause */
/* When windows begin and end: by the wall clock, also one that is set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/time.h"
#include "sources/keeper.h"

#define S            ((int64_t)NS_PER_S)
#define NOON         (1700000000 * S / (60 * S) * (60 * S))
#define ALL_THE_REST UINT32_MAX

static const struct sources_plan plan = {
    .window_s = 60, .n_exact = 1000, .precision = 10, .n_ports = 1, .tcp = true, .ports = {80}};

struct world {
    struct sources *s;
    struct sources_lane *lane;
    struct sources_lane *const *lanes;
    struct sources_keeper *keeper;
    struct sources_time now;
    uint64_t n_sent, n_told; /* packets */
    uint32_t n_addresses;
};

static void *zeroed(size_t n)
{
    void *memory = aligned_alloc(CACHE_LINE_BYTES,
                                 (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES);

    assert_non_null(memory);
    return memset(memory, 0, n);
}

static void begin_at(struct world *w, int64_t wall_ns)
{
    const uint64_t key[2] = {1, 2};

    w->now = (struct sources_time){wall_ns, 100 * NS_PER_S};
    w->s = sources_init(zeroed(sizeof(*w->s)), &plan, key);
    w->lane = sources_lane_init(zeroed(sources_lane_memory_bytes(&plan)), &plan);
    w->lanes = &w->lane;
    w->keeper = sources_keeper_create(w->s, w->lanes, 1, &w->now, false);
    assert_non_null(w->keeper);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    begin_at(w, NOON);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    sources_keeper_destroy(w->keeper);
    free(w->lane);
    free(w->s);
    free(w);
    return 0;
}

/* A source that was never there before. */
static void send(struct world *w)
{
    const uint32_t n = w->n_addresses++;
    const struct packet_view v = {.source = ip_address_from_ipv4((uint8_t[]){
                                      11, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}),
                                  .reason = PACKET_TCP,
                                  .is_ipv4 = true,
                                  .has_ip = true,
                                  .destination_port = 80};

    sources_count(w->s, w->lane, &v, 1);
    w->n_sent++;
}

static bool turn(struct world *w)
{
    static const uint64_t key[2] = {3, 4};

    return sources_keeper_turn(w->keeper, &w->now, key);
}

static void pass_ns(struct world *w, int64_t ns)
{
    w->now.wall_ns += ns;
    w->now.now_ns += (uint64_t)ns;
}

/* All of it at once. */
static const struct sources_result *finish(struct world *w)
{
    const struct sources_result *r;

    sources_keeper_left(w->keeper);
    while (!sources_keeper_work(w->keeper, ALL_THE_REST))
        continue;
    sources_keeper_work(w->keeper, ALL_THE_REST);
    r = sources_keeper_latest(w->keeper);
    assert_non_null(r);
    w->n_told += r->counters.counted;
    return r;
}

static void they_end_at_multiples_of_their_length(void **state)
{
    struct world *w = *state;

    for (int i = 1; i <= 3; i++) {
        const struct sources_result *r;

        for (int second = 0; second < 59; second++) {
            send(w);
            pass_ns(w, S);
            assert_false(turn(w));
        }
        pass_ns(w, S);
        assert_true(turn(w));
        r = finish(w);
        assert_int_equal(r->number, i);
        assert_int_equal(r->began_ns, NOON + (i - 1) * 60 * S);
        assert_int_equal(r->ended_ns, NOON + i * 60 * S);
        assert_false(r->is_short);
        assert_int_equal(r->cells[0].sources, 59);
        assert_ptr_equal(sources_keeper_result(w->keeper), r);
        assert_int_equal(r->has_new, i > 1);
        if (i > 1)
            assert_int_equal(r->cells[0].n_new, 59);
    }
    assert_int_equal(sources_keeper_counters(w->keeper).short_windows, 0);
}

static void the_first_one_is_short_and_not_shown(void **state)
{
    struct world *w = *state;

    tear_down((void **)&w);
    *state = w = calloc(1, sizeof(*w));
    begin_at(w, NOON + 50 * S);
    send(w);
    pass_ns(w, 10 * S);
    assert_true(turn(w));
    assert_true(finish(w)->is_short);
    assert_null(sources_keeper_result(w->keeper));
    pass_ns(w, 60 * S);
    assert_true(turn(w));
    assert_false(finish(w)->is_short);
    assert_non_null(sources_keeper_result(w->keeper));
}

/* What a worker counts between the end and when all have left is of the next one. */
static void a_packet_at_the_boundary_counts_once(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 50; i++) {
        for (int k = 0; k < 7; k++)
            send(w);
        pass_ns(w, 60 * S);
        assert_true(turn(w));
        for (int k = 0; k < 3; k++)
            send(w);
        assert_int_equal(finish(w)->cells[0].sources, i == 0 ? 7 : 10);
        assert_int_equal(w->n_told, w->n_sent - 3);
    }
}

/* By so much after 7 s of a window: then it ends at the next minute of the new clock, or at once
 * where it would get too long. */
static const struct {
    int64_t by_s;
    unsigned int n_short;
} settings[] = {{-3600, 0}, {3600, 0}, {30, 1}, {90, 1}, {-10, 1}, {-5, 2}, {-86400 * 365, 0}};

static void a_clock_that_is_set_gives_a_short_window_and_none_that_lasts(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++) {
        unsigned int n_short = 0, n_whole = 0;
        uint64_t began_ns = w->now.now_ns;

        pass_ns(w, 7 * S);
        w->now.wall_ns += settings[i].by_s * S;
        while (n_whole < 3) {
            pass_ns(w, S / 10);
            if (!turn(w))
                continue;
            assert_true(w->now.now_ns - began_ns <= 61 * NS_PER_S);
            began_ns = w->now.now_ns;
            if (finish(w)->is_short)
                n_short++;
            else
                n_whole++;
        }
        assert_int_equal(n_short, settings[i].n_short);
        assert_int_equal(sources_keeper_counters(w->keeper).clock_sets, i + 1);
    }
}

static void a_window_lasts_on_while_the_one_before_is_not_cleared(void **state)
{
    struct world *w = *state;
    const struct sources_result *r;

    pass_ns(w, 60 * S);
    assert_true(turn(w));
    send(w);
    pass_ns(w, 60 * S);
    assert_false(turn(w));
    send(w);
    pass_ns(w, 2 * S);
    assert_false(turn(w));
    finish(w);
    assert_true(turn(w));
    r = finish(w);
    assert_int_equal(r->ended_ns - r->began_ns, 62 * S);
    assert_int_equal(r->cells[0].sources, 2);
    assert_false(r->is_short);
    assert_int_equal(sources_keeper_counters(w->keeper).late, 1);
}

/* A clock that is steered is not set: half a thousandth, a day long. */
static void a_clock_that_runs_slow_is_not_set(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 100000; i++) {
        w->now.wall_ns += S / 10;
        w->now.now_ns += NS_PER_S / 10 + NS_PER_S / 20000;
        if (turn(w))
            finish(w);
    }
    assert_int_equal(sources_keeper_counters(w->keeper).clock_sets, 0);
    assert_int_equal(sources_keeper_counters(w->keeper).short_windows, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(they_end_at_multiples_of_their_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_one_is_short_and_not_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_packet_at_the_boundary_counts_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_clock_that_is_set_gives_a_short_window_and_none_that_lasts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_window_lasts_on_while_the_one_before_is_not_cleared,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_runs_slow_is_not_set, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
