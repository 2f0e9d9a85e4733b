/* SPDX-License-Identifier: BSD-3-Clause */
/* The flows phase: single flows take places, and their counts travel as their own. */
#include "lab.h"

#define ISN   UINT32_C(1000)
#define FIRST (ISN + 1)

static struct lab *open_flows_phase(int32_t budget, int32_t places, uint32_t n_pool)
{
    struct lab *l = lab_open(&(struct lab_options){.n_places = n_pool});

    lab_order(l, AGGREGATE_FLOWS, 1, LAB_ALWAYS);
    lab_set_budget(l, budget, places);
    return l;
}

static void no_more_flows_are_tested_than_there_are_places(void **state)
{
    struct lab *l = open_flows_phase(100, 3, 64);
    unsigned int n_dropped = 0;

    (void)state;
    for (uint32_t flow = 0; flow < 10; flow++) {
        lab_syn(l, flow, ISN);
        n_dropped += lab_data(l, flow, FIRST, 1000) == ENGINE_DROP;
    }
    assert_int_equal(n_dropped, 3);
    assert_int_equal(atomic_load(&aggregate_table_control(l->aggregates, 0)->places), 0);
    lab_close(l);
}

static void a_full_pool_gives_the_place_back(void **state)
{
    struct lab *l = open_flows_phase(100, 10, 2);

    (void)state;
    for (uint32_t flow = 0; flow < 5; flow++) {
        lab_syn(l, flow, ISN);
        lab_data(l, flow, FIRST, 1000);
    }
    assert_int_equal(lab_counters(l)->dropped, 2);
    assert_int_equal(atomic_load(&aggregate_table_control(l->aggregates, 0)->places), 8);
    lab_close(l);
}

/* A flow that repaired everything: six drops, then only its duplicates count, all of them for the
 * evidence, and for rule penny those of what it sent until its last drop. */
static void a_place_tells_its_own_counts_and_counts_duplicates_to_the_end(void **state)
{
    struct lab *l = open_flows_phase(100, 1, 64);
    const struct message *m;

    (void)state;
    lab_syn(l, 1, ISN);
    lab_data(l, 1, FIRST, 10); /* takes the place; dropped */
    lab_data(l, 1, FIRST, 10); /* repaired */
    lab_data(l, 1, FIRST, 10); /* duplicate */
    for (uint32_t i = 1; i < 20; i++)
        if (lab_data(l, 1, FIRST + i * 10, 10) == ENGINE_DROP)
            lab_data(l, 1, FIRST + i * 10, 10);
    lab_counters(l);
    m = lab_last(l, MESSAGE_PLACE);
    assert_non_null(m);
    assert_false(m->place.ended);
    assert_int_equal(m->place.counts.dropped, 6);
    assert_int_equal(m->place.counts.retransmitted, 6);
    assert_int_equal(m->place.counts.droppable, 6);
    assert_int_equal(m->place.counts.population_droppable, 6);
    assert_int_equal(m->place.counts.population_in_order, 6);
    assert_int_equal(m->place.counts.duplicates, 1);
    assert_int_equal(m->place.counts.population_duplicates, 1);
    lab_data(l, 1, FIRST, 10);
    lab_data(l, 1, FIRST + 50, 10);
    lab_data(l, 1, FIRST + 60, 10);
    lab_counters(l);
    m = lab_last(l, MESSAGE_PLACE);
    assert_int_equal(m->place.counts.duplicates, 4);
    assert_int_equal(m->place.counts.population_duplicates, 3);
    assert_int_equal(lab_counters(l)->retransmitted, 6);
    /* It takes no second place in the same test. */
    lab_set_budget(l, 100, 5);
    assert_int_equal(lab_data(l, 1, FIRST + 5000, 10), ENGINE_FORWARD);
    lab_close(l);
}

static void a_flow_brings_no_luck_of_the_pooled_phase_along(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});
    const struct message *m;

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 100, 0);
    lab_syn(l, 1, ISN);
    lab_data(l, 1, FIRST, 10);
    lab_data(l, 1, FIRST, 10); /* repaired */
    assert_int_equal(lab_data(l, 1, FIRST + 10, 10),
                     ENGINE_DROP); /* pending when the phase changes */
    lab_order(l, AGGREGATE_FLOWS, 1, LAB_ALWAYS);
    lab_set_budget(l, 60, 1);
    lab_data(l, 1, FIRST + 20, 10); /* takes the place, and is not dropped: one is pending */
    lab_data(l, 1, FIRST + 10, 10); /* repairs the pooled drop */
    lab_counters(l);
    m = lab_last(l, MESSAGE_PLACE);
    assert_int_equal(m->place.counts.retransmitted, 0);
    assert_int_equal(m->place.counts.dropped, 0);
    assert_int_equal(lab_counters(l)->retransmitted, 2);
    lab_close(l);
}

static void flows_that_repaired_something_come_first(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});
    struct aggregate_order order = {
        .threshold = LAB_ALWAYS, .test_id = 1, .phase = AGGREGATE_FLOWS, .n_repairs = 1};

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 1, 0);
    lab_syn(l, 1, ISN);
    lab_syn(l, 2, ISN);
    lab_data(l, 1, FIRST, 10);
    lab_data(l, 1, FIRST, 10);
    aggregate_control_order(aggregate_table_control(l->aggregates, 0), order);
    lab_set_budget(l, 60, 10);
    assert_int_equal(lab_data(l, 2, FIRST, 10), ENGINE_FORWARD);
    assert_int_equal(lab_data(l, 1, FIRST + 10, 10), ENGINE_DROP);
    order.n_repairs = 0;
    aggregate_control_order(aggregate_table_control(l->aggregates, 0), order);
    assert_int_equal(lab_data(l, 2, FIRST + 10, 10), ENGINE_DROP);
    lab_close(l);
}

/* One drop shows which flows repair; it counts for the aggregate, and not for a place. */
static void screening_takes_one_segment_of_each_flow_without_a_place(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});
    struct aggregate_order order = {.threshold = LAB_ALWAYS,
                                    .test_id = 1,
                                    .phase = AGGREGATE_FLOWS,
                                    .n_repairs = 1,
                                    .screening = true};

    (void)state;
    aggregate_control_order(aggregate_table_control(l->aggregates, 0), order);
    lab_set_budget(l, 60, 10);
    lab_syn(l, 1, ISN);
    assert_int_equal(lab_data(l, 1, FIRST, 10), ENGINE_DROP);
    assert_int_equal(lab_last(l, MESSAGE_DROP_MADE)->drop_made.individual, false);
    lab_wait_ms(l, 7000);
    lab_counters(l);
    assert_int_equal(lab_n_messages(l, MESSAGE_PLACE), 0);
    assert_int_equal(lab_data(l, 1, FIRST + 10, 10), ENGINE_FORWARD); /* expired: no second one */
    lab_syn(l, 2, ISN);
    assert_int_equal(lab_data(l, 2, FIRST, 10), ENGINE_DROP);
    assert_int_equal(lab_data(l, 2, FIRST, 10), ENGINE_FORWARD); /* repaired: it takes a place */
    assert_int_equal(lab_data(l, 2, FIRST + 10, 10), ENGINE_DROP);
    assert_int_equal(lab_last(l, MESSAGE_DROP_MADE)->drop_made.individual, true);
    lab_counters(l);
    assert_int_equal(lab_last(l, MESSAGE_PLACE)->place.counts.dropped, 1);
    assert_int_equal(lab_last(l, MESSAGE_PLACE)->place.counts.retransmitted, 0);
    lab_close(l);
}

/* Where much is repeated by chance: the second drop has a budget of its own, or flows not tested
 * yet would take it all; and it is waited for. */
static void a_flow_repairs_twice_before_it_takes_a_place_if_so_ordered(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});
    struct aggregate_control *c = aggregate_table_control(l->aggregates, 0);
    struct aggregate_order order = {.threshold = LAB_ALWAYS,
                                    .test_id = 1,
                                    .phase = AGGREGATE_FLOWS,
                                    .n_repairs = 2,
                                    .screening = true};

    (void)state;
    aggregate_control_order(c, order);
    lab_set_budget(l, 60, 10);
    lab_syn(l, 1, ISN);
    lab_syn(l, 2, ISN);
    for (uint32_t flow = 1; flow <= 2; flow++) {
        assert_int_equal(lab_data(l, flow, FIRST, 10), ENGINE_DROP);
        assert_int_equal(lab_data(l, flow, FIRST, 10), ENGINE_FORWARD); /* repaired */
        assert_int_equal(lab_data(l, flow, FIRST + 10, 10), ENGINE_FORWARD);
        atomic_store(&c->confirming, 1);
        assert_int_equal(lab_data(l, flow, FIRST + 20, 10), ENGINE_DROP);
        assert_int_equal(atomic_load(&c->confirming), 0);
        assert_int_equal(lab_last(l, MESSAGE_DROP_MADE)->drop_made.individual, false);
        assert_int_equal(lab_data(l, flow, FIRST + 30, 10), ENGINE_FORWARD); /* it is pending */
    }
    assert_int_equal(atomic_load(&c->places), 10);
    lab_data(l, 1, FIRST + 20, 10); /* repaired, too */
    assert_int_equal(lab_data(l, 1, FIRST + 40, 10), ENGINE_DROP);
    assert_int_equal(lab_last(l, MESSAGE_DROP_MADE)->drop_made.individual, true);
    assert_int_equal(atomic_load(&c->places), 9);
    lab_wait_ms(l, 3001); /* the other one's expires */
    atomic_store(&c->confirming, 5);
    for (uint32_t i = 5; i < 10; i++)
        assert_int_equal(lab_data(l, 2, FIRST + i * 10, 10), ENGINE_FORWARD);
    assert_int_equal(atomic_load(&c->places), 9);
    lab_close(l);
}

/* Half as many segments again as it takes to make its drops: with a coin that always falls, nine.
 * What is repeated of later ones counts for the flow alone. */
static void the_span_of_a_place_is_a_number_of_segments(void **state)
{
    struct lab *l = open_flows_phase(0, 1, 64);
    const struct flow_counts *c;

    (void)state;
    lab_syn(l, 1, ISN);
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(lab_data(l, 1, FIRST + i * 10, 10), ENGINE_FORWARD);
    lab_set_budget(l, 1, 0);
    assert_int_equal(lab_data(l, 1, FIRST + 80, 10), ENGINE_DROP); /* the ninth */
    lab_data(l, 1, FIRST + 80, 10);
    lab_data(l, 1, FIRST + 80, 10);
    lab_set_budget(l, 1, 0);
    assert_int_equal(lab_data(l, 1, FIRST + 90, 10), ENGINE_DROP);
    lab_data(l, 1, FIRST + 90, 10);
    lab_data(l, 1, FIRST + 90, 10);
    lab_data(l, 1, FIRST + 70, 30); /* begins in the span */
    lab_counters(l);
    c = &lab_last(l, MESSAGE_PLACE)->place.counts;
    assert_int_equal(c->retransmitted, 2);
    assert_int_equal(c->duplicates, 3);
    assert_int_equal(c->span_retransmitted, 1);
    assert_int_equal(c->span_duplicates, 2);
    lab_close(l);
}

/* Sequence numbers come round: 2^31 bytes behind the span a repeat may begin "behind" it that
 * covers a drop "within" it. Whoever sends only such repeats would earn repairs and no duplicate.
 */
static void a_drop_far_behind_the_span_is_not_of_it_again(void **state)
{
    enum { STEP = 1 << 23 };
    struct lab *l = open_flows_phase(0, 1, 64);
    const uint32_t span_end = FIRST + 90, comes_round = span_end + (UINT32_C(1) << 31);
    const struct flow_counts *c;

    (void)state;
    lab_syn(l, 1, ISN);
    for (uint32_t i = 0; i < 9; i++)
        lab_data(l, 1, FIRST + i * 10, 10);
    for (uint32_t at = span_end; comes_round - at > STEP; at += STEP)
        assert_int_equal(lab_data(l, 1, at, 1), ENGINE_FORWARD);
    assert_int_equal(lab_data(l, 1, comes_round - 2000, 1), ENGINE_FORWARD);
    lab_set_budget(l, 1, 0);
    assert_int_equal(lab_data(l, 1, comes_round + 1, 100), ENGINE_DROP);
    assert_int_equal(lab_data(l, 1, comes_round - 1000, 1101), ENGINE_FORWARD);
    lab_counters(l);
    c = &lab_last(l, MESSAGE_PLACE)->place.counts;
    assert_int_equal(c->retransmitted, 1);
    assert_int_equal(c->span_retransmitted, 0);
    lab_close(l);
}

/* How many flows are looked at must not depend on what the chosen ones lost. */
static void screening_and_places_have_budgets_of_their_own(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});
    struct aggregate_control *c = aggregate_table_control(l->aggregates, 0);
    struct aggregate_order order = {.threshold = LAB_ALWAYS,
                                    .test_id = 1,
                                    .phase = AGGREGATE_FLOWS,
                                    .n_repairs = 1,
                                    .screening = true};

    (void)state;
    aggregate_control_order(c, order);
    lab_set_budget(l, 1, 10);
    for (uint32_t flow = 1; flow <= 3; flow++)
        lab_syn(l, flow, ISN);
    assert_int_equal(lab_data(l, 1, FIRST, 10), ENGINE_DROP);
    assert_int_equal(lab_data(l, 2, FIRST, 10), ENGINE_FORWARD); /* none left to look for flows */
    assert_int_equal(atomic_load(&c->budget), 1);
    lab_data(l, 1, FIRST, 10); /* repaired */
    assert_int_equal(lab_data(l, 1, FIRST + 10, 10), ENGINE_DROP);
    assert_int_equal(atomic_load(&c->budget), 0);
    lab_data(l, 1, FIRST + 10, 10);
    atomic_store(&c->screening, 1);
    assert_int_equal(lab_data(l, 1, FIRST + 20, 10), ENGINE_FORWARD); /* none left for places */
    assert_int_equal(lab_data(l, 3, FIRST, 10), ENGINE_DROP);
    assert_int_equal(atomic_load(&c->screening), 0);
    lab_close(l);
}

static void a_place_ends_when_its_flow_leaves(void **state)
{
    struct lab *l = open_flows_phase(100, 1, 1);

    (void)state;
    lab_syn(l, 1, ISN);
    assert_int_equal(lab_data(l, 1, FIRST, 10), ENGINE_DROP);
    for (int i = 0; i < 50 * 20; i++) /* idle for 50 s: aged out */
        lab_wait_ms(l, 50);
    lab_counters(l);
    assert_int_equal(engine_flow_counters(l->engine)->n_flows, 0);
    assert_true(lab_last(l, MESSAGE_PLACE)->place.ended);
    assert_int_equal(lab_last(l, MESSAGE_PLACE)->place.counts.expired, 1);
    /* The place is free for another flow. */
    lab_set_budget(l, 100, 1);
    lab_syn(l, 2, ISN);
    assert_int_equal(lab_data(l, 2, FIRST, 10), ENGINE_DROP);
    lab_close(l);
}

/* One host could take all places else, by beginning anew. */
static void a_connection_that_begins_anew_takes_no_second_place(void **state)
{
    struct lab *l = open_flows_phase(100, 5, 5);

    (void)state;
    lab_syn(l, 1, ISN);
    assert_int_equal(lab_data(l, 1, FIRST, 10), ENGINE_DROP);
    assert_int_equal(lab_data(l, 1, FIRST, 10), ENGINE_FORWARD);
    assert_int_equal(lab_packet(l, 1, TCP_FLAG_RST, FIRST + 10, 0), ENGINE_FORWARD);
    lab_syn(l, 1, ISN + 5000);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(lab_data(l, 1, FIRST + 5000 + 10 * i, 10), ENGINE_FORWARD);
    assert_int_equal(aggregate_table_control(l->aggregates, 0)->places, 4);
    lab_close(l);
}

/* Also of void ones, so that it is known to be through. */
static void a_place_counts_each_end_of_its_drops(void **state)
{
    struct lab *l = open_flows_phase(100, 1, 64);
    const struct flow_counts *c;

    (void)state;
    lab_syn(l, 1, ISN);
    assert_int_equal(lab_data(l, 1, FIRST, 10), ENGINE_DROP);
    lab_data(l, 1, FIRST, 10);
    assert_int_equal(lab_data(l, 1, FIRST + 10, 10), ENGINE_DROP);
    lab_data(l, 1, FIRST, 20); /* over forwarded bytes, too */
    assert_int_equal(lab_data(l, 1, FIRST + 20, 10), ENGINE_DROP);
    lab_data(l, 1, FIRST + 30, 1); /* has no coin */
    lab_wait_ms(l, 3001);
    assert_int_equal(lab_data(l, 1, FIRST + 31, 10), ENGINE_DROP);
    lab_counters(l);
    c = &lab_last(l, MESSAGE_PLACE)->place.counts;
    assert_int_equal(c->dropped, 4);
    assert_int_equal(c->retransmitted, 1);
    assert_int_equal(c->voided, 1);
    assert_int_equal(c->expired, 1);
    assert_int_equal(c->droppable, 4);
    assert_int_equal(c->population_droppable, 4);
    assert_int_equal(c->population_in_order, 5);
    assert_int_equal(c->duplicates, 1);
    assert_int_equal(c->population_duplicates, 1);
    lab_close(l);
}

static void a_place_ends_when_the_test_does(void **state)
{
    struct lab *l = open_flows_phase(100, 1, 1);

    (void)state;
    lab_syn(l, 1, ISN);
    lab_data(l, 1, FIRST, 10);
    lab_order(l, AGGREGATE_SETTLING, 1, LAB_ALWAYS);
    lab_data(l, 1, FIRST, 10);
    lab_data(l, 1, FIRST, 10);
    lab_counters(l);
    assert_int_equal(lab_last(l, MESSAGE_PLACE)->place.counts.retransmitted, 1);
    assert_int_equal(lab_last(l, MESSAGE_PLACE)->place.counts.duplicates, 1);
    assert_false(lab_last(l, MESSAGE_PLACE)->place.ended);
    lab_order(l, AGGREGATE_IDLE, 1, LAB_ALWAYS);
    lab_data(l, 1, FIRST + 10, 10);
    lab_counters(l);
    assert_true(lab_last(l, MESSAGE_PLACE)->place.ended);
    lab_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_flows_are_tested_than_there_are_places),
        cmocka_unit_test(a_full_pool_gives_the_place_back),
        cmocka_unit_test(a_place_tells_its_own_counts_and_counts_duplicates_to_the_end),
        cmocka_unit_test(a_flow_brings_no_luck_of_the_pooled_phase_along),
        cmocka_unit_test(flows_that_repaired_something_come_first),
        cmocka_unit_test(screening_takes_one_segment_of_each_flow_without_a_place),
        cmocka_unit_test(a_flow_repairs_twice_before_it_takes_a_place_if_so_ordered),
        cmocka_unit_test(the_span_of_a_place_is_a_number_of_segments),
        cmocka_unit_test(a_drop_far_behind_the_span_is_not_of_it_again),
        cmocka_unit_test(screening_and_places_have_budgets_of_their_own),
        cmocka_unit_test(a_place_counts_each_end_of_its_drops),
        cmocka_unit_test(a_connection_that_begins_anew_takes_no_second_place),
        cmocka_unit_test(a_place_ends_when_its_flow_leaves),
        cmocka_unit_test(a_place_ends_when_the_test_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
