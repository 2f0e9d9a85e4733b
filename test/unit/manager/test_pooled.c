/* SPDX-License-Identifier: BSD-3-Clause */
/* The pooled phase of both rules, on one worker and on three. */
#include <math.h>

#include "../within.h"
#include "box.h"
#include "manager/internal.h"

/* Drops as long as budget is there, up to `n`; ends each with `state`, in the same epoch or in one
 * of its own. Returns how many were made. */
static unsigned drop_and_end(struct box *b, unsigned n, enum drop_state state)
{
    unsigned n_made = 0;

    while (n_made < n) {
        uint16_t w = (uint16_t)(n_made % b->n_workers);
        uint64_t id = box_drop(b, w, 0);

        if (id == 0)
            break;
        box_end(b, w, 0, id, state);
        box_epoch(b);
        n_made++;
    }
    return n_made;
}

static void genuine_traffic_is_closed_loop_after_five_or_six_drops(void **state)
{
    (void)state;
    for (uint16_t n_workers = 1; n_workers <= 3; n_workers += 2) {
        struct box *b = box_new(n_workers);
        struct aggregate_report r;
        unsigned n;

        box_open(b);
        n = drop_and_end(b, 100, DROP_RETRANSMITTED);
        assert_within(n, 5, 6);
        r = box_report(b, 0);
        assert_int_equal(r.verdict, VERDICT_CLOSED_LOOP);
        assert_int_equal(r.via, VIA_POOLED);
        assert_int_equal(r.reason, REASON_EVIDENCE);
        assert_int_equal(r.anytime.outcome, VERDICT_CLOSED_LOOP);
        assert_true(r.anytime.log10_e >= 6);
        assert_int_equal(r.penny.outcome, VERDICT_UNDECIDED);
        assert_false(r.mixed);
        assert_true(isnan(aggregate_report_repaired_share(&r))); /* not settled yet */
        box_settle(b);
        r = box_report(b, 0);
        assert_true(aggregate_report_repaired_share(&r) > 0.999);
        assert_int_equal(r.state, TEST_DONE);
        assert_int_equal(r.test.dropped, n);
        assert_int_equal(box_order(b, 0).phase, AGGREGATE_IDLE);
        assert_int_equal(box_count(b, EVENT_VERDICT), 1);
        assert_int_equal(box_count(b, EVENT_TEST_ENDED), 1);
        assert_false(manager_any_running(b->manager));
        box_close(b);
    }
}

/* Senders repeat segments of their own while the last drops settle. */
static void evidence_that_was_enough_is_shown_as_it_was(void **state)
{
    struct box *b = box_new(1);
    double log10_e;

    (void)state;
    box_open(b);
    drop_and_end(b, 100, DROP_RETRANSMITTED);
    log10_e = box_report(b, 0).anytime.log10_e;
    assert_true(log10_e >= 6);
    box_duplicate(b, 0, 0, 3);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).test.test_duplicates, 3);
    assert_true(box_report(b, 0).anytime.log10_e == log10_e);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_CLOSED_LOOP);
    box_close(b);
}

/* Not more drops are under way than would settle it. */
static void budget_is_granted_step_by_step(void **state)
{
    struct box *b = box_new(1);
    int32_t first;

    (void)state;
    box_open(b);
    first = box_budget(b, 0);
    assert_within(first, 5, 6);
    for (int32_t i = 0; i < first; i++)
        assert_int_not_equal(box_drop(b, 0, 0), 0);
    box_epoch(b);
    assert_int_equal(box_drop(b, 0, 0), 0);
    /* One that ended for or against nothing makes room for one more. */
    box_end(b, 0, 0, 1, DROP_VOID_CLOSED);
    box_epoch(b);
    assert_int_equal(box_budget(b, 0), 1);
    /* Duplicates ask for more repairs. */
    box_duplicate(b, 0, 0, 3);
    box_epoch(b);
    assert_true(box_budget(b, 0) > 1);
    assert_true(box_budget(b, 0) + first <= 12);
    box_close(b);
}

static void drops_that_stay_out_half_a_second_hold_up_no_others(void **state)
{
    struct box *b = box_new(1);
    int32_t first;

    (void)state;
    box_open(b);
    first = box_budget(b, 0);
    for (int32_t i = 0; i < first; i++)
        assert_int_not_equal(box_drop(b, 0, 0), 0);
    /* What is forwarded meanwhile is no step of theirs. */
    for (int i = 0; i < 40; i++) {
        box_forward(b, 0, 0, 1);
        box_epoch(b);
    }
    assert_int_equal(box_budget(b, 0), 0);
    for (int i = 0; i < 20; i++) {
        box_forward(b, 0, 0, 1);
        box_epoch(b);
    }
    assert_int_equal(box_budget(b, 0), first);
    box_epochs_for(b, NS_PER_S);
    assert_int_equal(box_budget(b, 0), first); /* and no more while these wait to be used */
    box_close(b);
}

static void rule_penny_gets_its_whole_budget_at_once(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].parameters.rule = TEST_RULE_PENNY;
    box_open(b);
    assert_int_equal(box_budget(b, 0), 12);
    box_close(b);
}

static void budget_is_never_overshot(void **state)
{
    struct box *b = box_new(3);
    unsigned n = 0;

    (void)state;
    b->slices[0].parameters.fallback_to_individual = false;
    box_open(b);
    for (unsigned i = 0; i < 300; i++) {
        uint16_t w = (uint16_t)(i % 3);
        uint64_t id = box_drop(b, w, 0);

        if (id != 0) {
            n++;
            box_end(b, w, 0, id, i % 2 == 0 ? DROP_VOID_EVICTED : DROP_VOID_AMBIGUOUS);
        }
        box_epoch(b);
    }
    assert_int_equal(n, 12);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(box_report(b, 0).reason, REASON_BUDGET);
    box_close(b);
}

static void drops_that_never_come_back_are_not_closed_loop(void **state)
{
    struct box *b = box_new(3);
    struct aggregate_report r;

    (void)state;
    b->slices[0].parameters.fallback_to_individual = false;
    box_open(b);
    box_forward(b, 0, 0, 100);
    assert_true(drop_and_end(b, 100, DROP_EXPIRED) <= 12);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_UNDECIDED);
    box_epochs_for(b, 3 * NS_PER_S);
    r = box_report(b, 0);
    assert_int_equal(r.verdict, VERDICT_NOT_CLOSED_LOOP);
    assert_false(r.provisional);
    assert_true(r.anytime.log10_f >= 4);
    assert_true(r.anytime.log10_e <= 0);
    assert_false(r.mixed);
    /* Without flows phase the aggregate has all of alpha. */
    assert_true(r.anytime.log10_e >= r.anytime.log10_e_pooled);
    box_close(b);
}

/* No sender is called blind whose repairs only took too long; both rules say how it is helped. */
static void late_repairs_withhold_the_no_and_name_the_remedy(void **state)
{
    (void)state;
    for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++) {
        struct box *b = box_new(1);

        b->slices[0].parameters.fallback_to_individual = false;
        b->slices[0].parameters.rule = (enum test_rule)rule;
        box_open(b);
        box_forward(b, 0, 0, 1000);
        drop_and_end(b, 100, DROP_EXPIRED);
        box_epochs_for(b, 2 * NS_PER_S);
        box_repair_late(b, 0, 0, 4);
        for (int i = 0; i < 2; i++) {
            drop_and_end(b, 100, DROP_EXPIRED);
            box_epochs_for(b, 4 * NS_PER_S);
        }
        assert_int_equal(box_report(b, 0).state, TEST_DONE);
        assert_int_equal(box_report(b, 0).verdict, VERDICT_INCONCLUSIVE);
        assert_int_equal(box_report(b, 0).reason, REASON_LATE_REPAIRS);
        assert_int_equal(box_report(b, 0).anytime.outcome, VERDICT_INCONCLUSIVE);
        box_close(b);
    }
}

/* Who repeats everything later repeats what was dropped, too, but mostly what was not. */
static void who_repeats_everything_late_is_not_excused(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].parameters.fallback_to_individual = false;
    box_open(b);
    box_forward(b, 0, 0, 1000);
    drop_and_end(b, 100, DROP_EXPIRED);
    box_repair_late(b, 0, 0, 4);
    box_duplicate(b, 0, 0, 76);
    box_epochs_for(b, 4 * NS_PER_S);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_NOT_CLOSED_LOOP);
    box_close(b);
}

/* What blind senders repeat by luck is no share of anything. */
static void without_closed_loop_no_share_is_told(void **state)
{
    struct box *b = box_new(1);
    struct aggregate_report r;

    (void)state;
    b->slices[0].parameters.fallback_to_individual = false;
    box_open(b);
    box_duplicate(b, 0, 0, 60);
    drop_and_end(b, 1, DROP_RETRANSMITTED);
    drop_and_end(b, 11, DROP_EXPIRED);
    box_epochs_for(b, 3 * NS_PER_S);
    box_settle(b);
    r = box_report(b, 0);
    assert_int_equal(r.state, TEST_DONE);
    assert_int_equal(r.test.retransmitted, 1);
    assert_int_equal(r.verdict, VERDICT_NOT_CLOSED_LOOP);
    assert_true(isnan(aggregate_report_repaired_share(&r)));
    box_close(b);
}

/* Without flows phase the no is final, so it waits for the drops that are still out; what comes
 * back of them makes the test go on. */
static void a_no_without_flows_phase_waits_for_the_last_drops(void **state)
{
    (void)state;
    for (int comes_back = 0; comes_back < 2; comes_back++) {
        struct box *b = box_new(1);
        uint64_t last;

        b->slices[0].parameters.fallback_to_individual = false;
        box_open(b);
        last = box_drop(b, 0, 0);
        assert_true(drop_and_end(b, 6, DROP_EXPIRED) >= 4);
        box_epochs_for(b, NS_PER_S);
        assert_int_equal(box_report(b, 0).state, TEST_POOLED);
        assert_int_equal(box_report(b, 0).verdict, VERDICT_UNDECIDED);
        assert_int_equal(box_budget(b, 0), 0);
        box_end(b, 0, 0, last, comes_back ? DROP_RETRANSMITTED : DROP_EXPIRED);
        box_epoch(b);
        if (comes_back) {
            box_epoch(b);
            assert_int_equal(box_report(b, 0).state, TEST_POOLED);
            assert_true(box_budget(b, 0) > 0);
            drop_and_end(b, 100, DROP_RETRANSMITTED);
        }
        box_epochs_for(b, 3 * NS_PER_S);
        assert_int_equal(box_report(b, 0).verdict,
                         comes_back ? VERDICT_CLOSED_LOOP : VERDICT_NOT_CLOSED_LOOP);
        assert_int_equal(box_report(b, 0).reason, REASON_EVIDENCE);
        box_close(b);
    }
}

static void a_no_without_flows_phase_takes_the_budget_back_at_once(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].parameters.fallback_to_individual = false;
    box_open(b);
    assert_int_not_equal(box_drop(b, 0, 0), 0); /* still out */
    while (box_report(b, 0).anytime.outcome == VERDICT_UNDECIDED) {
        assert_true(box_budget(b, 0) > 0);
        assert_int_equal(drop_and_end(b, 1, DROP_EXPIRED), 1);
    }
    assert_int_equal(box_report(b, 0).anytime.outcome, VERDICT_NOT_CLOSED_LOOP);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    assert_int_equal(box_budget(b, 0), 0);
    box_close(b);
}

static void a_verdict_that_its_evidence_does_not_have_is_found(void **state)
{
    struct box *b = box_new(1);
    struct test *t;

    (void)state;
    box_open(b);
    drop_and_end(b, 100, DROP_RETRANSMITTED);
    box_settle(b);
    t = &b->manager->aggregates[0].test;
    assert_int_equal(t->verdict, VERDICT_CLOSED_LOOP);
    assert_null(manager_check(b->manager));
    t->verdict = VERDICT_NOT_CLOSED_LOOP;
    assert_non_null(manager_check(b->manager));
    t->verdict = VERDICT_CLOSED_LOOP;
    box_close(b);
}

/* Its own numbers say no; but three drops came back as only real senders repeat them. */
static void rule_penny_calls_nobody_blind_beside_evidence_for_a_sender(void **state)
{
    struct box *b = box_new(1);
    struct aggregate_report r;

    (void)state;
    b->slices[0].parameters.rule = TEST_RULE_PENNY;
    b->slices[0].parameters.fallback_to_individual = false;
    box_open(b);
    box_forward(b, 0, 0, 200);
    drop_and_end(b, 3, DROP_RETRANSMITTED);
    drop_and_end(b, 9, DROP_EXPIRED);
    box_epochs_for(b, 3100 * NS_PER_MS);
    r = box_report(b, 0);
    assert_int_equal(r.penny.outcome, VERDICT_NOT_CLOSED_LOOP);
    assert_true(r.anytime.log10_e > 0);
    assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(r.reason, REASON_CONFLICT);
    box_close(b);
}

static void duplicates_from_before_the_test_do_not_weigh_on_it(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].start = SLICE_START_MANUAL;
    box_open(b);
    box_duplicate(b, 0, 0, 50);
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), 0);
    box_epoch(b); /* posted only now */
    assert_int_equal(box_report(b, 0).test.duplicates, 50);
    assert_within(drop_and_end(b, 100, DROP_RETRANSMITTED), 5, 6);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_CLOSED_LOOP);
    box_close(b);
}

static void what_made_most_drops_void_is_named(void **state)
{
    const struct {
        enum drop_state end;
        enum test_reason reason;
    } cases[] = {{DROP_VOID_CLOSED, REASON_RESETS},       {DROP_VOID_OWN_LOSS, REASON_OWN_LOSS},
                 {DROP_VOID_AMBIGUOUS, REASON_AMBIGUOUS}, {DROP_VOID_EVICTED, REASON_EVICTED},
                 {DROP_VOID_STALL, REASON_STALL},         {DROP_VOID_SILENCE, REASON_SILENCE}};

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct box *b = box_new(1);

        b->slices[0].parameters.fallback_to_individual = false;
        box_open(b);
        assert_int_equal(drop_and_end(b, 100, cases[i].end), 12);
        assert_int_equal(box_report(b, 0).verdict, VERDICT_INCONCLUSIVE);
        assert_int_equal(box_report(b, 0).reason, cases[i].reason);
        box_close(b);
    }
}

/* Five repairs and seven that never came back: E is above 1/alpha, and F above 1/beta. */
static void mixed_traffic_is_told_from_the_outcomes_of_all_drops(void **state)
{
    struct box *b = box_new(1);
    struct aggregate_report r;
    uint64_t ids[12];

    (void)state;
    b->slices[0].parameters.rule = TEST_RULE_PENNY;
    b->slices[0].parameters.fallback_to_individual = false;
    box_open(b);
    box_forward(b, 0, 0, 1000);
    for (int i = 0; i < 12; i++)
        ids[i] = box_drop(b, 0, 0);
    for (int i = 0; i < 5; i++)
        box_end(b, 0, 0, ids[i], DROP_RETRANSMITTED);
    box_epoch(b);
    r = box_report(b, 0);
    assert_int_equal(r.verdict, VERDICT_UNDECIDED); /* seven are pending */
    assert_int_equal(r.penny.outcome, VERDICT_UNDECIDED);
    assert_int_equal(r.anytime.outcome, VERDICT_CLOSED_LOOP);
    for (int i = 5; i < 12; i++)
        box_end(b, 0, 0, ids[i], DROP_EXPIRED);
    box_epochs_for(b, 3100 * NS_PER_MS);
    r = box_report(b, 0);
    /* 0.05^7 = 8e-10 against 0.001^5 = 1e-15 */
    assert_int_equal(r.penny.outcome, VERDICT_CLOSED_LOOP);
    assert_int_equal(r.verdict, VERDICT_CLOSED_LOOP);
    assert_true(r.mixed);
    assert_true(fabs(aggregate_report_repaired_share(&r) - 5.0 / 12) < 1e-9);
    box_close(b);
}

/* Drops come back at once; a repeat of what was forwarded may take as long as a repair. */
static void penny_waits_as_long_for_repeats_as_for_repairs(void **state)
{
    for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++) {
        struct box *b = box_new(2);
        uint64_t ids[12];

        (void)state;
        b->slices[0].parameters.rule = (enum test_rule)rule;
        b->slices[0].parameters.alpha = 1e-15; /* more than twelve drops can say */
        b->slices[0].parameters.retransmission_timeout_ms = 2000;
        box_open(b);
        for (int i = 0; i < 12; i++) {
            box_forward(b, i % 2, 0, 20);
            ids[i] = box_drop(b, i % 2, 0);
            box_end(b, i % 2, 0, ids[i], DROP_RETRANSMITTED);
            if (i < 11 && rule == TEST_RULE_ANYTIME)
                box_settle(b);
        }
        box_epoch(b); /* that tells of the last one */
        box_epoch(b); /* until which a worker may not have known */
        box_epochs_for(b, 1980 * NS_PER_MS);
        assert_int_equal(box_report(b, 0).penny.outcome, VERDICT_UNDECIDED);
        if (rule == TEST_RULE_PENNY)
            assert_int_equal(box_report(b, 0).state, TEST_POOLED);
        box_duplicate(b, 1, 0, 30);
        if (box_order(b, 0).phase != AGGREGATE_POOLED) /* of the population all the same */
            b->workers[1].deltas[0].population_duplicates += 30;
        box_epoch(b);
        box_epoch(b);
        assert_int_equal(box_report(b, 0).penny.outcome, VERDICT_CLOSED_LOOP);
        assert_true(fabs(box_report(b, 0).penny.f_dup - 30.0 / 240) < 1e-9);
        box_settle(b);
        assert_int_equal(box_report(b, 0).state,
                         rule == TEST_RULE_ANYTIME ? TEST_FLOWS : TEST_DONE);
        /* What it said once it said of the whole population. */
        box_duplicate(b, 1, 0, 30);
        if (rule == TEST_RULE_ANYTIME)
            b->workers[1].deltas[0].population_duplicates += 30;
        box_settle(b);
        assert_int_equal(box_report(b, 0).penny.outcome, VERDICT_CLOSED_LOOP);
        assert_true(fabs(box_report(b, 0).penny.f_dup - 30.0 / 240) < 1e-9);
        box_close(b);
    }
}

static void penny_is_evaluated_only_when_all_drops_ended(void **state)
{
    struct box *b = box_new(1);
    uint64_t ids[12];

    (void)state;
    b->slices[0].parameters.rule = TEST_RULE_PENNY;
    box_open(b);
    box_forward(b, 0, 0, 500);
    for (int i = 0; i < 12; i++)
        ids[i] = box_drop(b, 0, 0);
    for (int i = 0; i < 11; i++)
        box_end(b, 0, 0, ids[i], DROP_RETRANSMITTED);
    box_epoch(b);
    /* After the last drop: of no population. */
    box_duplicate(b, 0, 0, 400);
    box_epochs_for(b, 4 * NS_PER_S);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_UNDECIDED);
    assert_int_equal(box_report(b, 0).penny.outcome, VERDICT_UNDECIDED);
    box_end(b, 0, 0, ids[11], DROP_RETRANSMITTED);
    box_settle(b);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_CLOSED_LOOP);
    assert_int_equal(box_report(b, 0).via, VIA_POOLED);
    assert_true(box_report(b, 0).penny.f_dup < 0.01);
    box_close(b);
}

static void the_rule_of_an_aggregate_is_told_before_its_first_test(void **state)
{
    (void)state;
    for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++) {
        struct box *b = box_new(1);

        b->slices[0].parameters.rule = (enum test_rule)rule;
        b->slices[0].start = SLICE_START_MANUAL;
        box_open(b);
        assert_int_equal(box_report(b, 0).n_tests, 0);
        assert_int_equal(box_report(b, 0).rule, rule);
        box_close(b);
    }
}

static void duplicates_exceeded_is_final_under_rule_penny(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].parameters.rule = TEST_RULE_PENNY;
    box_open(b);
    box_forward(b, 0, 0, 100);
    box_duplicate(b, 0, 0, 50);
    assert_int_equal(drop_and_end(b, 100, DROP_EXPIRED), 12);
    box_epochs_for(b, 3100 * NS_PER_MS);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_DUPLICATES_EXCEEDED);
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    assert_int_equal(box_report(b, 0).reason, REASON_BUDGET);
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(genuine_traffic_is_closed_loop_after_five_or_six_drops),
        cmocka_unit_test(evidence_that_was_enough_is_shown_as_it_was),
        cmocka_unit_test(budget_is_granted_step_by_step),
        cmocka_unit_test(drops_that_stay_out_half_a_second_hold_up_no_others),
        cmocka_unit_test(rule_penny_gets_its_whole_budget_at_once),
        cmocka_unit_test(budget_is_never_overshot),
        cmocka_unit_test(drops_that_never_come_back_are_not_closed_loop),
        cmocka_unit_test(late_repairs_withhold_the_no_and_name_the_remedy),
        cmocka_unit_test(who_repeats_everything_late_is_not_excused),
        cmocka_unit_test(without_closed_loop_no_share_is_told),
        cmocka_unit_test(a_no_without_flows_phase_waits_for_the_last_drops),
        cmocka_unit_test(a_no_without_flows_phase_takes_the_budget_back_at_once),
        cmocka_unit_test(a_verdict_that_its_evidence_does_not_have_is_found),
        cmocka_unit_test(rule_penny_calls_nobody_blind_beside_evidence_for_a_sender),
        cmocka_unit_test(duplicates_from_before_the_test_do_not_weigh_on_it),
        cmocka_unit_test(what_made_most_drops_void_is_named),
        cmocka_unit_test(mixed_traffic_is_told_from_the_outcomes_of_all_drops),
        cmocka_unit_test(penny_waits_as_long_for_repeats_as_for_repairs),
        cmocka_unit_test(penny_is_evaluated_only_when_all_drops_ended),
        cmocka_unit_test(the_rule_of_an_aggregate_is_told_before_its_first_test),
        cmocka_unit_test(duplicates_exceeded_is_final_under_rule_penny),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
