/* SPDX-License-Identifier: BSD-3-Clause */
/* One budget of drops an hour for all tests of the box. */
#include <errno.h>

#include "base/random.h"
#include "box.h"

#define MINUTE_NS (60 * NS_PER_S)

/* 0..n-1 */
static uint32_t below(struct random_source *r, uint32_t n)
{
    return random_u32(r) % n;
}

static struct manager_drop_budget budget_of(const struct box *b)
{
    struct manager_drop_budget out;

    manager_drop_budget(b->manager, &out);
    return out;
}

/* Traffic passes, and workers drop what they may: how much. */
static uint32_t drop_all(struct box *b, uint32_t aggregate, enum drop_state end)
{
    uint32_t n = 0;

    for (uint64_t id; (id = box_drop(b, 0, aggregate)) != 0; n++)
        box_end(b, 0, aggregate, id, end);
    return n;
}

static void pass(struct box *b)
{
    for (uint32_t s = 0; s < b->n_slices; s++)
        box_forward(b, 0, s, 10);
    box_epoch(b);
}

/* A box with so many slices without flows phase: 12 drops a test. */
static struct box *box_of(uint32_t n_slices, uint32_t max_per_hour)
{
    struct box *b = box_new(1);

    b->n_slices = n_slices;
    b->max_drops_per_hour = max_per_hour;
    for (uint32_t s = 0; s < n_slices; s++)
        b->slices[s].parameters.fallback_to_individual = false;
    return b;
}

static void all_tests_together_drop_no_more_than_the_box_may(void **state)
{
    struct box *b = box_of(4, 30);
    uint32_t n = 0;

    (void)state;
    box_open(b);
    for (int i = 0; i < 200; i++) {
        pass(b);
        for (uint32_t s = 0; s < 4; s++)
            n += drop_all(b, s, DROP_VOID_CLOSED);
        assert_identities_hold(b);
    }
    assert_int_equal(n, 30);
    assert_int_equal(budget_of(b).made[TEST_BY_SLICE], 30);
    assert_int_equal(budget_of(b).left, 0);
    assert_true(budget_of(b).is_awaited);
    assert_int_equal(box_count(b, EVENT_DROP_BUDGET_SPENT), 1);
    assert_int_equal(box_report(b, 3).reason, REASON_DROP_BUDGET);
    /* When the hour is over, those who waited go on. */
    b->now_ns += 63 * MINUTE_NS;
    box_tick(b);
    for (int i = 0; i < 200; i++) {
        pass(b);
        for (uint32_t s = 0; s < 4; s++)
            n += drop_all(b, s, DROP_VOID_CLOSED);
    }
    assert_int_equal(n, 48);
    assert_false(budget_of(b).is_awaited);
    assert_int_equal(box_count(b, EVENT_DROP_BUDGET_FREE), 1);
    box_close(b);
}

static void what_a_test_did_not_need_is_for_the_others(void **state)
{
    struct box *b = box_of(2, 12);

    (void)state;
    b->slices[1].start = SLICE_START_MANUAL;
    box_open(b);
    for (int i = 0; i < 20 && box_report(b, 0).state != TEST_DONE; i++) {
        pass(b);
        drop_all(b, 0, DROP_RETRANSMITTED);
    }
    assert_int_equal(box_report(b, 0).verdict, VERDICT_CLOSED_LOOP);
    assert_int_equal(budget_of(b).reserved, 0);
    assert_int_equal(budget_of(b).left, 12 - box_report(b, 0).test.dropped);
    box_close(b);
}

static void a_test_by_command_is_refused_when_nothing_is_left(void **state)
{
    struct box *b = box_of(2, 12);

    (void)state;
    b->slices[0].start = b->slices[1].start = SLICE_START_MANUAL;
    box_open(b);
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), 0);
    for (int i = 0; i < 20; i++) {
        pass(b);
        drop_all(b, 0, DROP_VOID_CLOSED);
    }
    assert_int_equal(budget_of(b).made[TEST_BY_COMMAND], 12);
    assert_int_equal(budget_of(b).made[TEST_BY_SLICE], 0);
    assert_int_equal(manager_test_start(b->manager, 1, NULL, b->now_ns), -EDQUOT);
    assert_int_equal(box_report(b, 1).state, TEST_IDLE);
    manager_set_max_drops_per_hour(b->manager, 13);
    assert_int_equal(manager_test_start(b->manager, 1, NULL, b->now_ns), 0);
    box_close(b);
}

static void who_has_no_traffic_keeps_nothing_from_others(void **state)
{
    struct box *b = box_of(3, 12);

    (void)state;
    box_open(b);
    box_settle(b);
    /* Nothing came yet. */
    assert_int_equal(budget_of(b).reserved, 0);
    box_forward(b, 0, 0, 10);
    box_settle(b);
    assert_int_not_equal(box_budget(b, 0), 0);
    assert_int_equal(box_budget(b, 1), 0);
    /* It fell silent, for longer than any of its flows is remembered. */
    b->now_ns += b->slices[0].parameters.flow_idle_timeout_ms * NS_PER_MS;
    box_settle(b);
    assert_int_equal(budget_of(b).reserved, 0);
    assert_int_equal(box_budget(b, 0), 0);
    assert_false(budget_of(b).is_awaited);
    box_forward(b, 0, 0, 10);
    box_settle(b);
    assert_int_not_equal(box_budget(b, 0), 0);
    box_close(b);
}

/* The last drop ends the pooled phase of rule penny on all workers. */
static void rule_penny_has_all_its_drops_or_none(void **state)
{
    struct box *b = box_of(2, 20);

    (void)state;
    b->slices[0].parameters.rule = b->slices[1].parameters.rule = TEST_RULE_PENNY;
    box_open(b);
    pass(b);
    pass(b);
    assert_int_equal(box_budget(b, 0), 12);
    assert_int_equal(box_budget(b, 1), 0);
    assert_int_equal(box_report(b, 1).reason, REASON_DROP_BUDGET);
    assert_int_equal(drop_all(b, 0, DROP_EXPIRED), 12);
    pass(b);
    assert_int_equal(box_budget(b, 1), 0);
    b->now_ns += 63 * MINUTE_NS;
    box_tick(b);
    pass(b);
    pass(b);
    assert_int_equal(box_budget(b, 1), 12);
    box_close(b);
}

/* Who is chosen for the flows phase must not depend on what others spent. */
static void the_flows_phase_has_all_its_drops_or_waits(void **state)
{
    struct box *b = box_of(1, 72);

    (void)state;
    b->slices[0].parameters.fallback_to_individual = true;
    box_open(b);
    manager_set_max_drops_per_hour(b->manager, 63);
    box_go_to_flows(b, 0);
    pass(b);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    assert_true(box_report(b, 0).provisional);
    assert_int_equal(box_report(b, 0).reason, REASON_DROP_BUDGET);
    assert_int_equal(budget_of(b).reserved, 0);
    manager_set_max_drops_per_hour(b->manager, 64);
    pass(b);
    assert_int_equal(box_report(b, 0).state, TEST_FLOWS);
    assert_int_equal(budget_of(b).reserved, 60);
    assert_int_equal(budget_of(b).left, 0);
    box_close(b);
}

static void a_test_that_is_ended_while_it_waits_says_so(void **state)
{
    struct box *b = box_of(2, 12);

    (void)state;
    b->slices[1].parameters.max_duration_ms = 2000;
    box_open(b);
    for (int i = 0; i < 20; i++) {
        box_forward(b, 0, 0, 10);
        box_epoch(b);
        drop_all(b, 0, DROP_VOID_CLOSED);
    }
    for (int i = 0; i < 250; i++)
        pass(b);
    assert_int_equal(box_report(b, 1).state, TEST_DONE);
    assert_int_equal(box_report(b, 1).verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(box_report(b, 1).reason, REASON_DROP_BUDGET);
    box_close(b);
}

/* Tests come and go, drops come back or not, traffic falls silent: whatever happens, no more than
 * the box may drop, and nothing reserved for nobody (assert_identities_hold()). */
static void random_tests_keep_within_the_budget_of_the_box(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct box *b = box_of(4, 80);
        struct random_source r;
        uint32_t n = 0;

        random_seed_fixed(&r, seed, 0);
        for (uint32_t s = 0; s < 4; s++) {
            b->slices[s].parameters.rule = s == 1 ? TEST_RULE_PENNY : TEST_RULE_ANYTIME;
            b->slices[s].parameters.fallback_to_individual = s >= 2;
            b->slices[s].parameters.retest_interval_ms = 1000;
            b->slices[s].parameters.individual_phase_timeout_ms = 2000;
        }
        box_open(b);
        for (int i = 0; i < 20000; i++) {
            uint32_t s = below(&r, 4);

            if (below(&r, 4) != 0)
                box_forward(b, 0, s, below(&r, 20) + 1);
            n += below(&r, 3) == 0
                     ? drop_all(b, s, below(&r, 2) == 0 ? DROP_EXPIRED : DROP_RETRANSMITTED)
                     : 0;
            if (below(&r, 50) == 0)
                manager_test_stop(b->manager, s, REASON_STOPPED, b->now_ns);
            if (below(&r, 50) == 0)
                manager_test_start(b->manager, s, NULL, b->now_ns);
            b->now_ns += below(&r, 500) == 0 ? 40 * NS_PER_S : 0;
            box_epoch(b);
            if (b->now_ns < 3600 * NS_PER_S)
                assert_true(n <= 80);
            assert_identities_hold(b);
        }
        assert_true(n >= 80);
        box_close(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_tests_together_drop_no_more_than_the_box_may),
        cmocka_unit_test(what_a_test_did_not_need_is_for_the_others),
        cmocka_unit_test(a_test_by_command_is_refused_when_nothing_is_left),
        cmocka_unit_test(who_has_no_traffic_keeps_nothing_from_others),
        cmocka_unit_test(rule_penny_has_all_its_drops_or_none),
        cmocka_unit_test(the_flows_phase_has_all_its_drops_or_waits),
        cmocka_unit_test(a_test_that_is_ended_while_it_waits_says_so),
        cmocka_unit_test(random_tests_keep_within_the_budget_of_the_box),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
