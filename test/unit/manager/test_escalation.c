/* SPDX-License-Identifier: BSD-3-Clause */
/* What is watched starts tests: when it may, and what it says when it may not. Slice 0 is watched,
 * slice 1 has the same traffic on the path and is tested. */
#include "box.h"

#include <string.h>

#include "manager/passive.h"

enum { WATCHED, TESTED };
#define HOUR_NS (3600 * NS_PER_S)

static struct box *new_pair(uint32_t when)
{
    struct box *b = box_new(1);

    b->n_slices = 2;
    b->slices[WATCHED].mode = SLICE_PASSIVE;
    b->slices[WATCHED].escalation =
        (struct slice_escalation){.when = when, .test = TESTED, .max_per_hour = 1};
    b->slices[TESTED].start = SLICE_START_MANUAL;
    return b;
}

static void pass(struct box *b, uint32_t aggregate, uint64_t n_bytes)
{
    b->workers[0].deltas[aggregate].packets += n_bytes / 1000;
    b->workers[0].deltas[aggregate].bytes += n_bytes;
    box_epoch(b);
}

static void tell(struct box *b, uint32_t aggregate, struct passive_counters delta)
{
    struct message m = {.kind = MESSAGE_PASSIVE, .aggregate = aggregate, .passive = delta};

    manager_receive(b->manager, &m);
    box_epochs_for(b, NS_PER_S + BOX_EPOCH_NS);
    m.passive = (struct passive_counters){0};
    manager_receive(b->manager, &m);
}

static struct passive_counters losses(void)
{
    return (struct passive_counters){.passed = 1000,
                                     .first_time = 900,
                                     .lost_upstream_repairs = 100,
                                     .holes_opened = 100,
                                     .holes_retransmitted = 100,
                                     .lost_upstream = 100,
                                     .observed = 1000};
}

static const struct box_event *last(const struct box *b, enum manager_event_kind kind)
{
    const struct box_event *found = NULL;

    for (uint32_t i = 0; i < b->n_events; i++)
        if (b->events[i].kind == kind)
            found = &b->events[i];
    return found;
}

static void assert_refused(const struct box *b, const char *reason)
{
    const struct box_event *e = last(b, EVENT_ESCALATION);

    assert_non_null(e);
    assert_string_equal(e->text, reason);
}

static void a_finding_starts_the_test_of_the_other_slice(void **state)
{
    struct box *b = new_pair(1u << FINDING_UPSTREAM_LOSS);
    const struct box_event *e;

    (void)state;
    box_open(b);
    assert_int_equal(box_report(b, TESTED).state, TEST_IDLE);
    pass(b, TESTED, 5000);
    tell(b, WATCHED, losses());
    assert_int_equal(box_count(b, EVENT_ESCALATION), 1);
    e = last(b, EVENT_ESCALATION);
    assert_string_equal(e->text, ""); /* not refused */
    assert_int_equal(e->aggregate, WATCHED);
    assert_int_equal(e->tested, TESTED);
    assert_int_equal(e->cause, FINDING_UPSTREAM_LOSS);
    assert_int_equal(box_report(b, TESTED).state, TEST_POOLED);
    assert_int_equal(last(b, EVENT_TEST_STARTED)->aggregate, TESTED);
    assert_int_equal(box_report(b, WATCHED).state, TEST_IDLE);
    box_close(b);
}

static void without_a_word_of_it_nothing_escalates(void **state)
{
    static const uint32_t others[] = {0, 1u << FINDING_SYN_ONLY, ESCALATE_ON_VOLUME};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        struct box *b = new_pair(others[i]);

        b->slices[WATCHED].escalation.above_bps = UINT32_MAX;
        box_open(b);
        pass(b, TESTED, 5000);
        tell(b, WATCHED, losses());
        assert_int_equal(box_count(b, EVENT_FINDING), 1);
        assert_int_equal(box_count(b, EVENT_ESCALATION), 0);
        assert_int_equal(box_report(b, TESTED).state, TEST_IDLE);
        box_close(b);
    }
}

static void a_replay_never_escalates(void **state)
{
    struct box *b = new_pair(1u << FINDING_UPSTREAM_LOSS);

    (void)state;
    b->may_not_escalate = true;
    box_open(b);
    pass(b, TESTED, 5000);
    tell(b, WATCHED, losses());
    assert_int_equal(box_count(b, EVENT_FINDING), 1);
    assert_int_equal(box_count(b, EVENT_ESCALATION), 0);
    assert_int_equal(box_report(b, TESTED).state, TEST_IDLE);
    box_close(b);
}

/* Drops of the last test are out, or the slice is not one to test (a configuration that is loaded
 * has none such). */
static void what_stands_in_the_way_of_a_test_is_said(void **state)
{
    struct box *b = new_pair(1u << FINDING_UPSTREAM_LOSS);

    (void)state;
    box_open(b);
    pass(b, TESTED, 5000);
    assert_int_equal(manager_test_start(b->manager, TESTED, NULL, b->now_ns), 0);
    box_drop(b, 0, TESTED);
    box_epoch(b);
    assert_int_equal(manager_test_stop(b->manager, TESTED, REASON_STOPPED, b->now_ns), 0);
    tell(b, WATCHED, losses());
    assert_refused(b, "drops of its last test are still pending");
    box_close(b);

    b = new_pair(1u << FINDING_UPSTREAM_LOSS);
    b->slices[TESTED].mode = SLICE_OFF;
    box_open(b);
    pass(b, TESTED, 5000);
    tell(b, WATCHED, losses());
    assert_refused(b, "it cannot be tested");
    box_close(b);
}

static void it_is_refused_in_words(void **state)
{
    struct box *b = new_pair(1u << FINDING_UPSTREAM_LOSS);

    (void)state;
    box_open(b);
    tell(b, WATCHED, losses());
    assert_refused(b, "none of its traffic has passed through the box");
    assert_int_equal(box_report(b, TESTED).state, TEST_IDLE);
    box_close(b);

    b = new_pair(1u << FINDING_UPSTREAM_LOSS);
    box_open(b);
    pass(b, TESTED, 5000);
    manager_set_kill_switch(b->manager, true, b->now_ns);
    tell(b, WATCHED, losses());
    assert_refused(b, "the kill switch is on");
    assert_int_equal(box_report(b, TESTED).state, TEST_IDLE);
    box_close(b);

    b = new_pair(1u << FINDING_UPSTREAM_LOSS);
    box_open(b);
    pass(b, TESTED, 5000);
    manager_report_own_loss(b->manager, 1, 1, "rx_missed", b->now_ns);
    tell(b, WATCHED, losses());
    assert_refused(b, "drops are suspended");
    box_close(b);

    b = new_pair(1u << FINDING_UPSTREAM_LOSS);
    box_open(b);
    pass(b, TESTED, 5000);
    assert_int_equal(manager_test_start(b->manager, TESTED, NULL, b->now_ns), 0);
    tell(b, WATCHED, losses());
    assert_refused(b, "it is being tested already");
    box_close(b);
}

/* After the manager stopped its tests, a last look at what is watched begins none. */
static void nothing_escalates_at_the_end(void **state)
{
    struct box *b = new_pair(1u << FINDING_UPSTREAM_LOSS);
    struct message m = {.kind = MESSAGE_PASSIVE, .aggregate = WATCHED, .passive = losses()};

    (void)state;
    box_open(b);
    pass(b, TESTED, 5000);
    tell(b, WATCHED, (struct passive_counters){0});
    manager_receive(b->manager, &m);
    assert_int_equal(box_count(b, EVENT_FINDING), 0);
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    assert_int_equal(box_count(b, EVENT_FINDING), 1);
    assert_int_equal(box_count(b, EVENT_ESCALATION), 0);
    box_close(b);
}

/* Each time that there come to be more than the limit; nobody watches anything. */
static void many_sources_start_the_test_of_their_own_slice(void **state)
{
    static const struct {
        uint64_t n_sources;
        unsigned int n_tests;
    } windows[] = {{1000, 0}, {1001, 1}, {5000, 1}, {1000, 1}, {1001, 2}, {0, 2}, {1 << 30, 3}};
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].start = SLICE_START_MANUAL;
    b->slices[0].escalation = (struct slice_escalation){
        .when = ESCALATE_ON_SOURCES, .test = SLICE_NONE, .max_per_hour = 3, .above_sources = 1000};
    box_open(b);
    pass(b, 0, 5000);
    for (size_t i = 0; i < ARRAY_LENGTH(windows); i++) {
        manager_count_sources(b->manager, 0, windows[i].n_sources, b->now_ns);
        assert_int_equal(box_report(b, 0).n_tests, windows[i].n_tests);
        assert_int_equal(box_count(b, EVENT_ESCALATION), windows[i].n_tests);
        if (box_report(b, 0).state == TEST_IDLE || box_report(b, 0).state == TEST_DONE)
            continue;
        assert_int_equal(last(b, EVENT_ESCALATION)->cause, PASSIVE_N_FINDINGS + 1);
        manager_test_stop(b->manager, 0, REASON_STOPPED, b->now_ns);
        box_settle(b);
    }
    assert_string_equal(passive_cause_name(PASSIVE_N_FINDINGS + 1), "sources_above");
    box_close(b);
}

static void many_sources_start_nothing_when_nobody_asked(void **state)
{
    struct box *b = new_pair(ESCALATE_ON_VOLUME);

    (void)state;
    b->slices[WATCHED].escalation.above_sources = 1;
    box_open(b);
    pass(b, TESTED, 5000);
    manager_count_sources(b->manager, WATCHED, 1000000, b->now_ns);
    manager_count_sources(b->manager, TESTED, 1000000, b->now_ns);
    assert_int_equal(box_count(b, EVENT_ESCALATION), 0);
    box_close(b);
}

static void many_sources_start_nothing_with_the_kill_switch_on(void **state)
{
    struct box *b = new_pair(ESCALATE_ON_SOURCES);

    (void)state;
    b->slices[WATCHED].escalation.above_sources = 1;
    box_open(b);
    pass(b, TESTED, 5000);
    pass(b, WATCHED, 5000);
    manager_set_kill_switch(b->manager, true, b->now_ns);
    manager_count_sources(b->manager, WATCHED, 2, b->now_ns);
    assert_refused(b, "the kill switch is on");
    assert_int_equal(box_report(b, TESTED).n_tests, 0);
    box_close(b);
}

/* Ends the test, so that the next one may begin. */
static void end_test(struct box *b)
{
    manager_test_stop(b->manager, TESTED, REASON_STOPPED, b->now_ns);
    box_settle(b);
    assert_int_equal(box_report(b, TESTED).state, TEST_DONE);
}

/* Ten seconds above the limit, and long enough below it. */
static void surge(struct box *b)
{
    for (int i = 0; i < 10; i++) {
        pass(b, WATCHED, 2000000);
        box_epochs_for(b, NS_PER_S);
    }
    box_epochs_for(b, 25 * NS_PER_S);
}

static void volume_starts_a_test_when_it_rises_and_so_often_per_hour(void **state)
{
    struct box *b = new_pair(ESCALATE_ON_VOLUME);
    uint64_t starts_ns[8];
    uint32_t n_tests = 0, n_surges;

    (void)state;
    b->slices[WATCHED].escalation.above_bps = 1000000;
    b->slices[WATCHED].escalation.max_per_hour = 2;
    box_open(b);
    pass(b, TESTED, 5000);
    tell(b, WATCHED, (struct passive_counters){0});
    assert_int_equal(box_count(b, EVENT_ESCALATION), 0);
    /* Surges for 110 minutes: two tests at once, two after an hour, all others refused. */
    for (n_surges = 0; b->now_ns < NS_PER_S + 110 * 60 * NS_PER_S; n_surges++) {
        surge(b);
        assert_int_equal(last(b, EVENT_ESCALATION)->cause, PASSIVE_N_FINDINGS);
        if (box_report(b, TESTED).n_tests == n_tests) {
            assert_refused(b, "max_per_hour tests were started within the last hour");
            continue;
        }
        assert_string_equal(last(b, EVENT_ESCALATION)->text, "");
        assert_true(n_tests < ARRAY_LENGTH(starts_ns));
        starts_ns[n_tests++] = box_report(b, TESTED).started_ns;
        end_test(b);
    }
    assert_int_equal(box_count(b, EVENT_ESCALATION), n_surges);
    assert_int_equal(n_tests, 4);
    assert_true(starts_ns[1] - starts_ns[0] < 60 * NS_PER_S);
    assert_true(starts_ns[2] - starts_ns[0] >= HOUR_NS);
    assert_true(starts_ns[3] - starts_ns[1] >= HOUR_NS);
    box_close(b);
}

/* One packet in a hundred comes: a hundredth of the limit is at the limit. */
static void volume_of_a_sampled_mirror_is_scaled(void **state)
{
    static const struct {
        uint32_t sampling, n_escalations;
    } cases[] = {{1, 0}, {50, 0}, {200, 1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct box *b = new_pair(ESCALATE_ON_VOLUME);

        b->slices[WATCHED].escalation.above_bps = UINT64_C(1600000000); /* 100 of surge() */
        b->slices[WATCHED].parameters.sampling = cases[i].sampling;
        box_open(b);
        pass(b, TESTED, 5000);
        surge(b);
        assert_int_equal(box_count(b, EVENT_ESCALATION), cases[i].n_escalations);
        box_close(b);
    }
}

/* With sub-prefixes the aggregate of the same sub-prefix is tested, once its traffic was seen. */
static void the_same_sub_prefix_is_tested(void **state)
{
    struct box *b = new_pair(1u << FINDING_UPSTREAM_LOSS);
    const uint8_t bytes[4] = {10, 1, 2, 0};
    struct ip_address address = ip_address_from_ipv4(bytes);
    struct message wanted = {
        .kind = MESSAGE_AGGREGATE_WANTED,
        .wanted = {.slice = WATCHED, .prefix = ip_prefix_of_address(&address, 24)}};

    (void)state;
    b->slices[WATCHED].granularity.ipv4 = b->slices[TESTED].granularity.ipv4 = 24;
    b->slices[WATCHED].escalation.max_per_hour = 2;
    box_open(b);
    manager_receive(b->manager, &wanted);
    tell(b, 0, losses());
    assert_refused(b, "none of its traffic has passed through the box");
    wanted.wanted.prefix.address.bytes[14]++;
    manager_receive(b->manager, &wanted); /* 10.1.3.0/24, watched: aggregate 1 */
    wanted.wanted.slice = TESTED;
    manager_receive(b->manager, &wanted); /* tested: 2 */
    pass(b, 2, 5000);
    tell(b, 1, losses());
    assert_int_equal(box_report(b, 2).state, TEST_POOLED);
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_starts_the_test_of_the_other_slice),
        cmocka_unit_test(without_a_word_of_it_nothing_escalates),
        cmocka_unit_test(a_replay_never_escalates),
        cmocka_unit_test(what_stands_in_the_way_of_a_test_is_said),
        cmocka_unit_test(it_is_refused_in_words),
        cmocka_unit_test(nothing_escalates_at_the_end),
        cmocka_unit_test(volume_starts_a_test_when_it_rises_and_so_often_per_hour),
        cmocka_unit_test(many_sources_start_the_test_of_their_own_slice),
        cmocka_unit_test(many_sources_start_nothing_when_nobody_asked),
        cmocka_unit_test(many_sources_start_nothing_with_the_kill_switch_on),
        cmocka_unit_test(volume_of_a_sampled_mirror_is_scaled),
        cmocka_unit_test(the_same_sub_prefix_is_tested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
