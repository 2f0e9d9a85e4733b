/* SPDX-License-Identifier: BSD-3-Clause */
/* What is left out when the box cannot keep up, step by step, in intervals of 100 ms. */
#include "box.h"

#define INTERVAL_NS (100 * NS_PER_MS)

/* So many intervals, in which a thousandth and a bit of the packets is lost, or none. */
static void pass(struct box *b, unsigned int n, bool is_lossy)
{
    for (unsigned int i = 0; i < n; i++) {
        b->now_ns += INTERVAL_NS;
        manager_report_overload(b->manager, 999, is_lossy ? 2 : 0, b->now_ns);
        manager_report_own_loss(b->manager, 999, is_lossy ? 2 : 0, "receive queue full", b->now_ns);
    }
}

static bool sheds(const struct box *b)
{
    assert_int_equal(atomic_load(&b->gate.sheds_tracking), manager_sheds_tracking(b->manager));
    return manager_sheds_tracking(b->manager);
}

static void first_tests_are_suspended_then_tracking_is_shed(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    pass(b, 1, true);
    assert_string_equal(manager_suspended(b->manager), "receive queue full");
    assert_false(sheds(b));
    pass(b, 9, true);
    assert_false(sheds(b));
    assert_int_equal(box_count(b, EVENT_TRACKING_SHED), 0);
    pass(b, 1, true);
    assert_true(sheds(b));
    assert_int_equal(box_count(b, EVENT_TRACKING_SHED), 1);
    box_close(b);
}

static void a_pause_in_the_loss_begins_the_second_anew(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    for (unsigned int i = 0; i < 5; i++) {
        pass(b, 10, true);
        pass(b, 1, false);
        assert_false(sheds(b));
    }
    assert_int_equal(box_count(b, EVENT_SUSPENDED), 5);
    box_close(b);
}

/* What calms the box may be that tracking is shed. */
static void it_ends_after_five_seconds_without_loss_and_drops_are_not_allowed_before(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    pass(b, 11, true);
    pass(b, 30, false);
    pass(b, 1, true);
    pass(b, 49, false);
    assert_true(sheds(b));
    assert_non_null(strstr(manager_suspended(b->manager), "could not keep up"));
    /* What was pending is void, whether its repair came by or not. */
    assert_int_equal(atomic_load(&b->gate.own_loss_ns), b->now_ns);
    pass(b, 1, false);
    assert_false(sheds(b));
    assert_null(manager_suspended(b->manager));
    assert_int_equal(box_count(b, EVENT_TRACKING_RESUMED), 1);
    box_close(b);
}

/* Seconds without loss until it ends. */
static unsigned int hold_s(struct box *b)
{
    unsigned int n = 0;

    pass(b, 11, true);
    assert_true(sheds(b));
    while (sheds(b) && n < 1000) {
        pass(b, 10, false);
        n++;
    }
    return n;
}

static void what_comes_again_soon_holds_twice_as_long_a_minute_at_most(void **state)
{
    static const unsigned int expected_s[] = {5, 10, 20, 40, 60, 60};
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    for (size_t i = 0; i < sizeof(expected_s) / sizeof(expected_s[0]); i++)
        assert_int_equal(hold_s(b), expected_s[i]);
    pass(b, 600, false);
    assert_int_equal(hold_s(b), 5);
    box_close(b);
}

/* Its population would have a gap; evidence of rule anytime has none. */
static void tests_of_rule_penny_end_and_others_go_on(void **state)
{
    for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++) {
        struct box *b = box_new(1);

        (void)state;
        b->slices[0].parameters.rule = (enum test_rule)rule;
        box_open(b);
        box_epoch(b);
        assert_int_equal(box_report(b, 0).state, TEST_POOLED);
        pass(b, 11, true);
        box_settle(b);
        if (rule == TEST_RULE_PENNY) {
            assert_int_equal(box_report(b, 0).verdict, VERDICT_INCONCLUSIVE);
            assert_int_equal(box_report(b, 0).reason, REASON_OWN_LOSS);
        } else {
            assert_int_equal(box_report(b, 0).state, TEST_POOLED);
        }
        box_close(b);
    }
}

static void follow(struct box *b, bool may_shed)
{
    const enum slice_fate fates[BOX_MAX_SLICES] = {SLICE_STAYS};
    const struct manager_generation g = {
        .slices = b->slices, .fates = fates, .max_own_loss_ratio = 0.001, .may_shed = may_shed};

    assert_int_equal(manager_follow(b->manager, &g, b->now_ns), 0);
}

/* The configuration may say otherwise at any time. */
static void where_it_may_not_be_shed_any_more_flows_are_tracked_again_at_once(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    pass(b, 11, true);
    assert_true(sheds(b));
    follow(b, false);
    pass(b, 1, true);
    assert_false(sheds(b));
    assert_int_equal(box_count(b, EVENT_TRACKING_RESUMED), 1);
    pass(b, 30, true);
    assert_false(sheds(b));
    follow(b, true);
    pass(b, 1, true);
    assert_true(sheds(b));
    follow(b, true);
    assert_true(sheds(b));
    assert_int_equal(box_count(b, EVENT_TRACKING_SHED), 2);
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_tests_are_suspended_then_tracking_is_shed),
        cmocka_unit_test(a_pause_in_the_loss_begins_the_second_anew),
        cmocka_unit_test(it_ends_after_five_seconds_without_loss_and_drops_are_not_allowed_before),
        cmocka_unit_test(what_comes_again_soon_holds_twice_as_long_a_minute_at_most),
        cmocka_unit_test(tests_of_rule_penny_end_and_others_go_on),
        cmocka_unit_test(where_it_may_not_be_shed_any_more_flows_are_tracked_again_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
