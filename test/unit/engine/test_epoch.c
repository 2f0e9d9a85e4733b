/* SPDX-License-Identifier: BSD-3-Clause */
/* Epochs: nothing counted is ever lost, and none is closed before all of it is posted. */
#include "lab.h"

#define ISN UINT32_C(1000)

static void a_full_ring_keeps_the_counts_for_the_next_epoch(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, 0);
    lab_syn(l, 1, ISN);
    lab_data(l, 1, ISN + 1, 1000);
    atomic_fetch_add(&l->gate.epoch, 1);
    l->room = 0;
    assert_false(engine_post_epoch(l->engine));
    assert_int_equal(engine_counters(l->engine)->epochs_late, 1);
    lab_data(l, 1, ISN + 1001, 1000);
    l->room = UINT32_MAX;
    assert_true(engine_post_epoch(l->engine));
    assert_int_equal(l->sums[0].in_order, 2);
    assert_int_equal(lab_last(l, MESSAGE_EPOCH)->epoch.epoch, 1);
    lab_close(l);
}

static void an_epoch_is_posted_once_and_closed_after_its_counts(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, 0);
    assert_true(engine_post_epoch(l->engine));
    assert_int_equal(l->n_messages, 0);
    lab_syn(l, 1, ISN);
    lab_data(l, 1, ISN + 1, 1000);
    atomic_fetch_add(&l->gate.epoch, 1);
    assert_true(engine_post_epoch(l->engine));
    assert_true(engine_post_epoch(l->engine));
    assert_int_equal(l->n_messages, 2);
    assert_int_equal(l->messages[0].kind, MESSAGE_COUNTERS);
    assert_int_equal(l->messages[1].kind, MESSAGE_EPOCH);
    assert_int_equal(l->messages[1].epoch.epoch, 1);
    lab_close(l);
}

#define N_AGGREGATES 3

/* A lab with aggregates of /24, each of which saw one SYN; the epoch has begun. */
static struct lab *lab_with_changes(void)
{
    struct lab *l = lab_open(&(struct lab_options){.granularity_ipv4 = 24});
    struct aggregate_identity who = {.slice = 0, .has_prefix = true};

    for (uint32_t i = 0; i < N_AGGREGATES; i++) {
        const uint8_t four[4] = {10, 0, (uint8_t)i, 0};
        struct ip_address a = ip_address_from_ipv4(four);

        who.prefix = ip_prefix_of_address(&a, 24);
        assert_int_equal(aggregate_table_add(l->aggregates, &who), i);
        aggregate_control_order(aggregate_table_control(l->aggregates, i),
                                (struct aggregate_order){.test_id = 1, .phase = AGGREGATE_POOLED});
        lab_syn(l, i << 8, ISN);
    }
    atomic_fetch_add(&l->gate.epoch, 1);
    return l;
}

static void an_epoch_that_fits_only_in_part_is_closed_when_the_rest_fitted(void **state)
{
    struct lab *l = lab_with_changes();

    (void)state;
    l->room = 2;
    assert_false(engine_post_epoch(l->engine));
    assert_int_equal(lab_n_messages(l, MESSAGE_EPOCH), 0);
    l->room = 1;
    assert_false(engine_post_epoch(l->engine)); /* the last delta fits, its mark does not */
    l->room = UINT32_MAX;
    assert_true(engine_post_epoch(l->engine));
    assert_int_equal(lab_n_messages(l, MESSAGE_EPOCH), 1);
    assert_int_equal(engine_counters(l->engine)->epochs_late, 1);
    for (int i = 0; i < N_AGGREGATES; i++)
        assert_int_equal(l->sums[i].control_packets, 1);
    lab_close(l);
}

static void
an_epoch_posted_in_steps_is_closed_by_the_last_and_holds_what_came_before_it(void **state)
{
    struct lab *l = lab_with_changes();

    (void)state;
    assert_false(engine_post_some(l->engine, 0));
    assert_false(engine_post_some(l->engine, 2));
    assert_int_equal(lab_n_messages(l, MESSAGE_COUNTERS), 2);
    for (uint32_t i = 0; i < N_AGGREGATES; i++)
        lab_data(l, i << 8, ISN + 1, 1000);
    assert_true(engine_post_some(l->engine, 2));
    assert_int_equal(lab_n_messages(l, MESSAGE_COUNTERS), N_AGGREGATES);
    assert_int_equal(lab_last(l, MESSAGE_EPOCH)->epoch.epoch, 1);
    assert_int_equal(engine_counters(l->engine)->epochs_late, 0);
    /* The one that was posted late brought its data along; those of the others come next. */
    assert_int_equal(l->sums[0].in_order + l->sums[1].in_order + l->sums[2].in_order, 1);
    assert_true(engine_post_some(l->engine, 2));
    assert_int_equal(lab_n_messages(l, MESSAGE_EPOCH), 1);
    atomic_fetch_add(&l->gate.epoch, 1);
    assert_true(engine_post_some(l->engine, 2));
    assert_int_equal(lab_last(l, MESSAGE_EPOCH)->epoch.epoch, 2);
    for (int i = 0; i < N_AGGREGATES; i++)
        assert_int_equal(l->sums[i].in_order, 1);
    lab_close(l);
}

static void lost_events_are_counted(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 100, 0);
    lab_syn(l, 1, ISN);
    l->room = 0;
    assert_int_equal(lab_data(l, 1, ISN + 1, 1000), ENGINE_DROP);
    lab_data(l, 1, ISN + 1, 1000);
    assert_int_equal(engine_counters(l->engine)->events_lost, 2);
    l->room = UINT32_MAX;
    assert_int_equal(lab_counters(l)->retransmitted, 1);
    lab_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_ring_keeps_the_counts_for_the_next_epoch),
        cmocka_unit_test(an_epoch_is_posted_once_and_closed_after_its_counts),
        cmocka_unit_test(an_epoch_that_fits_only_in_part_is_closed_when_the_rest_fitted),
        cmocka_unit_test(
            an_epoch_posted_in_steps_is_closed_by_the_last_and_holds_what_came_before_it),
        cmocka_unit_test(lost_events_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
