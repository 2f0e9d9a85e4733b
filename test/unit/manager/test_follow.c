/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration changes while tests run: who ends, who goes on, who comes and who goes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "box.h"

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
        cmocka_unit_test(what_is_pending_of_a_redrawn_slice_is_void_when_it_does_not_come_back),
        cmocka_unit_test(a_verdict_that_is_known_stays),
        cmocka_unit_test(a_slice_that_leaves_gives_its_slot_back_when_nothing_speaks_of_it),
        cmocka_unit_test(who_left_before_the_change_before_goes_all_the_same),
        cmocka_unit_test(a_new_slice_has_its_aggregate_and_its_test_at_once),
        cmocka_unit_test(without_a_number_for_a_new_slice_nothing_changes),
        cmocka_unit_test(a_slice_that_begins_tests_by_itself_now_does),
        cmocka_unit_test(sub_prefixes_outside_of_the_sources_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
