/* SPDX-License-Identifier: BSD-3-Clause */
/* Budgets of drops per hour, against a twin that keeps every drop with its time, and one that goes
 * millisecond by millisecond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/random.h"
#include "map/bucket.h"

#define HOUR_MS UINT64_C(3600000)

static uint32_t below(struct random_source *r, uint32_t n)
{
    return random_u32(r) % n;
}

struct made {
    uint64_t at_ms;
    uint32_t n;
};

struct twin {
    struct made made[20000];
    uint32_t n_made;
    uint32_t reserved[8]; /* of tests under way; 0: none */
    uint32_t spent[8];
};

static uint64_t within_hour(const struct twin *t, uint64_t now_ms)
{
    uint64_t n = 0;

    for (uint32_t i = t->n_made; i-- > 0 && t->made[i].at_ms + HOUR_MS > now_ms;)
        n += t->made[i].n;
    return n;
}

static void step_test(struct bucket *b, struct twin *t, struct random_source *r, uint64_t now_ms)
{
    const uint32_t i = below(r, 8);

    if (t->reserved[i] == 0) {
        const uint32_t n = 1 + below(r, 72);

        if (bucket_reserve(b, n)) {
            t->reserved[i] = n;
            t->spent[i] = 0;
        }
    } else if (below(r, 3) == 0) {
        bucket_settle(b, t->reserved[i], t->spent[i]);
        t->reserved[i] = 0;
    } else {
        const uint32_t n = below(r, t->reserved[i] - t->spent[i] + 1);

        t->spent[i] += n;
        t->made[t->n_made++] = (struct made){now_ms, n};
    }
}

/* Drops are made whenever a test that reserved them likes, also long after. */
static void no_hour_has_more_drops_than_the_budget(void **state)
{
    struct twin *t = malloc(sizeof(*t));

    (void)state;
    assert_non_null(t);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        const uint32_t per_hour = 144 + 20 * (uint32_t)seed;
        uint64_t now_ms = seed * 1000, most = 0;
        struct random_source r;
        struct bucket b;

        *t = (struct twin){.n_made = 0};
        random_seed_fixed(&r, seed, 0);
        bucket_init(&b, per_hour, 0, now_ms);
        for (int i = 0; i < 15000; i++) {
            static const uint32_t steps_ms[] = {1, 50, 2000, 60000, 600000};

            now_ms += below(&r, steps_ms[below(&r, 100) < 95 ? below(&r, 3) : below(&r, 5)]);
            bucket_advance(&b, now_ms);
            step_test(&b, t, &r, now_ms);
            assert_true(b.level + b.reserved <= b.depth);
            if (within_hour(t, now_ms) > most)
                most = within_hour(t, now_ms);
        }
        assert_true(most <= per_hour);
        /* The budget is there to be used. */
        assert_true(most > per_hour / 2);
    }
    free(t);
}

static void a_bucket_is_filled_as_if_each_millisecond_were_counted(void **state)
{
    struct random_source r;
    struct bucket b;

    (void)state;
    random_seed_fixed(&r, 7, 0);
    for (int round = 0; round < 50; round++) {
        const uint32_t per_hour = 1 + below(&r, 1000000);
        uint64_t level, now_ms = 5000 + below(&r, 1000);

        bucket_init(&b, per_hour, 0, now_ms);
        assert_true(bucket_reserve(&b, bucket_left(&b)));
        bucket_settle(&b, (uint32_t)(b.reserved / BUCKET_UNITS),
                      (uint32_t)(b.reserved / BUCKET_UNITS));
        level = b.level;
        for (int i = 0; i < 100; i++) {
            uint32_t step_ms = below(&r, 200000);

            now_ms += step_ms;
            bucket_advance(&b, now_ms);
            while (step_ms-- > 0)
                level = level + per_hour < b.depth ? level + per_hour : b.depth;
            assert_int_equal(b.level, level);
        }
    }
}

static void half_of_the_budget_is_there_at_once_and_all_of_it_in_an_hour(void **state)
{
    struct bucket b;

    (void)state;
    bucket_init(&b, 200, 0, 0);
    assert_int_equal(bucket_left(&b), 100);
    assert_false(bucket_reserve(&b, 101));
    assert_true(bucket_reserve(&b, 100));
    bucket_settle(&b, 100, 100);
    assert_int_equal(bucket_left(&b), 0);
    bucket_advance(&b, HOUR_MS / 2);
    assert_int_equal(bucket_left(&b), 50);
    bucket_advance(&b, HOUR_MS);
    assert_int_equal(bucket_left(&b), 100);
    bucket_advance(&b, 2 * HOUR_MS);
    assert_int_equal(bucket_left(&b), 100);
    assert_true(bucket_is_full(&b));
}

static void what_a_test_did_not_need_comes_back(void **state)
{
    struct bucket b;

    (void)state;
    bucket_init(&b, 144, 0, 0);
    assert_true(bucket_reserve(&b, 72));
    bucket_advance(&b, HOUR_MS);
    assert_int_equal(bucket_left(&b), 0); /* what is reserved takes its room */
    bucket_settle(&b, 72, 5);
    assert_int_equal(bucket_left(&b), 67);
}

static void a_share_of_a_small_budget_holds_one_test(void **state)
{
    struct bucket b;

    (void)state;
    bucket_init(&b, 24, 72, 0);
    assert_true(bucket_reserve(&b, 72));
    bucket_settle(&b, 72, 72);
    bucket_advance(&b, HOUR_MS);
    assert_int_equal(bucket_left(&b), 12);
    bucket_advance(&b, 10 * HOUR_MS);
    assert_int_equal(bucket_left(&b), 72);
}

static void another_limit_remembers_what_was_used(void **state)
{
    struct bucket b;

    (void)state;
    bucket_init(&b, 1000, 0, 0);
    assert_true(bucket_reserve(&b, 60));
    bucket_limit(&b, 200, 0);
    assert_int_equal(bucket_left(&b), 40);
    bucket_limit(&b, 100, 0);
    assert_int_equal(bucket_left(&b), 0);
    bucket_advance(&b, 5 * HOUR_MS);
    assert_int_equal(bucket_left(&b), 0);
    bucket_settle(&b, 60, 0);
    assert_int_equal(bucket_left(&b), 50);
    bucket_limit(&b, 0, 0);
    assert_true(bucket_reserve(&b, 1000000));
    bucket_settle(&b, 1000000, 3);
    bucket_limit(&b, 100, 0);
    assert_true(bucket_left(&b) <= 50);
    assert_int_equal(b.reserved, 0);
}

static struct bucket_key key(uint64_t number)
{
    return (struct bucket_key){{number, 0, 0}};
}

static void a_bucket_in_use_is_not_given_to_another(void **state)
{
    const uint64_t secret[2] = {1, 2};
    struct bucket_table *t = bucket_table_create(16, secret);
    struct bucket *held[16];

    (void)state;
    assert_non_null(t);
    for (uint64_t i = 0; i < 16; i++) {
        const struct bucket_key k = key(i);

        held[i] = bucket_table_get(t, &k, 200, 0);
        assert_non_null(held[i]);
        assert_true(bucket_reserve(held[i], 100));
    }
    for (uint64_t i = 0; i < 16; i++) {
        const struct bucket_key k = key(i), other = key(100 + i);

        assert_ptr_equal(bucket_table_get(t, &k, 200, 0), held[i]);
        assert_null(bucket_table_get(t, &other, 200, 0));
    }
    bucket_settle(held[3], 100, 50);
    assert_null(bucket_table_get(t, &(struct bucket_key){{100, 0, 0}}, 200, HOUR_MS / 4));
    /* Full again: nothing is forgotten with it. */
    assert_ptr_equal(bucket_table_get(t, &(struct bucket_key){{100, 0, 0}}, 200, HOUR_MS), held[3]);
    assert_int_equal(bucket_left(held[3]), 100);
    bucket_table_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_hour_has_more_drops_than_the_budget),
        cmocka_unit_test(a_bucket_is_filled_as_if_each_millisecond_were_counted),
        cmocka_unit_test(half_of_the_budget_is_there_at_once_and_all_of_it_in_an_hour),
        cmocka_unit_test(what_a_test_did_not_need_comes_back),
        cmocka_unit_test(a_share_of_a_small_budget_holds_one_test),
        cmocka_unit_test(another_limit_remembers_what_was_used),
        cmocka_unit_test(a_bucket_in_use_is_not_given_to_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
