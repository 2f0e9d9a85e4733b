/* SPDX-License-Identifier: BSD-3-Clause */
#include "verdict/interval.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/compiler.h"

/* P(X <= k) as the sum of its terms, each from the one before. */
static double naive_cdf(unsigned k, unsigned n, double share)
{
    long double term = powl(1 - (long double)share, n), sum = term;

    for (unsigned i = 0; i < k; i++) {
        term *= (long double)(n - i) / (i + 1) * share / (1 - (long double)share);
        sum += term;
    }
    return (double)sum;
}

/* lgamma is good to a few units in the last place of values up to 2500 (n = 400): 1e-12. */
static void binomial_tails_agree_with_direct_sums(void **state)
{
    const double shares[] = {0.001, 0.05, 0.3, 0.5, 0.9, 0.999};
    const unsigned trials[] = {1, 2, 5, 12, 72, 400};

    (void)state;
    for (size_t s = 0; s < ARRAY_LENGTH(shares); s++) {
        for (size_t t = 0; t < ARRAY_LENGTH(trials); t++) {
            for (unsigned k = 0; k <= trials[t]; k++)
                assert_true(fabs(interval_binomial_cdf(k, trials[t], shares[s]) -
                                 naive_cdf(k, trials[t], shares[s])) < 1e-11);
        }
    }
}

/* By definition: at the low end "k or more" has probability 2.5 %, at the high end "k or fewer". */
static void limits_leave_half_the_error_in_each_tail(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 60; n++) {
        for (unsigned k = 0; k <= n; k++) {
            const struct interval i = interval_clopper_pearson(k, n, 0.95);

            assert_true(0.0 <= i.low && i.low < i.high && i.high <= 1.0);
            if (k > 0)
                assert_true(fabs(1 - naive_cdf(k - 1, n, i.low) - 0.025) < 1e-10);
            else
                assert_true(i.low == 0.0);
            if (k < n)
                assert_true(fabs(naive_cdf(k, n, i.high) - 0.025) < 1e-10);
            else
                assert_true(i.high == 1.0);
        }
    }
}

/* The promise itself: for every true share, the intervals of all outcomes cover it often enough. */
static void coverage_is_never_below_the_confidence(void **state)
{
    const unsigned n = 24;
    struct interval limits[25];

    (void)state;
    for (unsigned k = 0; k <= n; k++)
        limits[k] = interval_clopper_pearson(k, n, 0.9);
    for (double share = 0.005; share < 1; share += 0.005) {
        double covered = 0;

        for (unsigned k = 0; k <= n; k++) {
            const double below = k > 0 ? naive_cdf(k - 1, n, share) : 0;

            if (limits[k].low <= share && share <= limits[k].high)
                covered += naive_cdf(k, n, share) - below;
        }
        assert_true(covered >= 0.9 - 1e-12);
    }
}

/* With no hit the high end has a closed form: (1 - high)^n = tail. */
static void no_hit_has_the_closed_form(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 1000000; n = n * 3 + 1)
        assert_true(fabs(interval_clopper_pearson(0, n, 0.99).high - (-expm1(log(0.005) / n))) <
                    1e-12);
}

static void hits_and_misses_are_mirror_images(void **state)
{
    (void)state;
    for (unsigned k = 0; k <= 40; k++) {
        const struct interval hits = interval_clopper_pearson(k, 40, 0.95);
        const struct interval misses = interval_clopper_pearson(40 - k, 40, 0.95);

        assert_true(fabs(hits.low - (1 - misses.high)) < 1e-12);
        assert_true(fabs(hits.high - (1 - misses.low)) < 1e-12);
    }
}

static void large_counts_approach_the_normal_interval(void **state)
{
    const double n = 1e8, share = 0.25, deviation = sqrt(share * (1 - share) / n);
    const struct interval i = interval_clopper_pearson(25000000, 100000000, 0.95);

    (void)state;
    /* the next terms of the expansion are of order 1/n */
    assert_true(fabs(i.low - (share - 1.959964 * deviation)) < 5 / n);
    assert_true(fabs(i.high - (share + 1.959964 * deviation)) < 5 / n);
}

static void senseless_questions_get_the_whole_interval(void **state)
{
    const double confidences[] = {0.0, 1.0, -1.0, 2.0, NAN};

    (void)state;
    assert_true(interval_clopper_pearson(0, 0, 0.95).high == 1.0);
    assert_true(interval_clopper_pearson(0, 0, 0.95).low == 0.0);
    for (size_t i = 0; i < ARRAY_LENGTH(confidences); i++) {
        assert_true(interval_clopper_pearson(3, 9, confidences[i]).low == 0.0);
        assert_true(interval_clopper_pearson(3, 9, confidences[i]).high == 1.0);
    }
    assert_true(interval_clopper_pearson(9, 3, 0.95).high == 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binomial_tails_agree_with_direct_sums),
        cmocka_unit_test(limits_leave_half_the_error_in_each_tail),
        cmocka_unit_test(coverage_is_never_below_the_confidence),
        cmocka_unit_test(no_hit_has_the_closed_form),
        cmocka_unit_test(hits_and_misses_are_mirror_images),
        cmocka_unit_test(large_counts_approach_the_normal_interval),
        cmocka_unit_test(senseless_questions_get_the_whole_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
