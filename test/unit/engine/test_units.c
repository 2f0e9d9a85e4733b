/* SPDX-License-Identifier: BSD-3-Clause */
/* Handshakes and first flights of QUIC in tests: their coin, their drop, and what came again. */
#include "lab.h"

#include "config/never_drop.h"

#define SYN TCP_FLAG_SYN

static void handshakes(struct test_parameters *p)
{
    p->units = TEST_UNITS_DATA | TEST_UNITS_OF(UNIT_HANDSHAKE);
}

static void all_kinds(struct test_parameters *p)
{
    p->units = TEST_UNITS_DATA | TEST_UNITS_OF(UNIT_HANDSHAKE) | TEST_UNITS_OF(UNIT_QUIC);
}

static struct lab *open_lab(void (*adjust)(struct test_parameters *))
{
    struct lab *l = lab_open(&(struct lab_options){.adjust = adjust});

    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 10, 0);
    return l;
}

static enum engine_action syn(struct lab *l, uint32_t flow, uint32_t sequence)
{
    return lab_packet(l, flow, SYN, sequence, 0);
}

static const struct unit_counters *units(struct lab *l, enum unit_kind kind)
{
    lab_counters(l);
    return &l->units[0][kind];
}

/* Told at once, counted when the time of its unit is over. */
static void a_dropped_syn_that_comes_again_is_an_r(void **state)
{
    struct lab *l = open_lab(handshakes);
    const struct unit_counters *c;
    const struct message *m;

    (void)state;
    assert_int_equal(syn(l, 1, 5000), ENGINE_DROP);
    m = lab_last(l, MESSAGE_DROP_MADE);
    assert_int_equal(m->drop_made.kind, UNIT_HANDSHAKE);
    assert_int_equal(m->drop_made.sequence, 5000);
    lab_wait_ms(l, 1000);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    units(l, UNIT_HANDSHAKE);
    m = lab_last(l, MESSAGE_DROP_ENDED);
    assert_int_equal(m->drop_ended.state, DROP_RETRANSMITTED);
    assert_int_equal(m->drop_ended.time_ns, l->now_ns);
    lab_wait_ms(l, 2000);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    lab_wait_ms(l, 499);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->retransmitted, 0);
    lab_wait_ms(l, 20);
    c = units(l, UNIT_HANDSHAKE);
    assert_int_equal(c->seen, 1);
    assert_int_equal(c->droppable, 1);
    assert_int_equal(c->dropped, 1);
    assert_int_equal(c->dropped_packets, 1);
    assert_int_equal(c->retransmitted, 1);
    assert_int_equal(c->duplicates, 0);
    assert_int_equal(lab_n_messages(l, MESSAGE_DROP_ENDED), 1);
    assert_int_equal(l->sums[0].dropped, 0);
    lab_close(l);
}

static void a_forwarded_syn_that_comes_again_is_one_d(void **state)
{
    struct lab *l = open_lab(handshakes);

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
        lab_wait_ms(l, 1000);
    }
    assert_int_equal(units(l, UNIT_HANDSHAKE)->duplicates, 1);
    assert_int_equal(l->units[0][UNIT_HANDSHAKE].droppable, 1);
    lab_close(l);
}

/* RFC 3168 6.1.1.1: a repeat may lack ECE and CWR. An ACK makes it another one. */
static void the_bits_of_ecn_make_no_other_unit(void **state)
{
    struct lab *l = open_lab(handshakes);

    (void)state;
    assert_int_equal(lab_packet(l, 1, SYN | 0xc0, 5000, 0), ENGINE_DROP);
    lab_wait_ms(l, 1000);
    assert_int_equal(lab_packet(l, 1, SYN | TCP_FLAG_ACK, 5000, 0), ENGINE_DROP);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    lab_wait_ms(l, 3600);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->retransmitted, 1);
    assert_int_equal(l->units[0][UNIT_HANDSHAKE].dropped, 2);
    lab_close(l);
}

/* Sooner than 200 ms it is of the first sight, and a SYN is dropped once. */
static void what_comes_too_soon_is_no_repeat(void **state)
{
    struct lab *l = open_lab(handshakes);

    (void)state;
    assert_int_equal(syn(l, 1, 5000), ENGINE_DROP);
    lab_wait_ms(l, 199);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    assert_int_equal(lab_n_messages(l, MESSAGE_DROP_ENDED), 0);
    lab_wait_ms(l, 1);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    lab_wait_ms(l, 3600);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->retransmitted, 1);
    lab_close(l);
}

static void silence_expires_and_a_late_repeat_is_nothing(void **state)
{
    struct lab *l = open_lab(handshakes);

    (void)state;
    assert_int_equal(syn(l, 1, 5000), ENGINE_DROP);
    assert_int_equal(syn(l, 2, 5000), ENGINE_DROP);
    lab_wait_ms(l, 3499);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->expired, 0);
    lab_wait_ms(l, 20);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->expired, 2);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->duplicates, 0);
    assert_int_equal(l->units[0][UNIT_HANDSHAKE].retransmitted, 0);
    lab_close(l);
}

/* As of a dropped one. */
static void a_late_repeat_of_a_forwarded_syn_is_nothing(void **state)
{
    struct lab *l = open_lab(handshakes);

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, 0);
    syn(l, 1, 5000);
    syn(l, 2, 5000);
    lab_wait_ms(l, 3499);
    syn(l, 1, 5000);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->duplicates, 1);
    lab_wait_ms(l, 1);
    syn(l, 2, 5000);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->duplicates, 1);
    lab_close(l);
}

/* Ten seconds after its first sight it is a new one, and has a new coin. */
static void an_identity_is_dropped_once_in_ten_seconds(void **state)
{
    struct lab *l = open_lab(handshakes);
    int n_dropped = 0;

    (void)state;
    for (int ms = 0; ms < 19000; ms += 500) {
        n_dropped += syn(l, 1, 5000) == ENGINE_DROP;
        lab_wait_ms(l, 500);
    }
    assert_int_equal(n_dropped, 2);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->seen, 2);
    assert_int_equal(l->units[0][UNIT_HANDSHAKE].retransmitted, 2);
    lab_close(l);
}

/* At most four datagrams; the flight counts as one. */
static void a_flight_shares_the_fate_of_its_first_datagram(void **state)
{
    struct lab *l = open_lab(all_kinds);
    const struct unit_counters *c;

    (void)state;
    for (int i = 0; i < 6; i++) {
        assert_int_equal(lab_initial(l, 1, 1), i < 4 ? ENGINE_DROP : ENGINE_FORWARD);
        lab_wait_ms(l, 10);
    }
    lab_wait_ms(l, 1000);
    assert_int_equal(lab_initial(l, 1, 1), ENGINE_FORWARD);
    assert_int_equal(lab_initial(l, 1, 1), ENGINE_FORWARD);
    lab_wait_ms(l, 3000);
    c = units(l, UNIT_QUIC);
    assert_int_equal(c->dropped, 1);
    assert_int_equal(c->dropped_packets, 4);
    assert_int_equal(c->retransmitted, 1);
    assert_int_equal(c->duplicates, 0);
    lab_close(l);
}

/* An answered client has the server's connection ID then: that is no first flight any more. */
static void another_connection_id_of_a_flow_is_no_first_flight(void **state)
{
    struct lab *l = open_lab(all_kinds);

    (void)state;
    assert_int_equal(lab_initial(l, 1, 1), ENGINE_DROP);
    assert_int_equal(lab_initial(l, 1, 2), ENGINE_FORWARD);
    lab_wait_ms(l, 1000);
    assert_int_equal(lab_initial(l, 1, 2), ENGINE_FORWARD);
    assert_int_equal(lab_initial(l, 1, 1), ENGINE_FORWARD);
    assert_int_equal(units(l, UNIT_QUIC)->seen, 1);
    lab_wait_ms(l, 9000);
    assert_int_equal(units(l, UNIT_QUIC)->retransmitted, 1);
    assert_int_equal(l->units[0][UNIT_QUIC].duplicates, 0);
    assert_int_equal(lab_initial(l, 1, 3), ENGINE_DROP);
    lab_close(l);
}

/* One budget, whatever is dropped. */
static void all_kinds_spend_one_budget(void **state)
{
    struct lab *l = open_lab(all_kinds);

    (void)state;
    lab_set_budget(l, 3, 0);
    assert_int_equal(syn(l, 1, 5000), ENGINE_DROP);
    assert_int_equal(lab_initial(l, 1, 1), ENGINE_DROP);
    lab_order(l, AGGREGATE_POOLED, 1, 0);
    syn(l, 2, 5000);
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    assert_int_equal(lab_data(l, 2, 5001, 100), ENGINE_DROP);
    assert_int_equal(syn(l, 3, 5000), ENGINE_FORWARD);
    assert_int_equal(lab_initial(l, 2, 1), ENGINE_FORWARD);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->coins_refused, 1);
    assert_int_equal(l->units[0][UNIT_QUIC].coins_refused, 1);
    assert_int_equal(l->sums[0].dropped, 1);
    assert_int_equal(l->units[0][UNIT_HANDSHAKE].droppable, 2);
    assert_int_equal(l->units[0][UNIT_QUIC].droppable, 1);
    lab_close(l);
}

/* Whatever its coin would have said. */
static void a_unit_for_which_there_was_no_budget_counts_for_nothing(void **state)
{
    struct lab *l = open_lab(handshakes);

    (void)state;
    lab_set_budget(l, 0, 0);
    for (uint32_t i = 0; i < 2; i++) {
        lab_order(l, AGGREGATE_POOLED, 1, i == 0 ? 0 : LAB_ALWAYS);
        assert_int_equal(syn(l, i, 5000), ENGINE_FORWARD);
    }
    lab_set_budget(l, 1, 0);
    assert_int_equal(syn(l, 2, 5000), ENGINE_DROP);
    lab_wait_ms(l, 1000);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(syn(l, i, 5000), ENGINE_FORWARD);
    lab_wait_ms(l, 3000);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->duplicates, 0);
    assert_int_equal(l->units[0][UNIT_HANDSHAKE].retransmitted, 1);
    assert_int_equal(l->units[0][UNIT_HANDSHAKE].coins_refused, 1);
    lab_close(l);
}

static void kill_switch_and_suspension_forward_units(void **state)
{
    struct lab *l = open_lab(all_kinds);

    (void)state;
    atomic_store(&l->gate.kill_switch, 1);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    assert_int_equal(lab_initial(l, 1, 1), ENGINE_FORWARD);
    atomic_store(&l->gate.kill_switch, 0);
    atomic_store(&l->gate.suspended, 1);
    assert_int_equal(syn(l, 2, 5000), ENGINE_FORWARD);
    atomic_store(&l->gate.suspended, 0);
    assert_int_equal(syn(l, 3, 5000), ENGINE_DROP);
    assert_int_equal(engine_counters(l->engine)->gate_closed, 3);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->dropped, 1);
    lab_close(l);
}

/* In the middle of a flight, too. */
static void the_kill_switch_stops_a_flight(void **state)
{
    struct lab *l = open_lab(all_kinds);

    (void)state;
    assert_int_equal(lab_initial(l, 1, 1), ENGINE_DROP);
    atomic_store(&l->gate.kill_switch, 1);
    assert_int_equal(lab_initial(l, 1, 1), ENGINE_FORWARD);
    assert_int_equal(units(l, UNIT_QUIC)->dropped_packets, 1);
    lab_close(l);
}

static void what_is_never_dropped_from_loses_no_unit(void **state)
{
    struct ip_prefix spared;
    const struct never_drop never = {.prefixes = &spared, .n_prefixes = 1};
    struct lab *l;

    (void)state;
    assert_int_equal(ip_prefix_parse("10.0.0.0/30", &spared), 0);
    l = lab_open(&(struct lab_options){.adjust = all_kinds, .never_drop = &never});
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 10, 0);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    assert_int_equal(lab_initial(l, 1, 1), ENGINE_FORWARD);
    assert_int_equal(syn(l, 100, 5000), ENGINE_DROP);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->spared, 1);
    assert_int_equal(l->units[0][UNIT_QUIC].spared, 1);
    lab_wait_ms(l, 1000);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->duplicates, 0);
    lab_close(l);
}

/* What had its coin counts until the test is over, whatever the phase; no other does. */
static void what_had_its_coin_counts_in_every_phase(void **state)
{
    static const enum aggregate_phase phases[] = {AGGREGATE_UNITS, AGGREGATE_FLOWS,
                                                  AGGREGATE_SETTLING};
    struct lab *l = open_lab(handshakes);
    const uint32_t n = ARRAY_LENGTH(phases);

    (void)state;
    lab_order(l, AGGREGATE_UNITS, 1, 0);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(syn(l, i, 5000), ENGINE_FORWARD);
    for (uint32_t i = 1; i < n; i++) {
        lab_order(l, phases[i], 1, LAB_ALWAYS);
        assert_int_equal(syn(l, n + i, 5000), ENGINE_FORWARD);
    }
    lab_wait_ms(l, 1000);
    for (uint32_t i = 0; i < n; i++) {
        lab_order(l, phases[i], 1, LAB_ALWAYS);
        assert_int_equal(syn(l, i, 5000), ENGINE_FORWARD);
        assert_int_equal(syn(l, n + i, 5000), i == 0 ? ENGINE_DROP : ENGINE_FORWARD);
    }
    assert_int_equal(units(l, UNIT_HANDSHAKE)->duplicates, n);
    lab_close(l);
}

static void what_was_first_seen_before_the_test_counts_for_nothing(void **state)
{
    struct lab *l = open_lab(handshakes);

    (void)state;
    lab_order(l, AGGREGATE_IDLE, 1, 0);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    lab_order(l, AGGREGATE_POOLED, 2, LAB_ALWAYS);
    assert_int_equal(syn(l, 2, 5000), ENGINE_DROP);
    lab_wait_ms(l, 1000);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->duplicates, 0);
    lab_order(l, AGGREGATE_POOLED, 3, LAB_ALWAYS);
    lab_wait_ms(l, 1000);
    assert_int_equal(syn(l, 2, 5000), ENGINE_FORWARD);
    lab_close(l);
}

static void where_data_is_off_segments_are_left_alone(void **state)
{
    struct lab *l = open_lab(handshakes);

    (void)state;
    lab_order(l, AGGREGATE_UNITS, 1, 0);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    lab_order(l, AGGREGATE_UNITS, 1, LAB_ALWAYS);
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(lab_data(l, 1, 5001 + 100 * i, 100), ENGINE_FORWARD);
    assert_int_equal(syn(l, 2, 5000), ENGINE_DROP);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->dropped, 1);
    lab_close(l);
}

/* RFC 6298 5.7: its sender would wait 3 s for each of them. */
static void a_flow_that_lost_its_syn_loses_no_segment(void **state)
{
    struct lab *l = open_lab(handshakes);

    (void)state;
    assert_int_equal(syn(l, 1, 5000), ENGINE_DROP);
    lab_wait_ms(l, 1000);
    assert_int_equal(syn(l, 1, 5000), ENGINE_FORWARD);
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(lab_data(l, 1, 5001 + 100 * i, 100), ENGINE_FORWARD);
    assert_int_equal(lab_data(l, 1, 5001, 100), ENGINE_FORWARD);
    lab_counters(l);
    assert_int_equal(l->sums[0].test_duplicates, 1);
    assert_int_equal(l->sums[0].droppable, 0);
    lab_order(l, AGGREGATE_FLOWS, 1, LAB_ALWAYS);
    lab_set_budget(l, 10, 10);
    assert_int_equal(lab_data(l, 1, 10001, 100), ENGINE_FORWARD);
    /* The next test may. */
    lab_order(l, AGGREGATE_POOLED, 2, LAB_ALWAYS);
    assert_int_equal(lab_data(l, 1, 10101, 100), ENGINE_DROP);
    lab_close(l);
}

/* RFC 5961 4. */
static void a_forged_syn_does_not_switch_off_the_test_of_a_live_flow(void **state)
{
    struct lab *l = open_lab(handshakes);

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, 0);
    syn(l, 1, 5000);
    lab_data(l, 1, 5001, 100);
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    assert_int_equal(syn(l, 1, 77777), ENGINE_DROP);
    assert_int_equal(lab_data(l, 1, 5101, 100), ENGINE_DROP);
    lab_close(l);
}

static void own_loss_and_the_end_make_a_drop_void(void **state)
{
    struct lab *l = open_lab(handshakes);

    (void)state;
    assert_int_equal(syn(l, 1, 5000), ENGINE_DROP);
    lab_wait_ms(l, 10);
    atomic_store(&l->gate.own_loss_ns, l->now_ns);
    lab_wait_ms(l, 4000);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->voided, 1);
    assert_int_equal(syn(l, 2, 5000), ENGINE_DROP);
    engine_stop(l->engine);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->voided, 2);
    lab_close(l);
}

/* The record of the unit is another one's by then. */
static void a_drop_that_ends_after_its_unit_was_forgotten_touches_no_other(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.adjust = handshakes, .n_flows = 64});

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 1, 0);
    assert_int_equal(syn(l, 1, 5000), ENGINE_DROP);
    l->now_ns += 20 * NS_PER_S; /* time stands until the next burst */
    atomic_store(&l->gate.manager_seen_ns, l->now_ns);
    for (uint32_t i = 1; i < 500; i++)
        assert_int_equal(syn(l, i, 5000), ENGINE_FORWARD);
    assert_int_equal(units(l, UNIT_HANDSHAKE)->expired, 1);
    lab_close(l);
}

static void other_slices_have_no_units_and_no_messages_for_them(void **state)
{
    struct lab *l = open_lab(NULL);

    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(syn(l, i, 5000), ENGINE_FORWARD);
        assert_int_equal(lab_initial(l, i, 1), ENGINE_FORWARD);
    }
    assert_int_equal(units(l, UNIT_HANDSHAKE)->seen, 0);
    assert_int_equal(lab_n_messages(l, MESSAGE_UNITS), 0);
    lab_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dropped_syn_that_comes_again_is_an_r),
        cmocka_unit_test(a_forwarded_syn_that_comes_again_is_one_d),
        cmocka_unit_test(the_bits_of_ecn_make_no_other_unit),
        cmocka_unit_test(what_comes_too_soon_is_no_repeat),
        cmocka_unit_test(silence_expires_and_a_late_repeat_is_nothing),
        cmocka_unit_test(a_late_repeat_of_a_forwarded_syn_is_nothing),
        cmocka_unit_test(an_identity_is_dropped_once_in_ten_seconds),
        cmocka_unit_test(a_flight_shares_the_fate_of_its_first_datagram),
        cmocka_unit_test(another_connection_id_of_a_flow_is_no_first_flight),
        cmocka_unit_test(all_kinds_spend_one_budget),
        cmocka_unit_test(a_unit_for_which_there_was_no_budget_counts_for_nothing),
        cmocka_unit_test(kill_switch_and_suspension_forward_units),
        cmocka_unit_test(the_kill_switch_stops_a_flight),
        cmocka_unit_test(what_is_never_dropped_from_loses_no_unit),
        cmocka_unit_test(what_had_its_coin_counts_in_every_phase),
        cmocka_unit_test(what_was_first_seen_before_the_test_counts_for_nothing),
        cmocka_unit_test(where_data_is_off_segments_are_left_alone),
        cmocka_unit_test(a_flow_that_lost_its_syn_loses_no_segment),
        cmocka_unit_test(a_forged_syn_does_not_switch_off_the_test_of_a_live_flow),
        cmocka_unit_test(own_loss_and_the_end_make_a_drop_void),
        cmocka_unit_test(a_drop_that_ends_after_its_unit_was_forgotten_touches_no_other),
        cmocka_unit_test(other_slices_have_no_units_and_no_messages_for_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
