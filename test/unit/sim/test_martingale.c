/* SPDX-License-Identifier: BSD-3-Clause */
/* What rule anytime promises, seen through the engine and the manager: under every attack E is a
 * fair game at most. Tests are free-running here: no verdict, no end of the budget, so that E goes
 * on as long as the sender does. Each bound is missed by a true statement with 1e-6 at most; the
 * seeds are fixed, so a run that holds goes on to hold. */
#include "pennyline-sim/exact.h"
#include "pennyline-sim/study.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define N_RUNS     120
#define CONFIDENCE (1 - 2e-6)

static struct scenario free_running(const struct attack *attack)
{
    struct scenario s;

    scenario_default(&s);
    s.genuine.n_flows = 0;
    s.blind.attack = attack;
    s.blind.segments_per_second = 100;
    s.test.alpha = s.test.beta = 1e-15;
    s.test.max_drops_per_aggregate = TEST_MAX_DROPS_PER_AGGREGATE;
    s.test.max_drops_per_flow = TEST_MAX_DROPS_PER_FLOW;
    s.test.fallback_to_individual = false;
    s.watch = true;
    s.max_s = 10;
    return s;
}

static struct summary study(const struct scenario *s, uint64_t n_runs, uint64_t seed)
{
    const struct study_options options = {.n_runs = n_runs, .n_threads = 2, .seed = seed};
    struct summary summary;

    assert_int_equal(study_run(s, &options, &summary, NULL), 0);
    return summary;
}

/* P(E ever >= 1/alpha) <= alpha. */
static void assert_level_is_kept(const struct rate *rate, uint64_t n_runs, double level)
{
    assert_true(interval_clopper_pearson(rate->n, n_runs, CONFIDENCE).low <= level);
}

/* E is not negative and its mean at most 1, so P(a mean of n is c or more) <= 1/c whatever its
 * tail (Markov); five standard errors are for the common case of a tail that shows. */
static void assert_mean_is_fair(const struct summary *s)
{
    assert_true(s->mean_e <= 1 + 5 * s->error_e);
}

static void no_attack_makes_e_more_than_a_fair_game(void **state)
{
    const struct attack *attack;

    (void)state;
    for (unsigned int i = 0; (attack = attack_by_index(i)) != NULL; i++) {
        for (uint32_t n_lcores = 1; n_lcores <= 3; n_lcores += 2) {
            struct scenario s = free_running(attack);
            struct summary summary;

            s.n_lcores = n_lcores;
            s.blind.n_between = 2; /* what is never repeated takes time here, and no part */
            s.n_table_flows = attack->n_flood != 0 ? 64 : 256;
            summary = study(&s, N_RUNS, 100 + i);
            assert_level_is_kept(&summary.reached_pooled[0], N_RUNS, study_levels[0]);
            assert_level_is_kept(&summary.reached_pooled[1], N_RUNS, study_levels[1]);
            assert_mean_is_fair(&summary);
        }
    }
}

static void losses_and_delays_do_not_make_it_one_either(void **state)
{
    static const double delays_ms[] = {20, 700, 2995, 3500};

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct scenario s = free_running(attack_by_name("reset"));
        struct summary summary;

        s.blind.duplicate_ratio = 0.5;
        s.blind.delay_ms = delays_ms[i];
        s.network.loss_upstream = 0.1;
        s.network.burst = 3;
        summary = study(&s, N_RUNS, 200 + (uint64_t)i);
        assert_level_is_kept(&summary.reached_pooled[0], N_RUNS, study_levels[0]);
        assert_mean_is_fair(&summary);
    }
}

/* Flows that were repaired by luck are chosen, and go on; so many, so short tests, that it would
 * show if their luck went with them. */
static void choosing_lucky_flows_keeps_the_level(void **state)
{
    static const double ratios[] = {0.149, 0.5, 1};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct scenario s = free_running(attack_by_name("duplicates"));
        struct summary summary;

        s.test.fallback_to_individual = true;
        s.test.max_drops_per_aggregate = 12;
        s.test.max_drops_per_flow = 6;
        s.test.beta = 1e-2;
        s.blind.duplicate_ratio = ratios[i];
        s.blind.n_flows = 40;
        s.blind.segments_per_second = 400;
        s.max_s = 7;
        summary = study(&s, N_RUNS, 400 + (uint64_t)i);
        assert_level_is_kept(&summary.reached[0], N_RUNS, study_levels[0]);
        assert_level_is_kept(&summary.reached[1], N_RUNS, study_levels[1]);
    }
}

/* Chosen for their luck, under every attack, from a mixture of flows that makes many places: what
 * they show together, from their choice on, is no more than a fair game, on one lcore and on three.
 * The share of the attack's repeats is raised to 1 in every other run: then every drop comes back,
 * and every flow that is looked at is chosen. */
static void no_attack_makes_chosen_flows_more_than_a_fair_game(void **state)
{
    const struct attack *attack;
    uint64_t n_chosen = 0;

    (void)state;
    for (unsigned int i = 0; (attack = attack_by_index(i)) != NULL; i++) {
        for (uint32_t n_lcores = 1; n_lcores <= 3; n_lcores += 2) {
            struct scenario s = free_running(attack);
            struct trial_result results[N_RUNS];
            const struct study_options options = {
                .n_runs = N_RUNS, .n_threads = 2, .seed = 500 + i};
            struct summary summary;
            uint64_t n_reached[2] = {0};
            double sum = 0, squares = 0, mean;

            s.n_lcores = n_lcores;
            s.blind.n_between = 2; /* what is never repeated takes time here, and no part */
            s.n_table_flows = attack->n_flood != 0 ? 64 : 256;
            s.test.fallback_to_individual = true;
            s.test.max_drops_per_aggregate = 6;
            s.test.retransmission_timeout_ms = 300;
            s.test.beta = 1e-2;
            s.blind.duplicate_ratio = n_lcores == 3 && attack->duplicate_ratio > 0 ? 1 : -1;
            s.blind.n_flows = 20;
            s.blind.segments_per_second = 400;
            s.max_s = 4;
            assert_int_equal(study_run(&s, &options, &summary, results), 0);
            for (unsigned int k = 0; k < N_RUNS; k++) {
                double e = pow(10, (double)results[k].log10_e_joint);

                n_reached[0] += (double)results[k].max_log10_e_joint >= 2;
                n_reached[1] += (double)results[k].max_log10_e_joint >= 3;
                n_chosen += e < 1 || e > 1;
                sum += e;
                squares += e * e;
            }
            mean = sum / N_RUNS;
            for (int level = 0; level < 2; level++)
                assert_true(interval_clopper_pearson(n_reached[level], N_RUNS, CONFIDENCE).low <=
                            study_levels[level]);
            assert_true(mean <= 1 + 5 * sqrt(fmax(0, squares / N_RUNS - mean * mean) / N_RUNS));
        }
    }
    assert_true(n_chosen > 500);
}

/* One flow, each segment repeated before the next is sent, a segment per epoch: then nothing but
 * the coins decides, and the enumeration must give what the engine shows. */
static void the_engine_reaches_a_level_as_often_as_enumeration_says(void **state)
{
    const uint64_t n_runs = 3000;
    struct scenario s = free_running(attack_by_name("duplicates"));
    struct summary summary;
    double exact;

    (void)state;
    s.blind.n_flows = 15;
    s.blind.duplicate_ratio = 1;
    s.blind.delay_ms = 1;
    s.blind.segments_per_second = 50;
    s.max_s = 2;
    summary = study(&s, n_runs, 300);
    exact = anytime_enumerate(0.05, study_levels[0], 100, TEST_MAX_DROPS_PER_AGGREGATE);
    {
        struct interval interval =
            interval_clopper_pearson(summary.reached_pooled[0].n, n_runs, CONFIDENCE);

        assert_true(summary.reached_pooled[0].n > 0);
        assert_true(exact >= interval.low && exact <= interval.high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_attack_makes_e_more_than_a_fair_game),
        cmocka_unit_test(losses_and_delays_do_not_make_it_one_either),
        cmocka_unit_test(choosing_lucky_flows_keeps_the_level),
        cmocka_unit_test(no_attack_makes_chosen_flows_more_than_a_fair_game),
        cmocka_unit_test(the_engine_reaches_a_level_as_often_as_enumeration_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
