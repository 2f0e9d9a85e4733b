/* SPDX-License-Identifier: BSD-3-Clause */
#include "verdict/penny.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"

static const struct penny_parameters paper = {.max_duplicate_ratio = 0.15, .p_miss = 0.05};

/* Equal to within a few roundings of the logarithms: |ln p| < 800, so 800 * 2^-52 * 4. */
static void assert_close(double actual, double expected)
{
    assert_true(fabs(actual - expected) <= 1e-12 * fabs(expected));
}

/* The formula as it stands, in long double, whose exponent range holds 0.05^300. */
static long double naive_posterior(const struct penny_counts *c, const struct penny_parameters *p)
{
    const long double f =
        (long double)(c->duplicates ? c->duplicates : 1) / (long double)(c->droppable - c->dropped);
    const long double closed = powl(p->p_miss, c->expired), open = powl(f, c->retransmitted);

    return closed / (closed + open);
}

/* Expected values from exact rational arithmetic, rounded to 17 digits. */
static void known_answers(void **state)
{
    const struct {
        struct penny_counts counts;
        double f_dup, p_closed, p_open, posterior;
        enum verdict_outcome outcome;
    } cases[] = {
        {{1000, 12, 12, 0, 0, 0, 0},
         0.0010121457489878543,
         1,
         1.1558904216664133e-36,
         1,
         VERDICT_CLOSED_LOOP},
        {{1000, 12, 12, 0, 100, 0, 0},
         0.10121457489878542,
         1,
         1.1558904216664133e-12,
         0.99999999999884415,
         VERDICT_CLOSED_LOOP},
        {{1000, 12, 11, 1, 20, 0, 0},
         0.020242914979757085,
         0.050000000000000003,
         2.3388564205699408e-19,
         1,
         VERDICT_CLOSED_LOOP},
        {{1000, 12, 6, 6, 50, 0, 0},
         0.050607287449392711,
         1.5624999999999999e-08,
         1.6798803825783303e-08,
         0.48189904194939187,
         VERDICT_INCONCLUSIVE},
        {{1000, 12, 2, 10, 148, 0, 0},
         0.14979757085020243,
         9.7656250000000004e-14,
         0.022439312232621418,
         4.3520161842396427e-12,
         VERDICT_NOT_CLOSED_LOOP},
        {{1000, 12, 0, 12, 0, 0, 0},
         0.0010121457489878543,
         2.44140625e-16,
         1,
         2.4414062499999995e-16,
         VERDICT_NOT_CLOSED_LOOP},
        {{260, 12, 10, 2, 30, 0, 0},
         0.12096774193548387,
         0.0025000000000000001,
         6.7095862334187066e-10,
         0.9999997316166227,
         VERDICT_CLOSED_LOOP},
        {{1000, 12, 3, 9, 148, 0, 0},
         0.14979757085020243,
         1.9531250000000001e-12,
         0.0033613544639959207,
         5.8105297129041527e-10,
         VERDICT_NOT_CLOSED_LOOP},
        {{120, 6, 6, 0, 5, 0, 0},
         0.043859649122807015,
         1,
         7.118539807563261e-09,
         0.99999999288146024,
         VERDICT_CLOSED_LOOP},
        {{5012, 12, 4, 5, 700, 0, 0},
         0.14000000000000001,
         3.1250000000000003e-07,
         0.00038415999999999998,
         0.00081280195592662674,
         VERDICT_NOT_CLOSED_LOOP},
        {{1000, 12, 4, 4, 150, 0, 0},
         0.15182186234817813,
         6.2500000000000003e-06,
         0.00053129687059957941,
         0.011626893098696219,
         VERDICT_DUPLICATES_EXCEEDED},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct penny_result r = penny_evaluate(&cases[i].counts, &paper);

        assert_close(r.f_dup, cases[i].f_dup);
        assert_close(r.p_closed, cases[i].p_closed);
        assert_close(r.p_open, cases[i].p_open);
        assert_close(r.posterior, cases[i].posterior);
        assert_int_equal(r.outcome, cases[i].outcome);
    }
}

static void random_counts_agree_with_the_plain_formula(void **state)
{
    struct random_source random;

    (void)state;
    random_seed_fixed(&random, 11, 0);
    for (int i = 0; i < 20000; i++) {
        struct penny_counts c = {0};

        c.retransmitted = random_u32(&random) % 300;
        c.expired = random_u32(&random) % 300;
        c.dropped = c.retransmitted + c.expired;
        c.droppable = c.dropped + 100 + random_u32(&random) % 100000;
        c.duplicates = (c.droppable - c.dropped) * (random_u32(&random) % 150) / 1000;

        const struct penny_result r = penny_evaluate(&c, &paper);

        assert_true(fabsl(r.posterior - naive_posterior(&c, &paper)) <= 1e-11L);
    }
}

static void both_likelihoods_may_underflow(void **state)
{
    /* ln: 400 ln 0.05 = -1198.3, 520 ln 0.1 = -1197.3: both below the smallest double. */
    const struct penny_counts c = {
        .droppable = 1920, .dropped = 920, .retransmitted = 520, .expired = 400, .duplicates = 100};
    const struct penny_result r = penny_evaluate(&c, &paper);

    (void)state;
    assert_true(r.p_closed == 0.0 && r.p_open == 0.0);
    assert_true(fabs(r.posterior - 1.0 / (1.0 + exp(520 * log(0.1) - 400 * log(0.05)))) < 1e-9);
    assert_int_equal(r.outcome, VERDICT_INCONCLUSIVE);
}

static void nothing_ended_is_even_odds(void **state)
{
    const struct penny_counts c = {.droppable = 100};
    const struct penny_result r = penny_evaluate(&c, &paper);

    (void)state;
    assert_true(r.posterior == 0.5 && r.p_closed == 1.0 && r.p_open == 1.0);
    assert_int_equal(r.outcome, VERDICT_INCONCLUSIVE);
}

static void dropping_everything_says_nothing_about_duplicates(void **state)
{
    const struct penny_counts all = {.droppable = 12, .dropped = 12, .retransmitted = 12};
    const struct penny_counts none = {0};

    (void)state;
    assert_true(penny_evaluate(&all, &paper).f_dup == 1.0);
    assert_int_equal(penny_evaluate(&all, &paper).outcome, VERDICT_DUPLICATES_EXCEEDED);
    assert_int_equal(penny_evaluate(&none, &paper).outcome, VERDICT_DUPLICATES_EXCEEDED);
}

/* 3/20 is exactly max_duplicate_ratio in doubles too: only above it is too much. */
static void the_duplicate_ratio_itself_is_allowed(void **state)
{
    struct penny_counts c = {
        .droppable = 212, .dropped = 12, .retransmitted = 12, .duplicates = 30};

    (void)state;
    assert_int_equal(penny_evaluate(&c, &paper).outcome, VERDICT_CLOSED_LOOP);
    c.duplicates = 31;
    assert_int_equal(penny_evaluate(&c, &paper).outcome, VERDICT_DUPLICATES_EXCEEDED);
}

/* With p_miss^N = 1/99 and no R the posterior is exactly 1/100 in the reals; thresholds are strict.
 */
static void the_posterior_must_pass_its_threshold(void **state)
{
    const struct penny_counts one_expired = {.droppable = 1001, .dropped = 1, .expired = 1};
    const struct penny_counts one_repaired = {.droppable = 101, .dropped = 1, .retransmitted = 1};
    const double nudge = 1e-9;
    struct penny_parameters p = paper;

    (void)state;
    p.p_miss = 1.0 / 99 + nudge;
    assert_int_equal(penny_evaluate(&one_expired, &p).outcome, VERDICT_INCONCLUSIVE);
    p.p_miss = 1.0 / 99 - nudge;
    assert_int_equal(penny_evaluate(&one_expired, &p).outcome, VERDICT_NOT_CLOSED_LOOP);
    /* f_dup = 1/100: 1 / (1 + 0.01) = 0.990099, above; f_dup = 1/99 would be 0.99. */
    assert_int_equal(penny_evaluate(&one_repaired, &p).outcome, VERDICT_CLOSED_LOOP);
}

static void a_p_miss_of_zero_lets_one_expiry_decide(void **state)
{
    const struct penny_parameters strict = {.max_duplicate_ratio = 0.15, .p_miss = 0.0};
    struct penny_counts c = {.droppable = 1012, .dropped = 12, .retransmitted = 12};

    (void)state;
    assert_int_equal(penny_evaluate(&c, &strict).outcome, VERDICT_CLOSED_LOOP);
    c.retransmitted = 11;
    c.expired = 1;
    assert_true(penny_evaluate(&c, &strict).posterior == 0.0);
    assert_int_equal(penny_evaluate(&c, &strict).outcome, VERDICT_NOT_CLOSED_LOOP);
}

static void huge_counts_stay_finite(void **state)
{
    const struct penny_counts c = {.droppable = UINT64_MAX,
                                   .dropped = UINT64_MAX,
                                   .retransmitted = UINT64_MAX,
                                   .expired = UINT64_MAX,
                                   .duplicates = UINT64_MAX};
    const struct penny_result r = penny_evaluate(&c, &paper);

    (void)state;
    assert_true(isfinite(r.f_dup) && isfinite(r.p_closed) && isfinite(r.p_open));
    assert_true(r.posterior >= 0.0 && r.posterior <= 1.0);
}

/* Two of twelve came back, by luck; the other ten a blind sender made void by resetting their
 * flows. Read as what they are it has no evidence, whatever they are read as. */
static void void_drops_are_evidence_of_neither_kind(void **state)
{
    struct penny_counts c = {
        .droppable = 240, .dropped = 12, .retransmitted = 2, .duplicates = 11, .voided = 10};

    (void)state;
    assert_true(penny_evaluate(&c, &paper).posterior > 0.99);
    assert_int_equal(penny_evaluate(&c, &paper).outcome, VERDICT_INCONCLUSIVE);
    /* Nobody repairs, but five could have. */
    c = (struct penny_counts){.droppable = 240, .dropped = 12, .expired = 7, .voided = 5};
    assert_true(penny_evaluate(&c, &paper).posterior < 0.01);
    assert_int_equal(penny_evaluate(&c, &paper).outcome, VERDICT_INCONCLUSIVE);
    /* One void drop of twelve changes nothing. */
    c = (struct penny_counts){
        .droppable = 240, .dropped = 12, .retransmitted = 11, .duplicates = 11, .voided = 1};
    assert_int_equal(penny_evaluate(&c, &paper).outcome, VERDICT_CLOSED_LOOP);
    c = (struct penny_counts){.droppable = 1000, .dropped = 12, .expired = 11, .voided = 1};
    assert_int_equal(penny_evaluate(&c, &paper).outcome, VERDICT_NOT_CLOSED_LOOP);
}

/* What had no coin is no comparison for closed_loop, but speaks for a sender who is accused. */
static void each_claim_has_the_ratio_that_is_against_it(void **state)
{
    /* All that can be dropped came again, between 2,280 segments that cannot: 228 of 240. */
    struct penny_counts c = {
        .droppable = 240, .in_order = 2520, .dropped = 12, .retransmitted = 12, .duplicates = 228};

    (void)state;
    assert_true(penny_evaluate(&c, &paper).f_dup == 1);
    assert_int_equal(penny_evaluate(&c, &paper).outcome, VERDICT_DUPLICATES_EXCEEDED);
    /* A blind sender of many segments in few flows: 40 of 228, 40 of 988. */
    c = (struct penny_counts){
        .droppable = 240, .in_order = 1000, .dropped = 12, .expired = 12, .duplicates = 40};
    assert_close(penny_evaluate(&c, &paper).f_dup, 40.0 / 228);
    assert_int_equal(penny_evaluate(&c, &paper).outcome, VERDICT_NOT_CLOSED_LOOP);
    /* Neither claim: seven came back. */
    c.retransmitted = 7;
    c.expired = 5;
    assert_int_equal(penny_evaluate(&c, &paper).outcome, VERDICT_DUPLICATES_EXCEEDED);
    c.duplicates = 30;
    assert_int_equal(penny_evaluate(&c, &paper).outcome, VERDICT_INCONCLUSIVE);
    /* Too many of all. */
    c = (struct penny_counts){
        .droppable = 240, .in_order = 1000, .dropped = 12, .expired = 12, .duplicates = 149};
    assert_int_equal(penny_evaluate(&c, &paper).outcome, VERDICT_DUPLICATES_EXCEEDED);
    /* 148 of 988 is below 0.15, 149 is above. */
    c.duplicates = 148;
    assert_int_equal(penny_evaluate(&c, &paper).outcome, VERDICT_NOT_CLOSED_LOOP);
}

static void every_outcome_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(verdict_name_outcome(VERDICT_UNDECIDED), "undecided");
    assert_string_equal(verdict_name_outcome(VERDICT_CLOSED_LOOP), "closed_loop");
    assert_string_equal(verdict_name_outcome(VERDICT_NOT_CLOSED_LOOP), "not_closed_loop");
    assert_string_equal(verdict_name_outcome(VERDICT_DUPLICATES_EXCEEDED), "duplicates_exceeded");
    assert_string_equal(verdict_name_outcome(VERDICT_INCONCLUSIVE), "inconclusive");
    assert_null(verdict_name_outcome((enum verdict_outcome)99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(random_counts_agree_with_the_plain_formula),
        cmocka_unit_test(both_likelihoods_may_underflow),
        cmocka_unit_test(nothing_ended_is_even_odds),
        cmocka_unit_test(dropping_everything_says_nothing_about_duplicates),
        cmocka_unit_test(the_duplicate_ratio_itself_is_allowed),
        cmocka_unit_test(the_posterior_must_pass_its_threshold),
        cmocka_unit_test(a_p_miss_of_zero_lets_one_expiry_decide),
        cmocka_unit_test(huge_counts_stay_finite),
        cmocka_unit_test(void_drops_are_evidence_of_neither_kind),
        cmocka_unit_test(each_claim_has_the_ratio_that_is_against_it),
        cmocka_unit_test(every_outcome_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
