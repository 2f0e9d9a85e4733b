/* SPDX-License-Identifier: BSD-3-Clause */
/* The budget of the whole box, against a twin that keeps every drop with its time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/random.h"
#include "base/time.h"
#include "manager/hourly_budget.h"

#define HOUR_NS   (3600 * NS_PER_S)
#define MOST_LOGS 100000

/* 0..n-1 */
static uint32_t below(struct random_source *r, uint32_t n)
{
    return random_u32(r) % n;
}

struct log {
    uint64_t time_ns;
    enum test_cause cause;
    uint32_t n;
};

struct twin {
    struct log logs[MOST_LOGS];
    uint32_t n_logs;
    uint64_t reserved;
};

static uint64_t made_since(const struct twin *t, uint64_t since_ns, int cause)
{
    uint64_t n = 0;

    for (uint32_t i = t->n_logs; i-- > 0 && t->logs[i].time_ns >= since_ns;)
        if (cause < 0 || t->logs[i].cause == (enum test_cause)cause)
            n += t->logs[i].n;
    return n;
}

static uint64_t ago(uint64_t now_ns, uint64_t ns)
{
    return now_ns > ns ? now_ns - ns : 0;
}

/* Never more than an hour may have, and nothing refused that two minutes more would not need. */
static void assert_fits_twin(const struct hourly_budget *b, const struct twin *t, uint64_t now_ns)
{
    uint64_t hour = made_since(t, ago(now_ns, HOUR_NS), -1);
    uint64_t longer = made_since(t, ago(now_ns, HOUR_NS + 120 * NS_PER_S), -1);
    uint64_t left = hourly_budget_left(b);

    assert_int_equal(b->reserved, t->reserved);
    assert_true(left + hour + t->reserved <= b->max_per_hour || left == 0);
    assert_true(left + longer + t->reserved >= b->max_per_hour);
    for (int i = 0; i < TEST_N_CAUSES; i++) {
        assert_true(b->spent[i] >= made_since(t, ago(now_ns, HOUR_NS), i));
        assert_true(b->spent[i] <= made_since(t, ago(now_ns, HOUR_NS + 120 * NS_PER_S), i));
    }
}

static uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

static void ask(struct hourly_budget *b, struct twin *t, struct random_source *r)
{
    uint32_t n = below(r, 100), got;
    uint64_t left = hourly_budget_left(b);

    b->is_awaited = false;
    if (below(r, 2) == 0) {
        got = hourly_budget_reserve(b, n);
        assert_int_equal(got, least(n, left));
    } else {
        got = hourly_budget_reserve_whole(b, n) ? n : 0;
        assert_int_equal(got, n <= left ? n : 0);
    }
    assert_int_equal(b->is_awaited, got < n);
    t->reserved += got;
}

static void spend(struct hourly_budget *b, struct twin *t, struct random_source *r, uint64_t now_ns)
{
    uint32_t n = below(r, (uint32_t)least(t->reserved, 50) + 1);
    enum test_cause cause = (enum test_cause)below(r, TEST_N_CAUSES);

    hourly_budget_spend(b, cause, n, n);
    t->reserved -= n;
    t->logs[t->n_logs++ % MOST_LOGS] = (struct log){now_ns, cause, n};
}

static void give_back(struct hourly_budget *b, struct twin *t, struct random_source *r)
{
    uint32_t n = below(r, (uint32_t)least(t->reserved, 50) + 1);

    hourly_budget_give_back(b, n);
    t->reserved -= n;
}

static uint64_t some_time(struct random_source *r)
{
    static const uint64_t steps_ns[] = {NS_PER_S / 100, NS_PER_S, 20 * NS_PER_S, 600 * NS_PER_S,
                                        2 * HOUR_NS};
    uint64_t step_ns = steps_ns[below(r, 100) == 0 ? 4 : below(r, 4)];

    return random_u64(r) % step_ns;
}

static void no_hour_has_more_drops_than_allowed(void **state)
{
    struct twin *t = calloc(1, sizeof(*t));

    (void)state;
    assert_non_null(t);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct random_source r;
        struct hourly_budget b = {.max_per_hour = 200 + (uint32_t)seed * 50};
        uint64_t now_ns = seed * 17 * NS_PER_S;

        random_seed_fixed(&r, seed, 0);
        t->n_logs = 0;
        t->reserved = 0;
        hourly_budget_advance(&b, now_ns);
        for (int i = 0; i < 5000; i++) {
            now_ns += below(&r, 4) == 0 ? some_time(&r) : 0;
            hourly_budget_advance(&b, now_ns);
            switch (below(&r, 3)) {
            case 0:
                ask(&b, t, &r);
                break;
            case 1:
                spend(&b, t, &r, now_ns);
                break;
            default:
                give_back(&b, t, &r);
                break;
            }
            assert_fits_twin(&b, t, now_ns);
        }
    }
    free(t);
}

static void what_was_made_is_free_again_after_an_hour_and_not_before(void **state)
{
    struct hourly_budget b = {.max_per_hour = 10};
    uint64_t made_ns = 90 * NS_PER_S;

    (void)state;
    assert_int_equal(hourly_budget_next_ns(&b), 0);
    hourly_budget_advance(&b, made_ns);
    assert_int_equal(hourly_budget_reserve(&b, 20), 10);
    hourly_budget_spend(&b, TEST_BY_COMMAND, 10, 10);
    assert_int_equal(hourly_budget_left(&b), 0);
    hourly_budget_advance(&b, made_ns + HOUR_NS);
    assert_int_equal(hourly_budget_left(&b), 0);
    assert_true(hourly_budget_next_ns(&b) > made_ns + HOUR_NS);
    hourly_budget_advance(&b, hourly_budget_next_ns(&b) - 1);
    assert_int_equal(hourly_budget_left(&b), 0);
    hourly_budget_advance(&b, hourly_budget_next_ns(&b));
    assert_int_equal(hourly_budget_left(&b), 10);
    assert_true(b.minute * 60 * NS_PER_S <= made_ns + HOUR_NS + 120 * NS_PER_S);
}

static void who_comes_later_waits_behind_who_waits(void **state)
{
    struct hourly_budget b = {.max_per_hour = 10};

    (void)state;
    assert_false(hourly_budget_reserve_whole(&b, 11));
    assert_int_equal(hourly_budget_reserve(&b, 1), 0);
    b.is_awaited = false;
    assert_int_equal(hourly_budget_reserve(&b, 1), 1);
}

static void without_limit_all_is_granted_and_still_told(void **state)
{
    struct hourly_budget b = {.max_per_hour = 0};

    (void)state;
    assert_int_equal(hourly_budget_left(&b), UINT64_MAX);
    assert_int_equal(hourly_budget_reserve(&b, UINT32_MAX), UINT32_MAX);
    hourly_budget_spend(&b, TEST_BY_SLICE, 7, 7);
    assert_int_equal(b.spent[TEST_BY_SLICE], 7);
    assert_int_equal(hourly_budget_left(&b), UINT64_MAX);
}

static void a_limit_that_was_lowered_grants_nothing_until_there_is_room(void **state)
{
    struct hourly_budget b = {.max_per_hour = 100};

    (void)state;
    assert_int_equal(hourly_budget_reserve(&b, 60), 60);
    b.max_per_hour = 50;
    assert_int_equal(hourly_budget_left(&b), 0);
    hourly_budget_give_back(&b, 20);
    assert_int_equal(hourly_budget_left(&b), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_hour_has_more_drops_than_allowed),
        cmocka_unit_test(what_was_made_is_free_again_after_an_hour_and_not_before),
        cmocka_unit_test(who_comes_later_waits_behind_who_waits),
        cmocka_unit_test(without_limit_all_is_granted_and_still_told),
        cmocka_unit_test(a_limit_that_was_lowered_grants_nothing_until_there_is_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
