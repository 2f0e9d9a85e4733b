/* SPDX-License-Identifier: BSD-3-Clause */
/* The table against a naive twin, one entry for each possible key, on random operations. The twin
 * cannot know which key shares a bucket with which, so it does not foretell who is evicted or
 * refused: it checks that whoever left had to, and that from then on both hold the same flows. */
#include "fixture.h"

#include "base/random.h"

#define MAX_KEYS 4096

struct twin_flow {
    bool is_there;
    enum flow_state state;
    uint32_t last_seen_ms;
    struct flow *flow;
};

enum reason { NOBODY_LEAVES, EVICTED, AGED, REMOVED };

struct twin {
    struct flow_table *table;
    struct twin_flow flows[MAX_KEYS];
    uint32_t n_keys, n_flows, capacity, now_ms;
    enum reason reason; /* why flows may leave just now */
    uint32_t n_left;    /* by the operation just running */
};

static uint32_t number_of(const struct flow *flow)
{
    return (uint32_t)flow->key.source.bytes[14] << 8 | flow->key.source.bytes[15];
}

static uint32_t twin_silence_ms(const struct twin *w, const struct twin_flow *f)
{
    return w->now_ms - f->last_seen_ms;
}

static bool twin_is_aged(const struct twin *w, const struct twin_flow *f)
{
    return twin_silence_ms(w, f) >= (f->state == FLOW_SYN_ONLY ? IDLE_MS / 4 : IDLE_MS);
}

static void twin_flow_leaves(void *context, struct flow *flow)
{
    struct twin *w = context;
    struct twin_flow *f = &w->flows[number_of(flow)];

    assert_true(f->is_there);
    assert_ptr_equal(f->flow, flow);
    assert_int_not_equal(w->reason, NOBODY_LEAVES);
    if (w->reason == EVICTED)
        assert_true(f->state == FLOW_SYN_ONLY || twin_silence_ms(w, f) >= IDLE_MS);
    if (w->reason == AGED)
        assert_true(twin_is_aged(w, f));
    f->is_there = false;
    w->n_flows--;
    w->n_left++;
}

static void begin(struct twin *w, enum reason reason)
{
    w->reason = reason;
    w->n_left = 0;
}

static void insert_both(struct twin *w, uint32_t i, enum flow_state state)
{
    struct twin_flow *f = &w->flows[i];
    bool was_there = f->is_there;
    uint32_t n_before = w->n_flows;
    struct flow_key key = key_of(i);
    enum flow_admission admission;
    struct flow *flow;

    begin(w, EVICTED);
    flow = flow_table_insert(w->table, &key, flow_table_hash(w->table, &key), state, w->now_ms,
                             &admission);
    assert_true((admission == FLOW_KNOWN) == was_there);
    if (was_there)
        assert_ptr_equal(flow, f->flow);
    if (admission != FLOW_ADMITTED) {
        assert_int_equal(w->n_left, 0);
        assert_true(was_there || n_before > 0);
        return;
    }
    assert_true(w->n_left <= 1);
    assert_true(n_before < w->capacity || w->n_left == 1);
    *f = (struct twin_flow){true, state, w->now_ms, flow};
    w->n_flows++;
}

static void touch_both(struct twin *w, uint32_t i, enum flow_state state)
{
    struct twin_flow *f = &w->flows[i];

    assert_ptr_equal(find(w->table, i), f->is_there ? f->flow : NULL);
    if (!f->is_there)
        return;
    f->state = state;
    f->last_seen_ms = w->now_ms;
    f->flow->state = (uint8_t)state;
    f->flow->last_seen_ms = w->now_ms;
}

static void remove_both(struct twin *w, uint32_t i)
{
    begin(w, REMOVED);
    if (!w->flows[i].is_there)
        return;
    flow_table_remove(w->table, w->flows[i].flow);
    assert_int_equal(w->n_left, 1);
}

static void age_both(struct twin *w, uint32_t n)
{
    begin(w, AGED);
    flow_table_age(w->table, n, w->now_ms);
    if (n < w->capacity)
        return;
    for (uint32_t i = 0; i < w->n_keys; i++)
        assert_false(w->flows[i].is_there && twin_is_aged(w, &w->flows[i]));
}

static void look_up_in_both(struct twin *w, struct random_source *random)
{
    struct flow_key keys[100];
    uint64_t hashes[100];
    struct flow *flows[100];
    uint32_t numbers[100], n = 1 + random_u32(random) % 100;

    for (uint32_t k = 0; k < n; k++) {
        numbers[k] = random_u32(random) % w->n_keys;
        keys[k] = key_of(numbers[k]);
        hashes[k] = flow_table_hash(w->table, &keys[k]);
    }
    flow_table_lookup_bulk(w->table, keys, hashes, n, flows);
    for (uint32_t k = 0; k < n; k++) {
        const struct twin_flow *f = &w->flows[numbers[k]];

        assert_ptr_equal(flows[k], f->is_there ? f->flow : NULL);
    }
}

static void compare_all(struct twin *w)
{
    for (uint32_t i = 0; i < w->n_keys; i++) {
        const struct twin_flow *f = &w->flows[i];

        assert_ptr_equal(find(w->table, i), f->is_there ? f->flow : NULL);
        if (!f->is_there)
            continue;
        assert_int_equal(f->flow->state, f->state);
        assert_int_equal(f->flow->last_seen_ms, f->last_seen_ms);
    }
    assert_int_equal(flow_table_counters(w->table)->n_flows, w->n_flows);
    assert_counters_reconcile(w->table);
}

static void one_operation(struct twin *w, struct random_source *random)
{
    uint32_t i = random_u32(random) % w->n_keys;
    enum flow_state state = (enum flow_state)(FLOW_SYN_ONLY + random_u32(random) % 4);
    uint32_t what = random_u32(random) % 100;

    w->now_ms += random_u32(random) % 64;
    if (what < 60)
        insert_both(w, i, state);
    else if (what < 80)
        touch_both(w, i, state);
    else if (what < 84)
        remove_both(w, i);
    else if (what < 90)
        look_up_in_both(w, random);
    else if (what < 99)
        age_both(w, random_u32(random) % 8);
    else
        age_both(w, random_u32(random) % 16 == 0 ? w->capacity : 0);
}

static void run(uint32_t capacity, uint32_t n_keys, uint32_t start_ms, uint64_t seed,
                uint32_t n_operations, struct flow_table_counters *sum)
{
    static struct twin w;
    struct flow_table_config config = {.n_flows = capacity,
                                       .idle_timeout_ms = IDLE_MS,
                                       .secret = {seed, ~seed},
                                       .on_leave = twin_flow_leaves,
                                       .context = &w};
    const struct flow_table_counters *c;
    struct random_source random;

    w = (struct twin){
        .table = table_new(&config), .n_keys = n_keys, .capacity = capacity, .now_ms = start_ms};
    random_seed_fixed(&random, seed, 0);
    for (uint32_t k = 0; k < n_operations; k++) {
        one_operation(&w, &random);
        if (k % 1024 == 0)
            compare_all(&w);
    }
    compare_all(&w);
    c = flow_table_counters(w.table);
    sum->evicted_syn_only += c->evicted_syn_only;
    sum->evicted_idle += c->evicted_idle;
    sum->aged += c->aged;
    for (int i = 0; i < FLOW_N_ADMISSIONS; i++)
        sum->admissions[i] += c->admissions[i];
    free(w.table);
}

static void a_tiny_crowded_table_agrees_with_its_twin(void **state)
{
    struct flow_table_counters sum = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        run(64 + (uint32_t)seed % 3, 400, (uint32_t)seed * 0x0cccccccu, seed, 20000, &sum);
    assert_true(sum.evicted_syn_only > 0 && sum.evicted_idle > 0 && sum.aged > 0);
    assert_true(sum.admissions[FLOW_REFUSED_FULL] > 0);
    assert_true(sum.admissions[FLOW_REFUSED_SAMPLED] > 0);
}

static void a_roomy_table_agrees_with_its_twin_and_refuses_nobody(void **state)
{
    struct flow_table_counters sum = {0};

    (void)state;
    run(6000, MAX_KEYS, 0xffffffff - 300000, 77, 100000, &sum);
    assert_int_equal(sum.admissions[FLOW_REFUSED_FULL], 0);
    assert_int_equal(sum.admissions[FLOW_REFUSED_SAMPLED], 0);
    assert_true(sum.aged > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tiny_crowded_table_agrees_with_its_twin),
        cmocka_unit_test(a_roomy_table_agrees_with_its_twin_and_refuses_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
