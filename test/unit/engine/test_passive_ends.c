/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode passive in the engine: how connections end and begin again, and what keeps them alive. */
#include "lab.h"

#include <string.h>

#include "base/bytes.h"
#include "passive/copies.h"
#include "passive/passive.h"

enum { BYTES = 1000, START = 5000, PEER_START = 80000 };

static struct lab *open_passive(void)
{
    return lab_open(&(struct lab_options){.mode = SLICE_PASSIVE});
}

static const struct passive_counters *passive_sums(struct lab *l)
{
    lab_counters(l);
    return &l->passive[0];
}

/* A packet with its headers, either way. */
static void send_packet(struct lab *l, bool back, uint8_t flags, uint32_t sequence,
                        uint32_t n_bytes, uint32_t acknowledgement)
{
    uint8_t headers[40] = {0};

    headers[0] = 0x45;
    store_be32(headers + 20 + 8, acknowledgement);
    headers[20 + 12] = 0x50;
    lab_packet_way(l, 1, back, flags, sequence, n_bytes, headers);
}

static void send_with_id(struct lab *l, uint8_t flags, uint32_t sequence, uint32_t n_bytes,
                         uint16_t ip_id)
{
    uint8_t headers[40] = {0x45};

    store_be16(headers + 4, ip_id);
    headers[20 + 12] = 0x50;
    lab_packet_way(l, 1, false, flags, sequence, n_bytes, headers);
}

static void shake_hands(struct lab *l, uint32_t start, uint32_t peer_start)
{
    send_packet(l, false, TCP_FLAG_SYN, start - 1, 0, 0);
    send_packet(l, true, TCP_FLAG_SYN | TCP_FLAG_ACK, peer_start - 1, 0, start);
    send_packet(l, false, TCP_FLAG_ACK, start, 0, peer_start);
}

/* RFC 9293 3.10.7: an RST ends both directions, so what comes next is another connection. */
static void an_rst_of_either_side_ends_both_directions(void **state)
{
    (void)state;
    for (int back = 0; back < 2; back++) {
        struct lab *l = open_passive();

        shake_hands(l, START, PEER_START);
        send_packet(l, false, TCP_FLAG_ACK, START, BYTES, PEER_START);
        send_packet(l, back != 0, TCP_FLAG_RST, back != 0 ? PEER_START : START + BYTES, 0, 0);
        assert_int_equal(passive_sums(l)->ended_rst, 2);
        assert_int_equal(l->passive[0].flows_finished, 2);
        assert_int_equal(l->passive[0].flows_two_way, 2);
        lab_wait_ms(l, 1000);
        shake_hands(l, START + 0x40000000, PEER_START + 0x40000000);
        for (uint32_t i = 0; i < 20; i++)
            send_packet(l, false, TCP_FLAG_ACK, START + 0x40000000 + i * BYTES, BYTES, PEER_START);
        assert_int_equal(passive_sums(l)->first_time, 21);
        assert_int_equal(l->sums[0].jumps, 0);
        assert_int_equal(l->passive[0].flows_finished, 2);
        lab_close(l);
    }
}

/* What it follows on may have been lost before us. */
static void an_rst_ends_a_flow_from_within_its_window(void **state)
{
    enum { BASE = 0x20000000 };
    static const struct {
        uint32_t sequence;
        bool ends;
    } cases[] = {
        {BASE + BYTES, true},       {BASE + 3 * BYTES, true},   {BASE, true},
        {BASE + 0x40000000, false}, {BASE - 0x40000000, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct lab *l = open_passive();

        lab_syn(l, 1, BASE - 1);
        lab_data(l, 1, BASE, BYTES);
        lab_packet(l, 1, TCP_FLAG_RST, cases[i].sequence, 0);
        if (passive_sums(l)->ended_rst != cases[i].ends)
            fail_msg("case %zu", i);
        lab_close(l);
    }
}

/* The peer's holes are no fault of the RST. */
static void only_the_holes_of_who_resets_count_as_cut_off(void **state)
{
    (void)state;
    for (int back = 0; back < 2; back++) {
        struct lab *l = open_passive();

        shake_hands(l, START, PEER_START);
        send_packet(l, false, TCP_FLAG_ACK, START, BYTES, PEER_START);
        send_packet(l, false, TCP_FLAG_ACK, START + 2 * BYTES, BYTES, PEER_START);
        send_packet(l, back != 0, TCP_FLAG_RST, back != 0 ? PEER_START : START + 3 * BYTES, 0, 0);
        assert_int_equal(passive_sums(l)->resets_with_open_holes, !back);
        assert_int_equal(l->passive[0].flows_with_open_holes, 1);
        lab_close(l);
    }
}

static void a_syn_that_is_refused_may_be_followed_by_another(void **state)
{
    struct lab *l = open_passive();

    (void)state;
    send_packet(l, false, TCP_FLAG_SYN, START - 1, 0, 0);
    /* One that acknowledges something else comes from elsewhere. */
    send_packet(l, true, TCP_FLAG_RST | TCP_FLAG_ACK, 0, 0, START + 0x40000000);
    assert_int_equal(passive_sums(l)->flows_finished, 0);
    send_packet(l, true, TCP_FLAG_RST | TCP_FLAG_ACK, 0, 0, START);
    /* It showed nothing but SYNs: a port that is closed, as scans find them. */
    assert_int_equal(passive_sums(l)->ended_syn_only, 1);
    assert_int_equal(l->passive[0].ended_rst, 0);
    lab_wait_ms(l, 500);
    shake_hands(l, START + 0x50000000, PEER_START);
    for (uint32_t i = 0; i < 20; i++)
        send_packet(l, false, TCP_FLAG_ACK, START + 0x50000000 + i * BYTES, BYTES, PEER_START);
    assert_int_equal(passive_sums(l)->first_time, 20);
    assert_int_equal(l->sums[0].jumps, 0);
    lab_close(l);
}

/* The same without the RST: it went another way. */
static void a_syn_with_another_number_takes_the_place_of_one_that_nobody_answered(void **state)
{
    struct lab *l = open_passive();

    (void)state;
    lab_syn(l, 1, START - 1);
    lab_wait_ms(l, 500);
    lab_syn(l, 1, START + 0x50000000 - 1);
    lab_data(l, 1, START + 0x50000000, BYTES);
    assert_int_equal(passive_sums(l)->ended_syn_only, 1);
    assert_int_equal(l->passive[0].first_time, 1);
    assert_int_equal(l->sums[0].jumps, 0);
    lab_close(l);
}

/* RFC 5961 4: a SYN alone proves nothing; who follows it up does. */
static void a_syn_on_a_live_flow_counts_when_what_follows_stands_behind_it(void **state)
{
    struct lab *l = open_passive();
    uint32_t next = START;

    (void)state;
    lab_syn(l, 1, START - 1);
    for (; next < START + 5 * BYTES; next += BYTES)
        lab_data(l, 1, next, BYTES);
    lab_syn(l, 1, START + 0x60000000 - 1);
    lab_wait_ms(l, 1);
    for (; next < START + 10 * BYTES; next += BYTES)
        lab_data(l, 1, next, BYTES);
    /* The flow went on where it stood: the SYN was forged, and is forgotten. */
    lab_data(l, 1, START + 0x60000000, BYTES);
    assert_int_equal(passive_sums(l)->first_time, 10);
    assert_int_equal(l->sums[0].jumps, 1);
    lab_syn(l, 1, START + 0x50000000 - 1);
    lab_wait_ms(l, 1);
    lab_data(l, 1, START + 0x50000000 + BYTES, BYTES); /* the first one is still under way */
    lab_data(l, 1, START + 0x50000000, BYTES);
    assert_int_equal(passive_sums(l)->first_time, 11);
    assert_int_equal(l->passive[0].reordered, 1);
    assert_int_equal(l->passive[0].ended_evicted, 1);
    /* A third one, that only acknowledges. */
    lab_syn(l, 1, START + 0x70000000 - 1);
    lab_wait_ms(l, 1);
    lab_packet(l, 1, TCP_FLAG_ACK, START + 0x70000000, 0);
    lab_packet(l, 1, TCP_FLAG_FIN | TCP_FLAG_ACK, START + 0x70000000, 0);
    assert_int_equal(passive_sums(l)->ended_fin, 1);
    assert_int_equal(l->passive[0].ended_evicted, 2);
    lab_close(l);
}

static void after_an_outage_of_the_mirror_the_flow_goes_on_where_it_is(void **state)
{
    enum { LOST_BYTES = 20000000 };
    struct lab *l = open_passive();
    uint32_t next = START;

    (void)state;
    lab_syn(l, 1, START - 1);
    for (int i = 0; i < 10; i++, next += BYTES)
        lab_data(l, 1, next, BYTES);
    next += LOST_BYTES;
    lab_wait_ms(l, 13);
    for (int i = 0; i < 30; i++, next += BYTES)
        lab_data(l, 1, next, BYTES);
    assert_int_equal(lab_counters(l)->jumps, 3);
    assert_int_equal(l->sums[0].segments, 37);
    assert_int_equal(l->passive[0].missing_bytes, LOST_BYTES);
    assert_int_equal(l->passive[0].payload_bytes, 40 * BYTES);
    assert_int_equal(l->passive[0].holes_unfilled, 1);
    assert_int_equal(l->passive[0].flows_finished, 0);
    assert_int_equal(l->passive[0].lost_upstream, 0);
    lab_close(l);
}

/* What is farther away than any wire carries in the time, or behind, is another connection whose
 * SYN was not seen. */
static void what_cannot_be_the_same_connection_is_another_one(void **state)
{
    static const struct {
        uint32_t off;
        int n_jumps;
    } cases[] = {{1 << 30, 3}, {0x90000000, 15}};

    (void)state;
    for (size_t k = 0; k < sizeof(cases) / sizeof(*cases); k++) {
        struct lab *l = open_passive();

        lab_syn(l, 1, START - 1);
        lab_data(l, 1, START, BYTES);
        lab_wait_ms(l, 10);
        for (uint32_t i = 0; i < 30; i++)
            lab_data(l, 1, START + cases[k].off + i * BYTES, BYTES);
        assert_int_equal(lab_counters(l)->jumps, cases[k].n_jumps);
        assert_int_equal(l->passive[0].ended_evicted, 1);
        assert_int_equal(l->passive[0].missing_bytes, 0);
        assert_int_equal(l->passive[0].first_time, 1 + 30 - cases[k].n_jumps);
        lab_close(l);
    }
}

static void jumps_that_do_not_agree_are_not_believed(void **state)
{
    struct lab *l = open_passive();
    uint32_t next = START;

    (void)state;
    lab_syn(l, 1, START - 1);
    for (uint32_t i = 0; i < 100; i++) {
        lab_data(l, 1, START + 0x30000000 + i * 0x1000000, BYTES);
        /* Nor do they when the flow goes on where it stood meanwhile. */
        lab_wait_ms(l, 1);
        lab_data(l, 1, next, BYTES);
        lab_data(l, 1, START + 0x20000000 + i * BYTES, BYTES);
        next += BYTES;
    }
    assert_int_equal(lab_counters(l)->jumps, 200);
    assert_int_equal(l->passive[0].first_time, 100);
    assert_int_equal(l->passive[0].flows_finished, 0);
    assert_int_equal(l->passive[0].missing_bytes, 0);
    lab_close(l);
}

/* Four flows' worth of idle timeouts with nothing but keepalives, with and without their byte; the
 * other direction only acknowledges. */
static void keepalives_keep_both_directions_alive(void **state)
{
    (void)state;
    for (uint32_t n_bytes = 0; n_bytes < 2; n_bytes++) {
        struct lab *l = open_passive();

        shake_hands(l, START, PEER_START);
        send_packet(l, false, TCP_FLAG_ACK, START, BYTES, PEER_START);
        for (int ms = 0; ms < 60000; ms += 10) {
            lab_wait_ms(l, 10);
            if (ms % 5000 != 0)
                continue;
            send_packet(l, false, TCP_FLAG_ACK, START + BYTES - 1, n_bytes, PEER_START);
            send_packet(l, true, TCP_FLAG_ACK, PEER_START, 0, START + BYTES);
        }
        assert_int_equal(lab_counters(l)->keepalives, n_bytes * 12);
        assert_int_equal(l->sums[0].flows_seen, 2);
        assert_int_equal(l->passive[0].flows_finished, 0);
        assert_int_equal(l->passive[0].first_time, 1);
        lab_close(l);
    }
}

static void acknowledgements_without_data_are_counted(void **state)
{
    struct lab *l = open_passive();

    (void)state;
    shake_hands(l, START, PEER_START);
    for (int i = 0; i < 5; i++)
        send_packet(l, true, TCP_FLAG_ACK, PEER_START, 0, START);
    send_packet(l, true, TCP_FLAG_FIN | TCP_FLAG_ACK, PEER_START, 0, START);
    assert_int_equal(lab_counters(l)->pure_acks, 6);
    lab_close(l);
}

/* RFC 7413 4.2.1: a server that does not take the data of a SYN gets them again. */
static void data_of_a_syn_count_and_their_repeat_is_no_loss(void **state)
{
    struct lab *l = open_passive();

    (void)state;
    lab_packet(l, 1, TCP_FLAG_SYN, START - 1, BYTES);
    assert_int_equal(lab_counters(l)->segments, 1);
    assert_int_equal(l->passive[0].payload_bytes, BYTES);
    lab_data(l, 1, START, BYTES / 2);
    lab_data(l, 1, START + BYTES / 2, BYTES / 2);
    lab_data(l, 1, START + BYTES, BYTES);
    assert_int_equal(lab_counters(l)->segments, 4);
    assert_int_equal(l->passive[0].repeats, 0);
    assert_int_equal(l->passive[0].unknown, 2);
    /* What is sent again behind them is. */
    lab_data(l, 1, START + 2 * BYTES, BYTES);
    lab_data(l, 1, START + BYTES, BYTES);
    assert_int_equal(passive_sums(l)->repeats, 1);
    lab_close(l);
}

/* An acknowledgement that reports [START, START + BYTES) as a duplicate, when no round-trip time is
 * being measured: the repeat itself makes us listen for it. */
static void a_repeat_makes_us_listen_for_what_the_receiver_says(void **state)
{
    struct lab *l = open_passive();
    uint8_t headers[60] = {0};

    (void)state;
    shake_hands(l, START, PEER_START);
    send_packet(l, false, TCP_FLAG_ACK, START, BYTES, PEER_START);
    send_packet(l, false, TCP_FLAG_ACK, START + BYTES, BYTES, PEER_START);
    send_packet(l, true, TCP_FLAG_ACK, PEER_START, 0, START + 2 * BYTES);
    assert_int_equal(passive_sums(l)->rtt_destination_samples, 1);
    send_packet(l, true, TCP_FLAG_ACK, PEER_START, 0, START + 2 * BYTES);
    lab_wait_ms(l, 1);
    send_packet(l, false, TCP_FLAG_ACK, START, BYTES, PEER_START);
    assert_int_equal(passive_sums(l)->repeats, 1);
    headers[0] = 0x45;
    store_be32(headers + 20 + 8, START + 2 * BYTES);
    headers[20 + 12] = 0x80;
    memcpy(headers + 40, "\x01\x01\x05\x0a", 4);
    store_be32(headers + 44, START);
    store_be32(headers + 48, START + BYTES);
    lab_packet_way(l, 1, true, TCP_FLAG_ACK, PEER_START, 0, headers);
    assert_int_equal(passive_sums(l)->repeats, 0);
    assert_int_equal(l->passive[0].needless, 1);
    lab_close(l);
}

/* What a mirror of two ports makes of a connection: the SYN and then each pair of segments come
 * twice, 1 ms apart. What is sent again has another identification. */
static void copies_of_the_mirror_are_no_repeats(void **state)
{
    enum { PAIRS = 10 };
    struct lab *l = open_passive();

    (void)state;
    for (int copy = 0; copy < 2; copy++) {
        send_with_id(l, TCP_FLAG_SYN, START - 1, 0, 99);
        lab_wait_ms(l, 1);
    }
    for (uint32_t i = 0; i < 2 * PAIRS; i += 2) {
        lab_wait_ms(l, 40);
        for (int copy = 0; copy < 2; copy++) {
            send_with_id(l, TCP_FLAG_ACK, START + i * BYTES, BYTES, (uint16_t)(100 + i));
            send_with_id(l, TCP_FLAG_ACK, START + (i + 1) * BYTES, BYTES, (uint16_t)(101 + i));
            lab_wait_ms(l, 1);
        }
    }
    assert_int_equal(passive_sums(l)->mirror_copies, 1 + 2 * PAIRS);
    assert_int_equal(l->passive[0].syns_repeated, 0);
    assert_int_equal(l->passive[0].first_time, 2 * PAIRS);
    assert_int_equal(l->passive[0].passed, 2 * PAIRS);
    assert_int_equal(l->passive[0].payload_bytes, 2 * PAIRS * BYTES);
    assert_int_equal(l->sums[0].segments, 2 * PAIRS);
    send_with_id(l, TCP_FLAG_ACK, START, BYTES, 200);
    assert_int_equal(passive_sums(l)->repeats, 1);
    lab_close(l);
}

/* Without marks a retransmission is the same packet as its first copy, which may only be late. */
static void what_fills_a_hole_without_marks_may_come_again_at_once(void **state)
{
    (void)state;
    for (uint16_t ip_id = 0; ip_id < 2; ip_id++) {
        struct lab *l = open_passive();

        send_with_id(l, TCP_FLAG_SYN, START - 1, 0, ip_id);
        lab_wait_ms(l, 20);
        for (uint32_t i = 1; i < 6; i++)
            send_with_id(l, TCP_FLAG_ACK, START + i * BYTES, BYTES, ip_id);
        lab_wait_ms(l, 30);
        for (int copy = 0; copy < 2; copy++)
            send_with_id(l, TCP_FLAG_ACK, START, BYTES, ip_id);
        assert_int_equal(passive_sums(l)->mirror_copies, ip_id != 0);
        assert_int_equal(l->passive[0].maybe_late, ip_id == 0);
        lab_close(l);
    }
}

static void a_copy_is_told_by_identification_and_time(void **state)
{
    static const struct {
        uint16_t id, id_again;
        bool has_timestamp;
        uint32_t us, rtt_us;
        bool is_copy;
    } cases[] = {
        {7, 7, false, 0, 0, true},
        {7, 7, false, 9900, 0, true},
        {7, 7, false, 10100, 0, false},
        {7, 7, false, 9900, 100, true},
        {7, 8, true, 0, 0, false},
        {0, 7, true, 0, 0, false},
        /* The timestamp is the same: of whoever needs a round trip it would be another one. */
        {0, 0, true, 15, 0, true},
        {0, 0, true, 40, 0, false},
        {0, 0, true, 1900, 4000, true},
        {0, 0, true, 2100, 4000, false},
        {0, 0, true, 9900, 900000, true},
        {0, 0, true, 10100, 900000, false},
        /* Nothing tells a late first copy from a copy, but that it does not come at once. */
        {0, 0, false, 15, 40000, true},
        {0, 0, false, 40, 40000, false},
        {0, 0, false, 15, 10, false},
    };
    static struct passive_copies copies;

    (void)state;
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct packet_view view = {.is_ipv4 = true, .l4_offset = 20, .sequence = i};
        const struct packet_detail detail = {.ip_id = cases[i].id_again,
                                             .has_timestamp = cases[i].has_timestamp};
        uint64_t then_ns = 77 * NS_PER_S, now_ns = then_ns + cases[i].us * NS_PER_US;
        uint8_t headers[40] = {0x45};

        store_be16(headers + 4, cases[i].id);
        passive_remember(&copies, passive_fingerprint(headers, &view, 5), passive_ticks(then_ns));
        store_be16(headers + 4, cases[i].id_again);
        if (passive_is_copy(&copies, passive_fingerprint(headers, &view, 5), &detail,
                            passive_ticks(cases[i].rtt_us * NS_PER_US),
                            passive_ticks(now_ns)) != cases[i].is_copy)
            fail_msg("case %u", i);
    }
}

/* Of all that differs between two packets, one is enough: the checksum covers what the others do
 * not, as TSval and acknowledgement. */
static void packets_that_differ_have_other_fingerprints(void **state)
{
    const struct packet_view view = {
        .is_ipv4 = true, .l4_offset = 20, .sequence = START, .payload_bytes = BYTES};
    struct packet_view other = view;
    uint8_t headers[40] = {0x45};
    uint64_t fingerprint = passive_fingerprint(headers, &view, 5);

    (void)state;
    assert_true(passive_fingerprint(headers, &view, 6) != fingerprint);
    other.sequence++;
    assert_true(passive_fingerprint(headers, &other, 5) != fingerprint);
    other = view;
    other.payload_bytes++;
    assert_true(passive_fingerprint(headers, &other, 5) != fingerprint);
    headers[20 + 17] = 1;
    assert_true(passive_fingerprint(headers, &view, 5) != fingerprint);
    headers[20 + 17] = 0;
    headers[5] = 1;
    assert_true(passive_fingerprint(headers, &view, 5) != fingerprint);
    headers[5] = 0;
    headers[8] = 63; /* what a router changes */
    headers[11] = 9;
    assert_true(passive_fingerprint(headers, &view, 5) == fingerprint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_rst_of_either_side_ends_both_directions),
        cmocka_unit_test(an_rst_ends_a_flow_from_within_its_window),
        cmocka_unit_test(only_the_holes_of_who_resets_count_as_cut_off),
        cmocka_unit_test(a_syn_that_is_refused_may_be_followed_by_another),
        cmocka_unit_test(a_syn_with_another_number_takes_the_place_of_one_that_nobody_answered),
        cmocka_unit_test(a_syn_on_a_live_flow_counts_when_what_follows_stands_behind_it),
        cmocka_unit_test(after_an_outage_of_the_mirror_the_flow_goes_on_where_it_is),
        cmocka_unit_test(what_cannot_be_the_same_connection_is_another_one),
        cmocka_unit_test(jumps_that_do_not_agree_are_not_believed),
        cmocka_unit_test(keepalives_keep_both_directions_alive),
        cmocka_unit_test(acknowledgements_without_data_are_counted),
        cmocka_unit_test(data_of_a_syn_count_and_their_repeat_is_no_loss),
        cmocka_unit_test(copies_of_the_mirror_are_no_repeats),
        cmocka_unit_test(what_fills_a_hole_without_marks_may_come_again_at_once),
        cmocka_unit_test(a_copy_is_told_by_identification_and_time),
        cmocka_unit_test(packets_that_differ_have_other_fingerprints),
        cmocka_unit_test(a_repeat_makes_us_listen_for_what_the_receiver_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
