/* SPDX-License-Identifier: BSD-3-Clause */
#include "verdict/evidence.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/compiler.h"

static const double target = 6.0; /* alpha = 1e-6 */

static void shares_of_alpha_sum_to_one(void **state)
{
    (void)state;
    for (unsigned n_places = 1; n_places <= 64; n_places++) {
        const double all_low[] = {-1000.0};
        /* whoever is far ahead shows its share */
        const double pooled = pow(10, evidence_log10_combined(500.0, 0.0, NULL, 0, n_places) - 500);
        const double joint = pow(10, evidence_log10_combined(0.0, 500.0, NULL, 0, n_places) - 500);
        const double one_flow =
            pow(10, evidence_log10_combined(0.0, 0.0, (double[]){500.0}, 1, n_places) - 500.0);

        assert_true(fabs(pooled + joint + n_places * one_flow - 1.0) < 1e-9);
        assert_true(evidence_log10_combined(-1000.0, -1000.0, all_low, 1, 1) < -990.0);
    }
}

static void without_places_the_pooled_part_is_everything(void **state)
{
    (void)state;
    assert_true(evidence_log10_combined(3.25, 0.0, NULL, 0, 0) == 3.25);
}

static void only_the_strongest_part_counts(void **state)
{
    const double flows[] = {1.0, 9.0, -50.0};

    (void)state;
    assert_true(fabs(evidence_log10_combined(2.0, 3.0, flows, 3, 10) - (9.0 + log10(0.0232))) <
                1e-12);
    assert_true(fabs(evidence_log10_combined(12.0, 12.5, flows, 3, 10) - (12.0 + log10(0.65))) <
                1e-12);
    assert_true(fabs(evidence_log10_combined(12.0, 13.0, flows, 3, 10) - (13.0 + log10(0.118))) <
                1e-12);
}

static void more_flows_than_places_only_weakens_each(void **state)
{
    const double flows[] = {7.0, 7.0, 7.0, 7.0};

    (void)state;
    assert_true(fabs(evidence_log10_combined(0.0, 0.0, flows, 4, 2) - (7.0 + log10(0.232 / 4))) <
                1e-12);
}

static void one_flow_with_six_clean_repairs_is_enough(void **state)
{
    struct anytime a;
    double flow;

    (void)state;
    anytime_init(&a, 0.05, 0.05);
    flow = anytime_log10_e_flow(&a, 6, 0);
    assert_true(evidence_log10_combined(-1e6, -1e6, &flow, 1, 10) >= target);
    flow = anytime_log10_e_flow(&a, 5, 0);
    assert_true(evidence_log10_combined(-1e6, -1e6, &flow, 1, 10) < target);
}

/* n flows that repaired r each, without a duplicate. */
static double joint_of_clean_flows(unsigned n, uint64_t r)
{
    struct anytime_counts flows[10];
    struct anytime a;

    anytime_init(&a, 0.05, 0.05);
    for (unsigned i = 0; i < n; i++)
        flows[i] = (struct anytime_counts){.n_retransmitted = r};
    return anytime_log10_e_joint(&a, flows, n);
}

static void six_clean_repairs_of_chosen_flows_are_enough_whoever_made_them(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 6; n++) {
        if (6 % n != 0)
            continue;
        assert_true(evidence_log10_combined(-1e6, joint_of_clean_flows(n, 6 / n), NULL, 0, 10) >=
                    target);
    }
    assert_true(evidence_log10_combined(-1e6, joint_of_clean_flows(5, 1), NULL, 0, 10) < target);
}

/*
 * Drops needed with ten places for flows, none taken; the table that verdict-tables prints.
 * 5 at D = 0, 6 at D = 1, 7 at D = 2 are the least that any choice of q could reach at p = 0.05.
 */
static void drops_needed_by_the_evidence(void **state)
{
    const uint64_t duplicates[] = {0, 1, 2, 3, 5, 10, 20, 40};
    const struct {
        double p;
        unsigned needed[8];
    } rows[] = {
        {0.05, {5, 6, 7, 8, 9, 10, 13, 17}},
        {0.02, {4, 5, 5, 6, 6, 8, 9, 12}},
        {0.01, {4, 4, 5, 5, 5, 6, 8, 9}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct anytime a;

        anytime_init(&a, floor(rows[i].p * 0x1p32) * 0x1p-32, 0.05);
        for (size_t d = 0; d < ARRAY_LENGTH(duplicates); d++)
            assert_int_equal(evidence_repairs_needed(&a, 0, duplicates[d], 10, target, 0),
                             rows[i].needed[d]);
    }
}

/* The same in chosen flows at p = 0.05. */
static void drops_needed_in_chosen_flows(void **state)
{
    const struct {
        uint64_t n_duplicates;
        unsigned by_joint, by_e_flow;
    } rows[] = {{0, 6, 6},    {1, 7, 8},    {2, 8, 8},    {3, 8, 9},    {5, 9, 10},
                {10, 11, 12}, {20, 14, 15}, {40, 18, 19}, {100, 27, 29}};
    struct anytime a;

    (void)state;
    anytime_init(&a, floor(0.05 * 0x1p32) * 0x1p-32, 0.05);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        for (unsigned r = 1; r < 40; r++) {
            const struct anytime_counts counts = {.n_retransmitted = r,
                                                  .n_duplicates = rows[i].n_duplicates};
            const double joint = anytime_log10_e_joint(&a, &counts, 1);
            const double flow = anytime_log10_e_flow(&a, r, rows[i].n_duplicates);

            assert_int_equal(evidence_log10_combined(-1e6, joint, NULL, 0, 10) >= target,
                             r >= rows[i].by_joint);
            assert_int_equal(evidence_log10_combined(-1e6, -1e6, &flow, 1, 10) >= target,
                             r >= rows[i].by_e_flow);
        }
    }
}

static void repairs_needed_agrees_with_counting_up_from_any_guess(void **state)
{
    static const unsigned guesses[] = {0, 1, 2, 3, 50, 1000, UINT_MAX};
    struct anytime a;

    (void)state;
    anytime_init(&a, 0.05, 0.05);
    for (uint64_t repaired = 0; repaired < 12; repaired++) {
        for (uint64_t duplicates = 0; duplicates < 400; duplicates += 1 + duplicates / 4) {
            unsigned n = 0;

            while (evidence_log10_combined(anytime_log10_e(&a, repaired + n, duplicates), 0.0, NULL,
                                           0, 10) < target)
                n++;
            for (size_t g = 0; g < ARRAY_LENGTH(guesses); g++)
                assert_int_equal(
                    evidence_repairs_needed(&a, repaired, duplicates, 10, target, guesses[g]), n);
            /* What the manager does: the answer, or one that was the answer a repair ago. */
            for (unsigned g = n > 2 ? n - 2 : 0; g <= n + 2; g++)
                assert_int_equal(evidence_repairs_needed(&a, repaired, duplicates, 10, target, g),
                                 n);
        }
    }
}

static void repairs_needed_ends_for_absurd_counts(void **state)
{
    struct anytime a, trivial;
    unsigned n;

    (void)state;
    anytime_init(&a, 0.05, 0.05);
    anytime_init(&trivial, 1.0, 0.05);
    n = evidence_repairs_needed(&a, 0, 1000000, 10, target, 0);
    assert_true(n > 50000 && n < 1000000); /* more than p D / (1-p) of what came back */
    assert_int_equal(evidence_repairs_needed(&a, 0, 1000000000000, 10, target, 0), UINT_MAX);
    assert_int_equal(evidence_repairs_needed(&trivial, 0, 0, 10, target, 0), UINT_MAX);
    assert_int_equal(evidence_repairs_needed(&a, 100, 0, 10, target, 7), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_of_alpha_sum_to_one),
        cmocka_unit_test(without_places_the_pooled_part_is_everything),
        cmocka_unit_test(only_the_strongest_part_counts),
        cmocka_unit_test(more_flows_than_places_only_weakens_each),
        cmocka_unit_test(one_flow_with_six_clean_repairs_is_enough),
        cmocka_unit_test(six_clean_repairs_of_chosen_flows_are_enough_whoever_made_them),
        cmocka_unit_test(drops_needed_by_the_evidence),
        cmocka_unit_test(drops_needed_in_chosen_flows),
        cmocka_unit_test(repairs_needed_agrees_with_counting_up_from_any_guess),
        cmocka_unit_test(repairs_needed_ends_for_absurd_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
