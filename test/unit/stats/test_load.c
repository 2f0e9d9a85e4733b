/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats/load.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void every_burst_is_counted_once_by_its_packets(void **state)
{
    struct worker_load load = {0};
    uint64_t n_in_ranges = 0;

    (void)state;
    for (unsigned int n = 1; n <= 64; n++)
        load_count_burst(&load, n);
    assert_int_equal(load_n_bursts(&load), 64);
    for (unsigned int i = 0; i < LOAD_N_FILLS; i++) {
        uint32_t width = load_fill_most(i) - load_fill_least(i) + 1;

        assert_int_equal(load.bursts[i], width);
        n_in_ranges += width;
    }
    assert_int_equal(n_in_ranges, 64);
    assert_int_equal(load.bursts[LOAD_N_FILLS - 1], 1); /* full ones stand alone */
}

static void long_turns_and_those_of_reloads_are_counted_besides(void **state)
{
    struct worker_load load = {.long_turn_cycles = 1000};

    (void)state;
    load_count_turn(&load, 0, 999);
    load_count_turn(&load, 1, 1000);
    load_count_turn(&load, 0, 5000);
    load_count_turn(&load, 0, 70);
    load_count_reload(&load, 70);
    load_count_turn(&load, 3, 50);
    load_count_reload(&load, 50);
    assert_int_equal(load.turns[0].n + load.turns[1].n, 5);
    assert_int_equal(load.long_turns.n, 2);
    assert_int_equal(load.long_turns.cycles, 6000);
    assert_int_equal(load.reload_turns.n, 2);
    assert_int_equal(load.reload_turns.cycles, 120);
    assert_int_equal(load.longest_reload_turn_cycles, 70);
}

static void turns_with_and_without_packets_are_kept_apart(void **state)
{
    struct worker_load load = {.long_turn_cycles = UINT64_MAX};

    (void)state;
    load_count_turn(&load, 0, 100);
    load_count_turn(&load, 8, 1500);
    load_count_turn(&load, 0, 60);
    load_count_turn(&load, 2, 500);
    assert_int_equal(load.packets, 10);
    assert_int_equal(load.turns[0].n, 2);
    assert_int_equal(load.turns[0].cycles, 160);
    assert_int_equal(load.turns[1].n, 2);
    assert_int_equal(load.turns[1].cycles, 2000);
}

static void rates_are_those_between_two_readings(void **state)
{
    struct worker_load before = {.packets = 1000,
                                 .turns = {{5, 700}, {9, 90000}},
                                 .bursts = {3},
                                 .sampled_bursts = 1,
                                 .sampled_packets = 50,
                                 .stage_cycles = {1, 2, 3, 4}};
    struct worker_load now = before;
    struct load_rates r;

    (void)state;
    now.packets += 200;
    now.turns[0].cycles += 60000;
    now.turns[1].cycles += 40000;
    now.bursts[4] += 8;
    now.sampled_bursts++;
    now.sampled_packets += 20;
    for (int i = 0; i < LOAD_N_STAGES; i++)
        now.stage_cycles[i] += 100 * ((uint64_t)i + 1);
    r = load_rates_between(&now, &before, 1000000);
    assert_float_equal(r.seconds, 0.1, 1e-12);
    assert_int_equal(llround(r.packets_per_second), 2000); /* not infinite either */
    assert_float_equal(r.busy_share, 0.4, 1e-12);
    assert_float_equal(r.cycles_per_packet, 200, 1e-9);
    assert_float_equal(r.packets_per_burst, 25, 1e-9);
    assert_float_equal(r.stage_cycles_per_packet[LOAD_SEND], 25, 1e-9);
}

static void without_packets_all_is_zero_and_stages_are_unknown(void **state)
{
    struct worker_load load = {.turns = {{7, 5000}, {0, 0}}}, none = {0};
    struct load_rates r = load_rates_between(&load, &none, 1000);

    (void)state;
    assert_float_equal(r.seconds, 5, 1e-12);
    assert_float_equal(r.busy_share, 0, 0);
    assert_float_equal(r.cycles_per_packet, 0, 0);
    assert_float_equal(r.packets_per_burst, 0, 0);
    assert_true(isnan(r.stage_cycles_per_packet[LOAD_RECEIVE]));
    r = load_rates_between(&none, &none, 1000);
    assert_float_equal(r.packets_per_second, 0, 0);
}

/* A tick a second, a packet sampled: the least that can be told. */
static void one_of_each_is_enough_for_a_rate(void **state)
{
    struct worker_load none = {0}, now = {.packets = 3,
                                          .turns = {{0, 0}, {1, 1}},
                                          .bursts = {1},
                                          .sampled_packets = 1,
                                          .stage_cycles = {7}};
    struct load_rates r = load_rates_between(&now, &none, 1);

    (void)state;
    assert_float_equal(r.packets_per_second, 3, 1e-12);
    assert_float_equal(r.packets_per_burst, 3, 1e-12);
    assert_float_equal(r.stage_cycles_per_packet[0], 7, 1e-12);
}

static void each_stage_has_a_name_and_words(void **state)
{
    (void)state;
    for (int i = 0; i < LOAD_N_STAGES; i++) {
        assert_non_null(load_stage_name((enum load_stage)i));
        assert_non_null(load_stage_help((enum load_stage)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_burst_is_counted_once_by_its_packets),
        cmocka_unit_test(turns_with_and_without_packets_are_kept_apart),
        cmocka_unit_test(long_turns_and_those_of_reloads_are_counted_besides),
        cmocka_unit_test(rates_are_those_between_two_readings),
        cmocka_unit_test(without_packets_all_is_zero_and_stages_are_unknown),
        cmocka_unit_test(one_of_each_is_enough_for_a_rate),
        cmocka_unit_test(each_stage_has_a_name_and_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
