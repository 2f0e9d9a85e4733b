/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration changes while tests run: who ends, who goes on, who comes and who goes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "box.h"
#include "manager/passive.h"

#define MINUTE_NS (60 * NS_PER_S)

enum { N_SLOTS = 4 };

/* A box with as many slots as there may be slices, of which the first `n` are there. */
static struct box *open_box(uint32_t n)
{
    struct box *b = box_new(1);

    b->n_slices = N_SLOTS;
    for (uint32_t i = n; i < N_SLOTS; i++) {
        b->slices[i].presence = SLICE_ABSENT;
        b->slices[i].n_sources = 0;
    }
    box_open(b);
    return b;
}

static struct slice next[BOX_MAX_SLICES];

/* The box's slices, to be changed. */
static struct slice *begin_change(const struct box *b)
{
    const struct slice *now;
    uint32_t n;

    now = manager_slices(b->manager, &n);
    memmove(next, now, n * sizeof(*next));
    return next;
}

static int follow(struct box *b, const enum slice_fate *fates)
{
    static struct slice in_force[2][BOX_MAX_SLICES];
    static unsigned int turn;
    struct manager_generation g = {
        .slices = in_force[turn], .fates = fates, .max_own_loss_ratio = 0.001};

    memcpy(in_force[turn], next, sizeof(next));
    turn = 1 - turn;
    return manager_follow(b->manager, &g, b->now_ns);
}

/* Of slot 0; the others are as they were. */
static int follow_one(struct box *b, enum slice_fate fate)
{
    enum slice_fate fates[N_SLOTS] = {fate};

    return follow(b, fates);
}

static bool is_held(const struct box *b, uint32_t slot)
{
    bool held[N_SLOTS];

    manager_held_slots(b->manager, held);
    return held[slot];
}

static void a_test_whose_slice_stays_goes_on(void **state)
{
    struct box *b = open_box(2);
    uint64_t id;

    (void)state;
    id = box_drop(b, 0, 0);
    begin_change(b)[1].parameters.max_drops_per_flow = 1;
    assert_int_equal(follow(b, (enum slice_fate[N_SLOTS]){SLICE_STAYS, SLICE_IS_RETUNED}), 0);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    assert_int_equal(box_report(b, 1).state, TEST_SETTLING);
    assert_int_equal(box_report(b, 1).verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(box_report(b, 1).reason, REASON_RECONFIGURED);
    assert_true(box_budget(b, 0) > 0);
    box_end(b, 0, 0, id, DROP_RETRANSMITTED);
    while (box_report(b, 0).verdict == VERDICT_UNDECIDED) {
        id = box_drop(b, 0, 0);
        if (id != 0)
            box_end(b, 0, 0, id, DROP_RETRANSMITTED);
        box_epoch(b);
    }
    assert_int_equal(box_report(b, 0).verdict, VERDICT_CLOSED_LOOP);
    assert_int_equal(box_report(b, 0).n_tests, 1);
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_settle(b);
    box_close(b);
}

static void a_test_of_a_changed_slice_waits_for_its_drops_and_begins_anew(void **state)
{
    struct box *b = open_box(1);
    uint64_t id;

    (void)state;
    id = box_drop(b, 0, 0);
    begin_change(b)[0].parameters.drop_probability = 0.25;
    assert_int_equal(follow_one(b, SLICE_IS_RETUNED), 0);
    assert_int_equal(box_drop(b, 0, 0), 0); /* no budget is left */
    box_epoch(b);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).n_tests, 1);
    assert_int_equal(box_report(b, 0).state, TEST_SETTLING);
    box_end(b, 0, 0, id, DROP_RETRANSMITTED);
    box_epoch(b);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).n_tests, 2);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    assert_int_equal(box_order(b, 0).threshold, UINT32_C(1) << 30);
    assert_int_equal(box_report(b, 0).total->dropped, 1);
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_settle(b);
    box_close(b);
}

/* It was for him who asked. */
static void a_test_by_command_does_not_begin_anew(void **state)
{
    struct box *b = open_box(1);

    (void)state;
    manager_test_stop(b->manager, 0, REASON_STOPPED, b->now_ns);
    box_settle(b);
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), 0);
    box_epoch(b);
    begin_change(b)[0].parameters.max_drops_per_aggregate = 20;
    assert_int_equal(follow_one(b, SLICE_IS_RETUNED), 0);
    box_settle(b);
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    assert_int_equal(box_report(b, 0).reason, REASON_RECONFIGURED);
    assert_int_equal(box_report(b, 0).n_tests, 2);
    box_close(b);
}

static void what_is_pending_of_a_redrawn_slice_is_void_when_it_does_not_come_back(void **state)
{
    struct box *b = open_box(1);
    const struct aggregate_control *c = aggregate_table_control(b->table, 0);
    uint64_t id;

    (void)state;
    id = box_drop(b, 0, 0);
    begin_change(b);
    follow_one(b, SLICE_IS_RETUNED);
    box_epoch(b);
    assert_int_equal(atomic_load(&c->silent_ns), 0);
    box_end(b, 0, 0, id, DROP_EXPIRED);
    box_epoch(b);
    box_epoch(b);
    id = box_drop(b, 0, 0);
    begin_change(b);
    follow_one(b, SLICE_IS_REDRAWN);
    box_epoch(b);
    assert_true(atomic_load(&c->silent_ns) >= b->now_ns - 20 * NS_PER_MS);
    box_end(b, 0, 0, id, DROP_VOID_SILENCE);
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_settle(b);
    box_close(b);
}

static void a_verdict_that_is_known_stays(void **state)
{
    struct box *b = open_box(1);
    uint64_t ids[8] = {0};
    unsigned int n = 0;

    (void)state;
    while (box_report(b, 0).verdict == VERDICT_UNDECIDED) {
        uint64_t id = box_drop(b, 0, 0);

        if (id != 0 && n++ > 0)
            box_end(b, 0, 0, id, DROP_RETRANSMITTED);
        else if (id != 0)
            ids[0] = id;
        box_epoch(b);
    }
    assert_int_equal(box_report(b, 0).state, TEST_SETTLING);
    begin_change(b);
    follow_one(b, SLICE_IS_REDRAWN);
    box_end(b, 0, 0, ids[0], DROP_VOID_SILENCE);
    box_settle(b);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_CLOSED_LOOP);
    assert_int_equal(box_report(b, 0).reason, REASON_EVIDENCE);
    assert_int_equal(box_report(b, 0).n_tests, 1);
    box_close(b);
}

static void a_slice_that_leaves_gives_its_slot_back_when_nothing_speaks_of_it(void **state)
{
    struct box *b = open_box(1);
    uint64_t id;

    (void)state;
    id = box_drop(b, 0, 0);
    begin_change(b)[0].presence = SLICE_LEAVING;
    assert_int_equal(follow_one(b, SLICE_LEAVES), 0);
    assert_int_equal(box_report(b, 0).reason, REASON_RECONFIGURED);
    assert_string_equal(box_report(b, 0).slice->name, "slice0");
    box_epoch(b);
    assert_true(is_held(b, 0));
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), -EINVAL);
    box_end(b, 0, 0, id, DROP_RETRANSMITTED);
    for (int i = 0; i < 8; i++)
        box_epoch(b);
    assert_int_equal(manager_n_live_aggregates(b->manager), 0);
    assert_int_equal(box_count(b, EVENT_AGGREGATE_REMOVED), 1);
    assert_false(is_held(b, 0));
    /* Its number is nobody's before its generation may be used up. */
    assert_int_equal(aggregate_table_n_free(b->table), b->capacity - 1);
    box_epochs_for(b, MINUTE_NS);
    assert_int_equal(aggregate_table_n_free(b->table), b->capacity);
    box_close(b);
}

static void who_left_before_the_change_before_goes_all_the_same(void **state)
{
    struct box *b = open_box(2);
    uint64_t id;

    (void)state;
    id = box_drop(b, 0, 0);
    begin_change(b)[0].presence = SLICE_LEAVING;
    follow_one(b, SLICE_LEAVES);
    for (int i = 0; i < 4; i++)
        box_epoch(b);
    /* Its drop is pending when the configuration changes once more. */
    begin_change(b);
    follow_one(b, SLICE_IS_ELSEWHERE);
    box_end(b, 0, 0, id, DROP_VOID_SILENCE);
    for (int i = 0; i < 8; i++)
        box_epoch(b);
    assert_false(manager_report(b->manager, 0, &(struct aggregate_report){0}));
    assert_false(is_held(b, 0));
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_settle(b);
    box_close(b);
}

static void a_new_slice_has_its_aggregate_and_its_test_at_once(void **state)
{
    struct box *b = open_box(1);

    (void)state;
    begin_change(b)[1] = next[0];
    next[1].presence = SLICE_PRESENT;
    snprintf(next[1].name, sizeof(next[1].name), "new");
    assert_int_equal(follow(b, (enum slice_fate[N_SLOTS]){SLICE_STAYS, SLICE_COMES}), 0);
    assert_int_equal(aggregate_table_find(b->table, 1, NULL), 1);
    assert_int_equal(box_report(b, 1).state, TEST_POOLED);
    assert_string_equal(box_report(b, 1).slice->name, "new");
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_settle(b);
    box_close(b);
}

static void without_a_number_for_a_new_slice_nothing_changes(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->n_slices = N_SLOTS;
    b->capacity = 1;
    for (uint32_t i = 1; i < N_SLOTS; i++)
        b->slices[i].presence = SLICE_ABSENT;
    box_open(b);
    begin_change(b)[1] = next[0];
    next[0].parameters.drop_probability = 0.3;
    assert_int_equal(follow(b, (enum slice_fate[N_SLOTS]){SLICE_IS_RETUNED, SLICE_COMES}), -ENOSPC);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    assert_ptr_equal(box_report(b, 0).slice, &b->slices[0]);
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_settle(b);
    box_close(b);
}

static void a_slice_that_begins_tests_by_itself_now_does(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].start = SLICE_START_MANUAL;
    box_open(b);
    assert_int_equal(box_report(b, 0).state, TEST_IDLE);
    begin_change(b)[0].start = SLICE_START_AUTO;
    follow_one(b, SLICE_STAYS);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    manager_stop(b->manager, REASON_STOPPED, b->now_ns);
    box_settle(b);
    box_close(b);
}

/* Each is told, by its number, and begins at the moment of the change; what was there when the box
 * began, nobody was told of. */
static void each_new_aggregate_is_told_at_the_moment_of_the_change(void **state)
{
    struct box *b = open_box(1);

    (void)state;
    box_settle(b);
    assert_int_equal(box_count(b, EVENT_AGGREGATE_ADDED), 0);
    begin_change(b);
    next[1] = next[2] = next[0];
    b->now_ns += 3 * NS_PER_MS; /* between two ticks */
    assert_int_equal(follow(b, (enum slice_fate[N_SLOTS]){SLICE_STAYS, SLICE_COMES, SLICE_COMES}),
                     0);
    assert_int_equal(box_count(b, EVENT_AGGREGATE_ADDED), 2);
    for (uint32_t i = 0, expected = 1; i < b->n_events; i++)
        if (b->events[i].kind == EVENT_AGGREGATE_ADDED)
            assert_int_equal(b->events[i].aggregate, expected++);
    for (uint32_t i = 1; i <= 2; i++)
        assert_int_equal(box_report(b, i).started_ns, b->now_ns);
    box_close(b);
}

/* A slice without an aggregate: nothing but the epoch in which it left holds its slot. */
static void a_slot_is_held_until_an_epoch_is_over_that_began_after_the_slice_left(void **state)
{
    struct box *b = box_new(2);

    (void)state;
    b->slices[0].granularity.ipv4 = 24;
    b->n_slices = N_SLOTS;
    for (uint32_t i = 1; i < N_SLOTS; i++) {
        b->slices[i].presence = SLICE_ABSENT;
        b->slices[i].n_sources = 0;
    }
    box_open(b);
    box_settle(b);
    for (uint32_t i = 0; i < N_SLOTS; i++)
        assert_false(is_held(b, i));
    begin_change(b)[0].presence = SLICE_LEAVING;
    assert_int_equal(follow_one(b, SLICE_LEAVES), 0);
    for (uint32_t i = 0; i < N_SLOTS; i++)
        assert_int_equal(is_held(b, i), i == 0);
    box_epoch(b); /* in which it left */
    assert_true(is_held(b, 0));
    box_post(b, 0); /* one of two workers */
    assert_true(is_held(b, 0));
    box_post(b, 1);
    assert_false(is_held(b, 0));
    box_close(b);
}

static void an_epoch_is_over_when_a_later_one_is_closed_by_all(void **state)
{
    struct box *b = box_new(2);
    uint64_t epoch;

    (void)state;
    box_open(b);
    box_settle(b);
    epoch = manager_epoch(b->manager);
    box_post(b, 0);
    assert_false(manager_is_epoch_over(b->manager, epoch - 1));
    box_post(b, 1);
    assert_true(manager_is_epoch_over(b->manager, epoch - 1));
    assert_false(manager_is_epoch_over(b->manager, epoch));
    box_close(b);
}

/* Each of them from nothing to a value that shows. */
static void limits_of_the_box_are_those_of_the_newest_configuration(void **state)
{
    struct box *b = open_box(1);
    struct manager_generation g = {.slices = b->slices,
                                   .fates = (enum slice_fate[N_SLOTS]){SLICE_STAYS},
                                   .max_own_loss_ratio = 0.5,
                                   .max_stall_ms = 50,
                                   .max_drops_per_hour = 77};
    struct manager_drop_budget budget;

    (void)state;
    box_settle(b);
    b->now_ns += NS_PER_S;
    box_epoch(b);
    assert_int_equal(box_count(b, EVENT_STALL), 0);
    assert_int_equal(manager_follow(b->manager, &g, b->now_ns), 0);
    manager_drop_budget(b->manager, &budget);
    assert_int_equal(budget.max_per_hour, 77);
    b->now_ns += 100 * NS_PER_MS;
    box_epoch(b);
    assert_int_equal(box_count(b, EVENT_STALL), 1);
    box_close(b);
}

/* It began by itself, or by command before: a change of how tests begin is no second test. */
static void
a_slice_that_was_tested_is_not_tested_again_for_a_change_of_how_tests_begin(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].start = SLICE_START_MANUAL;
    box_open(b);
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), 0);
    assert_int_equal(manager_test_stop(b->manager, 0, REASON_STOPPED, b->now_ns), 0);
    box_settle(b);
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    begin_change(b)[0].start = SLICE_START_AUTO;
    assert_int_equal(follow_one(b, SLICE_STAYS), 0);
    box_settle(b);
    assert_int_equal(box_report(b, 0).state, TEST_DONE);
    assert_int_equal(box_report(b, 0).n_tests, 1);
    box_close(b);
}

static void a_sub_prefix_begins_its_test_when_it_showed_something_to_test(void **state)
{
    const uint8_t address[2][4] = {{10, 0, 0, 0}, {10, 0, 1, 0}};
    struct message m = {.kind = MESSAGE_AGGREGATE_WANTED, .wanted = {.slice = 0}};
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].start = SLICE_START_MANUAL;
    b->slices[0].granularity.ipv4 = 24;
    box_open(b);
    for (int i = 0; i < 2; i++) {
        m.wanted.prefix = (struct ip_prefix){ip_address_from_ipv4(address[i]), 24, true};
        m.wanted.is_armed = i == 0;
        manager_receive(b->manager, &m);
    }
    begin_change(b)[0].start = SLICE_START_AUTO;
    assert_int_equal(follow_one(b, SLICE_STAYS), 0);
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    assert_int_equal(box_report(b, 1).state, TEST_IDLE);
    box_close(b);
}

static struct passive_report watched(const struct box *b, uint32_t aggregate)
{
    struct passive_report r;

    assert_true(manager_passive_report(b->manager, aggregate, &r));
    return r;
}

static void the_first_slice_that_watches_may_come_at_any_time(void **state)
{
    const struct message m = {.kind = MESSAGE_PASSIVE,
                              .aggregate = 1,
                              .passive = {.passed = 100, .first_time = 100, .observed = 100}};
    const struct message ended = {.kind = MESSAGE_FLOW_ENDED, .aggregate = 1};
    struct box *b = open_box(1);
    struct slice *slices;

    (void)state;
    slices = begin_change(b);
    slices[1] = slices[0];
    slices[1].mode = SLICE_PASSIVE;
    slices[1].presence = SLICE_PRESENT;
    slices[1].parameters.report_flows = 1;
    assert_int_equal(follow(b, (enum slice_fate[N_SLOTS]){SLICE_STAYS, SLICE_COMES}), 0);
    manager_receive(b->manager, &m);
    assert_int_equal(watched(b, 1).began_ns, b->now_ns);
    manager_receive(b->manager, &ended);
    box_epoch(b);
    assert_int_equal(watched(b, 1).total->passed, 100);
    assert_non_null(manager_next_ended_flow(b->manager, 1, NULL));
    assert_int_equal(box_report(b, 0).state, TEST_POOLED);
    box_close(b);
}

/* Two slices that watch, of which one is told its first packets. */
static struct box *open_watching(void)
{
    struct message m = {.kind = MESSAGE_PASSIVE,
                        .passive = {.passed = 100, .first_time = 100, .observed = 100}};
    struct box *b = box_new(1);

    b->n_slices = N_SLOTS;
    for (uint32_t i = 0; i < N_SLOTS; i++) {
        b->slices[i].mode = SLICE_PASSIVE;
        b->slices[i].presence = i < 3 ? SLICE_PRESENT : SLICE_ABSENT;
        b->slices[i].parameters.min_flows_to_finish = b->slices[i].parameters.max_flows = 0;
        b->slices[i].parameters.max_duration_ms = 5000;
    }
    box_open(b);
    for (m.aggregate = 0; m.aggregate < 2; m.aggregate++)
        manager_receive(b->manager, &m);
    return b;
}

static void what_watches_something_else_begins_anew_and_what_saw_nothing_has_not_begun(void **state)
{
    struct box *b = open_watching();
    uint64_t began_ns = watched(b, 0).began_ns;

    (void)state;
    assert_int_equal(began_ns, b->now_ns);
    box_settle(b);
    begin_change(b);
    assert_int_equal(
        follow(b, (enum slice_fate[N_SLOTS]){SLICE_STAYS, SLICE_IS_REDRAWN, SLICE_IS_RETUNED}), 0);
    assert_int_equal(watched(b, 0).began_ns, began_ns);
    assert_int_equal(watched(b, 1).began_ns, b->now_ns);
    assert_int_equal(watched(b, 2).began_ns, 0);
    box_close(b);
}

static void watching_that_was_over_goes_on_only_where_its_slice_changed(void **state)
{
    struct box *b = open_watching();

    (void)state;
    box_epochs_for(b, 20 * NS_PER_S);
    assert_int_not_equal(watched(b, 0).ended_ns, 0);
    assert_int_not_equal(watched(b, 1).ended_ns, 0);
    assert_int_not_equal(watched(b, 1).stop, PASSIVE_GOES_ON);
    begin_change(b);
    assert_int_equal(follow(b, (enum slice_fate[N_SLOTS]){SLICE_STAYS, SLICE_IS_RETUNED}), 0);
    assert_int_not_equal(watched(b, 0).ended_ns, 0);
    assert_int_equal(watched(b, 1).ended_ns, 0);
    assert_int_equal(watched(b, 1).stop, PASSIVE_GOES_ON);
    assert_int_equal(watched(b, 1).began_ns, b->now_ns);
    box_close(b);
}

static void sub_prefixes_outside_of_the_sources_go(void **state)
{
    static struct ip_prefix narrow;
    struct box *b = box_new(1);
    const uint8_t in[4] = {10, 0, 0, 0}, out[4] = {11, 0, 0, 0};
    struct message m = {.kind = MESSAGE_AGGREGATE_WANTED, .wanted = {.slice = 0}};

    (void)state;
    b->slices[0].granularity.ipv4 = 24;
    box_open(b);
    m.wanted.prefix = (struct ip_prefix){ip_address_from_ipv4(in), 24, true};
    manager_receive(b->manager, &m);
    m.wanted.prefix = (struct ip_prefix){ip_address_from_ipv4(out), 24, true};
    manager_receive(b->manager, &m);
    narrow = (struct ip_prefix){ip_address_from_ipv4(in), 8, true};
    begin_change(b)[0].sources = &narrow;
    follow_one(b, SLICE_IS_REDRAWN);
    for (int i = 0; i < 4; i++)
        box_epoch(b);
    assert_int_equal(manager_n_live_aggregates(b->manager), 1);
    assert_false(manager_report(b->manager, 1, &(struct aggregate_report){0}));
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_test_whose_slice_stays_goes_on),
        cmocka_unit_test(a_test_of_a_changed_slice_waits_for_its_drops_and_begins_anew),
        cmocka_unit_test(a_test_by_command_does_not_begin_anew),
        cmocka_unit_test(what_is_pending_of_a_redrawn_slice_is_void_when_it_does_not_come_back),
        cmocka_unit_test(a_verdict_that_is_known_stays),
        cmocka_unit_test(a_slice_that_leaves_gives_its_slot_back_when_nothing_speaks_of_it),
        cmocka_unit_test(who_left_before_the_change_before_goes_all_the_same),
        cmocka_unit_test(a_new_slice_has_its_aggregate_and_its_test_at_once),
        cmocka_unit_test(without_a_number_for_a_new_slice_nothing_changes),
        cmocka_unit_test(a_slice_that_begins_tests_by_itself_now_does),
        cmocka_unit_test(each_new_aggregate_is_told_at_the_moment_of_the_change),
        cmocka_unit_test(a_slot_is_held_until_an_epoch_is_over_that_began_after_the_slice_left),
        cmocka_unit_test(an_epoch_is_over_when_a_later_one_is_closed_by_all),
        cmocka_unit_test(limits_of_the_box_are_those_of_the_newest_configuration),
        cmocka_unit_test(
            a_slice_that_was_tested_is_not_tested_again_for_a_change_of_how_tests_begin),
        cmocka_unit_test(a_sub_prefix_begins_its_test_when_it_showed_something_to_test),
        cmocka_unit_test(
            what_watches_something_else_begins_anew_and_what_saw_nothing_has_not_begun),
        cmocka_unit_test(the_first_slice_that_watches_may_come_at_any_time),
        cmocka_unit_test(watching_that_was_over_goes_on_only_where_its_slice_changed),
        cmocka_unit_test(sub_prefixes_outside_of_the_sources_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
