/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode passive in the engine: nothing is dropped whatever the orders are, flows begin and end, both
 * directions find each other. */
#include "lab.h"

#include <string.h>

#include "../within.h"
#include "base/bytes.h"
#include "base/random.h"

enum { BYTES = 1000, START = 5000 };

static struct lab *open_passive(uint32_t n_flows)
{
    return lab_open(&(struct lab_options){.mode = SLICE_PASSIVE, .n_flows = n_flows});
}

static const struct passive_counters *passive_sums(struct lab *l)
{
    lab_counters(l);
    return &l->passive[0];
}

static void nothing_is_dropped_whatever_the_order_says(void **state)
{
    struct lab *l = open_passive(0);

    (void)state;
    lab_order(l, AGGREGATE_POOLED, 1, LAB_ALWAYS);
    lab_set_budget(l, 1000, 10);
    lab_syn(l, 1, START - 1);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(lab_data(l, 1, START + i * BYTES, BYTES), ENGINE_FORWARD);
    assert_int_equal(lab_counters(l)->in_order, 100);
    assert_int_equal(lab_counters(l)->dropped, 0);
    assert_int_equal(passive_sums(l)->first_time, 100);
    lab_close(l);
}

static void a_flow_counts_from_its_first_packet(void **state)
{
    struct lab *l = open_passive(0);

    (void)state;
    lab_data(l, 1, START, BYTES);
    lab_data(l, 1, START + BYTES, BYTES);
    lab_data(l, 1, START, BYTES);
    assert_int_equal(passive_sums(l)->repeats, 1);
    assert_int_equal(lab_counters(l)->duplicates, 1);
    assert_int_equal(lab_counters(l)->flows_seen, 1);
    lab_close(l);
}

static void fragment_came(struct lab *l, uint32_t flow, uint32_t sequence, uint16_t ingress)
{
    struct packet_view view = {.source_port = 1024,
                               .destination_port = 443,
                               .sequence = sequence,
                               .l4_offset = 20,
                               .reason = PACKET_IPV4_FRAGMENT,
                               .is_ipv4 = true,
                               .has_ip = true};
    uint8_t source[4];

    store_be32(source, 0x0a000000 + flow);
    view.source = ip_address_from_ipv4(source);
    view.destination = ip_address_from_ipv4((uint8_t[]){198, 51, 100, 1});
    engine_note_fragment(l->engine, 0, &view, ingress);
}

static void a_fragment_belongs_to_its_flow(void **state)
{
    struct lab *l = open_passive(0);

    (void)state;
    for (uint32_t flow = 1; flow <= 4; flow++)
        lab_data(l, flow, START, BYTES);
    fragment_came(l, 1, START + BYTES, 0);
    fragment_came(l, 2, START + BYTES, 7);               /* of another ingress */
    fragment_came(l, 3, START + (UINT32_C(1) << 31), 0); /* out of the window */
    fragment_came(l, 9, START + BYTES, 0);               /* of no flow */
    for (uint32_t flow = 1; flow <= 4; flow++)
        lab_data(l, flow, START + 2 * BYTES, BYTES);
    assert_int_equal(passive_sums(l)->holes_opened, 4);
    assert_int_equal(passive_sums(l)->holes_fragmented, 1);
    assert_int_equal(lab_counters(l)->flows_seen, 4);
    lab_packet(l, 4, TCP_FLAG_FIN | TCP_FLAG_ACK, START + 3 * BYTES, 0);
    assert_int_equal(passive_sums(l)->ended_fin, 0);
    fragment_came(l, 4, START + BYTES, 0);
    assert_int_equal(passive_sums(l)->ended_fin, 1);
    engine_stop(l->engine);
    assert_int_equal(passive_sums(l)->missing_bytes, 2 * BYTES);
    lab_close(l);
}

static void an_active_test_takes_no_notice_of_fragments(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){0});

    (void)state;
    lab_syn(l, 1, START - 1);
    lab_data(l, 1, START, BYTES);
    fragment_came(l, 1, START + BYTES, 0);
    assert_int_equal(lab_counters(l)->in_order, 1);
    lab_close(l);
}

static void syns_are_counted_by_what_follows(void **state)
{
    struct lab *l = open_passive(0);

    (void)state;
    lab_syn(l, 1, START - 1); /* alone */
    lab_syn(l, 2, START - 1); /* again and again */
    lab_syn(l, 2, START - 1);
    lab_syn(l, 2, START - 1);
    lab_syn(l, 3, START - 1); /* acknowledged, and nothing more */
    lab_packet(l, 3, TCP_FLAG_ACK, START, 0);
    lab_syn(l, 4, START - 1); /* data, and a stray SYN */
    lab_data(l, 4, START, BYTES);
    lab_syn(l, 4, START + 77);
    for (int i = 0; i < 2000; i++)
        lab_wait_ms(l, 20);
    assert_int_equal(passive_sums(l)->ended_syn_only, 2);
    assert_int_equal(l->passive[0].syns_repeated, 2);
    assert_int_equal(l->passive[0].ended_idle, 2);
    assert_int_equal(l->passive[0].flows_without_data, 3);
    lab_close(l);
}

static void a_connection_may_begin_anew_when_the_old_one_is_over(void **state)
{
    struct lab *l = open_passive(0);

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t start = START + i * 100000;

        lab_syn(l, 1, start - 1);
        lab_data(l, 1, start, BYTES);
        lab_packet(l, 1, TCP_FLAG_FIN | TCP_FLAG_ACK, start + BYTES, 0);
    }
    assert_int_equal(passive_sums(l)->ended_fin, 3);
    assert_int_equal(l->passive[0].first_time, 3);
    assert_int_equal(l->passive[0].holes_opened, 0);
    lab_close(l);
}

static void a_stop_counts_the_flows_that_go_on(void **state)
{
    struct lab *l = open_passive(0);

    (void)state;
    lab_data(l, 1, START, BYTES);
    lab_data(l, 2, START, BYTES);
    lab_packet(l, 2, TCP_FLAG_RST, START + BYTES, 0);
    engine_stop(l->engine);
    assert_int_equal(passive_sums(l)->flows_stopped, 1);
    assert_int_equal(l->passive[0].flows_finished, 1);
    lab_close(l);
}

static void acknowledgement(uint8_t headers[40], uint32_t number)
{
    memset(headers, 0, 40);
    headers[0] = 0x45;
    store_be32(headers + 20 + 8, number);
    headers[20 + 12] = 0x50;
}

static void both_directions_tell_how_far_each_side_is(void **state)
{
    struct lab *l = open_passive(0);
    uint8_t headers[40];

    (void)state;
    lab_syn(l, 1, START - 1);
    acknowledgement(headers, START);
    lab_packet_way(l, 1, true, TCP_FLAG_SYN | TCP_FLAG_ACK, 80000 - 1, 0, headers);
    acknowledgement(headers, 80000);
    lab_packet_way(l, 1, false, TCP_FLAG_ACK, START, BYTES, headers);
    lab_wait_ms(l, 30);
    acknowledgement(headers, START); /* not far enough */
    lab_packet_way(l, 1, true, TCP_FLAG_ACK, 80000, 0, headers);
    assert_int_equal(passive_sums(l)->rtt_destination_samples, 0);
    lab_wait_ms(l, 10);
    acknowledgement(headers, START + BYTES);
    lab_packet_way(l, 1, true, TCP_FLAG_ACK, 80000, BYTES, headers);
    assert_int_equal(passive_sums(l)->rtt_destination_samples, 1);
    assert_within(l->passive[0].rtt_destination_us, 40000 - 9, 40000 + 9);
    lab_wait_ms(l, 5);
    acknowledgement(headers, 80000 + BYTES);
    lab_packet_way(l, 1, false, TCP_FLAG_ACK, START + BYTES, 0, headers);
    assert_int_equal(passive_sums(l)->rtt_destination_samples, 2);
    assert_int_equal(l->passive[0].rtt_source_samples, 2);
    engine_stop(l->engine);
    lab_close(l);
}

/* The handshake of flow 1, and its first segment. `headers` are those of its last packet. */
static void begin_two_way(struct lab *l, uint8_t headers[40])
{
    lab_syn(l, 1, START - 1);
    acknowledgement(headers, START);
    lab_packet_way(l, 1, true, TCP_FLAG_SYN | TCP_FLAG_ACK, 80000 - 1, 0, headers);
    lab_packet_way(l, 1, false, TCP_FLAG_ACK, START, BYTES, headers);
}

/* RFC 9293 3.1: the number says nothing without its bit. */
static void only_a_packet_with_ack_acknowledges(void **state)
{
    struct lab *l = open_passive(0);
    uint8_t headers[40];

    (void)state;
    begin_two_way(l, headers);
    lab_wait_ms(l, 30);
    acknowledgement(headers, START + BYTES);
    lab_packet_way(l, 1, true, TCP_FLAG_URG, 80000, BYTES, headers);
    assert_int_equal(passive_sums(l)->rtt_destination_samples, 0);
    lab_packet_way(l, 1, true, TCP_FLAG_ACK, 80000 + BYTES, BYTES, headers);
    assert_int_equal(passive_sums(l)->rtt_destination_samples, 1);
    lab_close(l);
}

/* An acknowledgement of `number` that reports [START, START + BYTES) as a duplicate. */
static void duplicate_report(uint8_t headers[60], uint32_t number)
{
    acknowledgement(headers, number);
    memset(headers + 40, 0, 20);
    headers[20 + 12] = 0x80;
    memcpy(headers + 40, "\x01\x01\x05\x0a", 4);
    store_be32(headers + 44, START);
    store_be32(headers + 48, START + BYTES);
}

static void a_repeat_that_the_receiver_reports_as_duplicate_is_no_loss(void **state)
{
    struct lab *l = open_passive(0);
    uint8_t headers[60];

    (void)state;
    begin_two_way(l, headers);
    lab_packet_way(l, 1, false, TCP_FLAG_ACK, START + BYTES, BYTES, headers);
    for (int i = 0; i < 3; i++) {
        lab_wait_ms(l, 1);
        lab_packet_way(l, 1, false, TCP_FLAG_ACK, START, BYTES, headers);
    }
    assert_int_equal(passive_sums(l)->repeats, 3);
    duplicate_report(headers, START + BYTES);
    lab_packet_way(l, 1, true, TCP_FLAG_ACK, 80000, 0, headers);
    lab_packet_way(l, 1, true, TCP_FLAG_ACK, 80000, 0, headers);
    assert_int_equal(passive_sums(l)->repeats, 1);
    assert_int_equal(l->passive[0].needless, 2);
    /* Far beyond it, nobody asks any more. */
    duplicate_report(headers, START + 100000);
    lab_packet_way(l, 1, true, TCP_FLAG_ACK, 80000, 0, headers);
    assert_int_equal(passive_sums(l)->needless, 3);
    lab_wait_ms(l, 1);
    lab_packet_way(l, 1, false, TCP_FLAG_ACK, START, BYTES, headers);
    acknowledgement(headers, START + 100000);
    lab_packet_way(l, 1, true, TCP_FLAG_ACK, 80000, 0, headers);
    duplicate_report(headers, START + BYTES);
    lab_packet_way(l, 1, true, TCP_FLAG_ACK, 80000, 0, headers);
    assert_int_equal(passive_sums(l)->needless, 3);
    assert_int_equal(l->passive[0].repeats, 1);
    lab_close(l);
}

static void what_was_sent_again_tells_no_time(void **state)
{
    struct lab *l = open_passive(0);
    uint8_t headers[40];

    (void)state;
    begin_two_way(l, headers);
    lab_wait_ms(l, 300);
    lab_packet_way(l, 1, false, TCP_FLAG_ACK, START, BYTES, headers);
    acknowledgement(headers, START + BYTES);
    lab_packet_way(l, 1, true, TCP_FLAG_ACK, 80000, 0, headers);
    assert_int_equal(passive_sums(l)->rtt_destination_samples, 0);
    lab_close(l);
}

/* Any packets of any flows, in a table that is far too small: the identities hold, and each flow
 * that was admitted is finished or stopped at the end. */
/* The hole, the repeats and the repair that were counted before, when nobody asked, or for an
 * aggregate that is gone, do not end, and are not taken back, at the cost of the next one. */
static void an_aggregate_counts_nothing_of_what_began_before_it(void **state)
{
    static const uint8_t four[4] = {10, 0, 0, 0};
    const struct ip_address network = ip_address_from_ipv4(four);
    const struct aggregate_identity who = {.has_prefix = true,
                                           .prefix = ip_prefix_of_address(&network, 24)};
    struct lab *l = lab_open(&(struct lab_options){.mode = SLICE_PASSIVE, .granularity_ipv4 = 24});
    uint8_t headers[60];

    (void)state;
    lab_syn(l, 1, START - 1);
    lab_packet_way(l, 1, true, TCP_FLAG_SYN | TCP_FLAG_ACK, START - 1, 0, NULL);
    for (uint32_t i = 0; i < 8; i++)
        if (i != 3 && i != 5)
            lab_data(l, 1, START + i * BYTES, BYTES);
    lab_data(l, 1, START, BYTES);
    lab_wait_ms(l, 500);
    lab_data(l, 1, START + 3 * BYTES, BYTES); /* sent again, and the first copy comes late */
    assert_int_equal(aggregate_table_add(l->aggregates, &who), 0);
    lab_data(l, 1, START + 8 * BYTES, BYTES);
    duplicate_report(headers, START);
    lab_packet_way(l, 1, true, TCP_FLAG_ACK, START, 0, headers);
    lab_data(l, 1, START + 5 * BYTES, BYTES);
    lab_data(l, 1, START + 3 * BYTES, BYTES);
    assert_int_equal(passive_sums(l)->holes_opened, 0);
    assert_int_equal(l->passive[0].holes_reordered + l->passive[0].holes_retransmitted, 0);
    assert_int_equal(l->passive[0].repeats + l->passive[0].needless, 0);
    assert_int_equal(l->passive[0].lost_upstream + l->passive[0].late, 0);
    assert_int_equal(l->passive[0].unknown, 2);
    /* From here on it is as ever. */
    lab_data(l, 1, START + 10 * BYTES, BYTES);
    lab_data(l, 1, START + 9 * BYTES, BYTES);
    assert_int_equal(passive_sums(l)->holes_opened, 1);
    assert_int_equal(l->passive[0].holes_reordered, 1);
    lab_close(l);
}

static void hostile_traffic_leaves_the_identities_whole(void **state)
{
    struct lab *l = open_passive(64);
    static const uint8_t flags[] = {TCP_FLAG_ACK,
                                    TCP_FLAG_ACK,
                                    TCP_FLAG_ACK,
                                    TCP_FLAG_ACK,
                                    TCP_FLAG_SYN,
                                    TCP_FLAG_RST,
                                    TCP_FLAG_FIN,
                                    TCP_FLAG_SYN | TCP_FLAG_FIN,
                                    TCP_FLAG_FIN | TCP_FLAG_RST};
    uint32_t next[200] = {0};
    uint8_t headers[40];
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 9293, 5961);
    for (unsigned int i = 0; i < 300000; i++) {
        uint32_t flow = random_u32(&r) % 200, n_bytes = random_u32(&r) % 4 * 500;
        uint32_t sequence = next[flow] + (random_u32(&r) % 16) * 500 - 2000;

        if (random_u32(&r) % 1000 == 0)
            sequence = random_u32(&r);
        if (random_u32(&r) % 2000 == 0)
            lab_wait_ms(l, random_u32(&r) % 20000);
        acknowledgement(headers, random_u32(&r) % 2 ? random_u32(&r) : next[flow]);
        lab_packet_way(l, flow, random_u32(&r) % 3 == 0, flags[random_u32(&r) % sizeof(flags)],
                       sequence, n_bytes, random_u32(&r) % 8 ? headers : NULL);
        next[flow] += n_bytes;
        if (i % 1000 == 0)
            passive_sums(l);
    }
    engine_stop(l->engine);
    passive_sums(l);
    /* A connection that begins anew in the place of an old one is not admitted again. */
    assert_true(l->passive[0].flows_finished + l->passive[0].flows_stopped >=
                l->sums[0].flows_seen);
    assert_true(l->passive[0].ended_evicted > 0 && l->passive[0].ended_idle > 0);
    assert_int_equal(l->passive[0].holes_opened,
                     l->passive[0].holes_reordered + l->passive[0].holes_retransmitted +
                         l->passive[0].holes_unfilled + l->passive[0].holes_unknown +
                         l->passive[0].holes_merged + l->passive[0].holes_fragmented);
    lab_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_dropped_whatever_the_order_says),
        cmocka_unit_test(a_flow_counts_from_its_first_packet),
        cmocka_unit_test(a_fragment_belongs_to_its_flow),
        cmocka_unit_test(an_active_test_takes_no_notice_of_fragments),
        cmocka_unit_test(syns_are_counted_by_what_follows),
        cmocka_unit_test(a_connection_may_begin_anew_when_the_old_one_is_over),
        cmocka_unit_test(a_stop_counts_the_flows_that_go_on),
        cmocka_unit_test(both_directions_tell_how_far_each_side_is),
        cmocka_unit_test(only_a_packet_with_ack_acknowledges),
        cmocka_unit_test(a_repeat_that_the_receiver_reports_as_duplicate_is_no_loss),
        cmocka_unit_test(what_was_sent_again_tells_no_time),
        cmocka_unit_test(an_aggregate_counts_nothing_of_what_began_before_it),
        cmocka_unit_test(hostile_traffic_leaves_the_identities_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
