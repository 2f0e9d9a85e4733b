/* SPDX-License-Identifier: BSD-3-Clause */
#include "verdict/anytime.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"

static unsigned drops_needed(const struct anytime *a, uint64_t n_duplicates)
{
    unsigned n = 0;

    while (anytime_log10_e(a, n, n_duplicates) < 6.0)
        n++;
    return n;
}

/* The ideal: the Beta(4,1) mixture, integrated. E alone must come within one drop of it. */
static void drops_needed_come_within_one_of_beta_4_1(void **state)
{
    const uint64_t duplicates[] = {0, 1, 2, 3, 5, 10, 20, 40};
    const struct {
        double p;
        unsigned beta_4_1[8], ours[8];
    } rows[] = {
        {0.05, {5, 6, 7, 7, 8, 10, 13, 17}, {5, 6, 7, 7, 8, 10, 13, 17}},
        {0.02, {4, 5, 5, 6, 6, 8, 9, 12}, {4, 5, 5, 6, 6, 7, 9, 11}},
        {0.01, {4, 4, 4, 5, 5, 6, 8, 10}, {4, 4, 5, 5, 5, 6, 7, 9}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct anytime a;

        anytime_init(&a, rows[i].p, 0.05);
        for (size_t d = 0; d < ARRAY_LENGTH(duplicates); d++) {
            const unsigned n = drops_needed(&a, duplicates[d]);

            assert_int_equal(n, rows[i].ours[d]);
            assert_true(abs((int)n - (int)rows[i].beta_4_1[d]) <= 1);
        }
    }
}

/* No mixture whatever can beat its best single q, q = R/(R+D). */
static void e_is_never_above_the_best_single_ratio(void **state)
{
    struct anytime a;

    (void)state;
    anytime_init(&a, 0.05, 0.05);
    for (uint64_t r = 1; r < 80; r++) {
        for (uint64_t d = 0; d < 80; d++) {
            const double q = fmax(0.05, (double)r / (double)(r + d));
            const double best =
                (double)r * log10(q / 0.05) + (d > 0 ? (double)d * log10((1 - q) / 0.95) : 0.0);

            assert_true(anytime_log10_e(&a, r, d) <= best + 1e-12);
            /* and the mixture costs little against it: less than two clean repairs */
            assert_true(anytime_log10_e(&a, r, d) >= best - 2 * log10(20));
        }
    }
}

static void four_expired_and_nothing_back_reject_closed_loop(void **state)
{
    struct anytime a;

    (void)state;
    anytime_init(&a, 0.05, 0.05);
    assert_true(anytime_log10_f(&a, 0, 3) < 4.0);
    assert_true(anytime_log10_f(&a, 0, 4) >= 4.0);
    /* 1 of 20 missed is what was allowed for */
    assert_true(anytime_log10_f(&a, 95, 5) < 0.5);
}

static void e_and_f_read_their_own_probability(void **state)
{
    struct anytime a;

    (void)state;
    anytime_init(&a, 0.01, 0.2);
    /* q = 1 and s = 1 dominate long runs: slopes log10(1/p) and log10(1/p_miss) */
    assert_true(fabs(anytime_log10_e(&a, 20000, 0) - anytime_log10_e(&a, 10000, 0) - 20000) < 1e-6);
    assert_true(fabs(anytime_log10_f(&a, 0, 20000) - anytime_log10_f(&a, 0, 10000) -
                     10000 * log10(5)) < 1e-6);
}

static void huge_counts_stay_finite(void **state)
{
    struct anytime a;

    (void)state;
    anytime_init(&a, 0.05, 0.05);
    assert_true(isfinite(anytime_log10_e(&a, 12, 1000000000000)));
    assert_true(isfinite(anytime_log10_e(&a, UINT64_MAX, UINT64_MAX)));
    assert_true(isfinite(anytime_log10_f(&a, UINT64_MAX, 0)));
    assert_true(anytime_log10_e(&a, 12, 1000000000000) < 0.0);
}

/* From no coin at all to one that always falls, from nothing seen to all that a counter holds. */
static void no_probability_and_no_count_gives_other_than_a_number(void **state)
{
    static const double p[] = {0,      0x1p-32,  1e-4,        0.05,      0.5,
                               0.9933, 1 - 1e-6, 1 - 0x1p-32, 1 - 1e-15, 1};
    static const uint64_t n[] = {0, 1, 5, 1000, UINT64_C(1) << 53, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(p) * ARRAY_LENGTH(n) * ARRAY_LENGTH(n); i++) {
        const uint64_t hits = n[i % ARRAY_LENGTH(n)];
        const uint64_t misses = n[i / ARRAY_LENGTH(n) % ARRAY_LENGTH(n)];
        const double base = p[i / ARRAY_LENGTH(n) / ARRAY_LENGTH(n)];
        const struct anytime_counts flows[] = {
            {hits, misses, 0, 0}, {misses, hits, 0, 0}, {1, 1, 0, 0}};
        struct anytime a;
        double values[5];

        anytime_init(&a, base, base);
        values[0] = anytime_log10_e(&a, hits, misses);
        values[1] = anytime_log10_e_flow(&a, hits, misses);
        values[2] = anytime_log10_e_joint(&a, flows, 1);
        values[3] = anytime_log10_e_joint(&a, flows, ARRAY_LENGTH(flows));
        values[4] = anytime_log10_f(&a, misses, hits);
        for (size_t k = 0; k < ARRAY_LENGTH(values); k++) {
            assert_false(isnan(values[k]));
            assert_true(values[k] < INFINITY);
            /* Without a hit there is no evidence. */
            assert_true(hits > 0 || k == 3 || values[k] <= 1e-12);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drops_needed_come_within_one_of_beta_4_1),
        cmocka_unit_test(e_is_never_above_the_best_single_ratio),
        cmocka_unit_test(four_expired_and_nothing_back_reject_closed_loop),
        cmocka_unit_test(e_and_f_read_their_own_probability),
        cmocka_unit_test(huge_counts_stay_finite),
        cmocka_unit_test(no_probability_and_no_count_gives_other_than_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
