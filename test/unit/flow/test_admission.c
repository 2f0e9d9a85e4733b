/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

#include "flow/layout.h"

static struct flow_table *limited_table(uint32_t n_flows, uint32_t admissions_per_second)
{
    struct flow_table_config config = {.n_flows = n_flows,
                                       .idle_timeout_ms = IDLE_MS,
                                       .admissions_per_second = admissions_per_second,
                                       .secret = {0x1234, 0x5678}};

    return table_new(&config);
}

/* How many of `n` new keys, from `*next` on, are admitted at this time. */
static unsigned int n_admitted(struct flow_table *t, uint32_t *next, unsigned int n,
                               enum flow_state state, uint32_t now_ms)
{
    unsigned int sum = 0;

    for (unsigned int i = 0; i < n; i++)
        sum += insert(t, (*next)++, state, now_ms) == FLOW_ADMITTED;
    return sum;
}

static void one_second_of_admissions_at_once_then_their_rate(void **state)
{
    static const uint32_t starts_ms[] = {0, 12345, 0xfffffff0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(starts_ms); i++) {
        struct flow_table *t = limited_table(4096, 50);
        uint32_t next = 0, now_ms = starts_ms[i];

        assert_int_equal(n_admitted(t, &next, 100, FLOW_ARMED, now_ms), 50);
        assert_int_equal(insert(t, next, FLOW_ARMED, now_ms), FLOW_REFUSED_RATE);
        assert_int_equal(n_admitted(t, &next, 9, FLOW_ARMED, now_ms + 19), 0);
        assert_int_equal(n_admitted(t, &next, 9, FLOW_ARMED, now_ms + 20), 1);
        assert_int_equal(n_admitted(t, &next, 9, FLOW_ARMED, now_ms + 520), 9);
        assert_int_equal(n_admitted(t, &next, 100, FLOW_ARMED, now_ms + 520), 16);
        assert_int_equal(n_admitted(t, &next, 100, FLOW_ARMED, now_ms + 0x7fffffff), 50);
        assert_counters_reconcile(t);
        free(t);
    }
}

static void a_rate_of_three_a_second_loses_no_fraction(void **state)
{
    struct flow_table *t = limited_table(4096, 3);
    uint32_t next = 0;
    unsigned int sum = 0;

    (void)state;
    for (uint32_t now_ms = 0; now_ms < 100 * 1000; now_ms++)
        sum += n_admitted(t, &next, 1, FLOW_ARMED, now_ms);
    assert_int_equal(sum, 3 + 3 * 100 - 1); /* the last one is due at 100 s */
    free(t);
}

static void a_clock_that_steps_back_gives_nothing_away(void **state)
{
    struct flow_table *t = limited_table(4096, 10);
    uint32_t next = 0;

    (void)state;
    assert_int_equal(n_admitted(t, &next, 20, FLOW_ARMED, 5000), 10);
    assert_int_equal(n_admitted(t, &next, 20, FLOW_ARMED, 4999), 0);
    free(t);
}

static void known_flows_cost_no_admission(void **state)
{
    struct flow_table *t = limited_table(4096, 1);

    (void)state;
    assert_int_equal(insert(t, 1, FLOW_ARMED, 0), FLOW_ADMITTED);
    for (int i = 0; i < 10; i++)
        assert_int_equal(insert(t, 1, FLOW_ARMED, 0), FLOW_KNOWN);
    assert_int_equal(insert(t, 2, FLOW_ARMED, 0), FLOW_REFUSED_RATE);
    free(t);
}

/* Fills up to `n` flows, however many keys that takes. */
static void fill(struct flow_table *t, uint32_t *next, uint32_t n, enum flow_state state,
                 uint32_t now_ms)
{
    while (flow_table_counters(t)->n_flows < n)
        insert(t, (*next)++, state, now_ms);
}

static void everybody_is_let_in_up_to_three_quarters(void **state)
{
    struct flow_table *t = table_of(1 << 12);
    uint32_t next = 0;

    (void)state;
    assert_int_equal(n_admitted(t, &next, 3 << 10, FLOW_ARMED, 0), 3 << 10);
    free(t);
}

/* Asks for 16384 new keys and takes out whom it admits: so the level stays. The share lies within
 * six standard deviations, sqrt(p (1-p) / 16384) <= 0.0039, of the free share of the last quarter.
 */
static void above_that_the_free_share_of_the_last_quarter_is_let_in(void **state)
{
    static const struct {
        uint32_t n_flows;
        double share;
    } level[] = {{3200, 0.875}, {3584, 0.5}, {3840, 0.25}, {4032, 1. / 16}, {4095, 1. / 16}};
    struct flow_table *t = table_of(4096);
    uint32_t next = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(level); i++) {
        unsigned int n_let_in = 0;
        double share;

        fill(t, &next, level[i].n_flows, FLOW_ARMED, 0);
        for (int k = 0; k < 16384; k++, next++) {
            if (insert(t, next, FLOW_ARMED, 0) != FLOW_ADMITTED)
                continue;
            flow_table_remove(t, find(t, next));
            n_let_in++;
        }
        share = n_let_in / 16384.;
        assert_true(share > level[i].share - 6 * 0.0039 && share < level[i].share + 6 * 0.0039);
    }
    assert_counters_reconcile(t);
    free(t);
}

static void a_key_gets_the_same_answer_each_time_at_one_level(void **state)
{
    struct flow_table *t = table_of(4096);
    uint32_t next = 0;
    uint32_t n_refused = 0;

    (void)state;
    fill(t, &next, 3584, FLOW_ARMED, 0);
    for (uint32_t i = 0; i < 1000; i++) {
        enum flow_admission first = insert(t, next + i, FLOW_ARMED, 0);

        for (int again = 0; again < 3; again++) {
            if (first == FLOW_ADMITTED)
                flow_table_remove(t, find(t, next + i));
            assert_int_equal(insert(t, next + i, FLOW_ARMED, 0), first);
        }
        if (first == FLOW_ADMITTED)
            flow_table_remove(t, find(t, next + i));
        n_refused += first == FLOW_REFUSED_SAMPLED;
    }
    assert_true(n_refused > 300 && n_refused < 700);
    free(t);
}

static void who_is_refused_at_a_level_is_refused_at_a_fuller_one(void **state)
{
    struct flow_table *t = table_of(4096);
    static bool refused[1000];
    uint32_t next = 0;
    const uint32_t probe = 1u << 31;

    (void)state;
    for (uint32_t level = 3200; level <= 4000; level += 200) {
        fill(t, &next, level, FLOW_ARMED, 0);
        for (uint32_t i = 0; i < 1000; i++) {
            bool admitted = insert(t, probe + i, FLOW_ARMED, 0) == FLOW_ADMITTED;

            assert_false(refused[i] && admitted);
            refused[i] = !admitted;
            if (admitted)
                flow_table_remove(t, find(t, probe + i));
        }
    }
    free(t);
}

/* Keys whose two buckets are buckets 0 and 1 of 16: both can be filled, and every flow there is a
 * candidate. */
#define CROWD 16

static void crowd_keys(const struct flow_table *t, uint32_t *keys, unsigned int n)
{
    unsigned int found = 0;

    for (uint32_t i = 0; found < n; i++) {
        struct flow_key key = key_of(i);
        uint64_t hash = flow_table_hash(t, &key);

        if (first_bucket(t, hash) < &t->buckets[2] && second_bucket(t, hash) < &t->buckets[2])
            keys[found++] = i;
    }
}

static struct flow_table *crowded_table(uint32_t *keys, unsigned int n_keys, enum flow_state state)
{
    struct flow_table *t = table_of(64);

    crowd_keys(t, keys, n_keys);
    for (uint32_t i = 0; i < CROWD; i++)
        assert_int_equal(insert(t, keys[i], state, 1000 + i), FLOW_ADMITTED);
    return t;
}

static void live_flows_are_never_evicted(void **state)
{
    static const enum flow_state states[] = {FLOW_OBSERVED, FLOW_ARMED, FLOW_CLOSING};
    uint32_t keys[CROWD + 1];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        struct flow_table *t = crowded_table(keys, CROWD + 1, states[i]);

        assert_int_equal(insert(t, keys[CROWD], FLOW_ARMED, 1000 + IDLE_MS - 1), FLOW_REFUSED_FULL);
        for (uint32_t k = 0; k < CROWD; k++)
            assert_non_null(find(t, keys[k]));
        assert_null(find(t, keys[CROWD]));
        free(t);
    }
}

static void the_flow_of_syns_seen_least_recently_goes_first(void **state)
{
    uint32_t keys[CROWD + 3];
    struct flow_table *t = crowded_table(keys, CROWD + 3, FLOW_ARMED);

    (void)state;
    find(t, keys[3])->state = FLOW_SYN_ONLY;
    find(t, keys[9])->state = FLOW_SYN_ONLY;
    find(t, keys[9])->last_seen_ms = 900;
    assert_int_equal(insert(t, keys[CROWD], FLOW_ARMED, 2000), FLOW_ADMITTED);
    assert_null(find(t, keys[9]));
    assert_int_equal(insert(t, keys[CROWD + 1], FLOW_ARMED, 2000), FLOW_ADMITTED);
    assert_null(find(t, keys[3]));
    assert_int_equal(insert(t, keys[CROWD + 2], FLOW_ARMED, 2000), FLOW_REFUSED_FULL);
    assert_int_equal(flow_table_counters(t)->evicted_syn_only, 2);
    assert_counters_reconcile(t);
    free(t);
}

static void syns_go_before_the_idle_and_the_idle_by_their_silence(void **state)
{
    uint32_t keys[CROWD + 3];
    struct flow_table *t = crowded_table(keys, CROWD + 3, FLOW_ARMED);
    uint32_t now_ms = 1000 + IDLE_MS + 1; /* flows 0 and 1 are idle by now, 0 for longer */

    (void)state;
    find(t, keys[5])->state = FLOW_SYN_ONLY;
    find(t, keys[5])->last_seen_ms = now_ms;
    assert_int_equal(insert(t, keys[CROWD], FLOW_ARMED, now_ms), FLOW_ADMITTED);
    assert_null(find(t, keys[5]));
    assert_int_equal(insert(t, keys[CROWD + 1], FLOW_ARMED, now_ms), FLOW_ADMITTED);
    assert_null(find(t, keys[0]));
    assert_int_equal(insert(t, keys[CROWD + 2], FLOW_ARMED, now_ms), FLOW_ADMITTED);
    assert_null(find(t, keys[1]));
    assert_int_equal(flow_table_counters(t)->evicted_syn_only, 1);
    assert_int_equal(flow_table_counters(t)->evicted_idle, 2);
    assert_counters_reconcile(t);
    free(t);
}

/* Twelve keys of one first bucket: four live in their second one, and are found after the first has
 * room again. */
static void keys_in_their_second_bucket_are_found_and_forgotten(void **state)
{
    enum { N = 12 };
    struct flow_table *t = table_of(64);
    uint32_t keys[N];
    unsigned int n = 0;

    (void)state;
    for (uint32_t i = 0; n < N; i++) {
        struct flow_key key = key_of(i);

        if (first_bucket(t, flow_table_hash(t, &key)) == &t->buckets[5])
            keys[n++] = i;
    }
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(insert(t, keys[i], FLOW_ARMED, 0), FLOW_ADMITTED);
    for (uint32_t gone = 0; gone < N; gone++) {
        for (uint32_t i = gone; i < N; i++)
            assert_non_null(find(t, keys[i]));
        assert_true(has_keys_away(&t->buckets[5]));
        flow_table_remove(t, find(t, keys[gone]));
        assert_null(find(t, keys[gone]));
    }
    assert_false(has_keys_away(&t->buckets[5]));
    free(t);
}

/* Ten times the capacity in new keys, at no limit of rate, against a table half full of live flows.
 */
static void a_flood_pushes_no_live_flow_out(void **state)
{
    static const enum flow_state flood[] = {FLOW_SYN_ONLY, FLOW_OBSERVED};
    enum { CAPACITY = 4096, LIVE = CAPACITY / 2 };

    (void)state;
    for (size_t k = 0; k < ARRAY_LENGTH(flood); k++) {
        struct flow_table *t = table_of(CAPACITY);
        uint32_t next = 0;

        fill(t, &next, LIVE, FLOW_ARMED, 0);
        for (uint32_t now_ms = 0; now_ms < 4096; now_ms++) {
            n_admitted(t, &next, 10, flood[k], now_ms);
            flow_table_age(t, 16, now_ms);
        }
        for (uint32_t i = 0; i < LIVE; i++)
            assert_non_null(find(t, i));
        assert_true(flow_table_counters(t)->n_flows <= CAPACITY);
        assert_counters_reconcile(t);
        free(t);
    }
}

/* When a SYN flood has filled the table, new flows still get in, each at one SYN-only flow's
 * expense. */
static void what_a_syn_flood_left_gives_way(void **state)
{
    struct flow_table *t = table_of(4096);
    uint32_t next = 0, n_let_in;

    (void)state;
    fill(t, &next, 4096, FLOW_SYN_ONLY, 0);
    n_let_in = n_admitted(t, &next, 4096, FLOW_OBSERVED, 100);
    assert_true(n_let_in > 4096 / 16 / 2); /* half of the floor: a binomial of mean 256 */
    assert_int_equal(flow_table_counters(t)->n_flows, 4096);
    assert_true(flow_table_counters(t)->evicted_syn_only >= n_let_in);
    assert_counters_reconcile(t);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_second_of_admissions_at_once_then_their_rate),
        cmocka_unit_test(a_rate_of_three_a_second_loses_no_fraction),
        cmocka_unit_test(a_clock_that_steps_back_gives_nothing_away),
        cmocka_unit_test(known_flows_cost_no_admission),
        cmocka_unit_test(everybody_is_let_in_up_to_three_quarters),
        cmocka_unit_test(above_that_the_free_share_of_the_last_quarter_is_let_in),
        cmocka_unit_test(a_key_gets_the_same_answer_each_time_at_one_level),
        cmocka_unit_test(who_is_refused_at_a_level_is_refused_at_a_fuller_one),
        cmocka_unit_test(live_flows_are_never_evicted),
        cmocka_unit_test(the_flow_of_syns_seen_least_recently_goes_first),
        cmocka_unit_test(syns_go_before_the_idle_and_the_idle_by_their_silence),
        cmocka_unit_test(keys_in_their_second_bucket_are_found_and_forgotten),
        cmocka_unit_test(a_flood_pushes_no_live_flow_out),
        cmocka_unit_test(what_a_syn_flood_left_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
