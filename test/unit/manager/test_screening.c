/* SPDX-License-Identifier: BSD-3-Clause */
/* The search for flows that repair. */
#include "box.h"

/* Who is found must not depend on the coins of those found before. */
static void screening_has_a_budget_and_a_time_of_its_own(void **state)
{
    struct flow_counts counts = {.droppable = 100, .population_droppable = 100};
    struct box *b = box_new(1);
    struct aggregate_control *c;

    (void)state;
    box_open(b);
    c = aggregate_table_control(b->table, 0);
    box_go_to_flows(b, 0);
    assert_true(box_take_place(b, 0));
    box_place(b, 0, 0, 0, counts, false);
    for (int i = 0; i < 18; i++)
        box_end(b, 0, 0, box_drop(b, 0, 0), DROP_EXPIRED);
    box_epoch(b);
    assert_int_equal(box_drop(b, 0, 0), 0); /* of places */
    box_epochs_for(b, 2500 * NS_PER_MS);
    assert_true(box_order(b, 0).screening);
    assert_int_equal(atomic_load(&c->screening), 15);
    box_epochs_for(b, 500 * NS_PER_MS);
    assert_false(box_order(b, 0).screening);
    assert_int_equal(box_order(b, 0).n_repairs, 1);
    assert_int_equal(atomic_load(&c->screening), 0);
    assert_int_equal(box_budget(b, 0), 42);
    box_close(b);
}

/* All that screening finds now is made, and none comes back. */
static void screen(struct box *b, int32_t n)
{
    struct aggregate_control *c = aggregate_table_control(b->table, 0);

    assert_int_equal(atomic_load(&c->screening), n);
    for (int32_t i = 0; i < n; i++)
        box_end(b, 0, 0, box_drop_of(b, 0, 0, &c->screening), DROP_EXPIRED);
    box_epoch(b);
}

static void take_places(struct box *b, uint32_t from, uint32_t to)
{
    struct flow_counts counts = {.droppable = 100, .population_droppable = 100};

    for (uint32_t place = from; place < to; place++) {
        assert_true(box_take_place(b, 0));
        box_place(b, 0, 0, place, counts, false);
    }
    box_epoch(b);
}

static void screening_goes_out_in_parts_that_have_time_to_come_back(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    take_places(b, 0, 1);
    screen(b, 15);
    box_epochs_for(b, 400 * NS_PER_MS);
    screen(b, 0);
    box_epochs_for(b, 200 * NS_PER_MS);
    screen(b, 15);
    box_epochs_for(b, 600 * NS_PER_MS);
    screen(b, 12); /* the rest is for places */
    assert_true(box_order(b, 0).screening);
    box_epochs_for(b, 600 * NS_PER_MS);
    assert_false(box_order(b, 0).screening);
    assert_int_equal(box_budget(b, 0), 18);
    box_close(b);
}

/* And by the clock it goes on: not by how the chosen ones stand. */
static void screening_rests_when_three_flows_are_found(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    take_places(b, 0, 2);
    box_epoch(b);
    screen(b, 15);
    take_places(b, 2, 3);
    box_epochs_for(b, 1500 * NS_PER_MS);
    screen(b, 0);
    assert_true(box_order(b, 0).screening);
    box_epochs_for(b, 700 * NS_PER_MS);
    screen(b, 15);
    box_close(b);
}

/* What workers have not spent yet is taken from them. */
static void screening_that_rests_leaves_nothing_behind(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    box_go_to_flows(b, 0);
    take_places(b, 0, 3);
    box_epoch(b);
    screen(b, 0);
    assert_int_equal(box_budget(b, 0), 18);
    take_places(b, 3, 5);
    box_epoch(b);
    assert_int_equal(box_budget(b, 0), 30); /* as many as they may make */
    take_places(b, 5, 10);
    box_epoch(b);
    assert_false(box_order(b, 0).screening);
    assert_int_equal(box_budget(b, 0), 60);
    box_close(b);
}

/* All of them are probably genuine, and what they repeat counts, whether they lose drops or not. */
static void where_most_repair_screening_does_not_rest(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    box_forward(b, 0, 0, 2000);
    box_duplicate(b, 0, 0, 250);
    for (int i = 0; box_report(b, 0).state == TEST_POOLED && i < 100; i++) {
        uint64_t id = box_drop(b, 0, 0);

        if (id != 0)
            box_end(b, 0, 0, id, i % 3 == 0 ? DROP_EXPIRED : DROP_RETRANSMITTED);
        box_epoch(b);
    }
    assert_int_equal(box_report(b, 0).state, TEST_FLOWS);
    assert_int_equal(box_order(b, 0).n_repairs, 1);
    take_places(b, 0, 5);
    box_epochs_for(b, 100 * NS_PER_MS);
    screen(b, 15);
    box_close(b);
}

/* A tenth of all is repeated: a drop that comes back may have been luck. */
static void where_much_is_repeated_flows_are_to_repair_twice(void **state)
{
    struct box *b = box_new(1);
    struct aggregate_control *c;

    (void)state;
    box_open(b);
    c = aggregate_table_control(b->table, 0);
    box_forward(b, 0, 0, 1000);
    box_duplicate(b, 0, 0, 300);
    box_go_to_flows(b, 0);
    assert_int_equal(box_order(b, 0).n_repairs, 2);
    assert_int_equal(atomic_load(&c->confirming), 0);
    b->workers[0].deltas[0].flows_tested += 5;
    b->workers[0].deltas[0].flows_repaired += 4;
    box_epoch(b);
    box_epoch(b);
    assert_int_equal(atomic_load(&c->confirming), 4);
    box_epochs_for(b, 3100 * NS_PER_MS);
    assert_int_equal(atomic_load(&c->confirming), 0);
    assert_int_equal(box_budget(b, 0), 60);
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screening_has_a_budget_and_a_time_of_its_own),
        cmocka_unit_test(screening_goes_out_in_parts_that_have_time_to_come_back),
        cmocka_unit_test(screening_rests_when_three_flows_are_found),
        cmocka_unit_test(screening_that_rests_leaves_nothing_behind),
        cmocka_unit_test(where_most_repair_screening_does_not_rest),
        cmocka_unit_test(where_much_is_repeated_flows_are_to_repair_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
