/* SPDX-License-Identifier: BSD-3-Clause */
/* To the epoch and to the number: where limits lie, who is named, and what is answered. */
#include <errno.h>

#include "box.h"

/* In the epoch in which the flows phase begins: when that was. */
static uint64_t begin_flows(struct box *b)
{
    box_forward(b, 0, 0, 200);
    while (box_order(b, 0).phase != AGGREGATE_FLOWS) {
        uint64_t id = box_drop(b, 0, 0);

        if (id != 0)
            box_end(b, 0, 0, id, DROP_EXPIRED);
        box_epoch(b);
    }
    return b->now_ns;
}

/* How long it takes until something holds. */
static uint64_t until(struct box *b, uint64_t began_ns, bool (*holds)(const struct box *b))
{
    while (!holds(b))
        box_epoch(b);
    return b->now_ns - began_ns;
}

static bool screening_is_over(const struct box *b)
{
    return !box_order(b, 0).screening;
}

static bool any_flow_may_lose(const struct box *b)
{
    return !box_order(b, 0).n_repairs;
}

static bool flows_are_over(const struct box *b)
{
    return box_report(b, 0).state != TEST_FLOWS;
}

/* No later than when it is due: an epoch that begins just then is not waited out. */
static void times_of_the_flows_phase_are_over_when_they_are_due(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    assert_int_equal(until(b, begin_flows(b), any_flow_may_lose), NS_PER_S);
    box_close(b);
    b = box_new(1);
    b->slices[0].parameters.individual_phase_timeout_ms = 500;
    box_open(b);
    assert_int_equal(until(b, begin_flows(b), flows_are_over), 500 * NS_PER_MS);
    box_close(b);
}

static void screening_is_over_when_it_is_due(void **state)
{
    struct flow_counts counts = {.droppable = 100, .population_droppable = 100};
    struct box *b = box_new(1);
    uint64_t began_ns;

    (void)state;
    box_open(b);
    began_ns = begin_flows(b);
    assert_true(box_take_place(b, 0));
    box_place(b, 0, 0, 0, counts, false);
    assert_int_equal(until(b, began_ns, screening_is_over), 3 * NS_PER_S);
    box_close(b);
}

static void events_name_the_aggregate_whose_test_it_is(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->n_slices = 3;
    box_open(b);
    assert_int_equal(box_count(b, EVENT_TEST_STARTED), 3);
    for (uint32_t i = 0, n = 0; i < b->n_events; i++)
        if (b->events[i].kind == EVENT_TEST_STARTED)
            assert_int_equal(b->events[i].aggregate, n++);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(manager_test_stop(b->manager, 2 - i, REASON_STOPPED, b->now_ns), 0);
    b->n_events = 0;
    box_settle(b);
    assert_int_equal(box_count(b, EVENT_TEST_ENDED), 3);
    assert_int_equal(box_count(b, EVENT_VERDICT), 0);
    for (uint32_t i = 0, n = 0; i < b->n_events; i++)
        if (b->events[i].kind == EVENT_TEST_ENDED)
            assert_int_equal(b->events[i].aggregate, n++);
    box_close(b);
}

/* Whose drops are pending is stopped once; to stop it again is no error, and changes nothing. */
static void a_test_may_be_stopped_while_it_settles(void **state)
{
    struct box *b = box_new(1);
    uint64_t id;

    (void)state;
    box_open(b);
    id = box_drop(b, 0, 0);
    box_epoch(b);
    assert_int_equal(manager_test_stop(b->manager, 0, REASON_DURATION, b->now_ns), 0);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).state, TEST_SETTLING);
    assert_int_equal(manager_test_stop(b->manager, 0, REASON_STOPPED, b->now_ns), 0);
    assert_int_equal(box_report(b, 0).state, TEST_SETTLING);
    box_end(b, 0, 0, id, DROP_VOID_CLOSED);
    box_settle(b);
    assert_int_equal(box_report(b, 0).reason, REASON_DURATION);
    box_close(b);
}

/* Two drops are out when the no is said; the first comes back, and the no is gone. */
static void who_paused_drops_nothing_while_a_drop_is_out(void **state)
{
    struct box *b = box_new(1);
    uint64_t out[2];

    (void)state;
    b->slices[0].parameters.fallback_to_individual = false;
    box_open(b);
    for (int i = 0; i < 2; i++)
        out[i] = box_drop(b, 0, 0);
    while (box_report(b, 0).anytime.outcome == VERDICT_UNDECIDED) {
        box_end(b, 0, 0, box_drop(b, 0, 0), DROP_EXPIRED);
        box_epoch(b);
    }
    box_end(b, 0, 0, out[0], DROP_RETRANSMITTED);
    box_settle(b);
    assert_int_equal(box_report(b, 0).anytime.outcome, VERDICT_UNDECIDED);
    assert_int_equal(box_budget(b, 0), 0);
    box_end(b, 0, 0, out[1], DROP_RETRANSMITTED);
    box_settle(b);
    assert_int_not_equal(box_budget(b, 0), 0);
    box_close(b);
}

/* Of both rules' ends, that of who is in a hurry: penny's word is waited for by nobody then. */
static void nobody_in_a_hurry_waits_for_rule_penny(void **state)
{
    static const struct {
        enum test_reason reason;
        bool waits;
    } cases[] = {{REASON_STOPPED, false}, {REASON_DURATION, false}, {REASON_RUNNING, true}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct box *b = box_new(1);

        b->slices[0].parameters.max_drops_per_aggregate = 4;
        b->slices[0].parameters.fallback_to_individual = false;
        box_open(b);
        for (int k = 0; k < 4; k++) {
            box_end(b, 0, 0, box_drop(b, 0, 0), DROP_RETRANSMITTED);
            if (k == 3 && cases[i].reason != REASON_RUNNING)
                manager_test_stop(b->manager, 0, cases[i].reason, b->now_ns);
            box_epoch(b);
        }
        box_settle(b);
        assert_int_equal(box_report(b, 0).state == TEST_SETTLING, cases[i].waits);
        box_close(b);
    }
}

/* As many as are asked for at once, with those under way, must find room. */
static void tests_by_command_find_room_together_or_not_at_all(void **state)
{
    const struct test_request by_command = {.cause = TEST_BY_COMMAND};
    struct box *b = box_new(1);

    (void)state;
    b->n_slices = 4;
    for (uint32_t i = 0; i < 4; i++)
        b->slices[i].start = SLICE_START_MANUAL;
    b->max_tests_by_command = 3;
    box_open(b);
    assert_int_equal(manager_test_obstacle(b->manager, 2), 0);
    assert_int_equal(manager_test_obstacle(b->manager, 3), -EUSERS);
    assert_int_equal(manager_test_start(b->manager, 0, &by_command, b->now_ns), 0);
    assert_int_equal(manager_test_obstacle(b->manager, 1), 0);
    assert_int_equal(manager_test_obstacle(b->manager, 2), -EUSERS);
    assert_int_equal(manager_test_start(b->manager, 1, &by_command, b->now_ns), 0);
    assert_int_equal(manager_test_start(b->manager, 2, &by_command, b->now_ns), 0);
    assert_int_equal(manager_test_obstacle(b->manager, 0), -EUSERS);
    assert_int_equal(manager_test_start(b->manager, 3, &by_command, b->now_ns), -EUSERS);
    assert_int_equal(manager_n_tests_by_command(b->manager), 3);
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_the_flows_phase_are_over_when_they_are_due),
        cmocka_unit_test(screening_is_over_when_it_is_due),
        cmocka_unit_test(events_name_the_aggregate_whose_test_it_is),
        cmocka_unit_test(a_test_may_be_stopped_while_it_settles),
        cmocka_unit_test(nobody_in_a_hurry_waits_for_rule_penny),
        cmocka_unit_test(who_paused_drops_nothing_while_a_drop_is_out),
        cmocka_unit_test(tests_by_command_find_room_together_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
