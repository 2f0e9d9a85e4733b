/* SPDX-License-Identifier: BSD-3-Clause */
/* The flows phase. */
#include "../within.h"
#include "box.h"

/* A flow takes a place, and all its drops end alike. */
static void test_flow(struct box *b, uint32_t place, enum drop_state end)
{
    struct flow_counts counts = {.droppable = 100, .population_droppable = 100};
    bool leaves = b->slices[0].parameters.rule == TEST_RULE_ANYTIME;

    assert_true(box_take_place(b, 0));
    for (unsigned i = 0; i < b->slices[0].parameters.max_drops_per_flow; i++) {
        uint64_t id = box_drop(b, 0, 0);

        if (id == 0)
            return;
        box_end(b, 0, 0, id, end);
        counts.dropped++;
        counts.retransmitted += end == DROP_RETRANSMITTED;
        counts.expired += end == DROP_EXPIRED;
        counts.voided += end != DROP_RETRANSMITTED && end != DROP_EXPIRED;
        box_place(b, 0, 0, place, counts,
                  leaves && counts.dropped == b->slices[0].parameters.max_drops_per_flow);
        box_epoch(b);
    }
}

static void not_closed_loop_is_provisional_first(void **state)
{
    struct box *b = box_new(1);
    struct aggregate_report r;

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    r = box_report(b, 0);
    assert_int_equal(r.state, TEST_FLOWS);
    assert_int_equal(r.verdict, VERDICT_NOT_CLOSED_LOOP);
    assert_true(r.provisional);
    assert_int_equal(r.reason, REASON_EVIDENCE);
    assert_int_equal(r.verdict_ns, 0);
    assert_int_equal(box_count(b, EVENT_PROVISIONAL), 1);
    assert_int_equal(box_count(b, EVENT_VERDICT), 0);
    assert_int_equal(box_budget(b, 0), 18);
    assert_int_equal(aggregate_table_control(b->table, 0)->screening, 15);
    assert_int_equal(aggregate_table_control(b->table, 0)->places, 10);
    box_close(b);
}

static void a_provisional_no_becomes_closed_loop_by_one_genuine_flow(void **state)
{
    struct box *b = box_new(1);
    struct aggregate_report r;
    struct flow_report f;

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    test_flow(b, 0, DROP_EXPIRED);
    test_flow(b, 1, DROP_RETRANSMITTED);
    box_settle(b);
    r = box_report(b, 0);
    assert_int_equal(r.verdict, VERDICT_CLOSED_LOOP);
    assert_false(r.provisional);
    assert_int_equal(r.via, VIA_FLOWS);
    assert_true(r.mixed);
    assert_int_equal(r.state, TEST_DONE);
    assert_int_equal(r.n_flow_reports, 2);
    assert_int_equal(r.n_flows_closed_loop, 1);
    assert_true(manager_flow_report(b->manager, 0, 1, &f));
    assert_true(f.log10_e > 6);
    assert_false(manager_flow_report(b->manager, 0, 2, &f));
    assert_int_equal(box_budget(b, 0), 0);
    assert_int_equal(aggregate_table_control(b->table, 0)->places, 0);
    box_close(b);
}

/* The evidence for a sender rises above 1 after the no was said: it is taken back at once, and not
 * made final at the end of the phase. */
static void a_provisional_no_is_taken_back_when_drops_come_back(void **state)
{
    struct box *b = box_new(1);
    struct aggregate_report r;

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    for (int i = 0; i < 2; i++)
        box_end(b, 0, 0, box_drop(b, 0, 0), DROP_RETRANSMITTED);
    box_epoch(b);
    assert_false(box_report(b, 0).provisional);
    for (int i = 0; i < 6; i++)
        box_end(b, 0, 0, box_drop(b, 0, 0), DROP_EXPIRED);
    box_settle(b);
    r = box_report(b, 0);
    assert_true(r.anytime.log10_f >= 4);
    assert_true(r.anytime.log10_e > 0 && r.anytime.log10_e < 6);
    assert_int_equal(r.state, TEST_FLOWS);
    assert_int_equal(r.verdict, VERDICT_UNDECIDED);
    assert_false(r.provisional);
    assert_int_equal(r.reason, REASON_RUNNING);
    assert_int_equal(r.anytime.outcome, VERDICT_UNDECIDED);
    assert_int_equal(box_count(b, EVENT_PROVISIONAL_WITHDRAWN), 1);
    box_epochs_for(b, 61 * NS_PER_S);
    r = box_report(b, 0);
    assert_int_equal(r.state, TEST_DONE);
    assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(r.reason, REASON_CONFLICT);
    assert_int_equal(r.anytime.outcome, VERDICT_INCONCLUSIVE);
    box_close(b);
}

/* Senders repeat segments of their own: then the evidence for them falls, and the no is back. */
static void a_no_taken_back_may_be_said_again(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    box_end(b, 0, 0, box_drop(b, 0, 0), DROP_RETRANSMITTED);
    box_epoch(b);
    assert_false(box_report(b, 0).provisional);
    box_duplicate(b, 0, 0, 40);
    for (int i = 0; i < 3; i++)
        box_end(b, 0, 0, box_drop(b, 0, 0), DROP_EXPIRED);
    box_epoch(b);
    assert_true(box_report(b, 0).provisional);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_NOT_CLOSED_LOOP);
    assert_int_equal(box_count(b, EVENT_PROVISIONAL), 2);
    box_close(b);
}

static void the_no_is_final_when_all_places_ended(void **state)
{
    struct box *b = box_new(1);
    struct aggregate_report r;

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    box_epochs_for(b, 4 * NS_PER_S); /* nobody repairs: any flow may take a place */
    for (uint32_t place = 0; place < 10; place++)
        test_flow(b, place, DROP_EXPIRED);
    assert_false(box_take_place(b, 0));
    box_settle(b);
    r = box_report(b, 0);
    assert_int_equal(r.state, TEST_DONE);
    assert_int_equal(r.verdict, VERDICT_NOT_CLOSED_LOOP);
    assert_false(r.provisional);
    assert_int_equal(r.reason, REASON_EVIDENCE);
    assert_within(r.test.dropped, 60, 72);
    assert_int_equal(box_count(b, EVENT_VERDICT), 1);
    box_close(b);
}

static void the_no_is_final_when_the_time_of_the_phase_is_over(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].parameters.individual_phase_timeout_ms = 3500;
    box_open(b);
    box_go_to_flows(b, 0);
    box_epochs_for(b, 3300 * NS_PER_MS);
    assert_int_equal(box_report(b, 0).state, TEST_FLOWS);
    box_epochs_for(b, 300 * NS_PER_MS);
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_NOT_CLOSED_LOOP);
    box_close(b);
}

/* Void drops spend the budget, and F says nothing. */
static void a_spent_budget_goes_on_with_flows_and_may_end_inconclusive(void **state)
{
    struct box *b = box_new(1);
    struct aggregate_report r;

    (void)state;
    b->slices[0].parameters.individual_phase_timeout_ms = 100;
    box_open(b);
    for (int i = 0; i < 12; i++) {
        box_end(b, 0, 0, box_drop(b, 0, 0), i % 2 == 0 ? DROP_VOID_AMBIGUOUS : DROP_VOID_EVICTED);
        box_epoch(b);
    }
    box_epoch(b);
    box_epoch(b);
    r = box_report(b, 0);
    assert_int_equal(r.state, TEST_FLOWS);
    assert_false(r.provisional);
    assert_int_equal(r.verdict, VERDICT_UNDECIDED);
    box_epochs_for(b, 200 * NS_PER_MS);
    r = box_report(b, 0);
    assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(r.reason, REASON_FLOWS_SPENT);
    box_close(b);
}

static void flows_that_repaired_something_come_first_for_a_second(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    assert_int_equal(box_order(b, 0).n_repairs, 1);
    box_epochs_for(b, NS_PER_S - 100 * NS_PER_MS);
    assert_int_equal(box_order(b, 0).n_repairs, 1);
    box_epochs_for(b, 200 * NS_PER_MS);
    assert_int_equal(box_order(b, 0).n_repairs, 0);
    assert_int_equal(box_order(b, 0).phase, AGGREGATE_FLOWS);
    box_close(b);
}

static void the_phase_ends_with_all_of_the_budget(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    box_epochs_for(b, 4 * NS_PER_S);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(box_report(b, 0).state, TEST_FLOWS);
        box_end(b, 0, 0, box_drop(b, 0, 0), DROP_EXPIRED);
        box_epoch(b);
    }
    box_settle(b);
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_NOT_CLOSED_LOOP);
    box_close(b);
}

/* Or else who is chosen would depend on how the chosen one's coins fell. */
static void once_a_repairing_flow_is_chosen_no_others_follow_for_want_of_success(void **state)
{
    struct flow_counts counts = {.droppable = 100, .population_droppable = 100};
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    assert_true(box_take_place(b, 0));
    box_place(b, 0, 0, 0, counts, false);
    box_epochs_for(b, 5 * NS_PER_S);
    assert_int_equal(box_order(b, 0).n_repairs, 1);
    assert_int_equal(box_report(b, 0).state, TEST_FLOWS);
    box_place(b, 0, 0, 0, counts, true);
    box_epoch(b);
    assert_true(box_order(b, 0).n_repairs || box_order(b, 0).phase != AGGREGATE_FLOWS);
    box_settle(b);
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_NOT_CLOSED_LOOP);
    box_close(b);
}

static void rule_penny_goes_on_with_any_flow_when_repairing_ones_are_through(void **state)
{
    struct flow_counts counts = {.droppable = 100, .population_droppable = 100};
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].parameters.rule = TEST_RULE_PENNY;
    box_open(b);
    box_go_to_flows(b, 0);
    assert_true(box_take_place(b, 0));
    box_place(b, 0, 0, 0, counts, false);
    box_epochs_for(b, 3 * NS_PER_S);
    assert_int_equal(box_order(b, 0).n_repairs, 1);
    box_place(b, 0, 0, 0, counts, true);
    box_epoch(b);
    box_epoch(b);
    assert_int_equal(box_order(b, 0).n_repairs, 0);
    assert_int_equal(box_budget(b, 0), 60);
    box_close(b);
}

/* Each of them would not do, and one more is blind. */
static void flows_that_lose_segments_decide_together(void **state)
{
#define FLOW(repaired, repeated)                                                                   \
    {                                                                                              \
        .dropped = repaired, .retransmitted = repaired, .duplicates = repeated,                    \
        .span_retransmitted = repaired, .span_duplicates = repeated                                \
    }
    const struct flow_counts flows[] = {
        FLOW(5, 4),
        FLOW(4, 3),
        FLOW(5, 5),
        FLOW(4, 3),
        {.dropped = 2, .expired = 2, .duplicates = 50, .span_duplicates = 20}};
#undef FLOW
    struct aggregate_report r;
    struct flow_report f;

    for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++) {
        struct box *b = box_new(1);

        (void)state;
        b->slices[0].parameters.rule = (enum test_rule)rule;
        box_open(b);
        box_go_to_flows(b, 0);
        for (uint32_t i = 0; i < 5; i++)
            box_place(b, 0, 0, i, flows[i], false);
        box_epoch(b);
        r = box_report(b, 0);
        for (uint32_t i = 0; i < 5; i++) {
            assert_true(manager_flow_report(b->manager, 0, i, &f));
            assert_true(f.log10_e < 5);
        }
        if (rule == TEST_RULE_ANYTIME) {
            assert_int_equal(r.verdict, VERDICT_CLOSED_LOOP);
            assert_true(r.anytime.log10_e_joint > 7);
        } else {
            /* Its choice of flows is no fair one. */
            assert_true(r.anytime.log10_e_joint == 0);
            assert_int_equal(r.anytime.outcome, VERDICT_UNDECIDED);
        }
        box_close(b);
    }
}

/* What the paper's rule does with single flows stays as it is. */
static void rule_penny_screens_nothing(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].parameters.rule = TEST_RULE_PENNY;
    box_open(b);
    box_go_to_flows(b, 0);
    assert_int_equal(box_order(b, 0).phase, AGGREGATE_FLOWS);
    assert_false(box_order(b, 0).screening);
    box_close(b);
}

/* What a flow shows must begin with its own first coin, and the population of penny be whole. */
static void the_flows_phase_waits_for_the_last_pooled_drop(void **state)
{
    struct box *b = box_new(2);
    uint64_t last;

    (void)state;
    b->slices[0].parameters.rule = TEST_RULE_ANYTIME;
    box_open(b);
    last = box_drop(b, 1, 0);
    while (!box_report(b, 0).provisional) {
        box_end(b, 0, 0, box_drop(b, 0, 0), DROP_EXPIRED);
        box_epoch(b);
    }
    box_settle(b);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    assert_int_equal(box_order(b, 0).phase, AGGREGATE_SETTLING);
    assert_int_equal(box_budget(b, 0), 0);
    assert_int_equal(box_drop(b, 0, 0), 0);
    box_end(b, 1, 0, last, DROP_EXPIRED);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).state, TEST_FLOWS);
    box_close(b);
}

/* A worker whose ledger is full brings back what it took, perhaps after the withdrawal. */
static void what_comes_back_late_is_not_spent_on_top(void **state)
{
    struct box *b = box_new(1);
    struct aggregate_control *c;

    (void)state;
    box_open(b);
    c = aggregate_table_control(b->table, 0);
    box_forward(b, 0, 0, 200);
    while (!box_report(b, 0).provisional) {
        box_end(b, 0, 0, box_drop(b, 0, 0), DROP_EXPIRED);
        assert_true(aggregate_take(&c->budget));
        box_epoch(b);
        atomic_fetch_add(&c->budget, 1);
    }
    assert_int_equal(box_budget(b, 0), 1);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).state, TEST_FLOWS);
    assert_int_equal(box_budget(b, 0), 18);
    box_close(b);
}

/* Its own counts may arrive in an epoch that brings nothing to the aggregate's. */
static void a_flow_alone_can_carry_the_verdict(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    box_place(b, 0, 0, 0, (struct flow_counts){.dropped = 6, .retransmitted = 6}, true);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_CLOSED_LOOP);
    assert_int_equal(box_report(b, 0).via, VIA_FLOWS);
    box_close(b);
}

static void a_place_used_again_is_another_flow(void **state)
{
    struct box *b = box_new(1);
    struct flow_report f;

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    box_place(b, 0, 0, 3, (struct flow_counts){.dropped = 1, .voided = 1}, true);
    box_place(b, 0, 0, 3, (struct flow_counts){.dropped = 2}, false);
    box_place(b, 0, 0, 3, (struct flow_counts){.dropped = 3}, false);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).n_flow_reports, 2);
    assert_true(manager_flow_report(b->manager, 0, 0, &f));
    assert_int_equal(f.counts.dropped, 1);
    assert_true(f.ended);
    assert_true(manager_flow_report(b->manager, 0, 1, &f));
    assert_int_equal(f.counts.dropped, 3);
    box_close(b);
}

/* The verdict stands when settling begins; what was pending then still tells who else is there. */
static void mixed_may_become_true_while_settling(void **state)
{
    struct box *b = box_new(1);
    uint64_t pending[9];

    (void)state;
    box_open(b);
    for (int i = 0; i < 12; i++) {
        box_end(b, 0, 0, box_drop(b, 0, 0), DROP_VOID_CLOSED);
        box_epoch(b);
    }
    box_settle(b);
    for (int i = 0; i < 9; i++)
        pending[i] = box_drop(b, 0, 0);
    test_flow(b, 0, DROP_RETRANSMITTED);
    assert_int_equal(box_report(b, 0).state, TEST_SETTLING);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_CLOSED_LOOP);
    assert_false(box_report(b, 0).mixed);
    assert_int_equal(box_drop(b, 0, 0), 0);
    box_settle(b);
    assert_int_equal(box_report(b, 0).state, TEST_SETTLING);
    for (int i = 0; i < 9; i++)
        box_end(b, 0, 0, pending[i], DROP_EXPIRED);
    box_epochs_for(b, 3 * NS_PER_S); /* for what rule penny says */
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_CLOSED_LOOP);
    assert_true(box_report(b, 0).mixed);
    box_close(b);
}

static void rule_penny_wants_two_closed_loop_flows(void **state)
{
    struct box *b = box_new(1);
    struct aggregate_report r;
    double f_dup;

    (void)state;
    b->slices[0].parameters.rule = TEST_RULE_PENNY;
    box_open(b);
    box_go_to_flows(b, 0);
    r = box_report(b, 0);
    assert_int_equal(r.state, TEST_FLOWS);
    assert_true(r.provisional);
    assert_int_equal(r.penny.outcome, VERDICT_NOT_CLOSED_LOOP);
    f_dup = r.penny.f_dup;
    test_flow(b, 0, DROP_RETRANSMITTED);
    box_epochs_for(b, 2900 * NS_PER_MS);
    assert_int_equal(box_report(b, 0).n_flows_closed_loop, 0);
    box_epochs_for(b, 200 * NS_PER_MS);
    assert_int_equal(box_report(b, 0).state, TEST_FLOWS);
    assert_int_equal(box_report(b, 0).n_flows_closed_loop, 1);
    test_flow(b, 1, DROP_RETRANSMITTED);
    box_epochs_for(b, 3100 * NS_PER_MS);
    r = box_report(b, 0);
    assert_int_equal(r.verdict, VERDICT_CLOSED_LOOP);
    assert_int_equal(r.via, VIA_FLOWS);
    assert_int_equal(r.reason, REASON_FLOWS_CLOSED_LOOP);
    /* The aggregate's own numbers stay those of the pooled phase. */
    assert_int_equal(r.penny.outcome, VERDICT_NOT_CLOSED_LOOP);
    assert_true(r.penny.f_dup >= f_dup && r.penny.f_dup <= f_dup);
    box_close(b);
}

/* A drop that ended as neither counts as ended. */
static void a_flow_with_a_void_drop_is_judged_too(void **state)
{
    const struct flow_counts counts = {.population_droppable = 120,
                                       .population_in_order = 120,
                                       .dropped = 6,
                                       .retransmitted = 5,
                                       .voided = 1};
    struct flow_counts early = counts;
    struct flow_report f;

    (void)state;
    early.retransmitted = 4; /* one is pending */
    for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++) {
        struct box *b = box_new(1);
        uint64_t waits_ns = rule == TEST_RULE_PENNY ? 3100 * NS_PER_MS : 0;

        b->slices[0].parameters.rule = (enum test_rule)rule;
        b->slices[0].parameters.alpha = 1e-15;
        box_open(b);
        box_go_to_flows(b, 0);
        box_place(b, 0, 0, 0, early, false);
        box_epochs_for(b, 3100 * NS_PER_MS);
        assert_true(manager_flow_report(b->manager, 0, 0, &f));
        assert_false(f.ended);
        assert_int_equal(f.penny.outcome, VERDICT_UNDECIDED);
        for (uint32_t place = 0; place < 10; place++)
            box_place(b, 0, 0, place, counts, false);
        box_epoch(b);
        assert_true(manager_flow_report(b->manager, 0, 1, &f));
        assert_int_equal(f.ended, rule == TEST_RULE_ANYTIME);
        assert_int_equal(f.penny.outcome, VERDICT_UNDECIDED);
        box_epochs_for(b, waits_ns + 100 * NS_PER_MS);
        assert_true(manager_flow_report(b->manager, 0, 1, &f));
        assert_true(f.ended);
        if (rule == TEST_RULE_PENNY)
            assert_int_equal(f.penny.outcome, VERDICT_CLOSED_LOOP);
        assert_int_not_equal(box_report(b, 0).state, TEST_FLOWS); /* all are through */
        box_close(b);
    }
}

/* Of one that left before its time nobody knows what else it would have repeated. */
static void of_a_flow_that_left_early_rule_penny_says_nothing(void **state)
{
    const struct flow_counts counts = {
        .population_droppable = 120, .population_in_order = 120, .dropped = 6, .retransmitted = 6};
    struct box *b = box_new(1);
    struct flow_report f;

    (void)state;
    b->slices[0].parameters.rule = TEST_RULE_PENNY;
    box_open(b);
    box_go_to_flows(b, 0);
    box_place(b, 0, 0, 0, counts, false);
    box_place(b, 0, 0, 1, counts, false);
    box_epochs_for(b, 2900 * NS_PER_MS);
    box_place(b, 0, 0, 0, counts, true);
    box_epochs_for(b, 300 * NS_PER_MS);
    box_place(b, 0, 0, 1, counts, true);
    box_epochs_for(b, 3100 * NS_PER_MS);
    assert_true(manager_flow_report(b->manager, 0, 0, &f));
    assert_true(f.ended);
    assert_int_equal(f.penny.outcome, VERDICT_UNDECIDED);
    assert_true(manager_flow_report(b->manager, 0, 1, &f));
    assert_int_equal(f.penny.outcome, VERDICT_CLOSED_LOOP);
    assert_int_equal(box_report(b, 0).n_flows_closed_loop, 1);
    box_close(b);
}

/* One flow is not enough for closed_loop, but too many to say that there is none. */
static void rule_penny_stays_not_closed_loop_when_no_flow_repaired(void **state)
{
    (void)state;
    for (uint32_t n_genuine = 0; n_genuine < 2; n_genuine++) {
        struct box *b = box_new(1);

        b->slices[0].parameters.rule = TEST_RULE_PENNY;
        box_open(b);
        box_go_to_flows(b, 0);
        for (uint32_t place = 0; place < 10; place++)
            test_flow(b, place, place < n_genuine ? DROP_RETRANSMITTED : DROP_EXPIRED);
        assert_int_equal(box_report(b, 0).state, TEST_FLOWS); /* for repeats of the last one */
        box_epochs_for(b, 3100 * NS_PER_MS);
        assert_int_equal(box_report(b, 0).verdict,
                         n_genuine == 0 ? VERDICT_NOT_CLOSED_LOOP : VERDICT_INCONCLUSIVE);
        assert_int_equal(box_report(b, 0).reason,
                         n_genuine == 0 ? REASON_EVIDENCE : REASON_CONFLICT);
        assert_int_equal(box_report(b, 0).state, TEST_DONE);
        box_close(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_closed_loop_is_provisional_first),
        cmocka_unit_test(a_provisional_no_becomes_closed_loop_by_one_genuine_flow),
        cmocka_unit_test(a_provisional_no_is_taken_back_when_drops_come_back),
        cmocka_unit_test(a_no_taken_back_may_be_said_again),
        cmocka_unit_test(the_no_is_final_when_all_places_ended),
        cmocka_unit_test(the_no_is_final_when_the_time_of_the_phase_is_over),
        cmocka_unit_test(a_spent_budget_goes_on_with_flows_and_may_end_inconclusive),
        cmocka_unit_test(flows_that_repaired_something_come_first_for_a_second),
        cmocka_unit_test(the_phase_ends_with_all_of_the_budget),
        cmocka_unit_test(once_a_repairing_flow_is_chosen_no_others_follow_for_want_of_success),
        cmocka_unit_test(rule_penny_goes_on_with_any_flow_when_repairing_ones_are_through),
        cmocka_unit_test(flows_that_lose_segments_decide_together),
        cmocka_unit_test(rule_penny_screens_nothing),
        cmocka_unit_test(the_flows_phase_waits_for_the_last_pooled_drop),
        cmocka_unit_test(what_comes_back_late_is_not_spent_on_top),
        cmocka_unit_test(a_flow_alone_can_carry_the_verdict),
        cmocka_unit_test(a_place_used_again_is_another_flow),
        cmocka_unit_test(mixed_may_become_true_while_settling),
        cmocka_unit_test(rule_penny_wants_two_closed_loop_flows),
        cmocka_unit_test(a_flow_with_a_void_drop_is_judged_too),
        cmocka_unit_test(of_a_flow_that_left_early_rule_penny_says_nothing),
        cmocka_unit_test(rule_penny_stays_not_closed_loop_when_no_flow_repaired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
