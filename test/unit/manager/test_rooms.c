/* SPDX-License-Identifier: BSD-3-Clause */
/* Rooms for the flows phase: few, and what a finished test shows stays there for as long as it can.
 */
#include "box.h"

static void tests_wait_their_turn_for_the_flows_phase(void **state)
{
    struct box *b = box_new(1);
    struct flow_report f;

    (void)state;
    b->n_slices = 2;
    b->n_concurrent_flow_phases = 1;
    b->slices[0].parameters.individual_phase_timeout_ms = 3000;
    b->slices[1].parameters.individual_phase_timeout_ms = 3000;
    box_open(b);
    box_go_to_flows(b, 0);
    box_place(b, 0, 0, 0, (struct flow_counts){.dropped = 1}, false);
    box_go_to_flows(b, 1);
    assert_int_equal(box_report(b, 0).state, TEST_FLOWS);
    assert_int_equal(box_report(b, 1).state, TEST_POOLED);
    assert_true(box_report(b, 1).provisional);
    assert_true(manager_flow_report(b->manager, 0, 0, &f));
    box_epochs_for(b, 3 * NS_PER_S);
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    assert_int_equal(box_report(b, 1).state, TEST_FLOWS);
    /* The room went to the other. */
    assert_false(manager_flow_report(b->manager, 0, 0, &f));
    box_epochs_for(b, 4 * NS_PER_S);
    assert_int_equal(box_report(b, 1).state, TEST_DONE);
    box_close(b);
}

/* What a finished test still shows is not given up while there is room elsewhere. */
static void a_room_that_nobody_owns_is_taken_first(void **state)
{
    struct box *b = box_new(1);
    struct flow_report f;

    (void)state;
    b->n_slices = 2;
    b->n_concurrent_flow_phases = 2;
    b->slices[0].parameters.individual_phase_timeout_ms = 100;
    box_open(b);
    box_go_to_flows(b, 0);
    box_place(b, 0, 0, 0, (struct flow_counts){.dropped = 1}, false);
    box_epochs_for(b, 5 * NS_PER_S);
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    box_go_to_flows(b, 1);
    assert_int_equal(box_report(b, 1).state, TEST_FLOWS);
    assert_true(manager_flow_report(b->manager, 0, 0, &f));
    box_close(b);
}

static void the_room_left_longest_ago_is_used_again(void **state)
{
    struct box *b = box_new(1);
    struct flow_report f;

    (void)state;
    b->n_slices = 3;
    b->n_concurrent_flow_phases = 2;
    b->slices[1].parameters.individual_phase_timeout_ms = 3000;
    b->slices[0].parameters.individual_phase_timeout_ms = 5000;
    box_open(b);
    for (uint32_t i = 0; i < 2; i++) {
        box_go_to_flows(b, i);
        box_place(b, 0, i, 0, (struct flow_counts){.dropped = 1}, false);
    }
    box_epochs_for(b, 6 * NS_PER_S); /* the second one leaves first */
    box_go_to_flows(b, 2);
    assert_int_equal(box_report(b, 2).state, TEST_FLOWS);
    assert_true(manager_flow_report(b->manager, 0, 0, &f));
    assert_false(manager_flow_report(b->manager, 1, 0, &f));
    box_close(b);
}

static void no_more_flows_are_kept_than_may_be_tested_one_by_one(void **state)
{
    enum { N_FLOWS = 3 };
    struct box *b = box_new(1);
    struct flow_report f;

    (void)state;
    b->slices[0].parameters.max_individual_flows = N_FLOWS;
    b->slices[0].parameters.min_closed_loop_flows = 1;
    box_open(b);
    box_go_to_flows(b, 0);
    for (uint32_t place = 0; place <= N_FLOWS; place++)
        box_place(b, 0, 0, place, (struct flow_counts){.dropped = 1}, false);
    assert_int_equal(box_report(b, 0).n_flow_reports, N_FLOWS);
    assert_true(manager_flow_report(b->manager, 0, N_FLOWS - 1, &f));
    assert_false(manager_flow_report(b->manager, 0, N_FLOWS, &f));
    box_close(b);
}

/* A worker gives a place to another flow once it ended, and places of two workers are two. */
static void flows_are_told_apart_by_worker_place_and_key(void **state)
{
    struct box *b = box_new(2);
    struct message other = {.kind = MESSAGE_PLACE, .worker = 1, .aggregate = 0};
    struct flow_report f;

    (void)state;
    b->slices[0].parameters.max_individual_flows = 8;
    b->slices[0].parameters.min_closed_loop_flows = 3;
    box_open(b);
    box_go_to_flows(b, 0);
    box_place(b, 0, 0, 5, (struct flow_counts){.dropped = 1}, false);
    box_place(b, 1, 0, 5, (struct flow_counts){.dropped = 2}, false);
    assert_int_equal(box_report(b, 0).n_flow_reports, 2);
    box_place(b, 0, 0, 5, (struct flow_counts){.dropped = 3}, false);
    box_place(b, 0, 0, 6, (struct flow_counts){.dropped = 4}, false);
    assert_int_equal(box_report(b, 0).n_flow_reports, 3);
    /* Another flow of the second worker's place. */
    other.test_id = box_order(b, 0).test_id;
    other.place.place = 5;
    other.place.key.source_port = 7;
    other.place.counts.dropped = 5;
    manager_receive(b->manager, &other);
    assert_int_equal(box_report(b, 0).n_flow_reports, 4);
    /* The same one once more, after it ended. */
    box_place(b, 1, 0, 5, (struct flow_counts){.dropped = 6}, true);
    box_place(b, 1, 0, 5, (struct flow_counts){.dropped = 7}, false);
    assert_int_equal(box_report(b, 0).n_flow_reports, 5);
    for (uint32_t i = 0; i < 5; i++) {
        static const uint64_t n_dropped[] = {3, 6, 4, 5, 7};

        assert_true(manager_flow_report(b->manager, 0, i, &f));
        assert_int_equal(f.counts.dropped, n_dropped[i]);
    }
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_wait_their_turn_for_the_flows_phase),
        cmocka_unit_test(a_room_that_nobody_owns_is_taken_first),
        cmocka_unit_test(the_room_left_longest_ago_is_used_again),
        cmocka_unit_test(flows_are_told_apart_by_worker_place_and_key),
        cmocka_unit_test(no_more_flows_are_kept_than_may_be_tested_one_by_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
