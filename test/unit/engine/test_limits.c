/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the engine says yes and where it says no, one step to either side. */
#include "lab.h"

#include <stdlib.h>
#include <string.h>

#include "../within.h"
#include "passive/passive.h"
#include "tcp/coverage.h"

#define ISN   UINT32_C(1000000)
#define FIRST (ISN + 1)

static int take_none(void *context, const struct message *message)
{
    (void)context;
    (void)message;
    return 0;
}

struct parts {
    struct slice slice;
    struct aggregate_table *aggregates;
    struct engine_gate gate;
    struct engine_config config;
};

static void begin_parts(struct parts *p, enum slice_mode mode)
{
    static const uint64_t secret[2] = {1, 2};
    size_t n = aggregate_table_memory_bytes(4);

    memset(p, 0, sizeof(*p));
    test_parameters_default(&p->slice.parameters);
    p->slice.mode = mode;
    p->aggregates = aggregate_table_init(aligned_alloc(CACHE_LINE_BYTES, n), n, 4, secret);
    aggregate_table_add(p->aggregates, &(struct aggregate_identity){.slice = 0});
    p->config = (struct engine_config){.slices = &p->slice,
                                       .n_slices = 1,
                                       .aggregates = p->aggregates,
                                       .gate = &p->gate,
                                       .n_flows = 1024,
                                       .n_pending_drops = 1,
                                       .n_places = 1,
                                       .max_manager_lateness_ms = 1000,
                                       .post = take_none};
}

static bool is_taken(const struct parts *p, size_t missing)
{
    size_t n = engine_memory_bytes(&p->config);
    void *memory = aligned_alloc(CACHE_LINE_BYTES,
                                 (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES);
    bool taken = engine_init(memory, n - missing, &p->config) != NULL;

    free(memory);
    return taken;
}

static void an_engine_of_the_least_and_of_the_most_begins(void **state)
{
    struct parts p;

    (void)state;
    begin_parts(&p, SLICE_ACTIVE);
    assert_true(is_taken(&p, 0));
    p.config.n_pending_drops = UINT32_C(1) << 20;
    p.config.n_places = FLOW_NO_PLACE - 1;
    assert_true(is_taken(&p, 0));
    free(p.aggregates);
}

/* A box may begin without any slice: it forwards, and tests by command come later. */
static void an_engine_without_a_slice_begins(void **state)
{
    struct parts p;

    (void)state;
    begin_parts(&p, SLICE_ACTIVE);
    p.slice.presence = SLICE_ABSENT;
    assert_true(is_taken(&p, 0));
    free(p.aggregates);
}

static void what_no_engine_can_be_is_refused(void **state)
{
    struct parts good, p;

    (void)state;
    begin_parts(&good, SLICE_ACTIVE);
    p = good;
    p.config.n_pending_drops = 0;
    assert_false(is_taken(&p, 0));
    p.config.n_pending_drops = (UINT32_C(1) << 20) + 1;
    assert_false(is_taken(&p, 0));
    p = good;
    p.config.n_places = 0;
    assert_false(is_taken(&p, 0));
    p.config.n_places = FLOW_NO_PLACE;
    assert_false(is_taken(&p, 0));
    p = good;
    p.config.post = NULL;
    assert_false(is_taken(&p, 0));
    p = good;
    p.config.n_slices = 0;
    assert_false(is_taken(&p, 0));
    p = good;
    p.config.n_flows = 0;
    assert_false(is_taken(&p, 0));
    free(good.aggregates);
}

static void memory_that_is_a_line_short_is_refused(void **state)
{
    (void)state;
    for (int passive = 0; passive < 2; passive++) {
        struct parts p;

        begin_parts(&p, passive ? SLICE_PASSIVE : SLICE_ACTIVE);
        assert_true(is_taken(&p, 0));
        assert_false(is_taken(&p, 1));
        free(p.aggregates);
    }
}

/* A control packet belongs to the connection if it is at most a window away, on either side. */
static void a_reset_is_believed_up_to_the_window(void **state)
{
    struct test_parameters defaults;
    const uint32_t now = FIRST + 2000;

    (void)state;
    test_parameters_default(&defaults);
    for (int i = 0; i < 4; i++) {
        const uint32_t at[] = {now + defaults.max_jump_bytes, now - defaults.max_jump_bytes,
                               now + defaults.max_jump_bytes + 1,
                               now - defaults.max_jump_bytes - 1};
        struct lab *l = lab_open(&(struct lab_options){0});

        lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
        lab_set_budget(l, 1, 0);
        lab_syn(l, 1, ISN);
        assert_int_equal(lab_data(l, 1, FIRST, 1000), ENGINE_DROP);
        lab_data(l, 1, FIRST + 1000, 1000);
        lab_packet(l, 1, TCP_FLAG_RST, at[i], 0);
        lab_wait_ms(l, 3100);
        assert_int_equal(lab_counters(l)->void_closed, i < 2);
        assert_int_equal(lab_counters(l)->expired, i >= 2);
        lab_close(l);
    }
}

/* The same in mode passive, where the flow ends by it. */
static void a_passive_flow_ends_by_a_reset_within_the_window(void **state)
{
    struct test_parameters defaults;
    const uint32_t now = FIRST + 1000;

    (void)state;
    test_parameters_default(&defaults);
    for (int i = 0; i < 4; i++) {
        const uint32_t at[] = {now + defaults.max_jump_bytes, now - defaults.max_jump_bytes,
                               now + defaults.max_jump_bytes + 1,
                               now - defaults.max_jump_bytes - 1};
        struct lab *l = lab_open(&(struct lab_options){.mode = SLICE_PASSIVE});

        lab_syn(l, 1, ISN);
        lab_data(l, 1, FIRST, 1000);
        lab_packet(l, 1, TCP_FLAG_RST, at[i], 0);
        lab_counters(l);
        assert_int_equal(l->passive[0].ended_rst, i < 2);
        lab_close(l);
    }
}

static void holes_given_up_for_want_of_room_are_counted(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});
    uint32_t i;

    (void)state;
    lab_syn(l, 1, ISN);
    for (i = 0; i <= TCP_MAX_HOLES; i++)
        lab_data(l, 1, FIRST + 2000 * i, 1000);
    assert_int_equal(lab_counters(l)->holes_closed, 0);
    for (; i <= TCP_MAX_HOLES + 3; i++)
        lab_data(l, 1, FIRST + 2000 * i, 1000);
    assert_int_equal(lab_counters(l)->holes_closed, 3);
    /* Their bytes count as seen, those of the others do not. */
    for (i = 0; i < TCP_MAX_HOLES + 3; i++)
        lab_data(l, 1, FIRST + 2000 * i + 1000, 1000);
    assert_int_equal(lab_counters(l)->duplicates, 3);
    assert_int_equal(lab_counters(l)->out_of_order, TCP_MAX_HOLES);
    lab_close(l);
}

/* What belongs to no flow is one of three kinds. */
static void packets_without_a_flow_are_counted_by_kind(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    (void)state;
    lab_packet(l, 1, TCP_FLAG_RST, ISN, 0);
    lab_packet(l, 1, TCP_FLAG_FIN | TCP_FLAG_ACK, ISN, 0);
    lab_packet(l, 2, TCP_FLAG_ACK, ISN, 0);
    assert_int_equal(lab_counters(l)->control_packets, 2);
    assert_int_equal(lab_counters(l)->pure_acks, 1);
    assert_int_equal(lab_counters(l)->unarmed, 0);
    assert_int_equal(lab_counters(l)->packets, 3);
    assert_int_equal(lab_counters(l)->bytes, 3 * 54);
    lab_close(l);
}

static uint64_t n_flows(const struct lab *l)
{
    return engine_flow_counters(l->engine)->n_flows;
}

/* 1024 records in half an idle timeout, and 64 of them in one burst at most: after a long silence
 * as many as that, and in the same instant none again. */
static void a_burst_ages_a_bounded_number_of_records(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});
    uint64_t left;

    (void)state;
    for (uint32_t flow = 0; flow < 700; flow++)
        lab_syn(l, flow, ISN);
    assert_int_equal(n_flows(l), 700);
    lab_wait_ms(l, 3600 * 1000);
    left = n_flows(l);
    assert_within(left, 700 - 64, 700 - 1);
    lab_wait_ms(l, 0);
    assert_int_equal(n_flows(l), left);
    lab_wait_ms(l, 3600 * 1000);
    assert_within(n_flows(l), left - 64, left - 1);
    /* Who catches up looks at all of them. */
    l->now_ns += 3600 * NS_PER_S;
    engine_catch_up(l->engine, l->now_ns);
    assert_int_equal(n_flows(l), 0);
    lab_close(l);
}

/* Every record within half of the timeout, and none of them much sooner. */
static void records_are_looked_at_evenly(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});
    struct test_parameters defaults;
    uint64_t left;

    (void)state;
    test_parameters_default(&defaults);
    for (uint32_t flow = 0; flow < 700; flow++)
        lab_syn(l, flow, ISN);
    for (uint32_t i = 0; i < 100; i++)
        lab_wait_ms(l, defaults.flow_idle_timeout_ms / 100);
    left = n_flows(l);
    for (uint32_t i = 0; i < 25; i++)
        lab_wait_ms(l, defaults.flow_idle_timeout_ms / 100);
    /* Half of the round: about half of the records. */
    assert_within(n_flows(l), left * 3 / 10, left * 7 / 10);
    for (uint32_t i = 0; i < 26; i++)
        lab_wait_ms(l, defaults.flow_idle_timeout_ms / 100);
    assert_int_equal(n_flows(l), 0);
    lab_close(l);
}

static void catching_up_ends_all_that_is_due(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 100, 0);
    for (uint32_t flow = 0; flow < 100; flow++) {
        lab_syn(l, flow, ISN);
        assert_int_equal(lab_data(l, flow, FIRST, 1000), ENGINE_DROP);
        lab_data(l, flow, FIRST + 1000, 1000);
    }
    l->now_ns += 2900 * NS_PER_MS;
    engine_catch_up(l->engine, l->now_ns);
    assert_int_equal(engine_n_pending(l->engine), 100);
    l->now_ns += 200 * NS_PER_MS;
    engine_catch_up(l->engine, l->now_ns);
    assert_int_equal(engine_n_pending(l->engine), 0);
    assert_int_equal(lab_counters(l)->expired, 100);
    lab_close(l);
}

static void a_drop_is_told_with_its_flow(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});
    const struct flow_key *key;

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 3, LAB_ALWAYS);
    lab_set_budget(l, 1, 0);
    lab_syn(l, 0x010203, ISN);
    assert_int_equal(lab_data(l, 0x010203, FIRST, 1000), ENGINE_DROP);
    key = &lab_last(l, MESSAGE_DROP_MADE)->drop_made.key;
    assert_memory_equal(key->source.bytes + 12, "\x0a\x01\x02\x03", 4);
    assert_memory_equal(key->destination.bytes + 12, "\xc6\x33\x64\x01", 4);
    assert_int_equal(key->source_port, 1024);
    assert_int_equal(key->destination_port, 443);
    assert_int_equal(lab_last(l, MESSAGE_DROP_MADE)->drop_made.time_ns, l->now_ns);
    assert_int_equal(lab_last(l, MESSAGE_DROP_MADE)->test_id, 3);
    lab_close(l);
}

/* Four aggregates of /24, under the same order and with a budget of one each. */
static struct lab *lab_of_four(bool ends_when_spent)
{
    struct lab *l = lab_open(&(struct lab_options){.granularity_ipv4 = 24});
    struct aggregate_identity who = {.slice = 0, .has_prefix = true};

    for (uint32_t i = 0; i < 4; i++) {
        const uint8_t four[4] = {10, 0, (uint8_t)i, 0};
        struct ip_address a = ip_address_from_ipv4(four);
        struct aggregate_control *control = aggregate_table_control(l->aggregates, i);

        who.prefix = ip_prefix_of_address(&a, 24);
        assert_int_equal(aggregate_table_add(l->aggregates, &who), i);
        aggregate_control_order(control,
                                (struct aggregate_order){.threshold = LAB_ALWAYS,
                                                         .test_id = 1,
                                                         .phase = AGGREGATE_POOLED,
                                                         .ends_when_spent = ends_when_spent});
        atomic_store(&control->budget, 1);
    }
    return l;
}

static void the_last_drop_ends_the_phase_of_its_own_aggregate(void **state)
{
    struct lab *l = lab_of_four(true);

    (void)state;
    lab_syn(l, 2 << 8, ISN);
    assert_int_equal(lab_data(l, 2 << 8, FIRST, 1000), ENGINE_DROP);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(aggregate_control_read(aggregate_table_control(l->aggregates, i)).phase,
                         i == 2 ? AGGREGATE_SETTLING : AGGREGATE_POOLED);
    lab_close(l);
}

static void the_silence_of_one_aggregate_voids_no_drop_of_another(void **state)
{
    struct lab *l = lab_of_four(false);

    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        lab_syn(l, i << 8, ISN);
        assert_int_equal(lab_data(l, i << 8, FIRST, 1000), ENGINE_DROP);
        lab_data(l, i << 8, FIRST + 1000, 1000);
    }
    atomic_store(&aggregate_table_control(l->aggregates, 2)->silent_ns, l->now_ns);
    atomic_store(&aggregate_table_control(l->aggregates, 1)->silent_ns, l->now_ns - 1);
    lab_wait_ms(l, 3100);
    lab_counters(l);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(l->sums[i].void_silence, i == 2);
        assert_int_equal(l->sums[i].expired, i != 2);
    }
    lab_close(l);
}

/* What a flow did in tests of an aggregate that is gone does not count for the next one. */
static void a_flow_begins_anew_when_its_aggregate_is_gone(void **state)
{
    struct lab *l = lab_of_four(false);
    struct aggregate_control *control = aggregate_table_control(l->aggregates, 1);
    struct aggregate_identity who = *aggregate_table_identity(l->aggregates, 1);

    (void)state;
    lab_syn(l, 1 << 8, ISN);
    assert_int_equal(lab_data(l, 1 << 8, FIRST, 1000), ENGINE_DROP);
    lab_data(l, 1 << 8, FIRST, 1000);
    assert_int_equal(lab_counters(l)->flows_tested, 0);
    assert_int_equal(l->sums[1].flows_repaired, 1);
    assert_int_equal(l->sums[1].flows_tested, 1);
    aggregate_control_order(control, (struct aggregate_order){.phase = AGGREGATE_IDLE});
    aggregate_table_retire(l->aggregates, 1);
    lab_data(l, 1 << 8, FIRST + 1000, 1000);
    aggregate_table_release(l->aggregates, 1);
    assert_int_equal(aggregate_table_add(l->aggregates, &who), 1);
    /* The same number of a test, and another one all the same. */
    aggregate_control_order(
        control,
        (struct aggregate_order){.threshold = LAB_ALWAYS, .test_id = 1, .phase = AGGREGATE_POOLED});
    atomic_store(&control->budget, 1);
    assert_int_equal(lab_data(l, 1 << 8, FIRST + 2000, 1000), ENGINE_DROP);
    lab_data(l, 1 << 8, FIRST + 2000, 1000);
    lab_counters(l);
    assert_int_equal(l->sums[1].flows_repaired, 2);
    assert_int_equal(l->sums[1].flows_tested, 2);
    lab_close(l);
}

/* A flow asks for its aggregate with what it knows: armed is who sends one more data segment. */
static void a_passive_flow_is_armed_by_its_second_segment(void **state)
{
    static const uint32_t n_bytes[] = {0, 1000, 0, 1000};
    struct lab *l = lab_open(&(struct lab_options){.mode = SLICE_PASSIVE, .granularity_ipv4 = 24});
    uint32_t sequence = FIRST;

    (void)state;
    lab_syn(l, 1, ISN);
    for (size_t i = 0; i < 4; i++) {
        unsigned int n = lab_n_messages(l, MESSAGE_AGGREGATE_WANTED);

        lab_counters(l); /* once in an epoch */
        lab_data(l, 1, sequence, n_bytes[i]);
        sequence += n_bytes[i];
        if (lab_n_messages(l, MESSAGE_AGGREGATE_WANTED) > n)
            assert_int_equal(lab_last(l, MESSAGE_AGGREGATE_WANTED)->wanted.is_armed, i == 3);
        else
            assert_int_not_equal(i, 3);
    }
    lab_close(l);
}

static void tell_three(struct test_parameters *p)
{
    p->report_flows = 3;
}

/* A flow that ends is told once, with what it was; no more of them than the slice asks for. */
static void flows_that_end_are_told_one_by_one(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.mode = SLICE_PASSIVE, .adjust = tell_three});
    const struct message *m;

    (void)state;
    lab_syn(l, 0x010203, ISN);
    lab_data(l, 0x010203, FIRST, 1000);
    lab_data(l, 0x010203, FIRST + 2000, 1000); /* a hole */
    lab_data(l, 0x010203, FIRST + 2000, 1000);
    lab_wait_ms(l, 40);
    assert_int_equal(lab_n_messages(l, MESSAGE_FLOW_ENDED), 0);
    lab_packet(l, 0x010203, TCP_FLAG_RST, FIRST + 3000, 0);
    assert_int_equal(lab_n_messages(l, MESSAGE_FLOW_ENDED), 1);
    m = lab_last(l, MESSAGE_FLOW_ENDED);
    assert_int_equal(m->aggregate, 0);
    assert_memory_equal(m->flow_ended.key.source.bytes + 12, "\x0a\x01\x02\x03", 4);
    assert_int_equal(m->flow_ended.key.source_port, 1024);
    assert_int_equal(m->flow_ended.key.destination_port, 443);
    assert_int_equal(m->flow_ended.ended_ns, l->now_ns);
    assert_within(m->flow_ended.duration_ns, 39 * NS_PER_MS, 41 * NS_PER_MS);
    assert_int_equal(m->flow_ended.n_bytes, 3000);
    assert_int_equal(m->flow_ended.n_segments, 3);
    assert_int_equal(m->flow_ended.n_holes_open, 1);
    assert_int_equal(m->flow_ended.end, PASSIVE_END_RST);
    assert_true(m->flow_ended.from_syn);
    assert_false(m->flow_ended.two_way);
    /* It has ended: nothing more of it is told. */
    lab_packet(l, 0x010203, TCP_FLAG_RST, FIRST + 3000, 0);
    assert_int_equal(lab_n_messages(l, MESSAGE_FLOW_ENDED), 1);
    /* Of both directions, seen from the middle; each ends by its own FIN. */
    lab_packet_way(l, 2, false, TCP_FLAG_ACK, FIRST, 1000, NULL);
    lab_packet_way(l, 2, true, TCP_FLAG_ACK, FIRST, 500, NULL);
    lab_packet_way(l, 2, false, TCP_FLAG_FIN | TCP_FLAG_ACK, FIRST + 1000, 0, NULL);
    assert_int_equal(lab_n_messages(l, MESSAGE_FLOW_ENDED), 2);
    m = lab_last(l, MESSAGE_FLOW_ENDED);
    assert_int_equal(m->flow_ended.end, PASSIVE_END_FIN);
    assert_false(m->flow_ended.from_syn);
    assert_true(m->flow_ended.two_way);
    assert_int_equal(m->flow_ended.n_holes_open, 0);
    for (uint32_t flow = 3; flow < 6; flow++)
        lab_data(l, flow, FIRST, 1000);
    engine_stop(l->engine);
    assert_int_equal(lab_n_messages(l, MESSAGE_FLOW_ENDED), 3);
    lab_counters(l);
    assert_int_equal(l->passive[0].ended_rst, 1);
    assert_int_equal(l->passive[0].ended_fin, 1);
    assert_int_equal(l->passive[0].flows_stopped, 4);
    lab_close(l);
}

/* RFC 9293 3.8.4: one byte that was sent before, right below what comes next. */
static void a_keepalive_is_one_byte_right_below(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.mode = SLICE_PASSIVE});

    (void)state;
    lab_syn(l, 1, ISN);
    lab_data(l, 1, FIRST, 1000);
    lab_data(l, 1, FIRST + 1000, 1); /* new */
    assert_int_equal(lab_counters(l)->keepalives, 0);
    assert_int_equal(l->passive[0].first_time, 2);
    lab_data(l, 1, FIRST + 1000, 1);
    assert_int_equal(lab_counters(l)->keepalives, 1);
    lab_data(l, 1, FIRST + 999, 1); /* one lower */
    lab_data(l, 1, FIRST + 1000, 2);
    assert_int_equal(lab_counters(l)->keepalives, 1);
    lab_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_engine_of_the_least_and_of_the_most_begins),
        cmocka_unit_test(an_engine_without_a_slice_begins),
        cmocka_unit_test(what_no_engine_can_be_is_refused),
        cmocka_unit_test(memory_that_is_a_line_short_is_refused),
        cmocka_unit_test(a_reset_is_believed_up_to_the_window),
        cmocka_unit_test(a_passive_flow_ends_by_a_reset_within_the_window),
        cmocka_unit_test(holes_given_up_for_want_of_room_are_counted),
        cmocka_unit_test(packets_without_a_flow_are_counted_by_kind),
        cmocka_unit_test(a_burst_ages_a_bounded_number_of_records),
        cmocka_unit_test(records_are_looked_at_evenly),
        cmocka_unit_test(catching_up_ends_all_that_is_due),
        cmocka_unit_test(a_drop_is_told_with_its_flow),
        cmocka_unit_test(the_last_drop_ends_the_phase_of_its_own_aggregate),
        cmocka_unit_test(the_silence_of_one_aggregate_voids_no_drop_of_another),
        cmocka_unit_test(a_passive_flow_is_armed_by_its_second_segment),
        cmocka_unit_test(flows_that_end_are_told_one_by_one),
        cmocka_unit_test(a_keepalive_is_one_byte_right_below),
        cmocka_unit_test(a_flow_begins_anew_when_its_aggregate_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
