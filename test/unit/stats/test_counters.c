/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats/counters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "stats/ports.h"

static void rows_cover_the_struct_without_overlap(void **state)
{
    (void)state;
    assert_int_equal(n_aggregate_counter_rows * sizeof(uint64_t),
                     sizeof(struct aggregate_counters));
    for (size_t i = 0; i < n_aggregate_counter_rows; i++)
        assert_int_equal(aggregate_counter_rows[i].offset, i * sizeof(uint64_t));
    assert_int_equal(n_worker_counter_rows * sizeof(uint64_t), sizeof(struct worker_counters));
}

static void names_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_aggregate_counter_rows; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(aggregate_counter_rows[i].name, aggregate_counter_rows[k].name);
}

static void add_and_subtract_are_inverse(void **state)
{
    struct aggregate_counters a, b, sum, back;

    (void)state;
    for (size_t i = 0; i < n_aggregate_counter_rows; i++) {
        ((uint64_t *)&a)[i] = 1000 + i;
        ((uint64_t *)&b)[i] = 7 * i;
    }
    sum = a;
    aggregate_counters_add(&sum, &b);
    assert_int_equal(sum.flows_repaired, a.flows_repaired + b.flows_repaired);
    aggregate_counters_subtract(&back, &sum, &b);
    assert_memory_equal(&back, &a, sizeof(a));
}

static void broken_identities_are_named(void **state)
{
    struct aggregate_counters c = {.segments = 10,
                                   .in_order = 8,
                                   .repairs = 1,
                                   .duplicates = 1,
                                   .droppable = 8,
                                   .dropped = 3,
                                   .retransmitted = 1,
                                   .expired = 1,
                                   .voided = 1,
                                   .void_closed = 1};
    struct aggregate_counters bad;

    (void)state;
    assert_null(aggregate_counters_check(&c));
    bad = c;
    bad.expired = 2;
    assert_non_null(strstr(aggregate_counters_check(&bad), "dropped"));
    bad = c;
    bad.droppable = c.dropped;
    assert_null(aggregate_counters_check(&bad));
    bad.droppable--;
    assert_string_equal(aggregate_counters_check(&bad), "dropped <= droppable");
    bad = c;
    bad.void_evicted = 1;
    assert_non_null(strstr(aggregate_counters_check(&bad), "void ="));
    bad = c;
    bad.out_of_order = 1;
    assert_non_null(strstr(aggregate_counters_check(&bad), "segments"));
    bad = c;
    bad.droppable = 9;
    assert_string_equal(aggregate_counters_check(&bad), "droppable <= in_order");
    bad.droppable = 2;
    assert_string_equal(aggregate_counters_check(&bad), "dropped <= droppable");
    bad.droppable = 3;
    assert_null(aggregate_counters_check(&bad));
    bad.spared = 5;
    assert_null(aggregate_counters_check(&bad));
    bad.spared = 6;
    assert_string_equal(aggregate_counters_check(&bad), "spared + droppable <= in_order");
    bad.spared = 0;
    bad.checksums_wrong = 1;
    assert_string_equal(aggregate_counters_check(&bad), "checksums_wrong <= checksums_sampled");
    /* ambiguous and test_duplicates are parts of duplicates, population_duplicates of the latter.
     */
    bad = c;
    bad.ambiguous = bad.test_duplicates = bad.population_duplicates = 1;
    assert_null(aggregate_counters_check(&bad));
    bad.ambiguous = 2;
    assert_non_null(strstr(aggregate_counters_check(&bad), "ambiguous"));
    bad.ambiguous = 0;
    bad.test_duplicates = 2;
    assert_non_null(strstr(aggregate_counters_check(&bad), "test_duplicates"));
    bad.test_duplicates = 0;
    assert_non_null(strstr(aggregate_counters_check(&bad), "population_duplicates"));
}

/* Distinct numbers, so that no field stands for another one. */
static void ports_of_workers_add_up(void **state)
{
    const size_t n = sizeof(struct worker_port) / sizeof(uint64_t);
    struct worker_port a, b;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        ((uint64_t *)&a)[i] = 1000 + i;
        ((uint64_t *)&b)[i] = (uint64_t)1 << i;
    }
    worker_port_add(&a, &b);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(((uint64_t *)&a)[i], 1000 + i + ((uint64_t)1 << i));
}

static void a_worker_accounts_for_every_packet(void **state)
{
    struct worker_counters c = {.rx_packets = 10,
                                .tx_packets = 7,
                                .dropped = 2,
                                .lost_tx_full = 1,
                                .untested = 4,
                                .slice_packets = 6};

    (void)state;
    assert_null(worker_counters_check(&c));
    c.lost_tx_full = 0;
    assert_non_null(worker_counters_check(&c));
    c.lost_cut = 1;
    assert_null(worker_counters_check(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_cover_the_struct_without_overlap),
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(add_and_subtract_are_inverse),
        cmocka_unit_test(broken_identities_are_named),
        cmocka_unit_test(ports_of_workers_add_up),
        cmocka_unit_test(a_worker_accounts_for_every_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
