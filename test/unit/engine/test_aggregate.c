/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/aggregate.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../within.h"
#include "base/random.h"

static const uint64_t secret[2] = {3, 5};

static struct aggregate_table *make_table(uint32_t capacity)
{
    size_t n = aggregate_table_memory_bytes(capacity);
    void *memory = aligned_alloc(CACHE_LINE_BYTES, n);
    struct aggregate_table *t = aggregate_table_init(memory, n, capacity, secret);

    assert_non_null(t);
    return t;
}

static struct aggregate_identity sub_prefix(uint32_t slice, uint32_t number)
{
    uint8_t four[4] = {10, (uint8_t)(number >> 8), (uint8_t)number, 0};
    struct ip_address a = ip_address_from_ipv4(four);

    return (struct aggregate_identity){
        .prefix = ip_prefix_of_address(&a, 24), .slice = slice, .has_prefix = true};
}

static void aggregates_are_found_by_slice_and_prefix(void **state)
{
    struct aggregate_table *t = make_table(1000);

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        struct aggregate_identity who = sub_prefix(i % 3, i / 3);

        assert_int_equal(aggregate_table_find(t, who.slice, &who.prefix), AGGREGATE_NONE);
        assert_int_equal(aggregate_table_add(t, &who), i);
        assert_int_equal(aggregate_table_add(t, &who), i);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        struct aggregate_identity who = sub_prefix(i % 3, i / 3);

        assert_int_equal(aggregate_table_find(t, who.slice, &who.prefix), i);
        assert_int_equal(aggregate_table_find(t, who.slice + 3, &who.prefix), AGGREGATE_NONE);
        assert_int_equal(aggregate_table_find(t, who.slice, NULL), AGGREGATE_NONE);
    }
    free(t);
}

static void a_full_table_refuses_and_keeps_what_it_has(void **state)
{
    struct aggregate_table *t = make_table(2);
    struct aggregate_identity whole = {.slice = 9}, other = sub_prefix(1, 1),
                              third = sub_prefix(1, 2);

    (void)state;
    assert_int_equal(aggregate_table_add(t, &whole), 0);
    assert_int_equal(aggregate_table_add(t, &other), 1);
    assert_int_equal(aggregate_table_add(t, &third), -ENOSPC);
    assert_int_equal(aggregate_table_add(t, &other), 1);
    assert_int_equal(aggregate_table_find(t, 9, NULL), 0);
    free(t);
}

static void what_is_no_table_is_refused(void **state)
{
    size_t n = aggregate_table_memory_bytes(3);
    void *memory = aligned_alloc(CACHE_LINE_BYTES, n);

    (void)state;
    assert_null(aggregate_table_init(memory, n, 0, secret));
    assert_null(aggregate_table_init(memory, SIZE_MAX, AGGREGATE_MOST + 1, secret));
    assert_null(aggregate_table_init(memory, n - 1, 3, secret));
    assert_non_null(aggregate_table_init(memory, n, 3, secret));
    free(memory);
}

#define N_NUMBERS    5u
#define N_IDENTITIES 12u

/* The same by lists: who has which number, which are retired, and which are free, the first of them
 * for as long as any. */
struct lists {
    struct aggregate_identity who[N_NUMBERS];
    enum { FREE, TAKEN, RETIRED } is[N_NUMBERS];
    uint32_t generation[N_NUMBERS];
    uint32_t free[N_NUMBERS], n_free;
};

static uint32_t list_find(const struct lists *l, const struct aggregate_identity *who)
{
    for (uint32_t i = 0; i < N_NUMBERS; i++)
        if (l->is[i] == TAKEN && l->who[i].slice == who->slice &&
            ip_prefix_equal(&l->who[i].prefix, &who->prefix))
            return i;
    return AGGREGATE_NONE;
}

static int64_t list_add(struct lists *l, const struct aggregate_identity *who)
{
    uint32_t number = list_find(l, who);

    if (number != AGGREGATE_NONE)
        return number;
    if (l->n_free == 0)
        return -ENOSPC;
    number = l->free[0];
    l->n_free--;
    for (uint32_t i = 0; i < l->n_free; i++)
        l->free[i] = l->free[i + 1];
    l->is[number] = TAKEN;
    l->who[number] = *who;
    return number;
}

static void lists_agree(const struct lists *l, const struct aggregate_table *t)
{
    assert_int_equal(aggregate_table_n_free(t), l->n_free);
    for (uint32_t i = 0; i < N_IDENTITIES; i++) {
        struct aggregate_identity who = sub_prefix(i % 2, i / 2);

        assert_int_equal(aggregate_table_find(t, who.slice, &who.prefix), list_find(l, &who));
    }
    for (uint32_t i = 0; i < aggregate_table_count(t); i++) {
        uint32_t handle = aggregate_table_handle(t, i);
        uint64_t word = atomic_load(&aggregate_table_control(t, i)->word);

        assert_int_equal(aggregate_number_of(handle), i);
        assert_int_equal(aggregate_generation_of(handle), l->generation[i]);
        /* A flow that holds the handle of one that is gone sees it by the word. */
        assert_int_equal(aggregate_generation_of_word(word),
                         l->generation[i] + (l->is[i] == RETIRED));
        if (l->is[i] == TAKEN)
            assert_int_equal(aggregate_table_control(t, i)->slice, l->who[i].slice);
        else
            assert_int_equal(aggregate_order_of_word(word).phase, AGGREGATE_IDLE);
    }
}

static void numbers_are_given_and_come_back_as_by_lists(void **state)
{
    struct aggregate_table *t = make_table(N_NUMBERS);
    struct lists l = {.n_free = N_NUMBERS};
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 4, 0);
    for (uint32_t i = 0; i < N_NUMBERS; i++)
        l.free[i] = i;
    for (int i = 0; i < 4000; i++) {
        uint32_t some = random_u32(&r) % N_IDENTITIES, n = random_u32(&r) % N_NUMBERS;
        struct aggregate_identity who = sub_prefix(some % 2, some / 2);

        if (random_u32(&r) % 2 == 0) {
            assert_int_equal(aggregate_table_add(t, &who), list_add(&l, &who));
        } else if (l.is[n] == TAKEN) {
            aggregate_table_retire(t, n);
            l.is[n] = RETIRED;
        } else if (l.is[n] == RETIRED) {
            atomic_store(&aggregate_table_control(t, n)->silent_ns, 7);
            aggregate_table_release(t, n);
            assert_int_equal(atomic_load(&aggregate_table_control(t, n)->silent_ns), 0);
            l.is[n] = FREE;
            l.generation[n]++;
            l.free[l.n_free++] = n;
        }
        lists_agree(&l, t);
    }
    assert_within(l.generation[0], 50, AGGREGATE_GENERATIONS - 2);
    free(t);
}

static void generations_come_round_and_none_is_that_of_nobody(void **state)
{
    struct aggregate_table *t = make_table(1);
    struct aggregate_identity who = sub_prefix(0, 0);

    (void)state;
    for (uint32_t i = 0; i < 2 * AGGREGATE_GENERATIONS + 3; i++) {
        uint64_t word;

        assert_int_equal(aggregate_table_add(t, &who), 0);
        assert_false(aggregate_handle_is_none(aggregate_table_handle(t, 0)));
        assert_int_equal(aggregate_generation_of(aggregate_table_handle(t, 0)),
                         i % AGGREGATE_GENERATIONS);
        aggregate_table_retire(t, 0);
        word = atomic_load(&aggregate_table_control(t, 0)->word);
        assert_int_equal(aggregate_generation_of_word(word), (i + 1) % AGGREGATE_GENERATIONS);
        aggregate_table_release(t, 0);
    }
    free(t);
}

static void orders_arrive_as_they_were_given(void **state)
{
    struct aggregate_control c = {0};
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 1, 0);
    for (int i = 0; i < 1000; i++) {
        struct aggregate_order given = {.threshold = random_u32(&r),
                                        .test_id = (uint8_t)random_u32(&r),
                                        .phase = (uint8_t)(random_u32(&r) % 4),
                                        .n_repairs = random_u32(&r) % 3,
                                        .screening = random_u32(&r) & 1};
        struct aggregate_order got;

        aggregate_control_order(&c, given);
        got = aggregate_control_read(&c);
        assert_int_equal(got.threshold, given.threshold);
        assert_int_equal(got.test_id, given.test_id);
        assert_int_equal(got.phase, given.phase);
        assert_int_equal(got.n_repairs, given.n_repairs);
        assert_int_equal(got.screening, given.screening);
    }
}

#define N_TAKERS 4
#define N_BUDGET 20000

static _Atomic int32_t shared_budget;

static void *take_until_empty(void *n_taken)
{
    while (aggregate_take(&shared_budget))
        ++*(uint32_t *)n_taken;
    return NULL;
}

static void a_budget_is_never_overshot_by_many_takers(void **state)
{
    pthread_t threads[N_TAKERS];
    uint32_t taken[N_TAKERS] = {0}, sum = 0;

    (void)state;
    atomic_store(&shared_budget, N_BUDGET);
    for (int i = 0; i < N_TAKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_until_empty, &taken[i]), 0);
    for (int i = 0; i < N_TAKERS; i++) {
        pthread_join(threads[i], NULL);
        sum += taken[i];
    }
    assert_int_equal(sum, N_BUDGET);
    assert_int_equal(atomic_load(&shared_budget), 0);
    assert_false(aggregate_take(&shared_budget));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aggregates_are_found_by_slice_and_prefix),
        cmocka_unit_test(a_full_table_refuses_and_keeps_what_it_has),
        cmocka_unit_test(what_is_no_table_is_refused),
        cmocka_unit_test(numbers_are_given_and_come_back_as_by_lists),
        cmocka_unit_test(generations_come_round_and_none_is_that_of_nobody),
        cmocka_unit_test(orders_arrive_as_they_were_given),
        cmocka_unit_test(a_budget_is_never_overshot_by_many_takers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
