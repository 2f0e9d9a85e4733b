/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

#define N 64

/* Runs around the wrap of the millisecond clock (49 days) as well as far from it. */
static const uint32_t starts_ms[] = {0, 1000, 0x7fffffff, 0xffffffff - IDLE_MS, 0xffffffff};

static void a_silent_flow_is_aged_at_its_timeout(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(starts_ms); i++) {
        struct flow_table *t = table_of(N);

        insert(t, 1, FLOW_ARMED, starts_ms[i]);
        insert(t, 2, FLOW_OBSERVED, starts_ms[i]);
        insert(t, 3, FLOW_CLOSING, starts_ms[i]);
        flow_table_age(t, N, starts_ms[i] + IDLE_MS - 1);
        assert_int_equal(flow_table_counters(t)->n_flows, 3);
        flow_table_age(t, N, starts_ms[i] + IDLE_MS);
        assert_int_equal(flow_table_counters(t)->aged, 3);
        assert_null(find(t, 1));
        assert_counters_reconcile(t);
        free(t);
    }
}

static void a_flow_of_syns_alone_is_aged_after_a_quarter(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(starts_ms); i++) {
        struct flow_table *t = table_of(N);

        insert(t, 1, FLOW_SYN_ONLY, starts_ms[i]);
        insert(t, 2, FLOW_ARMED, starts_ms[i]);
        flow_table_age(t, N, starts_ms[i] + IDLE_MS / 4 - 1);
        assert_non_null(find(t, 1));
        flow_table_age(t, N, starts_ms[i] + IDLE_MS / 4);
        assert_null(find(t, 1));
        assert_non_null(find(t, 2));
        free(t);
    }
}

static void a_flow_with_packets_stays(void **state)
{
    struct flow_table *t = table_of(N);

    (void)state;
    insert(t, 1, FLOW_ARMED, 0);
    for (uint32_t now_ms = 0; now_ms < 20 * IDLE_MS; now_ms += IDLE_MS - 1) {
        flow_table_age(t, N, now_ms);
        assert_non_null(find(t, 1));
        find(t, 1)->last_seen_ms = now_ms;
    }
    free(t);
}

static void a_packet_ahead_of_the_clock_is_not_silence(void **state)
{
    struct flow_table *t = table_of(N);

    (void)state;
    insert(t, 1, FLOW_ARMED, 5);
    flow_table_age(t, N, 4);
    insert(t, 2, FLOW_SYN_ONLY, 0);
    flow_table_age(t, N, 0xffffffff);
    assert_int_equal(flow_table_counters(t)->n_flows, 2);
    free(t);
}

static void few_at_a_time_come_to_every_record(void **state)
{
    enum { CAPACITY = 100, STEP = 7 };
    struct flow_table *t = table_of(CAPACITY);
    unsigned int n_before = 70;

    (void)state;
    for (uint32_t i = 0; i < n_before; i++)
        assert_int_equal(insert(t, i, FLOW_ARMED, 0), FLOW_ADMITTED);
    for (int step = 0; step < (CAPACITY + STEP - 1) / STEP; step++) {
        uint64_t n = flow_table_counters(t)->n_flows;

        flow_table_age(t, STEP, IDLE_MS);
        assert_true(n - flow_table_counters(t)->n_flows <= STEP);
    }
    assert_int_equal(flow_table_counters(t)->n_flows, 0);
    assert_int_equal(flow_table_counters(t)->aged, n_before);
    free(t);
}

static void expect_key(void *context, struct flow *flow)
{
    struct flow_key *expected = context;

    assert_true(flow_key_equal(&flow->key, expected));
    assert_int_not_equal(flow->state, FLOW_FREE);
    *expected = (struct flow_key){.ingress = 1}; /* called once */
}

static void leaving_is_announced_while_the_flow_is_still_whole(void **state)
{
    struct flow_key expected;
    struct flow_table_config config = {
        .n_flows = N, .idle_timeout_ms = IDLE_MS, .on_leave = expect_key, .context = &expected};
    struct flow_table *t = table_new(&config);

    (void)state;
    insert(t, 1, FLOW_ARMED, 0);
    expected = key_of(1);
    flow_table_age(t, N, IDLE_MS);
    assert_int_equal(expected.ingress, 1);
    insert(t, 2, FLOW_ARMED, 0);
    expected = key_of(2);
    flow_table_remove(t, find(t, 2));
    assert_int_equal(expected.ingress, 1);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_flow_is_aged_at_its_timeout),
        cmocka_unit_test(a_flow_of_syns_alone_is_aged_after_a_quarter),
        cmocka_unit_test(a_flow_with_packets_stays),
        cmocka_unit_test(a_packet_ahead_of_the_clock_is_not_silence),
        cmocka_unit_test(few_at_a_time_come_to_every_record),
        cmocka_unit_test(leaving_is_announced_while_the_flow_is_still_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
