/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/exact.h"
#include "pennyline-sim/fig7.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct penny_parameters field_values = {.max_duplicate_ratio = 0.15, .p_miss = 0.05};

/* In the order of the published columns. */
static const enum verdict_outcome outcomes[] = {VERDICT_DUPLICATES_EXCEEDED, VERDICT_CLOSED_LOOP,
                                                VERDICT_NOT_CLOSED_LOOP, VERDICT_INCONCLUSIVE};

/* Beyond the noise of a million runs, at most 0.0005 (one standard deviation), the published
 * numbers have the clusters of their generator: of the undecided ones 3 % less, at most 0.0018. The
 * test after this one has the clusters, too. */
#define PUBLISHED_TOLERANCE 0.0025

static bool read_published(FILE *file, struct fig7 *f, double published[4])
{
    return fscanf(file, "%u,%u,%lf,%lf,%lf,%lf\n", &f->n, &f->d, &published[0], &published[1],
                  &published[2], &published[3]) == 6;
}

static void enumeration_agrees_with_the_published_figure(void **state)
{
    FILE *file = fopen(FIXTURES "/fig7-subset.csv", "r");
    struct fig7 f = {.drop_probability = 0.05, .of_all = true};
    double published[4], ours[STUDY_N_OUTCOMES];
    int n_rows = 0;

    (void)state;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*[^\n]\n"), 0);
    while (read_published(file, &f, published)) {
        fig7_enumerate(&f, &field_values, ours);
        for (int i = 0; i < 4; i++)
            assert_true(fabs(ours[outcomes[i]] - published[i]) < PUBLISHED_TOLERANCE);
        n_rows++;
    }
    fclose(file);
    assert_int_equal(n_rows, 30);
}

/* 120 numbers: an error of 1e-6 for each, against the published noise and our own. All undecided
 * ones together tell the generators apart: coins without clusters miss by six deviations. */
static void the_published_program_is_met_within_noise(void **state)
{
    const double n_runs = 200000, n_published = 1e6, deviations = 4.9;
    FILE *file = fopen(FIXTURES "/fig7-subset.csv", "r");
    struct fig7 f = {.drop_probability = 0.05, .of_all = true};
    double published[4], exact[STUDY_N_OUTCOMES];
    double excess = 0, excess_of_exact = 0, variance_of_sum = 0;
    int n_rows = 0;

    (void)state;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*[^\n]\n"), 0);
    while (read_published(file, &f, published)) {
        uint64_t counts[STUDY_N_OUTCOMES] = {0};

        fig7_simulate_as_published(&f, &field_values, (uint64_t)n_runs, 1, counts);
        for (int i = 0; i < 4; i++) {
            double hits = (double)counts[outcomes[i]];
            double share = (hits + published[i] * n_published) / (n_runs + n_published);
            double variance = share * (1 - share) * (1 / n_runs + 1 / n_published);

            /* Two hits more or less are nothing where there are hardly any. */
            assert_true(fabs(hits / n_runs - published[i]) <=
                        deviations * sqrt(variance) + 2 / n_runs);
            if (outcomes[i] == VERDICT_INCONCLUSIVE) {
                excess += hits / n_runs - published[i];
                variance_of_sum += variance;
            }
        }
        fig7_enumerate(&f, &field_values, exact);
        excess_of_exact += exact[VERDICT_INCONCLUSIVE] - published[3];
        n_rows++;
    }
    fclose(file);
    assert_int_equal(n_rows, 30);
    assert_true(fabs(excess) < 3.5 * sqrt(variance_of_sum));
    assert_true(excess_of_exact > 5 * sqrt(variance_of_sum));
}

/* 6 models, 4 outcomes, an error of 1e-6 each: with this seed it holds, and that is no luck. */
static void simulation_agrees_with_enumeration(void **state)
{
    static const uint32_t cases[][2] = {{100, 2}, {200, 30}, {240, 40}};

    (void)state;
    for (int i = 0; i < 6; i++) {
        const struct fig7 f = {
            .n = cases[i % 3][0], .d = cases[i % 3][1], .drop_probability = 0.05, .of_all = i < 3};
        uint64_t counts[STUDY_N_OUTCOMES] = {0};
        double exact[STUDY_N_OUTCOMES], sum = 0;

        assert_int_equal(fig7_simulate(&f, &field_values, 2000, 11, counts), 0);
        fig7_enumerate(&f, &field_values, exact);
        for (int k = 0; k < STUDY_N_OUTCOMES; k++) {
            struct interval interval = interval_clopper_pearson(counts[k], 2000, 1 - 1e-6);

            sum += exact[k];
            assert_true(exact[k] >= interval.low && exact[k] <= interval.high);
        }
        assert_float_equal(sum, 1, 1e-9);
    }
}

/* The field divides by what was forwarded, U - K; the published figure by all n. Where the ratio
 * stands at its limit, that decides. */
static void the_field_and_the_figure_differ_at_the_limit_of_duplicates(void **state)
{
    struct fig7 f = {.n = 200, .d = 30, .drop_probability = 0.05, .of_all = true};
    double figure[STUDY_N_OUTCOMES], field[STUDY_N_OUTCOMES];

    (void)state;
    fig7_enumerate(&f, &field_values, figure);
    f.of_all = false;
    fig7_enumerate(&f, &field_values, field);
    assert_float_equal(figure[VERDICT_DUPLICATES_EXCEEDED], 0.0107, 0.0001);
    assert_float_equal(field[VERDICT_DUPLICATES_EXCEEDED], 0.5431, 0.0001);
}

/* Ville's inequality, for any number of repeats and any budget. */
static void enumerated_errors_of_anytime_stay_below_their_level(void **state)
{
    static const double levels[] = {1e-2, 1e-3, 1e-6};

    (void)state;
    for (int i = 0; i < 3; i++) {
        double few = anytime_enumerate(0.05, levels[i], 500, 12);
        double many = anytime_enumerate(0.05, levels[i], 3000, 10000);

        assert_true(few > 0 && few <= many && many <= levels[i]);
        few = flow_enumerate(0.05, levels[i], 500, 6);
        many = flow_enumerate(0.05, levels[i], 3000, 10000);
        assert_true(few > 0 && few <= many && many <= levels[i]);
    }
}

/* By hand: six repairs of one segment each, all dropped, is 0.05^n for the first n that suffices.
 */
static void the_first_repeats_reach_the_level_by_luck_alone(void **state)
{
    (void)state;
    assert_float_equal(anytime_enumerate(0.05, 1e-6, 5, 12), pow(0.05, 5), 1e-12);
    assert_float_equal(anytime_enumerate(0.05, 1e-6, 4, 12), 0, 0);
}

/* A sender that repeats 14.9 %: known from the rule's own authors' tool as about 1.3e-5. */
static void enumerated_penny_has_its_known_error(void **state)
{
    double out[STUDY_N_OUTCOMES], sum = 0;

    (void)state;
    penny_enumerate(0.149, 0.05, 12, &field_values, out);
    for (int i = 0; i < STUDY_N_OUTCOMES; i++)
        sum += out[i];
    assert_float_equal(sum, 1, 1e-6);
    assert_true(out[VERDICT_CLOSED_LOOP] > 1e-6 && out[VERDICT_CLOSED_LOOP] < 3e-5);
    /* When half of the segments are dropped, few are left that tell how often it repeats. */
    penny_enumerate(0.43, 0.5, 12, &field_values, out);
    assert_float_equal(out[VERDICT_CLOSED_LOOP], 0.00172, 0.000005);
}

/* The same of chosen flows: six repairs in one, or three in each of two; and never more often than
 * promised. */
static void enumerated_errors_of_chosen_flows_stay_below_their_level(void **state)
{
    static const double levels[] = {1e-2, 1e-3, 1e-6};
    const double share = 0.118e-6;

    (void)state;
    assert_float_equal(joint_enumerate(0.05, share, 5, 1), 0, 0);
    assert_float_equal(joint_enumerate(0.05, share, 6, 1), pow(0.05, 6), 1e-15);
    assert_float_equal(joint_enumerate(0.05, share, 3, 2), pow(0.05, 6), 1e-15);
    for (int i = 0; i < 3; i++)
        for (uint32_t n_flows = 1; n_flows <= 2; n_flows++) {
            double reached = joint_enumerate(0.05, levels[i], n_flows == 1 ? 400 : 40, n_flows);

            assert_true(reached > 0 && reached <= levels[i]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enumeration_agrees_with_the_published_figure),
        cmocka_unit_test(the_published_program_is_met_within_noise),
        cmocka_unit_test(simulation_agrees_with_enumeration),
        cmocka_unit_test(the_field_and_the_figure_differ_at_the_limit_of_duplicates),
        cmocka_unit_test(enumerated_errors_of_anytime_stay_below_their_level),
        cmocka_unit_test(enumerated_errors_of_chosen_flows_stay_below_their_level),
        cmocka_unit_test(the_first_repeats_reach_the_level_by_luck_alone),
        cmocka_unit_test(enumerated_penny_has_its_known_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
