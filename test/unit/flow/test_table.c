/* SPDX-License-Identifier: BSD-3-Clause */
#include "fixture.h"

#include "flow/layout.h"

static void a_flow_costs_at_most_160_bytes(void **state)
{
    (void)state;
    for (uint32_t n = 1u << 10; n <= 1u << 24; n *= 2) {
        assert_true(flow_table_memory_bytes(n) / n <= 160);
        assert_true(flow_table_memory_bytes(n - 1) / (n - 1) <= 160);
        if (n < 1u << 24)
            assert_true(flow_table_memory_bytes(n + 1) / (n + 1) <= 160);
    }
    assert_int_equal(flow_table_memory_bytes(1u << 20) / (1u << 20), 144);
    /* One flow more than half of the slots: twice as many, of 16 bytes a flow. */
    assert_true(flow_table_memory_bytes((1u << 20) + 1) - flow_table_memory_bytes(1u << 20) >=
                16u << 20);
}

static void what_is_out_of_bounds_is_refused(void **state)
{
    struct flow_table_config good = {.n_flows = 64, .idle_timeout_ms = 1}, config;
    size_t n_bytes = flow_table_memory_bytes(64);
    uint8_t *memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes + CACHE_LINE_BYTES);

    (void)state;
    assert_non_null(flow_table_init(memory, n_bytes, &good));
    assert_null(flow_table_init(memory, n_bytes - 1, &good));
    assert_null(flow_table_init(memory + 1, n_bytes, &good));
    config = good;
    config.n_flows = 63;
    assert_null(flow_table_init(memory, n_bytes, &config));
    config.n_flows = FLOW_TABLE_MAX_FLOWS + 1;
    assert_null(flow_table_init(memory, n_bytes, &config));
    config = good;
    config.idle_timeout_ms = 0;
    assert_null(flow_table_init(memory, n_bytes, &config));
    config.idle_timeout_ms = 1u << 31;
    assert_null(flow_table_init(memory, n_bytes, &config));
    config.idle_timeout_ms = INT32_MAX;
    assert_non_null(flow_table_init(memory, n_bytes, &config));
    assert_int_equal(flow_table_memory_bytes(63), 0);
    assert_int_equal(flow_table_memory_bytes(FLOW_TABLE_MAX_FLOWS + 1), 0);
    free(memory);
}

static void an_admitted_flow_starts_clean_even_in_a_used_record(void **state)
{
    struct flow_table *t = table_of(64);
    struct flow *flow;

    (void)state;
    for (int round = 0; round < 2; round++) {
        static const struct flow_rare clean_rare;
        struct flow expected = {.key = key_of(7),
                                .last_seen_ms = 99,
                                .aggregate = FLOW_NO_AGGREGATE,
                                .drop = FLOW_NO_DROP,
                                .place = FLOW_NO_PLACE,
                                .state = FLOW_OBSERVED};

        assert_int_equal(insert(t, 7, FLOW_OBSERVED, 99), FLOW_ADMITTED);
        flow = find(t, 7);
        assert_memory_equal(flow, &expected, sizeof(expected));
        assert_memory_equal(flow_table_rare(t, flow), &clean_rare, sizeof(clean_rare));
        memset(flow_table_rare(t, flow), 0xff, sizeof(clean_rare));
        memset(&flow->snd_max, 0xff, sizeof(*flow) - offsetof(struct flow, snd_max));
        flow_table_remove(t, flow);
    }
    free(t);
}

static void a_flow_is_found_until_it_is_removed(void **state)
{
    struct flow_table *t = table_of(64);

    (void)state;
    assert_null(find(t, 1));
    assert_int_equal(insert(t, 1, FLOW_ARMED, 0), FLOW_ADMITTED);
    assert_int_equal(insert(t, 1, FLOW_ARMED, 5), FLOW_KNOWN);
    assert_int_equal(find(t, 1)->last_seen_ms, 0);
    assert_null(find(t, 2));
    assert_int_equal(flow_table_counters(t)->n_flows, 1);
    flow_table_remove(t, find(t, 1));
    assert_null(find(t, 1));
    assert_int_equal(flow_table_counters(t)->removed, 1);
    assert_counters_reconcile(t);
    free(t);
}

/* Each field of the key tells two flows apart. One at a time: keys that differ in the mode alone
 * have the same two buckets. */
static void keys_that_differ_in_one_bit_are_two_flows(void **state)
{
    struct flow_table *t = table_of(1024);
    struct flow_key first = key_of(1);
    enum flow_admission admission;

    (void)state;
    flow_table_insert(t, &first, flow_table_hash(t, &first), FLOW_ARMED, 0, &admission);
    for (unsigned int bit = 0; bit < 8 * sizeof(first); bit++) {
        struct flow_key other = first;
        uint64_t hash;
        struct flow *flow;

        ((uint8_t *)&other)[bit / 8] ^= (uint8_t)(1 << bit % 8);
        hash = flow_table_hash(t, &other);
        flow_table_lookup_bulk(t, &other, &hash, 1, &flow);
        assert_null(flow);
        flow = flow_table_insert(t, &other, hash, FLOW_ARMED, 0, &admission);
        assert_non_null(flow);
        assert_int_equal(admission, FLOW_ADMITTED);
        flow_table_remove(t, flow);
    }
    assert_int_equal(flow_table_counters(t)->n_flows, 1);
    free(t);
}

static void a_bulk_of_any_size_finds_each_key_in_its_place(void **state)
{
    enum { MOST = 200 };
    struct flow_table *t = table_of(1024);
    struct flow_key keys[MOST];
    uint64_t hashes[MOST];
    struct flow *flows[MOST];

    (void)state;
    for (uint32_t i = 0; i < MOST; i += 2)
        assert_int_equal(insert(t, i, FLOW_ARMED, 0), FLOW_ADMITTED);
    for (unsigned int n = 0; n <= MOST; n += n < 70 ? 1 : 13) {
        for (uint32_t i = 0; i < n; i++) {
            keys[i] = key_of(n - i);
            hashes[i] = flow_table_hash(t, &keys[i]);
        }
        flow_table_lookup_bulk(t, keys, hashes, n, flows);
        for (uint32_t i = 0; i < n; i++)
            assert_ptr_equal(flows[i], find(t, n - i));
        for (uint32_t i = 0; i < n; i++)
            assert_true((flows[i] != NULL) == ((n - i) % 2 == 0 && n - i < MOST));
    }
    free(t);
}

/* Two keys with the same hash, as a stranger cannot make them but luck can: tags equal, keys not.
 */
static void equal_hashes_do_not_confuse_two_keys(void **state)
{
    enum { N = 12, HASH = 0x777 };
    struct flow_table *t = table_of(64);
    struct flow_key keys[N];
    uint64_t hashes[N];
    struct flow *flows[N];
    enum flow_admission admission;

    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        keys[i] = key_of(i);
        hashes[i] = HASH;
        assert_non_null(flow_table_insert(t, &keys[i], HASH, FLOW_ARMED, 0, &admission));
        assert_int_equal(admission, FLOW_ADMITTED);
    }
    flow_table_lookup_bulk(t, keys, hashes, N, flows);
    for (uint32_t i = 0; i < N; i++)
        assert_true(flow_key_equal(&flows[i]->key, &keys[i]));
    keys[0] = key_of(N);
    flow_table_lookup_bulk(t, keys, hashes, 1, flows);
    assert_null(flows[0]);
    free(t);
}

static void count_visit(void *context, struct flow *flow)
{
    unsigned int *visited = context;
    uint32_t i;

    memcpy(&i, flow->key.source.bytes + 12, sizeof(i));
    visited[i >> 24]++;
}

static void a_visit_sees_each_flow_once(void **state)
{
    struct flow_table *t = table_of(100);
    unsigned int visited[256] = {0};

    (void)state;
    for (uint32_t i = 0; i < 60; i++)
        insert(t, i, FLOW_ARMED, 0);
    for (uint32_t i = 0; i < 60; i += 3)
        flow_table_remove(t, find(t, i));
    flow_table_visit(t, count_visit, visited);
    for (uint32_t i = 0; i < 256; i++)
        assert_int_equal(visited[i], i < 60 && i % 3 != 0);
    free(t);
}

static void the_vector_match_agrees_with_the_portable_one(void **state)
{
    struct bucket *b = aligned_alloc(CACHE_LINE_BYTES, sizeof(*b));

    (void)state;
    for (unsigned int set = 0; set < 1u << BUCKET_SLOTS; set++) {
        for (unsigned int i = 0; i < BUCKET_SLOTS; i++) {
            b->tag[i] = (set >> i & 1) != 0 ? 0x80000001 : i * 0x11111111;
            b->record[i] = 0x80000001;
        }
        assert_int_equal(match_tags(b, 0x80000001), set);
        assert_int_equal(match_tags_portable(b, 0x80000001), set);
    }
    free(b);
}

static void every_admission_has_its_own_name(void **state)
{
    (void)state;
    for (int i = 0; i < FLOW_N_ADMISSIONS; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(flow_admission_name((enum flow_admission)i),
                                    flow_admission_name((enum flow_admission)j));
    assert_string_equal(flow_admission_name(FLOW_N_ADMISSIONS), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flow_costs_at_most_160_bytes),
        cmocka_unit_test(what_is_out_of_bounds_is_refused),
        cmocka_unit_test(an_admitted_flow_starts_clean_even_in_a_used_record),
        cmocka_unit_test(a_flow_is_found_until_it_is_removed),
        cmocka_unit_test(keys_that_differ_in_one_bit_are_two_flows),
        cmocka_unit_test(a_bulk_of_any_size_finds_each_key_in_its_place),
        cmocka_unit_test(equal_hashes_do_not_confuse_two_keys),
        cmocka_unit_test(a_visit_sees_each_flow_once),
        cmocka_unit_test(the_vector_match_agrees_with_the_portable_one),
        cmocka_unit_test(every_admission_has_its_own_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
