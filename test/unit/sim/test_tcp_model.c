/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/time.h"
#include "pennyline-sim/tcp_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define RTT_NS (100 * NS_PER_MS)

static const struct tcp_options with_sack = {.sack = true,
                                             .tail_loss_probe = true,
                                             .rto_min_ns = 200 * NS_PER_MS,
                                             .delayed_ack_ns = 40 * NS_PER_MS,
                                             .initial_window = 10,
                                             .max_window = 64};

static uint32_t send_all(struct tcp_sender *s, uint64_t now_ns)
{
    uint32_t n = 0;

    while (tcp_sender_next(s, now_ns) != TCP_MODEL_NONE)
        n++;
    return n;
}

static void slow_start_doubles_the_window_in_a_round_trip(void **state)
{
    struct tcp_sender s;

    (void)state;
    tcp_sender_init(&s, &with_sack, 1000, 0);
    assert_int_equal(send_all(&s, 0), 10);
    tcp_sender_on_ack(&s, RTT_NS, 10, 0);
    assert_int_equal(send_all(&s, RTT_NS), 20);
}

static void the_third_sack_above_a_hole_sends_it_again(void **state)
{
    struct tcp_sender s;

    (void)state;
    tcp_sender_init(&s, &with_sack, 10, 0);
    send_all(&s, 0);
    /* Segment 0 is missing; 1, then 2, then 3 arrive. */
    tcp_sender_on_ack(&s, RTT_NS, 0, 0x2);
    assert_int_equal(tcp_sender_next(&s, RTT_NS), TCP_MODEL_NONE);
    tcp_sender_on_ack(&s, RTT_NS, 0, 0x6);
    assert_int_equal(tcp_sender_next(&s, RTT_NS), TCP_MODEL_NONE);
    tcp_sender_on_ack(&s, RTT_NS, 0, 0xe);
    assert_int_equal(tcp_sender_next(&s, RTT_NS), 0);
    assert_int_equal(s.n_resent, 1);
}

/* RFC 8985: one SACK of something sent a good while later is enough. */
static void a_later_segment_that_arrives_shows_the_loss_of_an_earlier_one(void **state)
{
    struct tcp_options options = with_sack;
    struct tcp_sender s;

    (void)state;
    options.recent_ack = true;
    tcp_sender_init(&s, &options, 1000, RTT_NS);
    s.n_written = 1;
    assert_int_equal(tcp_sender_next(&s, 0), 0);
    s.n_written = 2;
    assert_int_equal(tcp_sender_next(&s, RTT_NS / 2), 1);
    tcp_sender_on_ack(&s, RTT_NS / 2 + RTT_NS, 0, 0x2);
    assert_int_equal(tcp_sender_next(&s, RTT_NS / 2 + RTT_NS), 0);
}

/* RFC 8985 6.2: sent together, it may be late; a quarter of a round trip after it was due it is
 * lost, and nothing but it is sent again. */
static void the_reordering_timer_sends_what_one_sack_is_behind(void **state)
{
    const uint64_t due_ns = RTT_NS + RTT_NS / 4;

    (void)state;
    for (unsigned int has_timer = 0; has_timer < 2; has_timer++) {
        struct tcp_options options = with_sack;
        struct tcp_sender s;

        options.recent_ack = true;
        options.reordering_timer = has_timer != 0;
        tcp_sender_init(&s, &options, 2, RTT_NS);
        assert_int_equal(send_all(&s, 0), 2);
        tcp_sender_on_ack(&s, RTT_NS, 0, 0x2);
        assert_int_equal(tcp_sender_next(&s, RTT_NS), TCP_MODEL_NONE);
        if (has_timer != 0)
            assert_int_equal(s.deadline_ns, due_ns);
        else
            assert_true(s.deadline_is_probe && s.deadline_ns > due_ns);
        tcp_sender_on_timer(&s, s.deadline_ns);
        assert_int_equal(tcp_sender_next(&s, due_ns), has_timer != 0 ? 0 : 1);
        assert_int_equal(s.n_resent, 1);
    }
}

static void what_was_only_late_is_not_sent_again(void **state)
{
    struct tcp_options options = with_sack;
    struct tcp_sender s;

    (void)state;
    options.recent_ack = options.reordering_timer = true;
    tcp_sender_init(&s, &options, 2, RTT_NS);
    send_all(&s, 0);
    tcp_sender_on_ack(&s, RTT_NS, 0, 0x2);
    tcp_sender_on_ack(&s, RTT_NS + RTT_NS / 8, 2, 0);
    assert_true(tcp_sender_is_done(&s) && s.deadline_ns == 0);
    assert_int_equal(s.n_resent, 0);
}

static void the_third_duplicate_ack_without_sack_sends_the_first_again(void **state)
{
    struct tcp_options options = with_sack;
    struct tcp_sender s;

    (void)state;
    options.sack = false;
    tcp_sender_init(&s, &options, 100, 0);
    send_all(&s, 0);
    tcp_sender_on_ack(&s, RTT_NS, 2, 0);
    send_all(&s, RTT_NS);
    for (int i = 0; i < 2; i++)
        tcp_sender_on_ack(&s, RTT_NS, 2, 0);
    assert_int_equal(s.lost, 0);
    tcp_sender_on_ack(&s, RTT_NS, 2, 0);
    assert_int_equal(s.lost, 1);
    assert_true(s.in_recovery);
}

static void the_timeout_doubles_until_an_ack(void **state)
{
    struct tcp_options options = with_sack;
    struct tcp_sender s;
    uint64_t first_ns, second_ns;

    (void)state;
    options.tail_loss_probe = false;
    tcp_sender_init(&s, &options, 1, 0);
    assert_int_equal(send_all(&s, 0), 1);
    /* RFC 6298 2.1: a second before there is a sample. */
    first_ns = s.deadline_ns;
    assert_int_equal(first_ns, NS_PER_S);
    tcp_sender_on_timer(&s, first_ns);
    assert_int_equal(tcp_sender_next(&s, first_ns), 0);
    second_ns = s.deadline_ns;
    assert_int_equal(second_ns - first_ns, 2 * NS_PER_S);
    tcp_sender_on_timer(&s, second_ns);
    assert_int_equal(s.deadline_ns - second_ns, 4 * NS_PER_S);
    tcp_sender_on_ack(&s, second_ns + RTT_NS, 1, 0);
    assert_true(tcp_sender_is_done(&s));
    assert_int_equal(s.deadline_ns, 0);
}

/* RFC 6298 2.2 to 2.4, by hand. */
static void the_timeout_follows_the_samples(void **state)
{
    struct tcp_sender s;

    (void)state;
    tcp_sender_init(&s, &with_sack, 1000, RTT_NS / 100);
    assert_int_equal(s.timeout_ns, 200 * NS_PER_MS);
    tcp_sender_init(&s, &with_sack, 1000, RTT_NS);
    assert_int_equal(s.timeout_ns, 300 * NS_PER_MS);
    send_all(&s, 0);
    tcp_sender_on_ack(&s, RTT_NS, 10, 0);
    assert_int_equal(s.timeout_ns, 250 * NS_PER_MS);
    send_all(&s, RTT_NS);
    tcp_sender_on_ack(&s, RTT_NS + 3 * RTT_NS, 30, 0);
    assert_int_equal(s.timeout_ns, 437500 * NS_PER_US);
}

/* RFC 8985: what was sent after a repair has arrived, the repair has not. */
static void a_repair_that_is_lost_is_sent_again(void **state)
{
    const uint64_t later_ns = RTT_NS + RTT_NS / 3;
    struct tcp_options options = with_sack;
    struct tcp_sender s;

    (void)state;
    options.recent_ack = true;
    tcp_sender_init(&s, &options, 1000, RTT_NS);
    send_all(&s, 0);
    tcp_sender_on_ack(&s, RTT_NS, 0, 0xe);
    assert_int_equal(tcp_sender_next(&s, RTT_NS), 0);
    tcp_sender_on_ack(&s, later_ns, 0, 0x3fe);
    assert_int_equal(tcp_sender_next(&s, later_ns), 10);
    tcp_sender_on_ack(&s, later_ns + RTT_NS, 0, 0x7fe);
    assert_int_equal(tcp_sender_next(&s, later_ns + RTT_NS), 0);
}

static void a_tail_is_probed_after_two_round_trips(void **state)
{
    struct tcp_sender s;

    (void)state;
    tcp_sender_init(&s, &with_sack, 12, 0);
    send_all(&s, 0);
    tcp_sender_on_ack(&s, RTT_NS, 10, 0);
    assert_int_equal(send_all(&s, RTT_NS), 2);
    assert_true(s.deadline_is_probe);
    assert_int_equal(s.deadline_ns, RTT_NS + 2 * RTT_NS);
    tcp_sender_on_timer(&s, s.deadline_ns);
    assert_int_equal(tcp_sender_next(&s, 3 * RTT_NS), 11);
    assert_false(s.deadline_is_probe);
}

static void the_receiver_acks_every_second_segment_and_all_around_a_gap(void **state)
{
    struct tcp_receiver r = {0};

    (void)state;
    assert_false(tcp_receiver_on_segment(&r, &with_sack, 0));
    assert_true(tcp_receiver_on_segment(&r, &with_sack, 1));
    r.n_unacked = 0;
    assert_true(tcp_receiver_on_segment(&r, &with_sack, 3));
    assert_int_equal(r.next, 2);
    assert_int_equal(r.have, 0x2);
    assert_true(tcp_receiver_on_segment(&r, &with_sack, 2));
    assert_int_equal(r.next, 4);
    assert_int_equal(r.have, 0);
    assert_true(tcp_receiver_on_segment(&r, &with_sack, 0)); /* a duplicate */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_start_doubles_the_window_in_a_round_trip),
        cmocka_unit_test(the_third_sack_above_a_hole_sends_it_again),
        cmocka_unit_test(a_later_segment_that_arrives_shows_the_loss_of_an_earlier_one),
        cmocka_unit_test(the_reordering_timer_sends_what_one_sack_is_behind),
        cmocka_unit_test(what_was_only_late_is_not_sent_again),
        cmocka_unit_test(the_third_duplicate_ack_without_sack_sends_the_first_again),
        cmocka_unit_test(the_timeout_doubles_until_an_ack),
        cmocka_unit_test(the_timeout_follows_the_samples),
        cmocka_unit_test(a_repair_that_is_lost_is_sent_again),
        cmocka_unit_test(a_tail_is_probed_after_two_round_trips),
        cmocka_unit_test(the_receiver_acks_every_second_segment_and_all_around_a_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
