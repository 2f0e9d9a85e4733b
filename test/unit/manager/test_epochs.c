/* SPDX-License-Identifier: BSD-3-Clause */
/* Epochs: the barrier between workers, the gate, and what runs by the clock. */
#include <errno.h>

#include "../within.h"
#include "box.h"

/* Worker 0 repaired ten; worker 1 has the duplicates that put them right. */
static void repairs_are_not_judged_before_the_other_workers_duplicates(void **state)
{
    struct box *b = box_new(2);
    uint64_t ids[6];
    unsigned n = 0;

    (void)state;
    box_open(b);
    while (n < 6 && (ids[n] = box_drop(b, 0, 0)) != 0)
        n++;
    box_epoch(b);
    for (unsigned i = 0; i < n; i++)
        box_end(b, 0, 0, ids[i], DROP_RETRANSMITTED);
    box_duplicate(b, 1, 0, 100);
    box_post(b, 0);
    assert_false(manager_accepts(b->manager, 0));
    assert_true(manager_accepts(b->manager, 1));
    for (int i = 0; i < 10; i++)
        box_tick(b); /* no new epoch, and no evaluation, however long it takes */
    assert_int_equal(box_report(b, 0).verdict, VERDICT_UNDECIDED);
    assert_int_equal(box_report(b, 0).test.retransmitted, 0);
    box_post(b, 1);
    assert_true(manager_accepts(b->manager, 0));
    assert_int_equal(box_report(b, 0).test.retransmitted, n);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_UNDECIDED);
    assert_true(box_report(b, 0).anytime.log10_e < 6);
    box_close(b);
}

static void marks_of_old_epochs_and_repeated_marks_count_for_nothing(void **state)
{
    struct box *b = box_new(2);
    struct message m = {.kind = MESSAGE_EPOCH, .worker = 1};
    uint64_t epoch;

    (void)state;
    box_open(b);
    epoch = manager_epoch(b->manager);
    m.epoch.epoch = epoch - 1;
    manager_receive(b->manager, &m);
    assert_true(manager_accepts(b->manager, 1));
    box_post(b, 0);
    box_post(b, 1);
    m.epoch.epoch = epoch;
    manager_receive(b->manager, &m);
    box_tick(b);
    assert_int_equal(manager_epoch(b->manager), epoch + 1);
    box_close(b);
}

static void the_gate_shows_the_epoch_and_a_sign_of_life(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    assert_int_equal(b->gate.epoch, 1);
    assert_int_equal(b->gate.manager_seen_ns, b->now_ns);
    manager_tick(b->manager, b->now_ns + 1);
    assert_int_equal(b->gate.manager_seen_ns, b->now_ns + 1);
    box_epoch(b);
    assert_int_equal(b->gate.epoch, 2);
    /* Not due yet. */
    box_post(b, 0);
    manager_tick(b->manager, b->now_ns + BOX_EPOCH_NS - 1);
    assert_int_equal(b->gate.epoch, 2);
    manager_tick(b->manager, b->now_ns + BOX_EPOCH_NS);
    assert_int_equal(b->gate.epoch, 3);
    box_close(b);
}

/* What a worker took just before the budget was withdrawn is counted, though no epoch told yet. */
static void a_drop_not_told_yet_keeps_the_test_settling(void **state)
{
    struct box *b = box_new(2);
    uint64_t id;

    (void)state;
    box_open(b);
    box_post(b, 0);
    id = box_drop(b, 0, 0);
    assert_int_equal(manager_test_stop(b->manager, 0, REASON_STOPPED, b->now_ns), 0);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_UNDECIDED);
    assert_int_equal(box_drop(b, 1, 0), 0);
    /* This epoch ends without the drop. */
    box_post(b, 1);
    box_tick(b);
    assert_int_equal(box_report(b, 0).state, TEST_SETTLING);
    box_settle(b);
    assert_int_equal(box_report(b, 0).state, TEST_SETTLING);
    box_end(b, 0, 0, id, DROP_EXPIRED);
    box_settle(b);
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(box_report(b, 0).reason, REASON_STOPPED);
    assert_int_equal(box_report(b, 0).test.dropped, 1);
    box_close(b);
}

static void stop_says_what_is_known(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].parameters.retest_interval_ms = 100;
    box_open(b);
    assert_int_equal(manager_test_stop(b->manager, 1, REASON_STOPPED, b->now_ns), -ENOENT);
    assert_int_equal(manager_test_start(b->manager, 1, NULL, b->now_ns), -ENOENT);
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), -EALREADY);
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(box_report(b, 0).reason, REASON_NO_TRAFFIC);
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), -EBUSY);
    box_settle(b);
    assert_false(manager_any_running(b->manager));
    assert_int_equal(manager_test_stop(b->manager, 0, REASON_STOPPED, b->now_ns), -ESRCH);
    box_epochs_for(b, NS_PER_S);
    assert_int_equal(box_report(b, 0).n_tests, 1); /* stopped: not again by itself */
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), 0);
    assert_int_equal(box_report(b, 0).n_tests, 2);
    box_close(b);
}

static void a_test_stopped_by_command_does_not_begin_again(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->n_slices = 2;
    b->slices[0].parameters.retest_interval_ms = 100;
    b->slices[1].parameters.retest_interval_ms = 100;
    box_open(b);
    assert_int_equal(manager_test_stop(b->manager, 0, REASON_STOPPED, b->now_ns), 0);
    assert_int_equal(manager_test_stop(b->manager, 1, REASON_DURATION, b->now_ns), 0);
    box_epochs_for(b, NS_PER_S);
    assert_int_equal(box_report(b, 0).n_tests, 1);
    assert_int_equal(box_report(b, 1).n_tests, 2);
    box_close(b);
}

static void a_stopped_provisional_no_stays_a_no(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    for (int i = 0; i < 12 && !box_report(b, 0).provisional; i++) {
        box_end(b, 0, 0, box_drop(b, 0, 0), DROP_EXPIRED);
        box_epoch(b);
    }
    box_epochs_for(b, 3 * NS_PER_S);
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_settle(b);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_NOT_CLOSED_LOOP);
    assert_false(box_report(b, 0).provisional);
    assert_int_equal(box_report(b, 0).reason, REASON_STOPPED);
    box_close(b);
}

/* Late repairs had no time to show. When its time was over, the test waits for them. */
static void a_provisional_no_of_less_than_a_timeout_is_not_final(void **state)
{
    (void)state;
    for (int is_stopped = 0; is_stopped < 2; is_stopped++) {
        struct box *b = box_new(1);

        box_open(b);
        for (int i = 0; i < 12 && !box_report(b, 0).provisional; i++) {
            box_end(b, 0, 0, box_drop(b, 0, 0), DROP_EXPIRED);
            box_epoch(b);
        }
        box_epochs_for(b, 2800 * NS_PER_MS);
        manager_test_stop(b->manager, 0, is_stopped ? REASON_STOPPED : REASON_DURATION, b->now_ns);
        box_epochs_for(b, 50 * NS_PER_MS);
        assert_int_equal(box_report(b, 0).state, is_stopped ? TEST_DONE : TEST_SETTLING);
        box_epochs_for(b, NS_PER_S);
        assert_int_equal(box_report(b, 0).verdict,
                         is_stopped ? VERDICT_INCONCLUSIVE : VERDICT_NOT_CLOSED_LOOP);
        assert_int_equal(box_report(b, 0).reason, is_stopped ? REASON_STOPPED : REASON_DURATION);
        box_close(b);
    }
}

/* Stopped with drops pending, what becomes of them still counts. */
static void a_stopped_test_is_judged_by_its_last_drops(void **state)
{
    const struct {
        unsigned n_back;
        enum verdict_outcome verdict;
        enum test_reason reason;
    } cases[] = {
        {0, VERDICT_NOT_CLOSED_LOOP, REASON_STOPPED},
        {2, VERDICT_INCONCLUSIVE, REASON_STOPPED},
        {6, VERDICT_CLOSED_LOOP, REASON_EVIDENCE},
    };

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct box *b = box_new(1);
        uint64_t ids[6];

        box_open(b);
        for (int k = 0; k < 6; k++) {
            ids[k] = box_drop(b, 0, 0);
            box_epochs_for(b, NS_PER_S);
        }
        for (int k = 0; k < 6 && !box_report(b, 0).provisional; k++) {
            box_end(b, 0, 0, box_drop(b, 0, 0), DROP_EXPIRED);
            box_epoch(b);
        }
        box_epochs_for(b, 3 * NS_PER_S);
        manager_stop(b->manager, REASON_STOPPED, b->now_ns);
        box_epochs_for(b, 50 * NS_PER_MS);
        assert_int_equal(box_report(b, 0).state, TEST_SETTLING);
        assert_int_equal(box_count(b, EVENT_VERDICT), 0);
        assert_int_equal(box_report(b, 0).verdict_ns, 0);
        for (unsigned k = 0; k < 6; k++)
            box_end(b, 0, 0, ids[k], k < cases[i].n_back ? DROP_RETRANSMITTED : DROP_VOID_CLOSED);
        box_settle(b);
        assert_int_equal(box_report(b, 0).verdict, cases[i].verdict);
        assert_int_equal(box_report(b, 0).reason, cases[i].reason);
        assert_int_equal(box_report(b, 0).state, TEST_DONE);
        assert_int_equal(box_count(b, EVENT_VERDICT), 1);
        box_close(b);
    }
}

static void a_test_ends_when_its_time_is_over_and_begins_again_when_due(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].parameters.max_duration_ms = 200;
    b->slices[0].parameters.retest_interval_ms = 1000;
    box_open(b);
    box_end(b, 0, 0, box_drop(b, 0, 0), DROP_VOID_EVICTED);
    box_epochs_for(b, 150 * NS_PER_MS);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    box_epochs_for(b, 150 * NS_PER_MS);
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    assert_int_equal(box_report(b, 0).reason, REASON_DURATION);
    assert_int_equal(box_report(b, 0).n_drop_records, 1);
    box_epochs_for(b, 800 * NS_PER_MS);
    assert_int_equal(box_report(b, 0).n_tests, 1);
    box_epochs_for(b, 200 * NS_PER_MS);
    assert_int_equal(box_report(b, 0).n_tests, 2);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    /* The new test knows nothing of the old one. */
    assert_int_equal(box_report(b, 0).test.dropped, 0);
    assert_int_equal(box_report(b, 0).total->dropped, 1);
    assert_int_equal(box_report(b, 0).n_drop_records, 0);
    assert_int_equal(box_order(b, 0).test_id, 2);
    box_close(b);
}

/* Or a flow that was silent through 255 tests would take the next one for the one it knows. */
static void tests_follow_each_other_no_faster_than_flows_are_forgotten(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].parameters.retest_interval_ms = 1;
    b->slices[0].parameters.max_duration_ms = 1;
    box_open(b);
    box_epochs_for(b, 2 * b->slices[0].parameters.flow_idle_timeout_ms * NS_PER_MS);
    assert_true(box_report(b, 0).n_tests > 100);
    assert_true(box_report(b, 0).n_tests <= 255);
    box_close(b);
}

static void own_loss_suspends_until_an_interval_without(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    manager_report_own_loss(b->manager, 100000, 10, "rx_missed", b->now_ns);
    assert_null(manager_suspended(b->manager));
    manager_report_own_loss(b->manager, 999, 1, "rx_missed", b->now_ns); /* the limit itself */
    assert_null(manager_suspended(b->manager));
    assert_int_equal(b->gate.own_loss_ns, 0);
    manager_report_own_loss(b->manager, 100000, 1000, "rx_missed", b->now_ns);
    assert_string_equal(manager_suspended(b->manager), "rx_missed");
    assert_int_equal(b->gate.suspended, 1);
    assert_int_equal(b->gate.own_loss_ns, b->now_ns);
    manager_report_own_loss(b->manager, 100000, 1000, "tx_full", b->now_ns + 1);
    assert_string_equal(manager_suspended(b->manager), "tx_full");
    assert_int_equal(box_count(b, EVENT_SUSPENDED), 1);
    manager_report_own_loss(b->manager, 100000, 0, NULL, b->now_ns + 2);
    assert_null(manager_suspended(b->manager));
    assert_int_equal(b->gate.suspended, 0);
    assert_int_equal(b->gate.own_loss_ns, b->now_ns + 1);
    assert_int_equal(box_count(b, EVENT_RESUMED), 1);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    box_close(b);
}

static uint64_t silent_ns(const struct box *b)
{
    return aggregate_table_control(b->table, 0)->silent_ns;
}

/* Traffic of `n` segments an epoch, by both workers in turn. */
static void forward_for(struct box *b, uint64_t n, uint64_t duration_ns)
{
    uint64_t until_ns = b->now_ns + duration_ns;

    for (uint16_t worker = 0; b->now_ns < until_ns; worker ^= 1) {
        box_forward(b, worker, 0, n);
        box_epoch(b);
    }
}

/* The timeout is three seconds: half of it without traffic, from the next quarter on. */
static void workers_learn_that_an_aggregate_fell_silent(void **state)
{
    struct box *b = box_new(2);
    uint64_t since_ns;

    (void)state;
    box_open(b);
    forward_for(b, 10, NS_PER_S);
    since_ns = b->now_ns;
    box_epochs_for(b, 1450 * NS_PER_MS);
    assert_int_equal(silent_ns(b), 0);
    box_epochs_for(b, 850 * NS_PER_MS);
    assert_within(silent_ns(b), since_ns + 1500 * NS_PER_MS, b->now_ns);
    assert_within(silent_ns(b), b->now_ns - 3 * BOX_EPOCH_NS, b->now_ns);
    box_epochs_for(b, NS_PER_S);
    assert_within(silent_ns(b), b->now_ns - 3 * BOX_EPOCH_NS, b->now_ns);
    /* Whichever worker sees it: the silence is over, a turn later. */
    forward_for(b, 10, 800 * NS_PER_MS);
    since_ns = silent_ns(b);
    forward_for(b, 10, 4 * NS_PER_S);
    assert_int_equal(silent_ns(b), since_ns);
    box_close(b);
}

/* How long after the traffic fell from 40 segments an epoch to `n` in each `n_epochs` was it gone?
 * 0: never. */
static uint64_t gone_after_ns(uint64_t n, unsigned int n_epochs)
{
    struct box *b = box_new(2);
    uint64_t since_ns, gone_ns;

    box_open(b);
    forward_for(b, 40, 5 * NS_PER_S);
    since_ns = b->now_ns;
    while (silent_ns(b) == 0 && b->now_ns < since_ns + 10 * NS_PER_S) {
        box_forward(b, 0, 0, n);
        for (unsigned int i = 0; i < n_epochs; i++)
            box_epoch(b);
    }
    gone_ns = silent_ns(b);
    box_close(b);
    return gone_ns == 0 ? 0 : gone_ns - since_ns;
}

static void a_few_segments_of_somebody_else_are_not_the_traffic_that_was_tested(void **state)
{
    (void)state;
    assert_within(gone_after_ns(1, NS_PER_S / BOX_EPOCH_NS), 1500 * NS_PER_MS, 2400 * NS_PER_MS);
    assert_within(gone_after_ns(4, 1), 1500 * NS_PER_MS, 2400 * NS_PER_MS);
    assert_int_equal(gone_after_ns(6, 1), 0);
}

/* Drops are pending for twice the timeout at most; what was before that is no measure any more. */
static void traffic_that_became_slow_is_not_gone_for_ever(void **state)
{
    struct box *b = box_new(2);

    (void)state;
    box_open(b);
    forward_for(b, 40, NS_PER_S);
    forward_for(b, 1, 8 * NS_PER_S);
    assert_within(silent_ns(b), b->now_ns - 2 * NS_PER_S, b->now_ns - NS_PER_MS);
    box_close(b);
}

static void a_worker_that_does_not_close_the_epoch_makes_no_silence(void **state)
{
    struct box *b = box_new(2);

    (void)state;
    box_open(b);
    box_forward(b, 1, 0, 1);
    box_epoch(b);
    for (int i = 0; i < 300; i++) {
        if (manager_accepts(b->manager, 0))
            box_post(b, 0);
        box_tick(b);
    }
    assert_int_equal(silent_ns(b), 0);
    box_close(b);
}

static const struct box_event *latest_event(const struct box *b)
{
    return &b->events[(b->n_events - 1) % BOX_MAX_EVENTS];
}

static void who_stood_still_and_for_how_long_is_an_event(void **state)
{
    struct box *b = box_new(2);
    struct message m = {.kind = MESSAGE_STALL, .worker = 1};

    (void)state;
    b->max_stall_ms = 1000;
    box_open(b);
    m.stall.ended_ns = b->now_ns;
    m.stall.duration_ns = 7 * NS_PER_S;
    manager_receive(b->manager, &m);
    assert_int_equal(box_count(b, EVENT_STALL), 1);
    assert_int_equal(latest_event(b)->worker, 1);
    assert_int_equal(latest_event(b)->duration_ns, 7 * NS_PER_S);
    manager_tick(b->manager, b->now_ns + NS_PER_S);
    assert_int_equal(box_count(b, EVENT_STALL), 1);
    manager_tick(b->manager, b->now_ns + 3 * NS_PER_S);
    assert_int_equal(box_count(b, EVENT_STALL), 2);
    assert_int_equal(latest_event(b)->worker, MANAGER_THREAD);
    assert_int_equal(latest_event(b)->duration_ns, 2 * NS_PER_S);
    box_close(b);
}

/* Ticks of a capture come when its packets do. */
static void a_capture_stands_never_still(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    manager_tick(b->manager, b->now_ns + 3600 * NS_PER_S);
    assert_int_equal(box_count(b, EVENT_STALL), 0);
    box_close(b);
}

static void the_kill_switch_shuts_the_gate(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    box_open(b);
    manager_set_kill_switch(b->manager, true, b->now_ns);
    manager_set_kill_switch(b->manager, true, b->now_ns);
    assert_true(manager_kill_switch(b->manager));
    assert_int_equal(b->gate.kill_switch, 1);
    assert_int_equal(box_count(b, EVENT_KILL_SWITCH), 1);
    assert_string_equal(b->events[b->n_events - 1].text, "on");
    manager_set_kill_switch(b->manager, false, b->now_ns);
    assert_int_equal(b->gate.kill_switch, 0);
    assert_string_equal(b->events[b->n_events - 1].text, "off");
    box_close(b);
}

static void only_active_slices_are_tested_and_manual_ones_wait(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->n_slices = 3;
    b->slices[1].mode = SLICE_PASSIVE;
    b->slices[2].start = SLICE_START_MANUAL;
    box_open(b);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    assert_int_equal(box_report(b, 1).state, TEST_IDLE);
    assert_int_equal(manager_test_start(b->manager, 1, NULL, b->now_ns), -EINVAL);
    assert_int_equal(box_report(b, 2).state, TEST_IDLE);
    assert_int_equal(manager_test_start(b->manager, 2, NULL, b->now_ns), 0);
    assert_int_equal(box_report(b, 2).state, TEST_POOLED);
    box_close(b);
}

/* Neither by itself, nor by the retest that is due, nor by command, nor when a start comes late. */
static void no_test_begins_while_the_box_drains(void **state)
{
    struct box *b = box_new(1);
    uint64_t id;

    (void)state;
    b->slices[0].parameters.retest_interval_ms = 1000;
    box_open(b);
    id = box_drop(b, 0, 0);
    assert_int_not_equal(id, 0);
    box_epoch(b);
    manager_drain(b->manager, b->now_ns);
    assert_true(manager_is_draining(b->manager));
    box_end(b, 0, 0, id, DROP_RETRANSMITTED);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(box_drop(b, 0, 0), 0);
        box_epoch(b);
    }
    assert_int_equal(box_count(b, EVENT_TEST_STARTED), 1);
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), -ESHUTDOWN);
    assert_int_equal(manager_test_start(b->manager, 99, NULL, b->now_ns), -ENOENT);
    manager_start(b->manager, b->now_ns);
    box_epoch(b);
    assert_int_equal(box_count(b, EVENT_TEST_STARTED), 1);
    assert_int_equal(box_order(b, 0).phase, AGGREGATE_IDLE);
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repairs_are_not_judged_before_the_other_workers_duplicates),
        cmocka_unit_test(marks_of_old_epochs_and_repeated_marks_count_for_nothing),
        cmocka_unit_test(the_gate_shows_the_epoch_and_a_sign_of_life),
        cmocka_unit_test(a_drop_not_told_yet_keeps_the_test_settling),
        cmocka_unit_test(stop_says_what_is_known),
        cmocka_unit_test(a_test_stopped_by_command_does_not_begin_again),
        cmocka_unit_test(a_stopped_provisional_no_stays_a_no),
        cmocka_unit_test(a_provisional_no_of_less_than_a_timeout_is_not_final),
        cmocka_unit_test(a_stopped_test_is_judged_by_its_last_drops),
        cmocka_unit_test(a_test_ends_when_its_time_is_over_and_begins_again_when_due),
        cmocka_unit_test(tests_follow_each_other_no_faster_than_flows_are_forgotten),
        cmocka_unit_test(own_loss_suspends_until_an_interval_without),
        cmocka_unit_test(workers_learn_that_an_aggregate_fell_silent),
        cmocka_unit_test(a_few_segments_of_somebody_else_are_not_the_traffic_that_was_tested),
        cmocka_unit_test(traffic_that_became_slow_is_not_gone_for_ever),
        cmocka_unit_test(a_worker_that_does_not_close_the_epoch_makes_no_silence),
        cmocka_unit_test(who_stood_still_and_for_how_long_is_an_event),
        cmocka_unit_test(a_capture_stands_never_still),
        cmocka_unit_test(the_kill_switch_shuts_the_gate),
        cmocka_unit_test(only_active_slices_are_tested_and_manual_ones_wait),
        cmocka_unit_test(no_test_begins_while_the_box_drains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
