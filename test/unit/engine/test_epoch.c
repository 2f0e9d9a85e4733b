/* SPDX-License-Identifier: BSD-3-Clause */
/* Epochs: nothing counted is ever lost, and an epoch that did not fit says so. */
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
    assert_true(lab_last(l, MESSAGE_EPOCH)->epoch.whole);
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

static void an_epoch_that_fits_only_in_part_is_not_whole(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.granularity_ipv4 = 24});
    struct aggregate_identity who = {.slice = 0, .has_prefix = true};

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        const uint8_t four[4] = {10, 0, (uint8_t)i, 0};
        struct ip_address a = ip_address_from_ipv4(four);

        who.prefix = ip_prefix_of_address(&a, 24);
        assert_int_equal(aggregate_table_add(l->aggregates, &who), i);
        aggregate_control_order(aggregate_table_control(l->aggregates, i),
                                (struct aggregate_order){.test_id = 1, .phase = AGGREGATE_POOLED});
        lab_syn(l, i << 8, ISN);
    }
    atomic_fetch_add(&l->gate.epoch, 1);
    l->room = 2;
    assert_false(engine_post_epoch(l->engine));
    assert_int_equal(lab_n_messages(l, MESSAGE_EPOCH), 0);
    l->room = 1;
    assert_false(engine_post_epoch(l->engine)); /* the last delta fits, its mark does not */
    l->room = UINT32_MAX;
    assert_true(engine_post_epoch(l->engine));
    assert_true(lab_last(l, MESSAGE_EPOCH)->epoch.whole);
    for (int i = 0; i < 3; i++)
        assert_int_equal(l->sums[i].control_packets, 1);
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
        cmocka_unit_test(an_epoch_that_fits_only_in_part_is_not_whole),
        cmocka_unit_test(lost_events_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
