/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode passive in the engine: handshakes and first flights of QUIC that nobody answered. */
#include "lab.h"

static struct lab *open_passive(void)
{
    return lab_open(&(struct lab_options){.mode = SLICE_PASSIVE});
}

static const struct passive_counters *sums(struct lab *l)
{
    lab_counters(l);
    return &l->passive[0];
}

/* Posted at once. */
static void send_initial(struct lab *l, uint32_t flow, uint8_t attempt)
{
    assert_int_equal(lab_initial(l, flow, attempt), ENGINE_FORWARD);
    engine_post_epoch(l->engine);
}

static void an_answered_syn_is_one_handshake(void **state)
{
    struct lab *l = open_passive();

    (void)state;
    lab_packet(l, 1, TCP_FLAG_SYN, 5000, 0);
    lab_packet(l, 1, TCP_FLAG_ACK, 5001, 0);
    lab_packet(l, 1, TCP_FLAG_ACK, 5001, 100);
    assert_int_equal(sums(l)->handshakes, 1);
    assert_int_equal(l->passive[0].handshakes_unanswered, 0);
    lab_close(l);
}

/* RFC 6298 5: after 1 s, then 2 s and 4 s more; it is one handshake all the same. */
static void a_syn_that_comes_again_was_not_answered(void **state)
{
    static const uint64_t waits_ms[] = {0, 1000, 2000, 4000};
    struct lab *l = open_passive();

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(waits_ms); i++) {
        lab_wait_ms(l, waits_ms[i]);
        lab_packet(l, 1, TCP_FLAG_SYN, 5000, 0);
    }
    assert_int_equal(sums(l)->handshakes, 1);
    assert_int_equal(l->passive[0].handshakes_unanswered, 1);
    assert_int_equal(l->passive[0].syns_repeated, 3);
    lab_close(l);
}

/* Twice at once, as mirrors copy packets, is no repeat; another sequence number is another one. */
static void copies_and_other_numbers_are_no_repeats(void **state)
{
    struct lab *l = open_passive();

    (void)state;
    lab_packet(l, 1, TCP_FLAG_SYN, 5000, 0);
    lab_wait_ms(l, 1);
    lab_packet(l, 1, TCP_FLAG_SYN, 5000, 0);
    lab_wait_ms(l, 1000);
    lab_packet(l, 1, TCP_FLAG_SYN, 6000, 0);
    lab_packet(l, 2, TCP_FLAG_SYN | TCP_FLAG_ACK, 5000, 0);
    lab_packet(l, 3, TCP_FLAG_SYN | TCP_FLAG_RST, 5000, 0);
    assert_int_equal(sums(l)->handshakes, 3);
    assert_int_equal(l->passive[0].handshakes_unanswered, 0);
    lab_close(l);
}

static void first_flights_are_counted_by_flow_and_by_attempt(void **state)
{
    struct lab *l = open_passive();

    (void)state;
    send_initial(l, 1, 1);
    send_initial(l, 1, 1); /* the rest of its first flight */
    lab_wait_ms(l, 1000);
    send_initial(l, 1, 1);
    lab_wait_ms(l, 2000);
    send_initial(l, 1, 1);
    send_initial(l, 1, 2); /* as after a Retry */
    send_initial(l, 2, 1);
    assert_int_equal(sums(l)->quic_flows, 2);
    assert_int_equal(l->passive[0].quic_attempts, 3);
    assert_int_equal(l->passive[0].quic_attempts_unanswered, 1);
    assert_int_equal(l->passive[0].units_without_room, 0);
    assert_int_equal(l->passive[0].handshakes, 0);
    assert_int_equal(l->sums[0].not_tcp, 6);
    lab_close(l);
}

static void other_modes_count_none_and_have_no_room_for_it(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.mode = SLICE_ACTIVE});

    (void)state;
    send_initial(l, 1, 1);
    lab_packet(l, 1, TCP_FLAG_SYN, 5000, 0);
    assert_int_equal(sums(l)->quic_attempts, 0);
    assert_int_equal(l->passive[0].handshakes, 0);
    lab_close(l);
}

/* More at once than there is room for: counted, and nothing else changes. */
static void what_finds_no_room_is_counted(void **state)
{
    struct lab *l = lab_open(&(struct lab_options){.mode = SLICE_PASSIVE, .n_flows = 64});
    enum { N = 2000 };

    (void)state;
    for (uint32_t i = 0; i < N; i++)
        lab_packet(l, i, TCP_FLAG_SYN, 5000, 0);
    assert_true(sums(l)->units_without_room > 0);
    assert_int_equal(l->passive[0].handshakes + l->passive[0].units_without_room, N);
    lab_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answered_syn_is_one_handshake),
        cmocka_unit_test(a_syn_that_comes_again_was_not_answered),
        cmocka_unit_test(copies_and_other_numbers_are_no_repeats),
        cmocka_unit_test(first_flights_are_counted_by_flow_and_by_attempt),
        cmocka_unit_test(other_modes_count_none_and_have_no_room_for_it),
        cmocka_unit_test(what_finds_no_room_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
