/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is admitted, who leaves and where each lies, of keys and times by chance. */
#include "fixture.h"

#include <inttypes.h>
#include <stdio.h>

#include "../common/trace.h"
#include "base/random.h"

#define N_PLAYS 12
#define N_STEPS 6000

static struct random_source chance;

/* Once in a statement at most: compilers differ in which of two comes first. */
static uint32_t below(uint32_t n)
{
    return random_u32(&chance) % n;
}

static void say_leaving(void *context, struct flow *flow)
{
    (void)context;
    trace_say("leaves %u.%u state %u", flow->key.source.bytes[14], flow->key.source.bytes[15],
              flow->state);
}

static void say_counters(const struct flow_table *t)
{
    const struct flow_table_counters *c = flow_table_counters(t);

    trace_say("flows %" PRIu64 " admissions %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
              " %" PRIu64 " evicted %" PRIu64 " %" PRIu64 " aged %" PRIu64 " removed %" PRIu64,
              c->n_flows, c->admissions[0], c->admissions[1], c->admissions[2], c->admissions[3],
              c->admissions[4], c->evicted_syn_only, c->evicted_idle, c->aged, c->removed);
}

static struct flow_key any_key(uint32_t n_keys, bool is_ipv4)
{
    struct flow_key key = key_of(below(n_keys));

    key.ingress = (uint16_t)below(2);
    if (is_ipv4)
        return key;
    key.source.bytes[0] = 0x20;
    key.destination.bytes[1] = (uint8_t)below(2);
    return key;
}

static void step(struct flow_table *t, uint32_t n_keys, uint32_t *now_ms)
{
    struct flow_key key = any_key(n_keys, below(3) != 0);
    uint64_t hash = flow_table_hash(t, &key);
    enum flow_admission admission;
    struct flow *flow;

    flow_table_lookup_bulk(t, &key, &hash, 1, &flow);
    switch (below(16)) {
    default:
        flow = flow_table_insert(t, &key, hash, below(2) ? FLOW_SYN_ONLY : FLOW_ARMED, *now_ms,
                                 &admission);
        trace_say("insert %s at %" PRIu32, flow_admission_name(admission),
                  flow == NULL ? 0 : flow_table_index(t, flow));
        break;
    case 0:
        if (flow != NULL)
            flow_table_remove(t, flow);
        break;
    case 1:
        flow_table_age(t, below(100), *now_ms);
        break;
    case 2:
        *now_ms += below(40) == 0 ? below(20000) : below(300);
        break;
    case 3:
        if (flow != NULL)
            flow->last_seen_ms = *now_ms;
        break;
    case 4:
        if (below(100) == 0)
            flow_table_set_limits(t, IDLE_MS, below(3) * 40);
        break;
    }
    if (below(200) == 0)
        say_counters(t);
}

static void play(uint64_t n)
{
    struct flow_table_config config = {.n_flows = n % 3 == 0 ? 100 : 512,
                                       .idle_timeout_ms = IDLE_MS,
                                       .admissions_per_second = n % 4 == 0 ? 50 : 0,
                                       .secret = {n, 2},
                                       .on_leave = say_leaving};
    struct flow_table *t = table_new(&config);
    uint32_t now_ms = UINT32_MAX - 20000;

    random_seed_fixed(&chance, n, 3);
    for (uint32_t i = 0; i < N_STEPS; i++)
        step(t, n % 2 == 0 ? 2000 : 300, &now_ms);
    assert_counters_reconcile(t);
    say_counters(t);
    trace_say("bytes %zu", flow_table_memory_bytes(config.n_flows));
    free(t);
}

int main(int argc, char **argv)
{
    return trace_main(argc, argv, play, N_PLAYS);
}
