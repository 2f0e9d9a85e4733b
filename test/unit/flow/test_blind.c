/* SPDX-License-Identifier: BSD-3-Clause */
/* Blind bookkeeping: two tables live through the same flood of operations, one where no drop is
 * ever pending, one where `drop` takes any value. Who is kept, who leaves, when, and where each
 * record lies must be the same. */
#include "fixture.h"

#include "base/random.h"

#define CAPACITY 96
#define N_KEYS   2000

struct leavers {
    uint64_t digest; /* of who left, in order */
};

static void note_leaver(void *context, struct flow *flow)
{
    struct leavers *l = context;

    for (size_t i = 0; i < sizeof(flow->key); i++)
        l->digest = (l->digest ^ ((const uint8_t *)&flow->key)[i]) * UINT64_C(0x100000001b3);
}

static struct flow_table *watched_table(struct leavers *l)
{
    struct flow_table_config config = {.n_flows = CAPACITY,
                                       .idle_timeout_ms = IDLE_MS,
                                       .admissions_per_second = 40,
                                       .secret = {1, 2},
                                       .on_leave = note_leaver,
                                       .context = l};

    *l = (struct leavers){0};
    return table_new(&config);
}

struct operation {
    uint32_t key, what, now_ms;
    enum flow_state state;
};

static void apply(struct flow_table *t, const struct operation *o, uint32_t drop)
{
    struct flow *flow;

    if (o->what < 60)
        insert(t, o->key, o->state, o->now_ms);
    flow = find(t, o->key);
    if (flow != NULL) {
        flow->drop = drop;
        flow->last_seen_ms = o->now_ms;
        flow->state = (uint8_t)o->state;
    }
    if (flow != NULL && o->what >= 97)
        flow_table_remove(t, flow);
    if (o->what % 8 == 0)
        flow_table_age(t, 1, o->now_ms);
}

static void forget_drop(void *context, struct flow *flow)
{
    (void)context;
    flow->drop = FLOW_NO_DROP;
}

static void compare_flow(void *context, struct flow *flow)
{
    struct flow_table *other = context;
    uint64_t hash = flow_table_hash(other, &flow->key);
    struct flow *twin;

    flow_table_lookup_bulk(other, &flow->key, &hash, 1, &twin);
    assert_non_null(twin);
    assert_memory_equal(flow, twin, sizeof(*flow));
}

static void who_stays_does_not_depend_on_a_pending_drop(void **state)
{
    struct leavers left_plain, left_dropped;
    struct flow_table *plain = watched_table(&left_plain), *dropped = watched_table(&left_dropped);
    const struct flow_table_counters *c = flow_table_counters(plain);
    struct random_source random;
    struct operation o = {0};

    (void)state;
    random_seed_fixed(&random, 5, 0);
    for (int i = 0; i < 50000; i++) {
        uint32_t drop = random_u32(&random) >> random_u32(&random) % 32;

        o.key = random_u32(&random) % N_KEYS;
        o.what = random_u32(&random) % 100;
        o.state = random_u32(&random) % 8 == 0
                      ? FLOW_SYN_ONLY
                      : (enum flow_state)(FLOW_OBSERVED + random_u32(&random) % 3);
        o.now_ms += random_u32(&random) % 40;
        apply(plain, &o, FLOW_NO_DROP);
        apply(dropped, &o, drop);
        assert_true(left_plain.digest == left_dropped.digest);
        assert_memory_equal(c, flow_table_counters(dropped), sizeof(*c));
    }
    assert_true(c->evicted_syn_only > 0);
    assert_true(c->evicted_idle > 0);
    assert_true(c->aged > 0 && c->removed > 0);
    flow_table_visit(dropped, forget_drop, NULL);
    flow_table_visit(dropped, compare_flow, plain);
    free(plain);
    free(dropped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_stays_does_not_depend_on_a_pending_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
