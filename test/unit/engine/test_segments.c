/* SPDX-License-Identifier: BSD-3-Clause */
/* What counts as what, before any drop: the first half of the test. */
#include "lab.h"

#define ISN UINT32_C(0xfffff000) /* every flow here wraps */

static struct lab *open_observing(void)
{
    return lab_open(&(struct lab_options){0});
}

static void a_flow_seen_from_its_syn_counts_at_once(void **state)
{
    struct lab *l = open_observing();

    (void)state;
    lab_syn(l, 1, ISN);
    lab_data(l, 1, ISN + 1, 1000);
    assert_int_equal(lab_counters(l)->in_order, 1);
    assert_int_equal(lab_counters(l)->segments, 1);
    assert_int_equal(lab_counters(l)->unarmed, 0);
    assert_int_equal(lab_counters(l)->flows_seen, 1);
    assert_int_equal(lab_counters(l)->packets, 2);
    assert_int_equal(lab_counters(l)->bytes, 54 + 54 + 1000);
    lab_close(l);
}

static void data_in_a_syn_starts_one_later(void **state)
{
    struct lab *l = open_observing();

    (void)state;
    lab_packet(l, 1, TCP_FLAG_SYN, ISN, 100);
    lab_data(l, 1, ISN + 101, 1000);
    assert_int_equal(lab_counters(l)->in_order, 1);
    assert_int_equal(lab_counters(l)->out_of_order, 0);
    lab_data(l, 1, ISN + 1, 100);
    assert_int_equal(lab_counters(l)->duplicates, 1);
    lab_close(l);
}

static void a_flow_seen_from_the_middle_waits_for_its_grace(void **state)
{
    struct lab *l = open_observing();
    uint32_t sequence = ISN;

    (void)state;
    for (int ms = 0; ms < 3000; ms += 500) {
        lab_data(l, 1, sequence, 1000);
        lab_data(l, 1, sequence, 1000); /* a repeat does not count either */
        sequence += 1000;
        lab_wait_ms(l, 500);
    }
    assert_int_equal(lab_counters(l)->segments, 0);
    assert_int_equal(lab_counters(l)->unarmed, 12);
    lab_data(l, 1, sequence - 1000, 1000); /* a repeat does not arm */
    assert_int_equal(lab_counters(l)->unarmed, 13);
    lab_data(l, 1, sequence, 1000); /* arms */
    lab_data(l, 1, sequence + 1000, 1000);
    lab_data(l, 1, sequence + 1000, 1000);
    assert_int_equal(lab_counters(l)->unarmed, 14);
    assert_int_equal(lab_counters(l)->segments, 2);
    assert_int_equal(lab_counters(l)->duplicates, 1);
    lab_close(l);
}

static void a_first_segment_of_one_byte_is_no_keepalive(void **state)
{
    struct lab *l = open_observing();

    (void)state;
    lab_data(l, 1, ISN, 1);
    assert_int_equal(lab_counters(l)->keepalives, 0);
    assert_int_equal(lab_counters(l)->unarmed, 1);
    lab_data(l, 1, ISN, 1);
    assert_int_equal(lab_counters(l)->keepalives, 1);
    lab_close(l);
}

static void each_segment_is_one_of_four_kinds(void **state)
{
    struct lab *l = open_observing();
    const struct aggregate_counters *c;

    (void)state;
    lab_syn(l, 1, ISN);
    lab_data(l, 1, ISN + 1, 1000);    /* in order */
    lab_data(l, 1, ISN + 2001, 1000); /* in order, leaves a hole */
    lab_data(l, 1, ISN + 1001, 500);  /* fills part of it */
    lab_data(l, 1, ISN + 1001, 1000); /* repeats that part */
    lab_data(l, 1, ISN + 1, 1000);    /* repeats the first */
    c = lab_counters(l);
    assert_int_equal(c->in_order, 2);
    assert_int_equal(c->out_of_order, 1);
    assert_int_equal(c->duplicates, 2);
    assert_int_equal(c->test_duplicates, 0); /* no test is on */
    assert_int_equal(c->segments, 5);
    lab_close(l);
}

static void what_carries_no_evidence_is_counted_apart(void **state)
{
    struct lab *l = open_observing();
    const struct aggregate_counters *c;

    (void)state;
    lab_syn(l, 1, ISN);
    lab_data(l, 1, ISN + 1, 1000);
    lab_data(l, 1, ISN + 1001, 0); /* pure ACK */
    lab_data(l, 1, ISN + 1000, 0); /* keepalive without payload */
    lab_data(l, 1, ISN + 1000, 1); /* keepalive with one byte */
    lab_packet(l, 1, TCP_FLAG_RST, ISN + 1001, 0);
    c = lab_counters(l);
    assert_int_equal(c->segments, 1);
    assert_int_equal(c->pure_acks, 2);
    assert_int_equal(c->keepalives, 1);
    assert_int_equal(c->control_packets, 2);
    assert_int_equal(c->duplicates, 0);
    lab_close(l);
}

static void a_jump_is_counted_and_not_believed(void **state)
{
    struct lab *l = open_observing();
    const struct aggregate_counters *c;

    (void)state;
    lab_syn(l, 1, ISN);
    lab_data(l, 1, ISN + 1, 1000);
    lab_data(l, 1, ISN + 1001 + (1u << 30), 1000);
    lab_data(l, 1, ISN - (1u << 30), 1000);
    lab_data(l, 1, ISN + 1001, 1000); /* goes on as if nothing had been */
    c = lab_counters(l);
    assert_int_equal(c->jumps, 2);
    assert_int_equal(c->in_order, 2);
    assert_int_equal(c->segments, 2);
    lab_close(l);
}

static void a_flow_that_jumped_is_learnt_anew_after_the_idle_timeout(void **state)
{
    struct lab *l = open_observing();
    const struct aggregate_counters *c;
    uint32_t sequence = ISN + (1u << 30);

    (void)state;
    lab_syn(l, 1, ISN);
    lab_data(l, 1, ISN + 1, 1000);
    for (int second = 0; second < 50; second++) {
        lab_data(l, 1, sequence, 1000);
        sequence += 1000;
        for (int i = 0; i < 20; i++)
            lab_wait_ms(l, 50);
    }
    c = lab_counters(l);
    assert_int_equal(c->flows_seen, 2);
    assert_true(c->jumps >= 30 && c->jumps <= 46);
    assert_true(c->in_order > 1);
    lab_close(l);
}

static void a_forged_syn_does_not_wipe_a_live_flow(void **state)
{
    struct lab *l = open_observing();

    (void)state;
    lab_syn(l, 1, ISN);
    lab_data(l, 1, ISN + 1, 1000);
    lab_syn(l, 1, 12345);
    lab_data(l, 1, ISN + 1, 1000);
    assert_int_equal(lab_counters(l)->duplicates, 1);
    lab_close(l);
}

static void a_syn_after_fin_begins_anew(void **state)
{
    struct lab *l = open_observing();

    (void)state;
    lab_syn(l, 1, ISN);
    lab_data(l, 1, ISN + 1, 1000);
    lab_packet(l, 1, TCP_FLAG_FIN | TCP_FLAG_ACK, ISN + 1001, 0);
    lab_syn(l, 1, 5000);
    lab_data(l, 1, 5001, 1000);
    assert_int_equal(lab_counters(l)->in_order, 2);
    assert_int_equal(lab_counters(l)->duplicates, 0);
    lab_close(l);
}

static void sub_prefixes_ask_for_their_aggregate_and_count_from_then_on(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.granularity_ipv4 = 24});
    const struct message *wanted;

    (void)state;
    lab_syn(l, 0x000107, ISN);
    wanted = lab_last(l, MESSAGE_AGGREGATE_WANTED);
    assert_non_null(wanted);
    assert_int_equal(wanted->wanted.prefix.length, 24);
    lab_data(l, 0x000107, ISN + 1, 1000);
    assert_int_equal(engine_counters(l->engine)->no_aggregate, 2);
    aggregate_table_add(l->aggregates, &(struct aggregate_identity){.prefix = wanted->wanted.prefix,
                                                                    .slice = 0,
                                                                    .has_prefix = true});
    lab_data(l, 0x000107, ISN + 1001, 1000);
    assert_int_equal(lab_counters(l)->in_order, 1);
    assert_int_equal(lab_counters(l)->flows_seen, 1);
    lab_close(l);
}

static void pure_acks_make_no_flows(void **state)
{
    struct lab *l = open_observing();

    (void)state;
    for (uint32_t flow = 0; flow < 100; flow++)
        lab_data(l, flow, 1, 0);
    assert_int_equal(engine_flow_counters(l->engine)->n_flows, 0);
    assert_int_equal(lab_counters(l)->pure_acks, 100);
    lab_close(l);
}

static void data_with_a_fin_is_a_control_packet_too(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    (void)state;
    lab_syn(l, 1, 1000);
    lab_packet(l, 1, TCP_FLAG_ACK | TCP_FLAG_FIN, 1001, 100);
    assert_int_equal(lab_counters(l)->control_packets, 2);
    assert_int_equal(lab_counters(l)->segments, 1);
    lab_close(l);
}

static void a_pure_ack_is_counted_and_asks_for_no_aggregate(void **state)
{
    static const enum slice_mode modes[] = {SLICE_ACTIVE, SLICE_PASSIVE};

    (void)state;
    for (unsigned int i = 0; i < 2; i++) {
        struct lab *l = lab_open(&(struct lab_options){.mode = modes[i]});

        lab_syn(l, 1, 1000);
        lab_packet(l, 1, TCP_FLAG_ACK, 1001, 0);
        lab_packet(l, 1, TCP_FLAG_ACK, 1001, 0);
        assert_int_equal(lab_counters(l)->pure_acks, 2);
        assert_int_equal(lab_counters(l)->packets, 3);
        lab_close(l);
        l = lab_open(&(struct lab_options){.mode = modes[i], .granularity_ipv4 = 24});
        lab_packet(l, 1, TCP_FLAG_ACK, 1001, 0);
        assert_int_equal(lab_n_messages(l, MESSAGE_AGGREGATE_WANTED), 0);
        lab_close(l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_with_a_fin_is_a_control_packet_too),
        cmocka_unit_test(a_pure_ack_is_counted_and_asks_for_no_aggregate),
        cmocka_unit_test(a_flow_seen_from_its_syn_counts_at_once),
        cmocka_unit_test(data_in_a_syn_starts_one_later),
        cmocka_unit_test(a_flow_seen_from_the_middle_waits_for_its_grace),
        cmocka_unit_test(a_first_segment_of_one_byte_is_no_keepalive),
        cmocka_unit_test(each_segment_is_one_of_four_kinds),
        cmocka_unit_test(what_carries_no_evidence_is_counted_apart),
        cmocka_unit_test(a_jump_is_counted_and_not_believed),
        cmocka_unit_test(a_flow_that_jumped_is_learnt_anew_after_the_idle_timeout),
        cmocka_unit_test(a_forged_syn_does_not_wipe_a_live_flow),
        cmocka_unit_test(a_syn_after_fin_begins_anew),
        cmocka_unit_test(sub_prefixes_ask_for_their_aggregate_and_count_from_then_on),
        cmocka_unit_test(pure_acks_make_no_flows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
