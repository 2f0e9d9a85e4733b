/* SPDX-License-Identifier: BSD-3-Clause */
/* Which entry is tested next: order, budgets, retests, and why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "map/schedule.h"

#define START_NS (100 * NS_PER_S)

static const uint64_t secret[2] = {3, 4};

static struct schedule_config plain(void)
{
    struct schedule_config c;

    schedule_config_init(&c);
    c.off = false;
    c.max_drops_per_hour = 10000;
    c.control_share = 0;
    return c;
}

static struct schedule *ready(const struct schedule_config *c)
{
    struct schedule *s = schedule_create(c, secret, START_NS);

    assert_non_null(s);
    schedule_allow(s, SCHEDULE_N_REFUSALS);
    return s;
}

/* An unexpected one that was never tested. */
static struct schedule_candidate entry(uint32_t number, uint16_t ingress, double bytes_per_s)
{
    struct schedule_candidate c = {.slot = number,
                                   .origin_as = 64500,
                                   .grade = EXPECT_UNEXPECTED,
                                   .is_forwarded = true,
                                   .bytes_per_s = bytes_per_s,
                                   .payload_segments_per_s = 100};

    c.key.length = 24;
    c.key.is_ipv4 = 1;
    c.key.ingress = ingress;
    memcpy(c.key.address.bytes + 12, &number, 3);
    return c;
}

static uint64_t refused(const struct schedule *s, enum schedule_refusal why)
{
    return schedule_counters(s)->n_refused[why];
}

static uint32_t next_slot(struct schedule *s, uint64_t now_ns)
{
    struct schedule_pick pick;

    return schedule_next(s, now_ns, &pick) ? pick.candidate.slot : 0;
}

static void what_has_most_traffic_is_tested_first(void **state)
{
    const struct schedule_config c = plain();
    struct schedule *s = ready(&c);

    (void)state;
    for (uint32_t i = 1; i <= 4; i++) {
        const struct schedule_candidate e = entry(i, 1, 1000.0 * (i == 3 ? 10 : i));

        assert_true(schedule_offer(s, &e, START_NS));
    }
    assert_int_equal(next_slot(s, START_NS), 3);
    assert_int_equal(next_slot(s, START_NS), 4);
    assert_int_equal(next_slot(s, START_NS), 2);
    schedule_destroy(s);
}

static void what_changed_comes_before_what_is_stale(void **state)
{
    const struct schedule_config c = plain();
    struct schedule *s = ready(&c);
    struct schedule_candidate stale = entry(1, 1, 1e9), changed = entry(2, 1, 10);
    const uint64_t now_ns = START_NS + 2 * 3600 * NS_PER_S;

    (void)state;
    stale.reality = MAP_SPOOFED;
    stale.tested_ns = START_NS;
    changed.grade = EXPECT_ROUTE;
    changed.has_changed = true;
    assert_true(schedule_offer(s, &stale, now_ns));
    assert_true(schedule_offer(s, &changed, now_ns));
    assert_int_equal(next_slot(s, now_ns), 2);
    assert_int_equal(next_slot(s, now_ns), 1);
    schedule_destroy(s);
}

static void ingresses_take_turns(void **state)
{
    const struct schedule_config c = plain();
    struct schedule *s = ready(&c);
    uint32_t of_2 = 0;

    (void)state;
    for (uint32_t i = 1; i <= 6; i++) {
        const struct schedule_candidate e = entry(i, 1, 1e9), other = entry(100 + i, 2, 10);

        schedule_offer(s, &e, START_NS);
        schedule_offer(s, &other, START_NS);
    }
    for (int i = 0; i < 6; i++)
        of_2 += next_slot(s, START_NS) > 100;
    assert_int_equal(of_2, 3);
    schedule_destroy(s);
}

static void each_retest_comes_in_its_time(void **state)
{
    static const struct {
        enum map_reality_state reality;
        uint8_t n_inconclusive;
        uint64_t after_s;
    } cases[] = {
        {MAP_GENUINE, 0, 86400},      {MAP_MIXED, 0, 86400},          {MAP_SPOOFED, 0, 3600},
        {MAP_INCONCLUSIVE, 1, 600},   {MAP_INCONCLUSIVE, 2, 1200},    {MAP_INCONCLUSIVE, 5, 9600},
        {MAP_INCONCLUSIVE, 9, 86400}, {MAP_INCONCLUSIVE, 255, 86400}, {MAP_UNTESTABLE, 0, 0},
    };
    const struct schedule_config c = plain();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct schedule *s = ready(&c);
        struct schedule_candidate e = entry(1, 1, 1000);
        const uint64_t due_ns = START_NS + cases[i].after_s * NS_PER_S;

        e.reality = (uint8_t)cases[i].reality;
        e.n_inconclusive = cases[i].n_inconclusive;
        e.tested_ns = START_NS;
        assert_int_equal(schedule_due_ns(&c, cases[i].reality, cases[i].n_inconclusive, START_NS),
                         due_ns);
        if (cases[i].after_s > 0)
            assert_false(schedule_offer(s, &e, due_ns - 1));
        assert_true(schedule_offer(s, &e, due_ns));
        /* At once, when it changed. */
        e.has_changed = true;
        assert_true(schedule_offer(s, &e, START_NS + 1));
        schedule_destroy(s);
    }
}

static void single_flows_are_looked_at_only_while_it_stays_unexpected(void **state)
{
    const struct schedule_config c = plain();
    const uint64_t now_ns = START_NS + 86400 * NS_PER_S;
    struct schedule *s = ready(&c);
    struct schedule_candidate e = entry(1, 1, 1000);
    struct schedule_pick pick;

    (void)state;
    schedule_offer(s, &e, now_ns);
    assert_true(schedule_next(s, now_ns, &pick));
    assert_false(pick.with_flows);
    assert_int_equal(pick.n_drops, 12);
    schedule_end(s, pick.ticket, MAP_INCONCLUSIVE, 12, now_ns);
    e.reality = MAP_INCONCLUSIVE;
    e.tested_ns = START_NS;
    schedule_offer(s, &e, now_ns);
    assert_true(schedule_next(s, now_ns, &pick));
    assert_true(pick.with_flows);
    assert_int_equal(pick.n_drops, 72);
    schedule_end(s, pick.ticket, MAP_INCONCLUSIVE, 72, now_ns);
    e.grade = EXPECT_UNKNOWN;
    schedule_offer(s, &e, now_ns);
    assert_true(schedule_next(s, now_ns, &pick));
    assert_false(pick.with_flows);
    schedule_destroy(s);
}

static void each_refusal_is_named(void **state)
{
    struct schedule_config c = plain();
    struct schedule *s = ready(&c);
    struct schedule_candidate e = entry(1, 1, 1000);
    struct schedule_pick pick;

    (void)state;
    e.is_forwarded = false;
    assert_false(schedule_offer(s, &e, START_NS));
    assert_int_equal(refused(s, SCHEDULE_NOT_FORWARDED), 1);
    e = entry(1, 1, 1000);
    e.is_in_maintenance = true;
    assert_false(schedule_offer(s, &e, START_NS));
    assert_int_equal(refused(s, SCHEDULE_MAINTENANCE), 1);
    e = entry(1, 1, 1000);
    e.payload_segments_per_s = 0;
    assert_false(schedule_offer(s, &e, START_NS));
    assert_int_equal(refused(s, SCHEDULE_UNTESTABLE), 1);
    e.payload_segments_per_s = 0.5;
    assert_false(schedule_offer(s, &e, START_NS));
    assert_int_equal(refused(s, SCHEDULE_TOO_SLOW), 1);
    e = entry(1, 1, 1000);
    assert_true(schedule_offer(s, &e, START_NS));
    schedule_allow(s, SCHEDULE_SUSPENDED);
    assert_false(schedule_next(s, START_NS, &pick));
    assert_int_equal(refused(s, SCHEDULE_SUSPENDED), 1);
    schedule_allow(s, SCHEDULE_N_REFUSALS);
    c.off = true;
    schedule_follow(s, &c, START_NS);
    assert_false(schedule_next(s, START_NS, &pick));
    assert_int_equal(refused(s, SCHEDULE_OFF), 1);
    schedule_destroy(s);
}

static void nothing_begins_before_the_store_has_told_what_it_knows(void **state)
{
    const struct schedule_config c = plain();
    struct schedule *s = schedule_create(&c, secret, START_NS);
    const struct schedule_candidate e = entry(1, 1, 1000);

    (void)state;
    assert_non_null(s);
    assert_true(schedule_offer(s, &e, START_NS));
    assert_int_equal(next_slot(s, START_NS), 0);
    assert_int_equal(refused(s, SCHEDULE_NOT_RESTORED), 1);
    schedule_allow(s, SCHEDULE_N_REFUSALS);
    assert_int_equal(next_slot(s, START_NS), 1);
    schedule_destroy(s);
}

/* Offers so many of an ingress; how many begin. */
static uint32_t begin_all(struct schedule *s, uint16_t ingress, uint32_t n, uint64_t now_ns)
{
    struct schedule_pick pick;
    uint32_t n_begun = 0;

    for (uint32_t i = 1; i <= n; i++) {
        struct schedule_candidate e = entry(ingress * 1000u + i, ingress, 1000);

        e.origin_as = ingress * 1000u + i;
        schedule_offer(s, &e, now_ns);
    }
    while (schedule_next(s, now_ns, &pick))
        n_begun++;
    return n_begun;
}

static void no_more_run_at_once_than_may(void **state)
{
    const struct schedule_config c = plain();
    struct schedule *s = ready(&c);

    (void)state;
    assert_int_equal(begin_all(s, 1, 8, START_NS), 4);
    assert_true(refused(s, SCHEDULE_INGRESS_TESTS) > 0);
    for (uint16_t i = 2; i <= 4; i++)
        assert_int_equal(begin_all(s, i, 8, START_NS), 4);
    assert_int_equal(begin_all(s, 5, 8, START_NS), 0);
    assert_int_equal(schedule_n_under_way(s), 16);
    assert_true(refused(s, SCHEDULE_TESTS) > 0);
    schedule_destroy(s);
}

static void each_budget_holds_tests_back_under_its_name(void **state)
{
    static const enum schedule_refusal why[] = {SCHEDULE_BUDGET, SCHEDULE_INGRESS_BUDGET,
                                                SCHEDULE_AS_BUDGET, SCHEDULE_PREFIX_BUDGET};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct schedule_config c = plain();
        uint32_t *limits[] = {&c.max_drops_per_hour, &c.max_drops_per_hour_ingress,
                              &c.max_drops_per_hour_as, &c.max_drops_per_hour_prefix};
        struct schedule_candidate e = entry(1, 1, 1000);
        struct schedule_pick pick;
        struct schedule *s;
        uint32_t n = 0;

        *limits[i] = 144;
        s = ready(&c);
        /* 72 drops at once, 12 a test. */
        for (; schedule_offer(s, &e, START_NS) && schedule_next(s, START_NS, &pick); n++)
            schedule_end(s, pick.ticket, MAP_INCONCLUSIVE, pick.n_drops, START_NS);
        assert_int_equal(n, 6);
        assert_true(refused(s, why[i]) > 0);
        /* Another prefix, AS and ingress: only the budget of all is spent. */
        e = entry(2, 2, 1000);
        e.origin_as = 64501;
        schedule_offer(s, &e, START_NS);
        assert_int_equal(next_slot(s, START_NS) == 2, why[i] != SCHEDULE_BUDGET);
        schedule_destroy(s);
    }
}

static void what_was_really_dropped_is_charged(void **state)
{
    struct schedule_config c = plain();
    struct schedule_candidate e = entry(1, 1, 1000);
    struct schedule_pick pick;
    struct schedule *s;
    uint32_t n = 0;

    (void)state;
    c.max_drops_per_hour = 144;
    s = ready(&c);
    for (; schedule_offer(s, &e, START_NS) && schedule_next(s, START_NS, &pick); n++)
        schedule_end(s, pick.ticket, MAP_GENUINE, 5, START_NS);
    assert_int_equal(n, 13); /* 12 x 5 are 60, and 12 left for one more; then 7 */
    assert_int_equal(schedule_left(s), 7);
    schedule_destroy(s);
}

static void an_ingress_of_spoofed_tests_has_a_quarter_of_the_budget(void **state)
{
    struct schedule_config c = plain();
    struct schedule_pick pick;
    struct schedule *s;
    uint32_t n_drops = 0;

    (void)state;
    c.max_drops_per_hour = 1600;
    s = ready(&c);
    for (int i = 0; i < 500; i++) {
        const struct schedule_candidate e = entry(1 + (uint32_t)i, 1, 1000);

        schedule_offer(s, &e, START_NS);
        if (!schedule_next(s, START_NS, &pick))
            continue;
        schedule_end(s, pick.ticket, MAP_SPOOFED, pick.n_drops, START_NS);
        n_drops += pick.n_drops;
    }
    /* Three tests until it is known, then half of a quarter, as any budget at once. */
    assert_int_equal(n_drops, 3 * 12 + (200 / 12) * 12);
    assert_true(refused(s, SCHEDULE_SPOOFED_BUDGET) > 0);
    assert_true(schedule_left(s) > 500);
    schedule_destroy(s);
}

static void a_share_of_the_budget_is_for_what_is_expected(void **state)
{
    struct schedule_config c = plain();
    struct schedule *s;
    struct schedule_pick pick;
    uint64_t n_drops = 0, n_control = 0, now_ns = START_NS;

    (void)state;
    c.control_share = 0.05;
    c.max_drops_per_hour = 2400;
    s = ready(&c);
    for (int second = 0; second < 20 * 3600; second++, now_ns += NS_PER_S) {
        struct schedule_candidate e = entry(1 + (uint32_t)second % 97, 1, 1000);

        schedule_offer(s, &e, now_ns);
        e.slot += 1000;
        e.key.ingress = 2;
        e.grade = EXPECT_ROUTE;
        schedule_offer(s, &e, now_ns);
        while (schedule_next(s, now_ns, &pick)) {
            schedule_end(s, pick.ticket, MAP_GENUINE, pick.n_drops, now_ns);
            n_drops += pick.n_drops;
            n_control += pick.class == SCHEDULE_CONTROL ? pick.n_drops : 0;
        }
    }
    /* 20 hours bring 20 x 120 for it, beside what it begins with: 120, and one test not yet. */
    assert_true(n_control > 20 * 120 - 12 && n_control <= 20 * 120 + 120);
    assert_true(n_drops <= 20 * 1200 + 1200);
    schedule_destroy(s);
}

static void what_is_not_offered_again_is_forgotten(void **state)
{
    const struct schedule_config c = plain();
    struct schedule *s = ready(&c);
    const struct schedule_candidate e = entry(1, 1, 1000), other = entry(2, 2, 1000);
    const uint64_t later_ns = START_NS + (SCHEDULE_OFFER_S + 1) * NS_PER_S;

    (void)state;
    schedule_offer(s, &e, START_NS);
    schedule_offer(s, &other, START_NS);
    schedule_offer(s, &other, later_ns);
    assert_int_equal(next_slot(s, later_ns), 2);
    assert_int_equal(next_slot(s, later_ns), 0);
    schedule_destroy(s);
}

static void what_is_accepted_is_not_unexpected(void **state)
{
    const struct schedule_config c = plain();
    struct schedule *s = ready(&c);
    struct schedule_candidate e = entry(1, 1, 1000);

    (void)state;
    e.is_accepted = true;
    schedule_offer(s, &e, START_NS);
    assert_int_equal(next_slot(s, START_NS), 0);
    schedule_destroy(s);
}

static void what_is_expected_is_not_tested_again_before_its_time(void **state)
{
    struct schedule_config c = plain();
    struct schedule_candidate e = entry(1, 1, 1000);
    struct schedule *s;

    (void)state;
    c.control_share = 0.05;
    s = ready(&c);
    e.grade = EXPECT_ROUTE;
    e.reality = MAP_GENUINE;
    e.tested_ns = START_NS;
    assert_false(schedule_offer(s, &e, START_NS + 3600 * NS_PER_S));
    assert_true(schedule_offer(s, &e, START_NS + 86400 * NS_PER_S));
    schedule_destroy(s);
}

static void count_visit(void *context, enum schedule_class class,
                        const struct schedule_candidate *candidate, enum schedule_refusal why)
{
    uint32_t *n = context;

    (void)class;
    assert_int_equal(candidate->slot, 7);
    assert_int_equal(why, SCHEDULE_N_REFUSALS);
    (*n)++;
}

static void with_tests_off_the_queue_is_shown(void **state)
{
    struct schedule_config c = plain();
    const struct schedule_candidate e = entry(7, 1, 1000);
    struct schedule *s;
    uint32_t n = 0;

    (void)state;
    c.off = true;
    s = ready(&c);
    assert_true(schedule_offer(s, &e, START_NS));
    assert_int_equal(next_slot(s, START_NS), 0);
    schedule_each(s, START_NS, count_visit, &n);
    assert_int_equal(n, 2); /* by its traffic, and as any of them */
    schedule_destroy(s);
}

static void alpha_leaves_so_many_wrong_verdicts_in_a_year(void **state)
{
    const double alpha = schedule_alpha(2000, 5, 0.1);

    (void)state;
    /* So many tests a year, each wrong with this probability. */
    assert_true(fabs(2000.0 * 24 * 365.25 / 5 * alpha - 0.1) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_most_traffic_is_tested_first),
        cmocka_unit_test(what_changed_comes_before_what_is_stale),
        cmocka_unit_test(ingresses_take_turns),
        cmocka_unit_test(each_retest_comes_in_its_time),
        cmocka_unit_test(single_flows_are_looked_at_only_while_it_stays_unexpected),
        cmocka_unit_test(each_refusal_is_named),
        cmocka_unit_test(nothing_begins_before_the_store_has_told_what_it_knows),
        cmocka_unit_test(no_more_run_at_once_than_may),
        cmocka_unit_test(each_budget_holds_tests_back_under_its_name),
        cmocka_unit_test(what_was_really_dropped_is_charged),
        cmocka_unit_test(an_ingress_of_spoofed_tests_has_a_quarter_of_the_budget),
        cmocka_unit_test(a_share_of_the_budget_is_for_what_is_expected),
        cmocka_unit_test(what_is_not_offered_again_is_forgotten),
        cmocka_unit_test(what_is_accepted_is_not_unexpected),
        cmocka_unit_test(what_is_expected_is_not_tested_again_before_its_time),
        cmocka_unit_test(with_tests_off_the_queue_is_shown),
        cmocka_unit_test(alpha_leaves_so_many_wrong_verdicts_in_a_year),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
