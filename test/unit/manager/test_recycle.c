/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers of aggregates that came to nothing go to others; those with a result do not. */
#include "box.h"

#include <errno.h>

#include "manager/passive.h"

#define MINUTE_NS (60 * NS_PER_S)

enum { CAPACITY = 4 };

static struct ip_prefix prefix_of(uint32_t number)
{
    const uint8_t bytes[4] = {10, (uint8_t)(number >> 8), (uint8_t)number, 0};
    struct ip_address address = ip_address_from_ipv4(bytes);

    return ip_prefix_of_address(&address, 24);
}

static void want(struct box *b, uint32_t number, bool is_armed)
{
    const struct message m = {
        .kind = MESSAGE_AGGREGATE_WANTED,
        .wanted = {.slice = 0, .prefix = prefix_of(number), .is_armed = is_armed}};

    manager_receive(b->manager, &m);
}

static struct box *open_box(uint16_t n_workers)
{
    struct box *b = box_new(n_workers);

    b->slices[0].granularity.ipv4 = 24;
    b->capacity = CAPACITY;
    box_open(b);
    return b;
}

static uint32_t find(const struct box *b, uint32_t number)
{
    const struct ip_prefix prefix = prefix_of(number);

    return aggregate_table_find(b->table, 0, &prefix);
}

static void close_box(struct box *b)
{
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_close(b);
}

static void silent_ones_make_room_when_there_is_none(void **state)
{
    struct box *b = open_box(1);

    (void)state;
    for (uint32_t i = 0; i < CAPACITY - 1; i++)
        want(b, i, false);
    box_epochs_for(b, 2 * MINUTE_NS);
    assert_int_equal(manager_n_live_aggregates(b->manager), CAPACITY - 1); /* one is free */
    want(b, CAPACITY - 1, false);
    want(b, 77, true);
    assert_int_equal(find(b, 77), AGGREGATE_NONE);
    box_epoch(b);
    assert_int_equal(box_count(b, EVENT_AGGREGATE_REMOVED), 1);
    assert_int_equal(find(b, 0), AGGREGATE_NONE);
    assert_int_equal(aggregate_table_n_free(b->table), 0);
    box_epoch(b);
    assert_int_equal(aggregate_table_n_free(b->table), 1);
    want(b, 77, true);
    assert_int_equal(find(b, 77), 0);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    assert_int_equal(box_report(b, 0).n_tests, 1);
    close_box(b);
}

/* The test that began by itself is ended first, and only when it is over the number is given. */
static void a_test_without_a_drop_does_not_hold_a_number(void **state)
{
    struct box *b = open_box(1);

    (void)state;
    for (uint32_t i = 0; i < CAPACITY; i++)
        want(b, i, true);
    box_epochs_for(b, MINUTE_NS - NS_PER_S);
    assert_int_equal(manager_n_live_aggregates(b->manager), CAPACITY);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    box_epochs_for(b, 2 * NS_PER_S);
    assert_int_equal(manager_n_live_aggregates(b->manager), CAPACITY - 1);
    assert_int_equal(aggregate_table_n_free(b->table), 1);
    close_box(b);
}

static void what_still_sends_keeps_its_number(void **state)
{
    struct box *b = open_box(1);

    (void)state;
    for (uint32_t i = 0; i < CAPACITY; i++)
        want(b, i, false);
    for (int i = 0; i < 30; i++) {
        for (uint32_t a = 0; a < CAPACITY; a++)
            box_forward(b, 0, a, 1);
        box_epochs_for(b, MINUTE_NS / 2);
    }
    assert_int_equal(manager_n_live_aggregates(b->manager), CAPACITY);
    close_box(b);
}

static void what_has_a_result_stays(void **state)
{
    struct box *b = open_box(1);

    (void)state;
    for (uint32_t i = 0; i < CAPACITY; i++)
        want(b, i, i == 0);
    /* One with drops, one that somebody asked for by hand. */
    box_end(b, 0, 0, box_drop(b, 0, 0), DROP_RETRANSMITTED);
    assert_int_equal(manager_test_start(b->manager, 1, NULL, b->now_ns), 0);
    for (uint32_t i = 0; i < 40; i++) {
        box_epochs_for(b, MINUTE_NS);
        want(b, 100 + i, false);
    }
    assert_int_equal(find(b, 0), 0);
    assert_int_equal(find(b, 1), 1);
    assert_int_equal(find(b, 2), AGGREGATE_NONE);
    assert_int_equal(find(b, 3), AGGREGATE_NONE);
    close_box(b);
}

/* A worker that has closed the epoch drops once more before the test is ended: a result, too. */
static void a_drop_at_the_last_moment_keeps_the_number(void **state)
{
    struct box *b = open_box(2);
    uint64_t began_ns = b->now_ns, id;

    (void)state;
    for (uint32_t i = 0; i < CAPACITY; i++)
        want(b, i, true);
    while (b->now_ns + BOX_EPOCH_NS < began_ns + MINUTE_NS)
        box_epoch(b);
    box_tick(b);
    box_post(b, 0);
    id = box_drop(b, 0, 0);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    box_post(b, 1);
    assert_int_equal(box_report(b, 0).state, TEST_SETTLING);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).state, TEST_SETTLING);
    box_end(b, 0, 0, id, DROP_EXPIRED);
    box_epochs_for(b, 2 * MINUTE_NS);
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    assert_int_equal(find(b, 0), 0);
    assert_true(manager_n_live_aggregates(b->manager) < CAPACITY);
    close_box(b);
}

/* A worker that has not closed a later epoch may still count for it. */
static void a_number_waits_for_every_worker(void **state)
{
    struct box *b = open_box(2);
    struct message late = {.kind = MESSAGE_COUNTERS, .worker = 1, .aggregate = 0};

    (void)state;
    for (uint32_t i = 0; i < CAPACITY; i++)
        want(b, i, false);
    while (box_count(b, EVENT_AGGREGATE_REMOVED) == 0)
        box_epoch(b);
    box_tick(b);
    box_post(b, 0);
    late.counters.packets = 1;
    manager_receive(b->manager, &late);
    assert_int_equal(aggregate_table_n_free(b->table), 0);
    box_post(b, 1);
    assert_int_equal(aggregate_table_n_free(b->table), 1);
    close_box(b);
}

static void a_removed_one_is_unknown_to_all(void **state)
{
    struct box *b = open_box(1);
    struct aggregate_report report;
    uint32_t n = 0;

    (void)state;
    for (uint32_t i = 0; i < CAPACITY; i++)
        want(b, i, false);
    while (box_count(b, EVENT_AGGREGATE_REMOVED) == 0)
        box_epoch(b);
    assert_int_equal(find(b, 0), AGGREGATE_NONE);
    assert_false(manager_report(b->manager, 0, &report));
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), -ENOENT);
    assert_int_equal(manager_test_stop(b->manager, 0, REASON_STOPPED, b->now_ns), -ENOENT);
    assert_null(manager_next_drop(b->manager, 0, NULL));
    for (uint32_t next = 0; manager_next_report(b->manager, &next, &report); n++)
        assert_int_not_equal(report.aggregate, 0);
    assert_int_equal(n, CAPACITY - 1);
    close_box(b);
}

static unsigned int n_flows_told(const struct box *b, uint32_t aggregate)
{
    unsigned int n = 0;

    for (const struct ended_flow *f = NULL;
         (f = manager_next_ended_flow(b->manager, aggregate, f)) != NULL; n++)
        assert_int_equal(f->key.source_port, aggregate);
    return n;
}

static void flows_of_a_life_that_is_over_are_not_told_of_the_next(void **state)
{
    struct box *b = box_new(1);
    uint32_t next = CAPACITY;

    (void)state;
    b->slices[0].mode = SLICE_PASSIVE;
    b->slices[0].granularity.ipv4 = 24;
    b->slices[0].parameters.report_flows = 100;
    b->capacity = CAPACITY;
    box_open(b);
    for (uint32_t i = 0; i < CAPACITY; i++)
        want(b, i, false);
    for (uint32_t i = 0; i < 2 * CAPACITY; i++) {
        struct message m = {.kind = MESSAGE_FLOW_ENDED, .aggregate = i % CAPACITY};

        m.flow_ended.key.source_port = (uint16_t)(i % CAPACITY);
        manager_receive(b->manager, &m);
    }
    for (uint32_t i = 0; i < CAPACITY; i++)
        assert_int_equal(n_flows_told(b, i), 2);
    while (find(b, next) == AGGREGATE_NONE) {
        box_epoch(b);
        want(b, next, false);
    }
    for (uint32_t i = 0; i < CAPACITY; i++) {
        struct aggregate_report report;

        if (manager_report(b->manager, i, &report))
            assert_int_equal(n_flows_told(b, i), i == find(b, next) ? 0 : 2);
    }
    close_box(b);
}

static void a_full_table_is_told_once(void **state)
{
    struct box *b = open_box(1);

    (void)state;
    for (uint32_t i = 0; i < CAPACITY; i++)
        want(b, i, false);
    for (int i = 0; i < 10; i++) {
        want(b, 50, false);
        box_epoch(b);
    }
    assert_int_equal(box_count(b, EVENT_AGGREGATES_FULL), 1);
    assert_int_equal(box_count(b, EVENT_AGGREGATES_FREE), 0);
    assert_true(manager_aggregates_full_since(b->manager) != 0);
    assert_int_equal(manager_n_aggregates_refused(b->manager), 10);
    box_epochs_for(b, 2 * MINUTE_NS);
    assert_int_equal(box_count(b, EVENT_AGGREGATES_FREE), 1);
    assert_true(manager_aggregates_full_since(b->manager) == 0);
    close_box(b);
}

static void late_segment(struct box *b, uint32_t aggregate)
{
    struct message m = {.kind = MESSAGE_COUNTERS, .aggregate = aggregate};

    m.counters.packets = m.counters.segments = m.counters.in_order = 1;
    manager_receive(b->manager, &m);
}

/* Number 0 had a test, was given back, and is 77's now, which had none. */
static struct box *open_box_of_a_second_life(void)
{
    struct box *b = open_box(1);

    for (uint32_t i = 0; i < CAPACITY; i++)
        want(b, i, true);
    while (aggregate_table_n_free(b->table) == 0)
        box_epoch(b);
    want(b, 77, false);
    assert_int_equal(find(b, 77), 0);
    assert_int_equal(box_report(b, 0).state, TEST_IDLE);
    return b;
}

/* The number of the test of its first life is left, without the parameters of a test. */
static void segments_before_the_first_test_of_a_second_life_are_of_no_test(void **state)
{
    struct box *b = open_box_of_a_second_life();

    (void)state;
    manager_stop(b->manager, REASON_STOPPED, b->now_ns); /* no test begins by itself any more */
    late_segment(b, 0);
    assert_int_equal(box_report(b, 0).state, TEST_IDLE);
    assert_int_equal(box_report(b, 0).n_tests, 0);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).state, TEST_IDLE);
    box_close(b);
}

/* Nor do they last: a third life begins with nothing, and is tested. */
static void segments_after_a_second_life_are_forgotten(void **state)
{
    struct box *b = open_box_of_a_second_life();

    (void)state;
    for (uint32_t next = 100; find(b, 77) != AGGREGATE_NONE; next++) {
        while (aggregate_table_n_free(b->table) == 0 && find(b, 77) != AGGREGATE_NONE)
            box_epoch(b);
        if (find(b, 77) != AGGREGATE_NONE)
            want(b, next, false);
    }
    assert_int_equal(aggregate_table_n_free(b->table), 0);
    late_segment(b, 0);
    box_epoch(b);
    assert_int_equal(aggregate_table_n_free(b->table), 1);
    want(b, 78, true);
    assert_int_equal(find(b, 78), 0);
    assert_int_equal(box_report(b, 0).total->packets, 0);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    close_box(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent_ones_make_room_when_there_is_none),
        cmocka_unit_test(a_test_without_a_drop_does_not_hold_a_number),
        cmocka_unit_test(what_still_sends_keeps_its_number),
        cmocka_unit_test(what_has_a_result_stays),
        cmocka_unit_test(a_drop_at_the_last_moment_keeps_the_number),
        cmocka_unit_test(a_number_waits_for_every_worker),
        cmocka_unit_test(segments_before_the_first_test_of_a_second_life_are_of_no_test),
        cmocka_unit_test(segments_after_a_second_life_are_forgotten),
        cmocka_unit_test(a_removed_one_is_unknown_to_all),
        cmocka_unit_test(flows_of_a_life_that_is_over_are_not_told_of_the_next),
        cmocka_unit_test(a_full_table_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
