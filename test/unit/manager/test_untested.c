/* SPDX-License-Identifier: BSD-3-Clause */
/* A test without a drop says why, by what came instead. */
#include "box.h"

#include <string.h>

static const struct {
    struct aggregate_counters came;
    enum test_reason reason;
} cases[] = {
    {{0}, REASON_NO_TRAFFIC},
    {{.not_tcp = 9, .fragments = 2}, REASON_NO_TCP},
    {{.not_tcp = 2, .fragments = 9}, REASON_FRAGMENTS},
    {{.unreadable = 9, .fragments = 2}, REASON_UNREADABLE},
    {{.not_tcp = 9, .fragments = 9, .unreadable = 9}, REASON_NO_TCP},
    {{.not_tcp = 2, .fragments = 9, .unreadable = 9}, REASON_FRAGMENTS},
    /* SYNs that nobody answers: of a sender without checksums, or for want of a peer. */
    {{.packets = 4, .control_packets = 4, .checksums_sampled = 4, .checksums_wrong = 3},
     REASON_CHECKSUMS},
    {{.packets = 4, .control_packets = 4, .checksums_sampled = 4, .checksums_wrong = 2},
     REASON_NO_CONNECTIONS},
    {{.packets = 4, .control_packets = 1, .pure_acks = 3, .not_tcp = 99}, REASON_ONLY_ACKS},
    {{.packets = 5, .control_packets = 1, .keepalives = 1, .pure_acks = 3}, REASON_ONLY_ACKS},
    {{.packets = 5, .unarmed = 5}, REASON_FLOWS_TOO_YOUNG},
    /* One of each is enough. */
    {{.not_tcp = 1}, REASON_NO_TCP},
    {{.fragments = 1}, REASON_FRAGMENTS},
    {{.unreadable = 1}, REASON_UNREADABLE},
    {{.not_tcp = 9, .unreadable = 9}, REASON_NO_TCP},
    {{.packets = 1, .pure_acks = 1}, REASON_ONLY_ACKS},
    {{.packets = 1, .jumps = 1}, REASON_FLOWS_TOO_YOUNG},
    {{.packets = 4, .unarmed = 2, .jumps = 2}, REASON_FLOWS_TOO_YOUNG},
    {{.packets = 1, .segments = 1, .in_order = 1}, REASON_PROTECTED},
    {{.packets = 2, .segments = 1, .in_order = 1, .unarmed = 1}, REASON_PROTECTED},
    {{.packets = 1, .segments = 1, .in_order = 1, .droppable = 1}, REASON_NO_DROP},
    /* Segments of connections show that wrong checksums are not the reason. */
    {{.packets = 5, .segments = 1, .in_order = 1, .checksums_sampled = 4, .checksums_wrong = 4},
     REASON_PROTECTED},
    {{.packets = 5, .segments = 4, .in_order = 4, .unarmed = 1}, REASON_PROTECTED},
    {{.packets = 5, .segments = 5, .in_order = 5, .spared = 5}, REASON_PROTECTED},
    {{.packets = 5, .segments = 5, .in_order = 5, .droppable = 1, .spared = 4}, REASON_NO_DROP},
    {{.packets = 5, .segments = 5, .in_order = 5, .droppable = 5}, REASON_NO_DROP},
};

static void a_test_without_drops_says_what_came_instead(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct box *b = box_new(1);

        box_open(b);
        b->workers[0].deltas[0] = cases[i].came;
        box_epoch(b);
        manager_stop(b->manager, REASON_STOPPED, b->now_ns);
        box_settle(b);
        assert_int_equal(box_report(b, 0).verdict, VERDICT_INCONCLUSIVE);
        assert_int_equal(box_report(b, 0).reason, cases[i].reason);
        box_close(b);
    }
}

/* One packet that is none of the units that are tested, of TCP or not. */
static void a_test_of_other_units_says_that_none_came(void **state)
{
    static const struct {
        struct aggregate_counters came;
        enum test_reason reason;
    } others[] = {
        {{0}, REASON_NO_TRAFFIC},
        {{.packets = 1, .segments = 1, .in_order = 1, .droppable = 1}, REASON_NO_UNITS},
        {{.not_tcp = 1}, REASON_NO_UNITS},
        {{.fragments = 1}, REASON_FRAGMENTS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct box *b = box_new(1);

        b->slices[0].parameters.units = TEST_UNITS_OF(UNIT_HANDSHAKE);
        box_open(b);
        b->workers[0].deltas[0] = others[i].came;
        box_epoch(b);
        manager_stop(b->manager, REASON_STOPPED, b->now_ns);
        box_settle(b);
        assert_int_equal(box_report(b, 0).reason, others[i].reason);
        box_close(b);
    }
}

/* Where the switches allow no drop, no coin is thrown, and that none fell says nothing. */
static void where_no_drop_is_allowed_nothing_is_called_protected(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        struct box *b = box_new(1);

        box_open(b);
        if (which == 1)
            manager_set_kill_switch(b->manager, true, b->now_ns);
        if (which == 2)
            manager_report_own_loss(b->manager, 1, 1, "a ring", b->now_ns);
        b->workers[0].deltas[0] =
            (struct aggregate_counters){.packets = 1, .segments = 1, .in_order = 1};
        box_epoch(b);
        manager_stop(b->manager, REASON_STOPPED, b->now_ns);
        box_settle(b);
        assert_int_equal(box_report(b, 0).reason, which == 0 ? REASON_PROTECTED : REASON_NO_DROP);
        box_close(b);
    }
}

/* That drops are not allowed is not the reason then, and how many are spared is told. */
static void what_is_all_spared_is_protected_whatever_the_switches_say(void **state)
{
    struct box *b = box_new(1);
    char text[TEST_REASON_TEXT_BYTES];
    struct aggregate_report r;

    (void)state;
    box_open(b);
    manager_set_kill_switch(b->manager, true, b->now_ns);
    b->workers[0].deltas[0] = (struct aggregate_counters){
        .packets = 9, .segments = 7, .in_order = 7, .spared = 7, .pure_acks = 2};
    box_epochs_for(b, 11 * NS_PER_S);
    r = box_report(b, 0);
    assert_int_equal(r.reason, REASON_PROTECTED);
    aggregate_report_reason_text(&r, text);
    assert_non_null(strstr(text, ", 7 segments of flows that never_drop spares."));
    box_close(b);
}

/* Nobody stops it: it tells all the same, once, and goes on. */
static void after_ten_seconds_a_test_under_way_tells_it(void **state)
{
    struct box *b = box_new(1);
    char text[TEST_REASON_TEXT_BYTES];
    struct aggregate_report r;

    (void)state;
    box_open(b);
    b->workers[0].deltas[0] = (struct aggregate_counters){.not_tcp = 14000};
    box_epochs_for(b, 9 * NS_PER_S);
    assert_int_equal(box_report(b, 0).reason, REASON_RUNNING);
    assert_int_equal(box_count(b, EVENT_NOTHING_TESTED), 0);
    box_epochs_for(b, 3 * NS_PER_S);
    r = box_report(b, 0);
    assert_int_equal(r.state, TEST_POOLED);
    assert_int_equal(r.verdict, VERDICT_UNDECIDED);
    assert_int_equal(r.reason, REASON_NO_TCP);
    assert_true(r.last_seen_ns != 0);
    aggregate_report_reason_text(&r, text);
    assert_non_null(strstr(text, "No TCP came"));
    assert_non_null(strstr(text, "0 TCP packets, 14000 of other protocols"));
    assert_int_equal(box_count(b, EVENT_NOTHING_TESTED), 1);
    /* When something can be tested after all, it is a test under way. */
    box_end(b, 0, 0, box_drop(b, 0, 0), DROP_RETRANSMITTED);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).reason, REASON_RUNNING);
    box_epochs_for(b, 20 * NS_PER_S);
    assert_int_equal(box_count(b, EVENT_NOTHING_TESTED), 1);
    box_close(b);
}

/* A slice without traffic is no news. */
static void silence_is_no_event(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    box_epochs_for(b, 20 * NS_PER_S);
    assert_int_equal(box_report(b, 0).reason, REASON_NO_TRAFFIC);
    assert_int_equal(box_count(b, EVENT_NOTHING_TESTED), 0);
    box_close(b);
}

static void every_reason_has_a_name_and_words(void **state)
{
    (void)state;
    for (int i = REASON_RUNNING; i <= REASON_NO_DROP; i++) {
        assert_non_null(test_reason_name((enum test_reason)i));
        assert_non_null(test_reason_words((enum test_reason)i));
        assert_true(strlen(test_reason_words((enum test_reason)i)) <
                    TEST_REASON_TEXT_BYTES / 2 + 60);
        for (int j = REASON_RUNNING; j < i; j++)
            assert_string_not_equal(test_reason_name((enum test_reason)i),
                                    test_reason_name((enum test_reason)j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_test_without_drops_says_what_came_instead),
        cmocka_unit_test(a_test_of_other_units_says_that_none_came),
        cmocka_unit_test(where_no_drop_is_allowed_nothing_is_called_protected),
        cmocka_unit_test(what_is_all_spared_is_protected_whatever_the_switches_say),
        cmocka_unit_test(after_ten_seconds_a_test_under_way_tells_it),
        cmocka_unit_test(silence_is_no_event),
        cmocka_unit_test(every_reason_has_a_name_and_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
