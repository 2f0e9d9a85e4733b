/* SPDX-License-Identifier: BSD-3-Clause */
#include "verdict/decision.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "verdict/evidence.h"

static const struct anytime_levels levels = {.alpha = 1e-6, .beta = 1e-4};

static struct anytime_decision decide(struct anytime_counts pooled,
                                      const struct anytime_counts *flows, unsigned n_flows)
{
    struct anytime a;

    anytime_init(&a, 0.05, 0.05);
    return anytime_decide(
        &a, &pooled,
        &(struct anytime_flows){
            .counts = flows, .spans = flows, .n = n_flows, .n_places = 10, .joint_is_fair = true},
        NULL, &levels);
}

/* Pooled counts R, D, N and what they mean at p = p_miss = 0.05. */
static void pooled_counts_give_outcomes(void **state)
{
    const struct {
        struct anytime_counts counts;
        enum verdict_outcome outcome;
        bool mixed;
    } cases[] = {
        {{0, 0, 0, 0}, VERDICT_UNDECIDED, false},
        {{4, 0, 0, 0}, VERDICT_UNDECIDED, false},
        {{5, 0, 0, 0}, VERDICT_CLOSED_LOOP, false},
        {{5, 1, 0, 0}, VERDICT_UNDECIDED, false},
        {{6, 1, 0, 0}, VERDICT_CLOSED_LOOP, false},
        {{5, 0, 3, 0}, VERDICT_CLOSED_LOOP, false},
        {{5, 0, 12, 0}, VERDICT_CLOSED_LOOP, true},
        {{0, 0, 3, 0}, VERDICT_UNDECIDED, false},
        {{0, 0, 4, 0}, VERDICT_NOT_CLOSED_LOOP, false},
        {{0, 1000, 4, 0}, VERDICT_NOT_CLOSED_LOOP, false},
        {{0, UINT64_MAX, 4, 0}, VERDICT_NOT_CLOSED_LOOP, false},
        {{0, 8, 4, 8}, VERDICT_UNDECIDED, false},  /* repaired, if not cleanly */
        {{1, 0, 12, 0}, VERDICT_UNDECIDED, false}, /* one clean repair keeps the test going */
        {{2, 5, 12, 0}, VERDICT_UNDECIDED, false}, /* E is 1.19, with its share below 1 */
        {{1, 100, 12, 0},
         VERDICT_NOT_CLOSED_LOOP,
         false}, /* one among a hundred repeats does not */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct anytime_decision d = decide(cases[i].counts, NULL, 0);

        assert_int_equal(d.outcome, cases[i].outcome);
        assert_int_equal(d.mixed, cases[i].mixed);
    }
}

static void one_genuine_flow_among_spoofers_decides(void **state)
{
    const struct anytime_counts spoofed = {
        .n_retransmitted = 6, .n_duplicates = 500, .n_expired = 40};
    const struct anytime_counts flows[] = {{0, 20, 6, 0}, {6, 0, 0, 0}, {1, 30, 5, 0}};
    const struct anytime_decision d = decide(spoofed, flows, 3);

    (void)state;
    assert_int_equal(decide(spoofed, NULL, 0).outcome, VERDICT_NOT_CLOSED_LOOP);
    assert_int_equal(d.outcome, VERDICT_CLOSED_LOOP);
    assert_true(d.mixed);
}

static void a_promising_flow_keeps_a_rejected_aggregate_open(void **state)
{
    const struct anytime_counts spoofed = {
        .n_retransmitted = 3, .n_duplicates = 500, .n_expired = 40};
    const struct anytime_counts flow = {.n_retransmitted = 3};

    (void)state;
    assert_int_equal(decide(spoofed, &flow, 1).outcome, VERDICT_UNDECIDED);
}

static void the_numbers_shown_are_the_numbers_compared(void **state)
{
    const struct anytime_counts pooled = {7, 3, 2, 0}, flows[] = {{2, 1, 0, 0}, {4, 0, 0, 0}};
    const struct anytime_decision d = decide(pooled, flows, 2);
    double log10_flows[2];
    struct anytime a;

    (void)state;
    anytime_init(&a, 0.05, 0.05);
    for (int i = 0; i < 2; i++)
        log10_flows[i] = anytime_log10_e_flow(&a, flows[i].n_retransmitted, flows[i].n_duplicates);
    assert_true(d.log10_e_pooled == anytime_log10_e(&a, 7, 3));
    assert_true(d.log10_f == anytime_log10_f(&a, 7, 2));
    assert_true(d.log10_e_joint == anytime_log10_e_joint(&a, flows, 2));
    assert_true(d.log10_e ==
                evidence_log10_combined(d.log10_e_pooled, d.log10_e_joint, log10_flows, 2, 10));
}

/* Four flows with losses of their own, none of which would do alone, among two blind ones. */
static void flows_that_lose_segments_decide_together(void **state)
{
    const struct anytime_counts spoofed = {
        .n_retransmitted = 16, .n_duplicates = 800, .n_expired = 40};
    struct anytime_counts flows[] = {{4, 3, 0, 0}, {5, 4, 0, 0},  {4, 2, 1, 0},
                                     {5, 5, 0, 0}, {0, 40, 2, 0}, {1, 60, 2, 0}};
    const struct anytime_flows unfair = {.counts = flows, .spans = flows, .n = 6, .n_places = 10};
    struct anytime a;

    (void)state;
    anytime_init(&a, 0.05, 0.05);
    assert_int_equal(decide(spoofed, flows, 6).outcome, VERDICT_CLOSED_LOOP);
    for (int i = 0; i < 4; i++)
        assert_true(anytime_log10_e_flow(&a, flows[i].n_retransmitted, flows[i].n_duplicates) < 4);
    assert_true(anytime_decide(&a, &spoofed, &unfair, NULL, &levels).log10_e_joint == 0.0);
    assert_int_equal(anytime_decide(&a, &spoofed, &unfair, NULL, &levels).outcome,
                     VERDICT_UNDECIDED);
}

static void each_outcome_is_known_by_its_name(void **state)
{
    unsigned int n = 0;

    (void)state;
    for (const char *name; (name = verdict_name_outcome((enum verdict_outcome)n)) != NULL; n++)
        assert_true(verdict_is_outcome(name));
    assert_int_equal(n, 5);
    assert_string_equal(verdict_name_outcome(VERDICT_CLOSED_LOOP), "closed_loop");
    assert_string_equal(verdict_name_outcome(VERDICT_NOT_CLOSED_LOOP), "not_closed_loop");
    assert_false(verdict_is_outcome(""));
    assert_false(verdict_is_outcome("closed"));
    assert_false(verdict_is_outcome("closed_loops"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pooled_counts_give_outcomes),
        cmocka_unit_test(one_genuine_flow_among_spoofers_decides),
        cmocka_unit_test(a_promising_flow_keeps_a_rejected_aggregate_open),
        cmocka_unit_test(flows_that_lose_segments_decide_together),
        cmocka_unit_test(each_outcome_is_known_by_its_name),
        cmocka_unit_test(the_numbers_shown_are_the_numbers_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
