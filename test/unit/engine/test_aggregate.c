/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/aggregate.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

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
                                        .repaired_flows_only = random_u32(&r) & 1,
                                        .screening = random_u32(&r) & 1};
        struct aggregate_order got;

        aggregate_control_order(&c, given);
        got = aggregate_control_read(&c);
        assert_int_equal(got.threshold, given.threshold);
        assert_int_equal(got.test_id, given.test_id);
        assert_int_equal(got.phase, given.phase);
        assert_int_equal(got.repaired_flows_only, given.repaired_flows_only);
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
        cmocka_unit_test(orders_arrive_as_they_were_given),
        cmocka_unit_test(a_budget_is_never_overshot_by_many_takers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
