/* SPDX-License-Identifier: BSD-3-Clause */
/* Genuine traffic is not called blind for what the box does to itself, for a path that leads
 * elsewhere, or for repairs that come late; and blind traffic gains nothing by any of it. Each case
 * is played with 30,000 trials in doc/verdict.md; here, with a few. */
#include "pennyline-sim/study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "verdict/interval.h"

#define N_RUNS 100

static struct summary study(const struct scenario *s, uint64_t n_runs)
{
    const struct study_options options = {.n_runs = n_runs, .n_threads = 2, .seed = 11};
    struct summary summary;

    assert_int_equal(study_run(s, &options, &summary, NULL), 0);
    return summary;
}

/* A round trip of 300 ms, so that several drops are pending at any time. */
static void over_a_long_way(struct scenario *s)
{
    scenario_default(s);
    s->genuine.pace = 50;
    s->network.delay_downstream_ms = s->network.delay_back_ms = 150;
    s->max_s = 40;
    s->own.within_s = 1;
}

static void the_process_stands_still(struct scenario *s)
{
    over_a_long_way(s);
    s->own.stall_s = 7;
}

static void the_process_stands_still_and_its_queue_is_full(struct scenario *s)
{
    the_process_stands_still(s);
    s->own.queue = 0;
}

static void the_workers_stand_still(struct scenario *s)
{
    the_process_stands_still(s);
    s->own.stall_s = 4;
    s->own.spares_manager = true;
}

static void the_manager_stands_still(struct scenario *s)
{
    the_process_stands_still(s);
    s->own.stall_s = 4;
    s->own.spares_workers = true;
}

static void the_clock_jumps_ahead(struct scenario *s)
{
    over_a_long_way(s);
    s->own.clock_jump_s = 10;
}

static void the_clock_stands(struct scenario *s)
{
    over_a_long_way(s);
    s->own.clock_jump_s = -5;
}

static void the_path_leads_elsewhere(struct scenario *s)
{
    scenario_default(s);
    s->genuine.n_flows = 40;
    s->genuine.pace = 12.5;
    s->network.path_change_s = 0.15;
    s->max_s = 12;
}

static void the_path_leads_elsewhere_for_a_while(struct scenario *s)
{
    the_path_leads_elsewhere(s);
    s->network.path_return_s = 4;
}

/* One segment a second, and a round trip of two: the repair takes more than three. */
static void repairs_come_late(struct scenario *s)
{
    scenario_default(s);
    s->genuine.pace = 1;
    s->network.delay_downstream_ms = s->network.delay_back_ms = 1000;
    s->max_s = 60;
}

static void (*const doings[])(struct scenario *s) = {
    the_process_stands_still, the_process_stands_still_and_its_queue_is_full,
    the_workers_stand_still,  the_manager_stands_still,
    the_clock_jumps_ahead,    the_clock_stands,
    the_path_leads_elsewhere, the_path_leads_elsewhere_for_a_while,
    repairs_come_late,
};

static void genuine_traffic_is_not_called_blind_for_any_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(doings) / sizeof(doings[0]); i++)
        for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++) {
            struct scenario s;

            doings[i](&s);
            s.test.rule = (enum test_rule)rule;
            s.test.fallback_to_individual = false;
            assert_int_equal(study(&s, N_RUNS).outcomes[VERDICT_NOT_CLOSED_LOOP].n, 0);
        }
}

/* A rate of beta is allowed, and no more: at 1e-2 there is something to see. */
static void at_a_larger_beta_the_rate_is_within_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(doings) / sizeof(doings[0]); i++) {
        struct interval interval;
        struct scenario s;

        doings[i](&s);
        s.test.beta = 1e-2;
        s.test.fallback_to_individual = false;
        interval = interval_clopper_pearson(study(&s, N_RUNS).outcomes[VERDICT_NOT_CLOSED_LOOP].n,
                                            N_RUNS, 1 - 1e-6);
        assert_true(interval.low <= s.test.beta);
    }
}

static void blind(struct scenario *s, const char *attack)
{
    scenario_default(s);
    s->genuine.n_flows = 0;
    s->blind.attack = attack_by_name(attack);
    assert_non_null(s->blind.attack);
    s->blind.segments_per_second = 200;
    s->max_s = 60;
    s->own.within_s = 2;
}

/* In the ordinary cases a stall only takes a few drops away. */
static void blind_traffic_is_still_called_so(void **state)
{
    struct scenario s;

    (void)state;
    blind(&s, "none");
    s.own.stall_s = 7;
    assert_int_equal(study(&s, 10).outcomes[VERDICT_NOT_CLOSED_LOOP].n, 10);
    s.own.stall_s = 0;
    s.own.clock_jump_s = 10;
    assert_int_equal(study(&s, 10).outcomes[VERDICT_NOT_CLOSED_LOOP].n, 10);
    blind(&s, "delay");
    s.blind.delay_ms = 4000;
    assert_int_equal(study(&s, 10).outcomes[VERDICT_NOT_CLOSED_LOOP].n, 10);
}

/* By pauses a blind sender has its drops void whenever it likes, and by repeats after the timeout
 * it looks like a slow one. Neither is any evidence for it: at alpha = 1e-2 no more than 1 in 100
 * may be called genuine, whatever the box does at the same time. */
static void who_makes_its_drops_void_gains_nothing(void **state)
{
    static const struct {
        const char *attack;
        double ratio, delay_ms, stall_s, segments_per_second;
    } cases[] = {
        {"duplicates", 0.1, 1, 7, 200},    /* luck, and a stall */
        {"duplicates", 1, 1, 7, 200},      /* everything, over a stall */
        {"delay", 1, 3500, 0, 200},        /* everything, late */
        {"delay", 0.1, 3500, 7, 200},      /* a tenth, late, over a stall */
        {"duplicates", 0.149, 1600, 0, 1}, /* so seldom that all falls silent in between */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct interval interval;
        struct scenario s;

        blind(&s, cases[i].attack);
        s.blind.duplicate_ratio = cases[i].ratio;
        s.blind.delay_ms = cases[i].delay_ms;
        s.blind.segments_per_second = cases[i].segments_per_second;
        s.own.stall_s = cases[i].stall_s;
        s.test.alpha = 1e-2;
        s.max_s = 20;
        interval = interval_clopper_pearson(study(&s, N_RUNS).outcomes[VERDICT_CLOSED_LOOP].n,
                                            N_RUNS, 1 - 1e-6);
        assert_true(interval.low <= s.test.alpha);
        s.test.alpha = 1e-6;
        assert_int_equal(study(&s, N_RUNS).outcomes[VERDICT_CLOSED_LOOP].n, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(genuine_traffic_is_not_called_blind_for_any_of_it),
        cmocka_unit_test(at_a_larger_beta_the_rate_is_within_it),
        cmocka_unit_test(blind_traffic_is_still_called_so),
        cmocka_unit_test(who_makes_its_drops_void_gains_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
