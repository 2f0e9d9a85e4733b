/* SPDX-License-Identifier: BSD-3-Clause */
/* What the box does itself, and what all of the traffic does, is no evidence against a sender: the
 * worker stood still, the path leads elsewhere now, a repair came late. */
#include "lab.h"

#include <stdatomic.h>

#define FIRST        1001u
#define MAX_STALL_MS 100
#define TIMEOUT_MS   3000

/* Flow 1 has lost its first segment and gone on. */
static struct lab *open_with_a_drop(const struct lab_options *options)
{
    struct lab *l = lab_open(options);

    lab_syn(l, 1, FIRST - 1);
    lab_syn(l, 2, FIRST - 1);
    lab_set_budget(l, 1, 0);
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    assert_int_equal(lab_data(l, 1, FIRST + 1000, 1000), ENGINE_FORWARD);
    return l;
}

static struct lab *open_where_stalls_show(void)
{
    return open_with_a_drop(&(struct lab_options){.max_stall_ms = MAX_STALL_MS});
}

/* Bursts come, and nothing in them. */
static void run_ms(struct lab *l, uint64_t ms)
{
    for (uint64_t i = 0; i < ms; i += 10)
        lab_wait_ms(l, 10);
}

static void fall_silent(struct lab *l)
{
    atomic_store(&aggregate_table_control(l->aggregates, 0)->silent_ns, l->now_ns);
}

static void a_repair_that_waited_in_the_queue_over_a_stall_is_a_repair(void **state)
{
    struct lab *l = open_where_stalls_show();

    (void)state;
    lab_wait_ms(l, 7000);
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_FORWARD);
    assert_int_equal(lab_counters(l)->retransmitted, 1);
    assert_int_equal(lab_counters(l)->duplicates, 0);
    lab_close(l);
}

static void a_drop_that_does_not_come_back_over_a_stall_is_void(void **state)
{
    struct lab *l = open_where_stalls_show();

    (void)state;
    lab_wait_ms(l, 7000);
    assert_int_equal(lab_counters(l)->voided, 0);
    run_ms(l, MAX_STALL_MS);
    assert_int_equal(lab_counters(l)->void_stall, 1);
    assert_int_equal(lab_counters(l)->expired, 0);
    lab_close(l);
}

/* Its time ends long after the stall, and still nobody knows what came within it. */
static void a_stall_at_any_time_of_a_drop_makes_silence_void(void **state)
{
    struct lab *l = open_where_stalls_show();

    (void)state;
    run_ms(l, 500);
    lab_wait_ms(l, MAX_STALL_MS + 1);
    run_ms(l, TIMEOUT_MS);
    assert_int_equal(lab_counters(l)->void_stall, 1);
    lab_close(l);
}

static void a_stall_is_told_with_its_length(void **state)
{
    struct lab *l = open_where_stalls_show();
    const struct message *m;

    (void)state;
    lab_wait_ms(l, MAX_STALL_MS);
    assert_null(lab_last(l, MESSAGE_STALL));
    lab_wait_ms(l, 7000);
    m = lab_last(l, MESSAGE_STALL);
    assert_non_null(m);
    assert_int_equal(m->stall.duration_ns, 7000 * NS_PER_MS);
    assert_int_equal(m->stall.ended_ns, l->now_ns);
    assert_int_equal(engine_counters(l->engine)->stalls, 1);
    assert_int_equal(engine_counters(l->engine)->stalled_ns, 7000 * NS_PER_MS);
    lab_close(l);
}

static void drops_made_after_a_stall_are_judged_as_ever(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.max_stall_ms = MAX_STALL_MS});

    (void)state;
    lab_syn(l, 1, FIRST - 1);
    lab_set_budget(l, 1, 0);
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_wait_ms(l, 1000);
    /* In the very burst that ended it. */
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    lab_data(l, 1, FIRST + 1000, 1000);
    run_ms(l, TIMEOUT_MS + 10);
    assert_int_equal(lab_counters(l)->expired, 1);
    lab_close(l);
}

/* The clock is the capture's. */
static void a_silence_of_a_capture_is_no_stall(void **state)
{
    struct lab *l = open_with_a_drop(&(struct lab_options){.max_stall_ms = 0});

    (void)state;
    lab_wait_ms(l, 7000);
    assert_int_equal(engine_counters(l->engine)->stalls, 0);
    assert_int_equal(lab_counters(l)->expired, 1);
    lab_close(l);
}

/* It alone could say that the aggregate fell silent. */
static void while_the_manager_stands_still_silence_is_void(void **state)
{
    struct lab *l = open_with_a_drop(&(struct lab_options){.max_stall_ms = 0});

    (void)state;
    l->now_ns += 4000 * NS_PER_MS;
    engine_begin_burst(l->engine, l->now_ns);
    assert_int_equal(lab_counters(l)->void_stall, 1);
    lab_close(l);
}

static void a_drop_of_traffic_that_fell_silent_is_void(void **state)
{
    struct lab *l = open_where_stalls_show();

    (void)state;
    run_ms(l, 1500);
    fall_silent(l);
    run_ms(l, TIMEOUT_MS);
    assert_int_equal(lab_counters(l)->void_silence, 1);
    assert_int_equal(lab_counters(l)->expired, 0);
    lab_close(l);
}

static void a_silence_before_a_drop_does_not_concern_it(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    (void)state;
    lab_syn(l, 1, FIRST - 1);
    lab_set_budget(l, 1, 0);
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    fall_silent(l);
    lab_wait_ms(l, 1);
    assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
    lab_data(l, 1, FIRST + 1000, 1000);
    run_ms(l, TIMEOUT_MS + 10);
    assert_int_equal(lab_counters(l)->expired, 1);
    lab_close(l);
}

/* Neither for nor against: no R, and no D. */
static void a_late_repair_is_counted_once_and_as_such(void **state)
{
    struct lab *l = open_where_stalls_show();

    (void)state;
    run_ms(l, 2 * TIMEOUT_MS - 100);
    lab_data(l, 1, FIRST, 500);
    assert_int_equal(lab_counters(l)->expired_repaired_late, 0);
    lab_data(l, 1, FIRST + 500, 500);
    assert_int_equal(lab_counters(l)->expired_repaired_late, 1);
    assert_int_equal(lab_counters(l)->expired, 1);
    assert_int_equal(lab_counters(l)->duplicates, 0);
    lab_data(l, 1, FIRST, 1000);
    assert_int_equal(lab_counters(l)->expired_repaired_late, 1);
    assert_int_equal(lab_counters(l)->duplicates, 1);
    lab_close(l);
}

static void after_one_more_timeout_a_repair_is_a_repeat_as_any(void **state)
{
    struct lab *l = open_where_stalls_show();

    (void)state;
    run_ms(l, 2 * TIMEOUT_MS + 100);
    lab_data(l, 1, FIRST, 1000);
    assert_int_equal(lab_counters(l)->expired_repaired_late, 0);
    assert_int_equal(lab_counters(l)->duplicates, 1);
    lab_close(l);
}

static void a_late_repair_over_forwarded_bytes_too_is_a_duplicate(void **state)
{
    struct lab *l = open_where_stalls_show();

    (void)state;
    run_ms(l, TIMEOUT_MS + 100);
    lab_data(l, 1, FIRST, 2000);
    lab_data(l, 1, FIRST, 1000);
    assert_int_equal(lab_counters(l)->expired_repaired_late, 0);
    assert_int_equal(lab_counters(l)->duplicates, 2);
    lab_close(l);
}

static void a_drop_that_is_over_does_not_hinder_the_next_one(void **state)
{
    struct lab *l = open_where_stalls_show();

    (void)state;
    run_ms(l, TIMEOUT_MS + 100);
    lab_set_budget(l, 1, 0);
    assert_int_equal(lab_data(l, 1, FIRST + 2000, 1000), ENGINE_DROP);
    /* It took the place of the first, which now is a repeat as any. */
    lab_data(l, 1, FIRST, 1000);
    assert_int_equal(lab_counters(l)->duplicates, 1);
    lab_data(l, 1, FIRST + 2000, 1000);
    assert_int_equal(lab_counters(l)->retransmitted, 1);
    assert_int_equal(lab_counters(l)->expired_repaired_late, 0);
    lab_close(l);
}

static void what_was_void_by_its_time_is_no_duplicate_when_it_comes_late(void **state)
{
    struct lab *l = open_where_stalls_show();

    (void)state;
    lab_wait_ms(l, 7000);
    run_ms(l, MAX_STALL_MS);
    lab_data(l, 1, FIRST, 1000);
    assert_int_equal(lab_counters(l)->void_stall, 1);
    assert_int_equal(lab_counters(l)->expired_repaired_late, 0);
    assert_int_equal(lab_counters(l)->duplicates, 0);
    lab_close(l);
}

static void a_late_repair_is_not_of_the_next_test(void **state)
{
    struct lab *l = open_where_stalls_show();

    (void)state;
    run_ms(l, TIMEOUT_MS + 100);
    lab_order(l, AGGREGATE_POOLED, 2, 0);
    lab_data(l, 1, FIRST, 1000);
    assert_int_equal(lab_counters(l)->expired_repaired_late, 0);
    assert_int_equal(lab_counters(l)->test_duplicates, 0);
    lab_close(l);
}

/* Two entries, one of them for drops that are over. */
static void drops_that_are_over_leave_half_of_the_ledger_to_others(void **state)
{
    struct lab *l = open_with_a_drop(&(struct lab_options){.n_pending_drops = 2});

    (void)state;
    lab_syn(l, 3, FIRST - 1);
    lab_set_budget(l, 3, 0);
    assert_int_equal(lab_data(l, 2, FIRST, 1000), ENGINE_DROP);
    lab_data(l, 2, FIRST + 1000, 1000);
    run_ms(l, TIMEOUT_MS + 100);
    assert_int_equal(engine_n_pending(l->engine), 0);
    assert_int_equal(lab_data(l, 3, FIRST, 1000), ENGINE_DROP);
    assert_int_equal(engine_counters(l->engine)->ledger_full, 0);
    assert_int_equal(engine_n_pending(l->engine), 1);
    /* The last to end found no room to be kept. */
    lab_data(l, 1, FIRST, 1000);
    lab_data(l, 2, FIRST, 1000);
    assert_int_equal(lab_counters(l)->expired_repaired_late, 1);
    assert_int_equal(lab_counters(l)->duplicates, 1);
    lab_close(l);
}

static void stopping_leaves_nothing_behind(void **state)
{
    struct lab *l = open_with_a_drop(&(struct lab_options){0});

    (void)state;
    run_ms(l, TIMEOUT_MS + 100);
    lab_set_budget(l, 1, 0);
    assert_int_equal(lab_data(l, 2, FIRST, 1000), ENGINE_DROP);
    engine_stop(l->engine);
    assert_int_equal(engine_n_pending(l->engine), 0);
    assert_int_equal(lab_counters(l)->expired, 1);
    assert_int_equal(lab_counters(l)->void_evicted, 1);
    /* The flow is free of it. */
    lab_data(l, 1, FIRST, 1000);
    assert_int_equal(lab_counters(l)->duplicates, 1);
    lab_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repair_that_waited_in_the_queue_over_a_stall_is_a_repair),
        cmocka_unit_test(a_drop_that_does_not_come_back_over_a_stall_is_void),
        cmocka_unit_test(a_stall_at_any_time_of_a_drop_makes_silence_void),
        cmocka_unit_test(a_stall_is_told_with_its_length),
        cmocka_unit_test(drops_made_after_a_stall_are_judged_as_ever),
        cmocka_unit_test(a_silence_of_a_capture_is_no_stall),
        cmocka_unit_test(while_the_manager_stands_still_silence_is_void),
        cmocka_unit_test(a_drop_of_traffic_that_fell_silent_is_void),
        cmocka_unit_test(a_silence_before_a_drop_does_not_concern_it),
        cmocka_unit_test(a_late_repair_is_counted_once_and_as_such),
        cmocka_unit_test(after_one_more_timeout_a_repair_is_a_repeat_as_any),
        cmocka_unit_test(a_late_repair_over_forwarded_bytes_too_is_a_duplicate),
        cmocka_unit_test(a_drop_that_is_over_does_not_hinder_the_next_one),
        cmocka_unit_test(what_was_void_by_its_time_is_no_duplicate_when_it_comes_late),
        cmocka_unit_test(a_late_repair_is_not_of_the_next_test),
        cmocka_unit_test(drops_that_are_over_leave_half_of_the_ledger_to_others),
        cmocka_unit_test(stopping_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
