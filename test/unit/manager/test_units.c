/* SPDX-License-Identifier: BSD-3-Clause */
/* Units beside data segments in the manager: their evidence, their budget, and what is said of
 * them. */
#include <math.h>

#include "../within.h"
#include "box.h"
#include "config/most_packets.h"
#include "manager/internal.h"

#define HANDSHAKE TEST_UNITS_OF(UNIT_HANDSHAKE)
#define QUIC      TEST_UNITS_OF(UNIT_QUIC)

/* What a worker counts of a kind. */
static void tell(struct box *b, enum unit_kind kind, struct unit_counters counters)
{
    struct message m = {.kind = MESSAGE_UNITS};

    m.units[kind] = counters;
    manager_receive(b->manager, &m);
}

/* With a budget of the box, which waits for traffic: here something that is no unit. */
static struct box *open_box(uint32_t units)
{
    struct box *b = box_new(1);

    b->slices[0].parameters.units = units;
    b->max_drops_per_hour = 1000;
    box_open(b);
    box_forward(b, 0, 0, 1);
    /* Until data segments had their time. */
    box_epochs_for(b, 1500 * NS_PER_MS);
    return b;
}

static bool drop(struct box *b, enum unit_kind kind)
{
    struct aggregate_control *c = aggregate_table_control(b->table, 0);
    const struct aggregate_order order = box_order(b, 0);

    if ((order.phase != AGGREGATE_UNITS && (order.phase != AGGREGATE_POOLED || order.data_only)) ||
        !aggregate_take(&c->budget))
        return false;
    tell(b, kind,
         (struct unit_counters){.seen = 1, .droppable = 1, .dropped = 1, .dropped_packets = 1});
    return true;
}

static unsigned drop_and_end(struct box *b, enum unit_kind kind, bool comes_again)
{
    unsigned n = 0;

    for (; n < 100 && drop(b, kind); n++) {
        tell(b, kind,
             (struct unit_counters){.retransmitted = comes_again, .expired = !comes_again});
        box_epoch(b);
    }
    box_settle(b);
    return n;
}

static void real_handshakes_are_closed_loop_after_six_drops(void **state)
{
    struct box *b = open_box(HANDSHAKE);
    struct aggregate_report r;

    (void)state;
    assert_int_equal(box_order(b, 0).phase, AGGREGATE_UNITS);
    assert_int_equal(drop_and_end(b, UNIT_HANDSHAKE, true), 6);
    r = box_report(b, 0);
    assert_int_equal(r.verdict, VERDICT_CLOSED_LOOP);
    assert_int_equal(r.via, VIA_HANDSHAKE);
    assert_int_equal(r.state, TEST_DONE);
    assert_int_equal(r.n_dropped, 6);
    assert_int_equal(r.kinds, 1u << UNIT_HANDSHAKE);
    assert_int_equal(r.units[UNIT_HANDSHAKE].test.retransmitted, 6);
    /* Its share of alpha is a tenth. */
    assert_true(fabs(r.units[UNIT_HANDSHAKE].log10_e - 1 - r.anytime.log10_e) < 1e-9);
    assert_int_equal(r.test.dropped, 0);
    box_close(b);
}

/* Of handshakes, and of no kind that is off. */
static void with_each_repair_one_drop_fewer_is_needed(void **state)
{
    struct box *b = open_box(HANDSHAKE);

    (void)state;
    for (int n = 0; n < 5; n++) {
        assert_int_equal(n + box_budget(b, 0), 6);
        assert_true(drop(b, UNIT_HANDSHAKE));
        tell(b, UNIT_HANDSHAKE, (struct unit_counters){.retransmitted = 1});
        box_epoch(b);
    }
    assert_int_equal(box_budget(b, 0), 1);
    box_close(b);
}

static void drops_of_units_are_told_when_their_slice_is_gone(void **state)
{
    static const enum slice_fate leaves[] = {SLICE_LEAVES};
    struct box *b = open_box(HANDSHAKE);
    struct slice next = b->slices[0];
    const struct manager_generation g = {
        .slices = &next, .fates = leaves, .max_own_loss_ratio = 0.001, .max_drops_per_hour = 1000};

    (void)state;
    drop_and_end(b, UNIT_HANDSHAKE, true);
    next.presence = SLICE_LEAVING;
    assert_int_equal(manager_follow(b->manager, &g, b->now_ns), 0);
    assert_int_equal(manager_n_drops_of_gone(b->manager), 0);
    box_epoch(b);
    assert_int_equal(manager_n_live_aggregates(b->manager), 0);
    assert_int_equal(manager_n_drops_of_gone(b->manager), 6);
    box_epochs_for(b, (AGGREGATE_LEAST_LIFE_MS + 1000) * NS_PER_MS);
    assert_int_equal(aggregate_table_n_free(b->table), b->capacity);
    assert_int_equal(manager_n_drops_of_gone(b->manager), 6);
    box_close(b);
}

/* They cost their senders a round trip, handshakes a second. */
static void as_long_as_segments_come_back_nothing_else_is_dropped(void **state)
{
    struct box *b = box_new(1);
    uint64_t id;

    (void)state;
    b->slices[0].parameters.units = TEST_UNITS_DATA | HANDSHAKE;
    box_open(b);
    for (int i = 0; i < 5; i++) {
        box_epochs_for(b, 900 * NS_PER_MS);
        assert_false(drop(b, UNIT_HANDSHAKE));
        assert_int_not_equal(id = box_drop(b, 0, 0), 0);
        box_end(b, 0, 0, id, DROP_RETRANSMITTED);
    }
    box_epochs_for(b, 900 * NS_PER_MS);
    assert_false(drop(b, UNIT_HANDSHAKE));
    box_epochs_for(b, 200 * NS_PER_MS);
    assert_true(drop(b, UNIT_HANDSHAKE));
    box_close(b);
}

static void where_segments_expire_units_are_dropped_too(void **state)
{
    struct box *b = box_new(1);

    (void)state;
    b->slices[0].parameters.units = TEST_UNITS_DATA | HANDSHAKE;
    box_open(b);
    for (int i = 0; i < 3; i++) {
        uint64_t id = box_drop(b, 0, 0);

        assert_false(drop(b, UNIT_HANDSHAKE));
        box_end(b, 0, 0, id, DROP_EXPIRED);
        box_epoch(b);
    }
    box_epoch(b);
    assert_true(drop(b, UNIT_HANDSHAKE));
    box_close(b);
}

/* With losses behind us twelve are too few: as many again, but only where they speak for a sender.
 */
static void units_alone_may_take_as_many_again(void **state)
{
    struct box *b = open_box(HANDSHAKE);
    unsigned n = 0;

    (void)state;
    while (n < 100 && drop(b, UNIT_HANDSHAKE)) {
        tell(b, UNIT_HANDSHAKE,
             (struct unit_counters){
                 .seen = 2, .droppable = 2, .retransmitted = 1, .duplicates = n < 12 ? 2 : 0});
        box_epoch(b);
        n++;
    }
    box_settle(b);
    assert_within(n, 13, 24);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_CLOSED_LOOP);
    box_close(b);
}

/* An R is known after seconds, when the first twelve may be dropped already. */
static void what_is_pending_may_yet_speak_for_a_sender(void **state)
{
    for (unsigned speaks = 0; speaks < 2; speaks++) {
        struct box *b = open_box(HANDSHAKE);
        unsigned n = 0;

        (void)state;
        for (; n < 100 && drop(b, UNIT_HANDSHAKE); n++) {
            tell(b, UNIT_HANDSHAKE,
                 (struct unit_counters){.seen = 1, .droppable = 1, .duplicates = 2});
            box_epoch(b);
        }
        assert_int_equal(n, 12);
        box_epochs_for(b, 3 * NS_PER_S);
        assert_false(drop(b, UNIT_HANDSHAKE));
        tell(b, UNIT_HANDSHAKE,
             (struct unit_counters){.retransmitted = speaks != 0 ? 10 : 0,
                                    .expired = speaks != 0 ? 2 : 12});
        box_epoch(b);
        assert_int_equal(drop(b, UNIT_HANDSHAKE), speaks != 0);
        if (speaks == 0)
            assert_int_equal(box_report(b, 0).verdict, VERDICT_INCONCLUSIVE);
        box_close(b);
    }
}

static void quic_is_told_apart_from_handshakes(void **state)
{
    struct box *b = open_box(TEST_UNITS_DATA | HANDSHAKE | QUIC);

    (void)state;
    assert_int_equal(box_order(b, 0).phase, AGGREGATE_POOLED);
    assert_int_equal(drop_and_end(b, UNIT_QUIC, true), 6);
    assert_int_equal(box_report(b, 0).via, VIA_QUIC);
    box_close(b);
}

/* With another kind on, data has less of alpha. */
static void data_beside_a_kind_takes_six_drops(void **state)
{
    struct box *b = open_box(TEST_UNITS_DATA | HANDSHAKE);
    unsigned n = 0;
    uint64_t id;

    (void)state;
    for (; (id = box_drop(b, 0, 0)) != 0; n++) {
        box_end(b, 0, 0, id, DROP_RETRANSMITTED);
        box_epoch(b);
    }
    assert_int_equal(n, 6);
    assert_int_equal(box_report(b, 0).verdict, VERDICT_CLOSED_LOOP);
    assert_int_equal(box_report(b, 0).via, VIA_POOLED);
    box_close(b);
}

/* Kinds are not added up. */
static void five_of_each_kind_are_not_enough(void **state)
{
    struct box *b = open_box(TEST_UNITS_DATA | HANDSHAKE | QUIC);
    uint64_t id;

    (void)state;
    b->slices[0].parameters.max_drops_per_aggregate = 12;
    for (int i = 0; i < 4; i++) {
        assert_true(drop(b, UNIT_HANDSHAKE));
        tell(b, UNIT_HANDSHAKE, (struct unit_counters){.retransmitted = 1});
        box_epoch(b);
        assert_true(drop(b, UNIT_QUIC));
        tell(b, UNIT_QUIC, (struct unit_counters){.retransmitted = 1});
        box_epoch(b);
        assert_int_not_equal(id = box_drop(b, 0, 0), 0);
        box_end(b, 0, 0, id, DROP_RETRANSMITTED);
        box_epoch(b);
    }
    assert_int_equal(box_report(b, 0).verdict, VERDICT_UNDECIDED);
    assert_int_equal(box_report(b, 0).n_dropped, 12);
    box_close(b);
}

/* Whatever is dropped. */
static void all_kinds_together_stay_within_the_budgets(void **state)
{
    struct box *b = open_box(TEST_UNITS_DATA | HANDSHAKE);
    struct manager_drop_budget budget;
    unsigned n = 0;
    uint64_t id;

    (void)state;
    for (int i = 0; i < 400 && box_order(b, 0).phase == AGGREGATE_POOLED; i++) {
        if (drop(b, UNIT_HANDSHAKE)) {
            tell(b, UNIT_HANDSHAKE, (struct unit_counters){.expired = 1});
            n++;
        }
        if ((id = box_drop(b, 0, 0)) != 0) {
            box_end(b, 0, 0, id, DROP_VOID_CLOSED);
            n++;
        }
        assert_identities_hold(b);
        box_epoch(b);
    }
    assert_int_equal(n, 12);
    manager_drop_budget(b->manager, &budget);
    assert_int_equal(budget.made[TEST_BY_SLICE], 12);
    assert_int_equal(box_report(b, 0).n_dropped, 12);
    box_close(b);
}

static void units_that_never_come_again_are_no_repeats(void **state)
{
    struct box *b = open_box(HANDSHAKE);
    struct aggregate_report r;

    (void)state;
    assert_int_equal(drop_and_end(b, UNIT_HANDSHAKE, false), 12);
    r = box_report(b, 0);
    assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(r.reason, REASON_NO_REPEATS);
    assert_int_equal(r.state, TEST_DONE);
    assert_true(r.anytime.log10_f <= 0);
    box_close(b);
}

/* Dead hosts: of twenty seen, all come again. */
static void units_that_all_come_again_are_unanswered(void **state)
{
    struct box *b = open_box(HANDSHAKE);
    struct aggregate_report r;

    (void)state;
    for (int i = 0; i < 12; i++) {
        if (!drop(b, UNIT_HANDSHAKE))
            break;
        tell(b, UNIT_HANDSHAKE,
             (struct unit_counters){
                 .seen = 19, .droppable = 19, .retransmitted = 1, .duplicates = 19});
        box_epoch(b);
    }
    box_settle(b);
    r = box_report(b, 0);
    assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(r.reason, REASON_UNANSWERED);
    assert_true(r.units[UNIT_HANDSHAKE].log10_e <= 0);
    box_close(b);
}

/* Silence of data, but handshakes that are answered: somebody is there. */
static void what_speaks_for_a_sender_keeps_data_from_being_rejected(void **state)
{
    struct box *b = open_box(TEST_UNITS_DATA | HANDSHAKE);

    (void)state;
    b->slices[0].parameters.fallback_to_individual = false;
    for (int i = 0; i < 3; i++) {
        assert_true(drop(b, UNIT_HANDSHAKE));
        tell(b, UNIT_HANDSHAKE, (struct unit_counters){.retransmitted = 1});
        box_epoch(b);
    }
    for (int i = 0; i < 9; i++) {
        uint64_t id = box_drop(b, 0, 0);

        if (id != 0)
            box_end(b, 0, 0, id, DROP_EXPIRED);
        box_epoch(b);
    }
    box_epochs_for(b, 10 * NS_PER_S);
    assert_int_not_equal(box_report(b, 0).verdict, VERDICT_NOT_CLOSED_LOOP);
    assert_true(box_report(b, 0).anytime.log10_f >= 4);
    box_close(b);
}

static void a_test_without_units_says_so(void **state)
{
    struct box *b = open_box(QUIC);

    (void)state;
    box_forward(b, 0, 0, 10);
    box_epochs_for(b, 11 * NS_PER_S);
    assert_int_equal(box_report(b, 0).reason, REASON_NO_UNITS);
    tell(b, UNIT_QUIC, (struct unit_counters){.seen = 3});
    box_epoch(b);
    assert_int_equal(box_report(b, 0).reason, REASON_NO_DROP);
    box_close(b);
}

static void the_next_test_begins_at_nought(void **state)
{
    struct box *b = open_box(HANDSHAKE);

    (void)state;
    drop_and_end(b, UNIT_HANDSHAKE, true);
    assert_int_equal(manager_test_start(b->manager, 0, NULL, b->now_ns), 0);
    box_forward(b, 0, 0, 1);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).units[UNIT_HANDSHAKE].test.dropped, 0);
    assert_int_equal(box_report(b, 0).units[UNIT_HANDSHAKE].total->dropped, 6);
    assert_int_equal(box_report(b, 0).n_dropped, 0);
    assert_int_equal(drop_and_end(b, UNIT_HANDSHAKE, true), 6);
    box_close(b);
}

/* Sub-prefixes begin their test with the first thing that can be tested: here a handshake. */
static void a_sub_prefix_of_handshakes_alone_is_tested(void **state)
{
    struct box *b = box_new(1);
    struct message m = {.kind = MESSAGE_AGGREGATE_WANTED};

    (void)state;
    b->slices[0].parameters.units = HANDSHAKE;
    b->slices[0].granularity.ipv4 = 24;
    b->slices[0].granularity.ipv6 = 48;
    box_open(b);
    assert_int_equal(ip_prefix_parse("10.1.2.0/24", &m.wanted.prefix), 0);
    manager_receive(b->manager, &m);
    box_epoch(b);
    assert_int_equal(box_report(b, 0).n_tests, 0);
    tell(b, UNIT_HANDSHAKE, (struct unit_counters){.seen = 1});
    box_epoch(b);
    assert_int_equal(box_report(b, 0).n_tests, 1);
    box_close(b);
}

/* The configuration is checked without lib/unit. */
static void the_configuration_knows_how_many_packets_a_drop_is(void **state)
{
    const struct test_parameters data = {.units = TEST_UNITS_DATA}, syn = {.units = HANDSHAKE},
                                 quic = {.units = TEST_UNITS_DATA | QUIC};

    (void)state;
    assert_int_equal(test_parameters_packets_per_drop(&data), 1);
    assert_int_equal(test_parameters_packets_per_drop(&syn), units_packets_per_drop(&syn));
    assert_int_equal(test_parameters_packets_per_drop(&quic), units_packets_per_drop(&quic));
}

/* The box's budget is of packets, and a first flight of QUIC has up to four. */
static void the_hour_counts_every_datagram_of_a_flight(void **state)
{
    struct box *b = box_new(1);
    struct manager_drop_budget budget;
    unsigned n_units = 0, n_packets = 0;

    (void)state;
    b->slices[0].parameters.units = QUIC;
    b->slices[0].parameters.fallback_to_individual = false;
    b->max_drops_per_hour = 30;
    box_open(b);
    box_forward(b, 0, 0, 1);
    box_epochs_for(b, 1500 * NS_PER_MS);
    for (; n_units < 100 && drop(b, UNIT_QUIC); n_units++) {
        const unsigned n_more = n_units % 2 == 0 ? 3 : 1;

        assert_identities_hold(b);
        box_epoch(b);
        tell(b, UNIT_QUIC, (struct unit_counters){.dropped_packets = n_more});
        n_packets += 1 + n_more;
        assert_identities_hold(b);
        manager_drop_budget(b->manager, &budget);
        assert_true(budget.made[TEST_BY_SLICE] + budget.reserved <= 30);
        /* All in flight at once, at first. */
        if (n_units % 3 == 2)
            tell(b, UNIT_QUIC, (struct unit_counters){.expired = 3});
        box_epoch(b);
    }
    manager_drop_budget(b->manager, &budget);
    assert_int_equal(budget.made[TEST_BY_SLICE], n_packets);
    assert_within(n_packets, 24, 30);
    assert_true(n_units < 12);
    tell(b, UNIT_QUIC, (struct unit_counters){.expired = n_units % 3});
    manager_test_stop(b->manager, 0, REASON_STOPPED, b->now_ns);
    box_settle(b);
    manager_drop_budget(b->manager, &budget);
    assert_int_equal(budget.reserved, 0);
    assert_int_equal(budget.left, 30 - n_packets);
    box_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_handshakes_are_closed_loop_after_six_drops),
        cmocka_unit_test(with_each_repair_one_drop_fewer_is_needed),
        cmocka_unit_test(drops_of_units_are_told_when_their_slice_is_gone),
        cmocka_unit_test(as_long_as_segments_come_back_nothing_else_is_dropped),
        cmocka_unit_test(where_segments_expire_units_are_dropped_too),
        cmocka_unit_test(units_alone_may_take_as_many_again),
        cmocka_unit_test(what_is_pending_may_yet_speak_for_a_sender),
        cmocka_unit_test(quic_is_told_apart_from_handshakes),
        cmocka_unit_test(data_beside_a_kind_takes_six_drops),
        cmocka_unit_test(five_of_each_kind_are_not_enough),
        cmocka_unit_test(all_kinds_together_stay_within_the_budgets),
        cmocka_unit_test(units_that_never_come_again_are_no_repeats),
        cmocka_unit_test(units_that_all_come_again_are_unanswered),
        cmocka_unit_test(what_speaks_for_a_sender_keeps_data_from_being_rejected),
        cmocka_unit_test(a_test_without_units_says_so),
        cmocka_unit_test(the_next_test_begins_at_nought),
        cmocka_unit_test(a_sub_prefix_of_handshakes_alone_is_tested),
        cmocka_unit_test(the_configuration_knows_how_many_packets_a_drop_is),
        cmocka_unit_test(the_hour_counts_every_datagram_of_a_flight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
