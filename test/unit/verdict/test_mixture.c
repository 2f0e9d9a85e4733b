/* SPDX-License-Identifier: BSD-3-Clause */
#include "verdict/mixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/compiler.h"

static const struct mixture_prior prior = {.at_one = 0.20, .beta = 0.56, .flat = 0.24};
static const double bases[] = {0x1p-32, 0.001, 0.01, 0.02, 0.05, 0.06, 0.1, 0.3, 0.5, 0.9, 0.999};

/* The sum as it is written, in long double: its range ends at 10^4932, enough for small counts. */
static long double naive_mixture(const struct mixture *m, unsigned n_hits, unsigned n_misses)
{
    const long double base = m->q[0];
    long double sum = 0;

    for (int j = 0; j < MIXTURE_POINTS; j++)
        sum += m->weight[j] * powl(m->q[j] / base, n_hits) *
               powl((1 - (long double)m->q[j]) / (1 - base), n_misses);
    return sum;
}

static void weights_are_positive_and_sum_to_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bases); i++) {
        struct mixture m;
        double sum = 0;

        mixture_init(&m, bases[i], &prior);
        for (int j = 0; j < MIXTURE_POINTS; j++) {
            assert_true(m.weight[j] > 0);
            sum += m.weight[j];
        }
        /* 48 roundings of numbers below 1 */
        assert_true(fabs(sum - 1) <= MIXTURE_POINTS * 0x1p-53);
    }
}

static void no_point_lies_below_the_base(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bases); i++) {
        struct mixture m;

        mixture_init(&m, bases[i], &prior);
        assert_true(m.q[0] == bases[i]);
        assert_true(m.q[MIXTURE_POINTS - 1] == 1.0);
        for (int j = 1; j < MIXTURE_POINTS; j++)
            assert_true(m.q[j] > m.q[j - 1] || (m.q[j] == m.q[j - 1] && bases[i] > 0.9));
    }
}

/* The merged repeat: q^k + (1 - base^k) (1-q)/(1-base) <= 1, equal to 1 at k = 1. */
static void merged_repeats_gain_nothing_at_any_point(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bases); i++) {
        struct mixture m;

        mixture_init(&m, bases[i], &prior);
        for (int j = 0; j < MIXTURE_POINTS; j++) {
            const long double q = m.q[j], base = bases[i];

            for (int k = 1; k <= 100; k++) {
                const long double mean = powl(q, k) + (1 - powl(base, k)) * (1 - q) / (1 - base);

                assert_true(mean <= 1 + 1e-15L);
                if (k == 1)
                    assert_true(mean >= 1 - 1e-15L);
            }
        }
    }
}

static void small_counts_agree_with_the_plain_sum(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bases); i++) {
        struct mixture m;

        mixture_init(&m, bases[i], &prior);
        for (unsigned hits = 0; hits <= 40; hits++) {
            for (unsigned misses = 0; misses <= 100; misses += 1 + misses / 10) {
                const double expected = (double)log10l(naive_mixture(&m, hits, misses));

                /* |ln| < 1400 in the terms, each rounded a few times: 1400 * 2^-52 * 4 / ln 10 */
                assert_true(fabs(mixture_log10(&m, hits, misses) - expected) < 1e-12);
            }
        }
    }
}

static void nothing_seen_is_exactly_zero_and_misses_alone_never_positive(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bases); i++) {
        struct mixture m;

        mixture_init(&m, bases[i], &prior);
        assert_true(mixture_log10(&m, 0, 0) == 0.0);
        for (uint64_t misses = 1; misses < UINT64_MAX / 4; misses *= 3)
            assert_true(mixture_log10(&m, 0, misses) <= 0.0);
    }
}

static void a_hit_never_lowers_and_a_miss_never_raises(void **state)
{
    struct mixture m;

    (void)state;
    mixture_init(&m, 0.05, &prior);
    for (uint64_t hits = 0; hits < 60; hits++) {
        for (uint64_t misses = 0; misses < 300; misses++) {
            const double here = mixture_log10(&m, hits, misses);

            assert_true(mixture_log10(&m, hits + 1, misses) > here);
            assert_true(mixture_log10(&m, hits, misses + 1) < here);
        }
    }
}

static void huge_counts_stay_finite(void **state)
{
    const uint64_t counts[] = {0, 1, 1000000000000, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bases); i++) {
        struct mixture m;

        mixture_init(&m, bases[i], &prior);
        for (size_t h = 0; h < ARRAY_LENGTH(counts); h++) {
            for (size_t n = 0; n < ARRAY_LENGTH(counts); n++)
                assert_true(isfinite(mixture_log10(&m, counts[h], counts[n])));
        }
    }
}

/* All in one direction the best point wins: 10^12 ln(1/base) less the weight of the atom. */
static void only_hits_read_the_atom_at_one(void **state)
{
    struct mixture m;

    (void)state;
    mixture_init(&m, 0.05, &prior);
    assert_true(fabs(mixture_log10(&m, 1000000000000, 0) -
                     (1e12 * log10(20) + log10(m.weight[MIXTURE_POINTS - 1]))) < 1e-3);
}

static void a_base_of_one_or_more_rejects_nothing(void **state)
{
    const double too_large[] = {1.0, 1.5, NAN};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(too_large); i++) {
        struct mixture m;

        mixture_init(&m, too_large[i], &prior);
        assert_true(mixture_log10(&m, 1000, 0) == 0.0);
        assert_true(mixture_log10(&m, 0, 1000) == 0.0);
        assert_true(mixture_log10(&m, 1000, 1000) == 0.0);
    }
}

static void a_base_of_zero_is_the_smallest_coin(void **state)
{
    struct mixture zero, smallest;

    (void)state;
    mixture_init(&zero, 0.0, &prior);
    mixture_init(&smallest, 0x1p-32, &prior);
    assert_true(mixture_log10(&zero, 3, 7) == mixture_log10(&smallest, 3, 7));
}

/* To the last bit, whatever was asked for before and whatever shares its place. */
static void a_memo_changes_no_value(void **state)
{
    static struct mixture_memo memo;
    struct mixture plain, remembering;
    uint32_t x = 1;

    (void)state;
    mixture_init(&plain, 0.05, &prior);
    mixture_init(&remembering, 0.05, &prior);
    remembering.memo = &memo;
    for (int i = 0; i < 20000; i++) {
        x = 1664525 * x + 1013904223;
        {
            /* Pairs with the same misses share a place when their hits differ by its size. */
            unsigned n_hits = 32 * (x >> 29), n_misses = x >> 18 & 511;
            double expected = mixture_log10(&plain, n_hits, n_misses);
            double remembered = mixture_log10(&remembering, n_hits, n_misses);

            assert_memory_equal(&remembered, &expected, sizeof(expected));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_positive_and_sum_to_one),
        cmocka_unit_test(no_point_lies_below_the_base),
        cmocka_unit_test(merged_repeats_gain_nothing_at_any_point),
        cmocka_unit_test(small_counts_agree_with_the_plain_sum),
        cmocka_unit_test(nothing_seen_is_exactly_zero_and_misses_alone_never_positive),
        cmocka_unit_test(a_hit_never_lowers_and_a_miss_never_raises),
        cmocka_unit_test(huge_counts_stay_finite),
        cmocka_unit_test(only_hits_read_the_atom_at_one),
        cmocka_unit_test(a_base_of_one_or_more_rejects_nothing),
        cmocka_unit_test(a_base_of_zero_is_the_smallest_coin),
        cmocka_unit_test(a_memo_changes_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
