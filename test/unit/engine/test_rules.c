/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules that change under an engine at work. */
#include <stdlib.h>

#include "base/address.h"
#include "lab.h"

/* Segments of a flow that is armed: the n-th of 100 bytes. */
static enum engine_action send(struct lab *l, uint32_t flow, unsigned int n)
{
    return lab_data(l, flow, 1001 + 100 * n, 100);
}

static void with_handshakes(struct test_parameters *p)
{
    p->units = TEST_UNITS_DATA | TEST_UNITS_OF(UNIT_HANDSHAKE);
}

static void arm(struct lab *l, uint32_t flow)
{
    lab_syn(l, flow, 1000);
    send(l, flow, 0);
}

/* Rules of the lab's slice; the caller frees them. */
static struct engine_rules *rules_of(struct lab *l, struct engine_rules_config config)
{
    struct engine_rules *rules;

    config.slices = &l->slice;
    config.n_slices = 1;
    config.max_manager_lateness_ms = 1000;
    rules = aligned_alloc(CACHE_LINE_BYTES, engine_rules_memory_bytes(&config));
    assert_non_null(rules);
    engine_rules_init(rules, &config);
    engine_rules_find_aggregates(rules, l->aggregates);
    return rules;
}

/* Bursts until every record was looked at. */
static void sweep(struct lab *l)
{
    for (int i = 0; i < 1024 / 64; i++)
        lab_wait_ms(l, 0);
}

static void a_flow_that_becomes_spared_loses_nothing_from_the_first_packet_on(void **state)
{
    const struct lab_options options = {.seed = 1};
    struct never_drop spared = {.ports = {443}, .n_ports = 1};
    struct lab *l = lab_open(&options);
    struct engine_rules *rules =
        rules_of(l, (struct engine_rules_config){.never_drop = &spared, .sparing = 1});
    struct engine_rules *back = rules_of(l, (struct engine_rules_config){.sparing = 2});
    const struct aggregate_counters *c;

    (void)state;
    arm(l, 1);
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 100, 0);
    assert_int_equal(send(l, 1, 1), ENGINE_DROP);
    send(l, 1, 1); /* it repairs */
    engine_follow(l->engine, rules);
    /* Before its record was looked at, and after. */
    assert_int_equal(send(l, 1, 2), ENGINE_FORWARD);
    sweep(l);
    assert_int_equal(send(l, 1, 3), ENGINE_FORWARD);
    engine_follow(l->engine, back);
    assert_int_equal(send(l, 1, 4), ENGINE_FORWARD);
    sweep(l);
    assert_int_equal(send(l, 1, 5), ENGINE_DROP);
    c = lab_counters(l);
    assert_int_equal(c->dropped, 2);
    assert_int_equal(c->retransmitted, 1);
    /* Nothing of what could not be dropped counts as if it could. */
    assert_int_equal(c->droppable, 2);
    lab_close(l);
    free(rules);
    free(back);
}

/* A machine may mark a repeat differently, for instance the second SYN of a source: then another
 * slice has it, and it is no answer to a drop of the first one, since it could not be its D. */
static void a_repeat_that_is_marked_differently_is_no_repair(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.adjust = with_handshakes});
    struct engine_rules *rules[2];

    (void)state;
    l->slice.has_mark = true;
    for (uint32_t i = 0; i < 2; i++) {
        l->slice.mark = i + 1;
        rules[i] = rules_of(l, (struct engine_rules_config){0});
    }
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 10, 0);
    engine_follow(l->engine, rules[0]);
    assert_int_equal(lab_packet(l, 1, TCP_FLAG_SYN, 5000, 0), ENGINE_DROP);
    lab_wait_ms(l, 1000);
    engine_follow(l->engine, rules[1]);
    lab_packet(l, 1, TCP_FLAG_SYN, 5000, 0);
    lab_counters(l);
    assert_int_equal(l->units[0][UNIT_HANDSHAKE].seen, 2);
    assert_int_equal(l->units[0][UNIT_HANDSHAKE].retransmitted, 0);
    /* The same slice's is. */
    lab_wait_ms(l, 1000);
    engine_follow(l->engine, rules[0]);
    lab_packet(l, 1, TCP_FLAG_SYN, 5000, 0);
    lab_wait_ms(l, 1600); /* until its time is over */
    lab_counters(l);
    assert_int_equal(l->units[0][UNIT_HANDSHAKE].retransmitted, 1);
    lab_close(l);
    free(rules[0]);
    free(rules[1]);
}

static void what_a_slice_asks_for_by_its_mark_is_another_flow(void **state)
{
    const struct lab_options options = {.seed = 1};
    struct lab *l = lab_open(&options);
    struct engine_rules *rules[2], *without = rules_of(l, (struct engine_rules_config){0});

    (void)state;
    arm(l, 1);
    assert_int_equal(lab_counters(l)->flows_seen, 1);
    l->slice.has_mark = true;
    for (unsigned int i = 0; i < 2; i++) {
        l->slice.mark = i * SLICE_MOST_MARK;
        rules[i] = rules_of(l, (struct engine_rules_config){0});
        engine_follow(l->engine, rules[i]);
        arm(l, 1);
        assert_int_equal(lab_counters(l)->flows_seen, 2 + i);
    }
    /* Each is still there. */
    engine_follow(l->engine, without);
    send(l, 1, 1);
    engine_follow(l->engine, rules[0]);
    send(l, 1, 1);
    assert_int_equal(lab_counters(l)->flows_seen, 3);
    assert_int_equal(lab_counters(l)->unarmed, 0);
    lab_close(l);
    free(rules[0]);
    free(rules[1]);
    free(without);
}

static void protect_two(struct test_parameters *p)
{
    p->protect_first_packets = 2;
}

static void a_flow_has_as_many_protected_segments_as_the_rules_say_now(void **state)
{
    const struct lab_options options = {.seed = 1, .adjust = protect_two};
    struct lab *l = lab_open(&options);
    struct engine_rules *rules;

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, 0);
    lab_set_budget(l, 100, 0);
    arm(l, 1);
    for (unsigned int n = 1; n < 4; n++)
        send(l, 1, n);
    l->slice.parameters.protect_first_packets = 8;
    rules = rules_of(l, (struct engine_rules_config){.sparing = 1});
    engine_follow(l->engine, rules);
    sweep(l);
    lab_order(l, AGGREGATE_POOLED, 2, LAB_ALWAYS);
    for (unsigned int n = 4; n < 8; n++)
        assert_int_equal(send(l, 1, n), ENGINE_FORWARD);
    assert_int_equal(send(l, 1, 8), ENGINE_DROP);
    lab_close(l);
    free(rules);
}

static void a_flow_of_another_slice_counts_for_that_at_once(void **state)
{
    const struct lab_options options = {.seed = 1};
    struct lab *l = lab_open(&options);
    struct aggregate_control *control = aggregate_table_control(l->aggregates, 0);

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 100, 0);
    arm(l, 1);
    /* As if the flow's handle were of an aggregate of slot 7 that is still there. */
    control->slice = 7;
    lab_order(l, AGGREGATE_POOLED, 1, 0);
    assert_int_equal(lab_counters(l)->flows_seen, 1);
    send(l, 1, 1);
    assert_int_equal(lab_counters(l)->flows_seen, 2);
    lab_close(l);
}

static void flows_age_by_the_timeout_of_now(void **state)
{
    const struct lab_options options = {.seed = 1};
    struct lab *l = lab_open(&options);
    struct engine_rules *rules;

    (void)state;
    arm(l, 1);
    lab_wait_ms(l, 5000);
    sweep(l);
    assert_int_equal(engine_flow_counters(l->engine)->n_flows, 1);
    l->slice.parameters.flow_idle_timeout_ms = 3000;
    rules = rules_of(l, (struct engine_rules_config){0});
    engine_follow(l->engine, rules);
    for (int i = 0; i < 200; i++)
        lab_wait_ms(l, 100);
    assert_int_equal(engine_flow_counters(l->engine)->n_flows, 0);
    lab_close(l);
    free(rules);
}

static void begin_to_watch(struct lab *l, void **memory, struct engine_rules **rules)
{
    const struct engine_config config = {.aggregates = l->aggregates, .n_flows = 1024};
    const uint64_t key[2] = {5, 6};

    *memory = aligned_alloc(CACHE_LINE_BYTES, engine_passive_memory_bytes(&config));
    assert_non_null(*memory);
    engine_passive_memory_init(*memory, &config, key);
    engine_take_passive_memory(l->engine, *memory);
    l->slice.mode = SLICE_PASSIVE;
    l->slice.parameters.report_flows = 3;
    *rules = rules_of(l, (struct engine_rules_config){.fates = (enum slice_fate[]){SLICE_COMES}});
    engine_follow(l->engine, *rules);
}

/* Two flows with a hole and a repeat, another one that ends, and a handshake that nobody answers.
 */
static void play_watched(struct lab *l)
{
    for (uint32_t flow = 1; flow <= 3; flow++)
        arm(l, flow);
    for (uint32_t flow = 1; flow <= 2; flow++) {
        send(l, flow, 2);
        send(l, flow, 1);
        lab_wait_ms(l, 200);
        send(l, flow, 2);
        send(l, flow, 5);
    }
    lab_packet(l, 3, TCP_FLAG_FIN | TCP_FLAG_ACK, 1101, 0);
    lab_packet(l, 3, TCP_FLAG_RST, 1102, 0);
    lab_syn(l, 4, 7000);
    lab_wait_ms(l, 1000);
    lab_syn(l, 4, 7000);
    lab_counters(l);
    engine_stop(l->engine);
    lab_counters(l);
}

/* What was active before has flows of its own, which are none of those that are watched. */
static void an_engine_that_begins_to_watch_counts_as_one_that_always_did(void **state)
{
    const struct lab_options active = {.seed = 1}, passive = {.seed = 1, .mode = SLICE_PASSIVE};
    struct lab *always = lab_open(&passive), *later = lab_open(&active);
    struct engine_rules *rules;
    void *memory;

    (void)state;
    assert_false(engine_takes_notes(later->engine));
    arm(later, 1);
    lab_counters(later);
    begin_to_watch(later, &memory, &rules);
    assert_true(engine_takes_notes(later->engine));
    play_watched(always);
    play_watched(later);
    assert_true(always->passive[0].holes_opened > 0 && always->passive[0].handshakes > 0);
    assert_memory_equal(&always->passive[0], &later->passive[0], sizeof(always->passive[0]));
    assert_int_equal(lab_n_messages(always, MESSAGE_FLOW_ENDED), 0);
    assert_int_equal(lab_n_messages(later, MESSAGE_FLOW_ENDED), 3);
    lab_close(always);
    lab_close(later);
    free(memory);
    free(rules);
}

/* An engine has memory for units; who is in force has none among its units. */
static void slices_without_units_have_none_where_others_had(void **state)
{
    const struct lab_options options = {.adjust = with_handshakes};
    struct lab *l = lab_open(&options);
    struct engine_rules *data_alone, *both = rules_of(l, (struct engine_rules_config){0});

    (void)state;
    l->slice.parameters.units = TEST_UNITS_DATA;
    data_alone = rules_of(l, (struct engine_rules_config){0});
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 100, 0);
    engine_follow(l->engine, data_alone);
    assert_int_equal(lab_packet(l, 1, TCP_FLAG_SYN, 1000, 0), ENGINE_FORWARD);
    lab_counters(l);
    assert_int_equal(l->units[0][UNIT_HANDSHAKE].seen, 0);
    engine_follow(l->engine, both);
    assert_int_equal(lab_packet(l, 2, TCP_FLAG_SYN, 1000, 0), ENGINE_DROP);
    lab_counters(l);
    assert_int_equal(l->units[0][UNIT_HANDSHAKE].seen, 1);
    lab_close(l);
    free(data_alone);
    free(both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_slice_asks_for_by_its_mark_is_another_flow),
        cmocka_unit_test(a_repeat_that_is_marked_differently_is_no_repair),
        cmocka_unit_test(slices_without_units_have_none_where_others_had),
        cmocka_unit_test(a_flow_that_becomes_spared_loses_nothing_from_the_first_packet_on),
        cmocka_unit_test(a_flow_has_as_many_protected_segments_as_the_rules_say_now),
        cmocka_unit_test(a_flow_of_another_slice_counts_for_that_at_once),
        cmocka_unit_test(flows_age_by_the_timeout_of_now),
        cmocka_unit_test(an_engine_that_begins_to_watch_counts_as_one_that_always_did),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
