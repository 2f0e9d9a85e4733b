/* SPDX-License-Identifier: BSD-3-Clause */
/* manager_check() finds what contradicts itself: each identity is broken by hand, at its limit. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "box.h"
#include "manager/internal.h"

/* A test that is under way, with all identities in force. */
static struct box *open_box(enum test_rule rule)
{
    struct box *b = box_new(1);

    b->slices[0].parameters.rule = rule;
    box_open(b);
    box_settle(b);
    assert_identities_hold(b);
    return b;
}

static struct test *test_of(const struct box *b)
{
    return &b->manager->aggregates[0].test;
}

/* What is broken, in words that hold `words`; NULL: nothing is. Then all is as it was before. */
static void assert_broken(struct box *b, const struct test *before, const char *words)
{
    const char *broken = manager_check(b->manager);

    if (words == NULL && broken != NULL)
        fail_msg("%s", broken);
    if (words != NULL && (broken == NULL || strstr(broken, words) == NULL))
        fail_msg("not found: %s, but: %s", words, broken == NULL ? "nothing" : broken);
    *test_of(b) = *before;
}

static void more_drops_than_the_parameters_allow_are_found(void **state)
{
    struct box *b = open_box(TEST_RULE_ANYTIME);
    const struct test before = *test_of(b);
    const struct test_parameters *p = &before.parameters;
    const uint64_t pooled = p->max_drops_per_aggregate,
                   all = pooled + (uint64_t)p->max_individual_flows * p->max_drops_per_flow;
    struct test *t = test_of(b);

    (void)state;
    for (uint64_t n = 0; n <= all + 1; n++)
        for (unsigned int flows = 0; flows < 2; flows++) {
            const char *broken = manager_check(b->manager);

            assert_null(broken);
            t->counts.dropped = n;
            t->granted = all + 1;
            t->flows_started_ns = flows;
            broken = manager_check(b->manager);
            /* The box's own budget does not add up either; it is looked at last. */
            assert_non_null(broken);
            assert_int_equal(strstr(broken, "max_drops_per_aggregate") != NULL,
                             n > (flows != 0 ? all : pooled));
            *t = before;
        }
    box_close(b);
}

static void more_drops_than_were_granted_are_found(void **state)
{
    struct box *b = open_box(TEST_RULE_ANYTIME);
    const struct test before = *test_of(b);

    (void)state;
    assert_true(before.granted > 0 && before.granted < before.parameters.max_drops_per_aggregate);
    test_of(b)->counts.dropped = before.granted;
    assert_broken(b, &before, NULL);
    test_of(b)->counts.dropped = before.granted + 1;
    assert_broken(b, &before, "dropped <= granted");
    test_of(b)->granted++;
    assert_broken(b, &before, "drops reserved = granted - dropped");
    box_close(b);
}

/* At 1/alpha and 1/beta, and a little below; e above 1 speaks for a sender. */
static void a_verdict_without_its_evidence_is_found(void **state)
{
    static const struct {
        enum verdict_outcome verdict;
        double to_alpha, log10_e, pooled, to_beta; /* of log10_e and log10_f to their limits */
        bool holds;
    } cases[] = {
        {VERDICT_CLOSED_LOOP, 1e-9, 0, 0, -1, true},
        {VERDICT_CLOSED_LOOP, -1e-9, 0, 0, 1, false},
        {VERDICT_NOT_CLOSED_LOOP, NAN, 0, 0, 1e-9, true},
        {VERDICT_NOT_CLOSED_LOOP, NAN, 0, 0, -1e-9, false},
        {VERDICT_NOT_CLOSED_LOOP, NAN, 1e-9, 0, 1, false},
        {VERDICT_NOT_CLOSED_LOOP, NAN, 0, 1e-9, 1, false},
        {VERDICT_NOT_CLOSED_LOOP, NAN, -1, -1, 1, true},
    };
    struct box *b = open_box(TEST_RULE_ANYTIME);
    const struct test before = *test_of(b);

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        for (unsigned int outcome = 0; outcome < 2; outcome++) {
            struct test *t = test_of(b);

            t->verdict = outcome != 0 ? VERDICT_UNDECIDED : cases[i].verdict;
            t->anytime.outcome = outcome != 0 ? cases[i].verdict : VERDICT_UNDECIDED;
            t->anytime.log10_e = isnan(cases[i].to_alpha)
                                     ? cases[i].log10_e
                                     : -log10(t->parameters.alpha) + cases[i].to_alpha;
            t->anytime.log10_e_pooled = cases[i].pooled;
            t->anytime.log10_f = -log10(t->parameters.beta) + cases[i].to_beta;
            assert_broken(b, &before,
                          cases[i].holds ? NULL
                          : outcome != 0 ? "anytime.outcome as log10_e and log10_f have it"
                                         : "the verdict as its evidence has it");
        }
    box_close(b);
}

static void a_reason_that_does_not_fit_the_verdict_is_found(void **state)
{
    static const struct {
        enum test_reason reason;
        const char *broken;
    } cases[] = {
        {REASON_EVIDENCE, "reason evidence only with a verdict"},
        {REASON_FLOWS_CLOSED_LOOP, "reason evidence only with a verdict"},
        {REASON_CONFLICT, "reason conflict only with evidence for both"},
        {REASON_BUDGET, NULL},
    };
    struct box *b = open_box(TEST_RULE_ANYTIME);
    const struct test before = *test_of(b);

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        test_of(b)->reason = cases[i].reason;
        assert_broken(b, &before, cases[i].broken);
    }
    test_of(b)->provisional = true;
    assert_broken(b, &before, "provisional only before the verdict");
    box_close(b);
}

/* Evidence that was there when the test ended without a verdict; who stops it, may do so. */
static void no_verdict_beside_evidence_is_found(void **state)
{
    static const struct {
        bool for_sender, against, has_ended;
        enum test_reason reason;
        bool holds;
    } cases[] = {
        {false, false, true, REASON_BUDGET, true},
        {true, false, true, REASON_BUDGET, false},
        {false, true, true, REASON_BUDGET, false},
        {true, false, false, REASON_BUDGET, true},
        {true, false, true, REASON_STOPPED, false},
        {false, true, true, REASON_STOPPED, true},
        {true, false, true, REASON_RECONFIGURED, true},
        {false, true, true, REASON_RECONFIGURED, true},
    };
    struct box *b = open_box(TEST_RULE_ANYTIME);
    const struct test before = *test_of(b);

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct test *t = test_of(b);

        t->verdict = VERDICT_INCONCLUSIVE;
        t->verdict_ns = cases[i].has_ended;
        t->reason = cases[i].reason;
        t->anytime.log10_e = cases[i].for_sender ? 100 : 0;
        t->anytime.log10_e_pooled = 0;
        t->anytime.log10_f = cases[i].against ? 100 : -1;
        assert_broken(b, &before, cases[i].holds ? NULL : "no verdict only without evidence");
    }
    box_close(b);
}

/* It has evidence of its own, but calls nobody blind for whom the other speaks. */
static void a_verdict_of_rule_penny_without_its_evidence_is_found(void **state)
{
    static const struct {
        enum verdict_outcome verdict, penny;
        double log10_e, pooled;
        enum test_via via;
        int n_flows_beyond; /* of those that have to be closed_loop */
        bool holds;
    } cases[] = {
        {VERDICT_NOT_CLOSED_LOOP, VERDICT_NOT_CLOSED_LOOP, 0, 0, VIA_POOLED, 0, true},
        {VERDICT_NOT_CLOSED_LOOP, VERDICT_CLOSED_LOOP, 0, 0, VIA_POOLED, 0, false},
        {VERDICT_NOT_CLOSED_LOOP, VERDICT_NOT_CLOSED_LOOP, 1e-9, 0, VIA_POOLED, 0, false},
        {VERDICT_NOT_CLOSED_LOOP, VERDICT_NOT_CLOSED_LOOP, 0, 1e-9, VIA_POOLED, 0, false},
        {VERDICT_CLOSED_LOOP, VERDICT_CLOSED_LOOP, 0, 0, VIA_POOLED, 0, true},
        {VERDICT_CLOSED_LOOP, VERDICT_UNDECIDED, 0, 0, VIA_POOLED, 0, false},
        {VERDICT_CLOSED_LOOP, VERDICT_UNDECIDED, 0, 0, VIA_FLOWS, 0, true},
        {VERDICT_CLOSED_LOOP, VERDICT_UNDECIDED, 0, 0, VIA_FLOWS, -1, false},
    };
    struct box *b = open_box(TEST_RULE_PENNY);
    const struct test before = *test_of(b);

    (void)state;
    assert_true(before.parameters.min_closed_loop_flows > 0);
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct test *t = test_of(b);

        t->verdict = cases[i].verdict;
        t->penny.outcome = cases[i].penny;
        t->anytime.log10_e = cases[i].log10_e;
        t->anytime.log10_e_pooled = cases[i].pooled;
        t->via = cases[i].via;
        t->n_flows_closed_loop = before.parameters.min_closed_loop_flows;
        if (cases[i].n_flows_beyond < 0)
            t->n_flows_closed_loop--;
        assert_broken(b, &before, cases[i].holds ? NULL : "the verdict as its evidence has it");
    }
    box_close(b);
}

static void what_is_provisional_is_a_no_that_is_not_final(void **state)
{
    struct box *b = open_box(TEST_RULE_ANYTIME);
    const struct test before = *test_of(b);

    (void)state;
    for (unsigned int is_final = 0; is_final < 2; is_final++)
        for (unsigned int is_no = 0; is_no < 2; is_no++) {
            struct test *t = test_of(b);

            t->verdict = is_no != 0 ? VERDICT_NOT_CLOSED_LOOP : VERDICT_UNDECIDED;
            t->verdict_ns = is_final;
            t->anytime.log10_e = t->anytime.log10_e_pooled = 0;
            t->anytime.log10_f = is_no != 0 ? 100 : 0;
            t->provisional = true;
            assert_broken(b, &before,
                          is_no != 0 && is_final == 0 ? NULL : "provisional only before");
        }
    box_close(b);
}

/* The second aggregate, in its second test, with drops of both. */
static void each_aggregate_is_looked_at_and_each_counts_its_own_test(void **state)
{
    struct box *b = box_new(1);
    struct test *t, before;

    (void)state;
    b->n_slices = 2;
    box_open(b);
    box_end(b, 0, 1, box_drop(b, 0, 1), DROP_EXPIRED);
    box_settle(b);
    assert_int_equal(manager_test_stop(b->manager, 1, REASON_STOPPED, b->now_ns), 0);
    box_settle(b);
    assert_int_equal(manager_test_start(b->manager, 1, NULL, b->now_ns), 0);
    assert_int_not_equal(box_drop(b, 0, 1), 0);
    box_settle(b);
    assert_int_equal(box_report(b, 1).total->dropped, 2);
    assert_int_equal(box_report(b, 1).test.dropped, 1);
    assert_identities_hold(b);
    t = &b->manager->aggregates[1].test;
    before = *t;
    t->reason = REASON_EVIDENCE;
    assert_non_null(manager_check(b->manager));
    assert_string_equal(manager_check(b->manager),
                        "aggregate 1: reason evidence only with a verdict does not hold");
    *t = before;
    t->granted++;
    assert_non_null(manager_check(b->manager));
    *t = before;
    box_close(b);
}

/* Each count beside one of what is there: one more is found. */
static void what_aggregates_share_is_counted_as_it_is_there(void **state)
{
    struct box *b = box_new(1);
    struct manager *m;

    (void)state;
    b->n_slices = 3;
    b->max_tests_by_command = 1;
    b->slices[1].start = SLICE_START_MANUAL;
    b->slices[2].parameters.retest_interval_ms = 3600000;
    box_open(b);
    box_go_to_flows(b, 0);
    box_end(b, 0, 2, box_drop(b, 0, 2), DROP_EXPIRED);
    manager_test_stop(b->manager, 2, REASON_DURATION, b->now_ns);
    box_settle(b);
    assert_int_equal(
        manager_test_start(b->manager, 1,
                           &(struct test_request){.cause = TEST_BY_COMMAND, .label = "a ticket"},
                           b->now_ns),
        0);
    m = b->manager;
    {
        struct aggregate_state *under_way = &m->aggregates[0], *by_command = &m->aggregates[1],
                               *done = &m->aggregates[2];
        struct record *record = &m->drops.records[under_way->test.first_drop];
        const struct {
            void *at;
            const char *words;
        } words[] = {
            {&m->active.n, "lists are whole"},
            {&m->active.head, "lists are whole"},
            {&m->active.tail, "lists are whole"},
            {&under_way->previous, "lists are whole"},
            {&by_command->next, "lists are whole"},
            {&m->retired.n, "lists are whole"},
            {&m->retired_young.n, "lists are whole"},
            {&m->anew.n, "lists are whole"},
            {&m->retests[2].n, "lists of retests are whole"},
            {&m->n_live, "live aggregates = n_live"},
            {&m->n_by_command, "tests by command = n_by_command"},
            {&m->n_of_slot[1], "live aggregates of a slot = n_of_slot"},
            {&m->coins->n_users, "users of a coin = slices and tests that have it"},
            {&m->n_rooms_in_use, "rooms in use = n_rooms_in_use"},
            {&under_way->test.room, "the owner of a room has it"},
            {&by_command->test.label, "the owner of a label has it"},
            {&record->drop.aggregate, "records of a test's drops are its own"},
            {&under_way->test.n_drops, "records of a test's drops = n_drops"},
            {&under_way->test.last_drop, "records of a test's drops = n_drops"},
        };

        assert_identities_hold(b);
        assert_int_equal(done->test.state, TEST_DONE);
        for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
            char expected[128];

            ++*(uint32_t *)words[i].at;
            snprintf(expected, sizeof(expected), "the manager: %s does not hold", words[i].words);
            assert_string_equal(manager_check(m), expected);
            --*(uint32_t *)words[i].at;
        }
        m->has_tested = false;
        assert_string_equal(manager_check(m),
                            "the manager: a test of an aggregate is a test does not hold");
        m->has_tested = true;
        under_way->test.state = TEST_DONE;
        assert_string_equal(manager_check(m),
                            "the manager: tests under way = the active list does not hold");
        under_way->test.state = TEST_FLOWS;
        done->list = NULL;
        assert_string_equal(manager_check(m),
                            "the manager: lists of retests are whole does not hold");
        done->list = &m->retests[2];
        m->rooms[under_way->test.room].in_use = false;
        assert_string_equal(manager_check(m),
                            "the manager: rooms in use = n_rooms_in_use does not hold");
        m->rooms[under_way->test.room].in_use = true;
    }
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_drops_than_the_parameters_allow_are_found),
        cmocka_unit_test(more_drops_than_were_granted_are_found),
        cmocka_unit_test(a_verdict_without_its_evidence_is_found),
        cmocka_unit_test(no_verdict_beside_evidence_is_found),
        cmocka_unit_test(a_verdict_of_rule_penny_without_its_evidence_is_found),
        cmocka_unit_test(what_is_provisional_is_a_no_that_is_not_final),
        cmocka_unit_test(each_aggregate_is_looked_at_and_each_counts_its_own_test),
        cmocka_unit_test(what_aggregates_share_is_counted_as_it_is_there),
        cmocka_unit_test(a_reason_that_does_not_fit_the_verdict_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
