/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/layout.h"

/* A bucket for every four records, rounded up to a power of two: at most half of the slots are
 * taken. */
static uint32_t bucket_count(uint32_t n_flows)
{
    uint32_t n = 1;

    while (n < (n_flows + 3) / 4)
        n *= 2;
    return n;
}

static size_t whole_lines(size_t n_bytes)
{
    return (n_bytes + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
}

size_t flow_table_memory_bytes(uint32_t n_flows)
{
    if (n_flows < FLOW_TABLE_MIN_FLOWS || n_flows > FLOW_TABLE_MAX_FLOWS)
        return 0;
    return whole_lines(sizeof(struct flow_table)) + bucket_count(n_flows) * sizeof(struct bucket) +
           n_flows * (sizeof(struct flow) + sizeof(struct flow_rare));
}

struct flow_table *flow_table_init(void *memory, size_t n_bytes,
                                   const struct flow_table_config *config)
{
    size_t needed = flow_table_memory_bytes(config->n_flows);
    struct flow_table *t = memory;

    if (needed == 0 || n_bytes < needed || (uintptr_t)memory % CACHE_LINE_BYTES != 0)
        return NULL;
    if (config->idle_timeout_ms == 0 || config->idle_timeout_ms > INT32_MAX)
        return NULL;
    memset(memory, 0, needed);
    t->config = *config;
    t->bucket_mask = bucket_count(config->n_flows) - 1;
    t->buckets = (void *)((uint8_t *)memory + whole_lines(sizeof(*t)));
    t->flows = (void *)(t->buckets + t->bucket_mask + 1);
    t->rares = (void *)(t->flows + config->n_flows);
    t->first_free = NO_RECORD;
    for (uint32_t i = config->n_flows; i-- > 0;) {
        t->flows[i].aggregate = t->first_free;
        t->first_free = i;
    }
    t->credit = config->admissions_per_second * UINT64_C(1000);
    return t;
}

void flow_table_set_limits(struct flow_table *t, uint32_t idle_timeout_ms,
                           uint32_t admissions_per_second)
{
    t->config.idle_timeout_ms = idle_timeout_ms;
    t->config.admissions_per_second = admissions_per_second;
}

/* The slot that names this record. */
static struct slot slot_of_record(const struct flow_table *t, uint32_t record, uint64_t hash)
{
    struct bucket *both[2] = {first_bucket(t, hash), second_bucket(t, hash)};

    for (int k = 0; k < 2; k++)
        for (unsigned int i = 0; i < BUCKET_SLOTS; i++)
            if (both[k]->tag[i] != 0 && (both[k]->record[i] & RECORD_MASK) == record)
                return (struct slot){both[k], i};
    return (struct slot){NULL, 0};
}

void flow_take_out(struct flow_table *t, struct flow *flow)
{
    uint32_t record = (uint32_t)(flow - t->flows);
    uint64_t hash = flow_table_hash(t, &flow->key);
    struct bucket *first = first_bucket(t, hash);
    struct slot s = slot_of_record(t, record, hash);

    assert(s.bucket != NULL && flow->state != FLOW_FREE);
    if (t->config.on_leave != NULL)
        t->config.on_leave(t->config.context, flow);
    s.bucket->tag[s.index] = 0;
    s.bucket->record[s.index] &= ~RECORD_MASK;
    if (s.bucket != first && first->record[0] < AWAY_MANY)
        first->record[0] -= AWAY_ONE;
    flow->state = FLOW_FREE;
    flow->aggregate = t->first_free;
    t->first_free = record;
    t->counters.n_flows--;
}

void flow_table_remove(struct flow_table *t, struct flow *flow)
{
    flow_take_out(t, flow);
    t->counters.removed++;
}

struct flow_rare *flow_table_rare(struct flow_table *t, const struct flow *flow)
{
    return &t->rares[flow - t->flows];
}

uint32_t flow_table_index(const struct flow_table *t, const struct flow *flow)
{
    return (uint32_t)(flow - t->flows);
}

struct flow *flow_table_at(struct flow_table *t, uint32_t index)
{
    return &t->flows[index];
}

void flow_table_visit(struct flow_table *t, void (*visit)(void *context, struct flow *flow),
                      void *context)
{
    for (uint32_t i = 0; i < t->config.n_flows; i++)
        if (t->flows[i].state != FLOW_FREE)
            visit(context, &t->flows[i]);
}

const struct flow_table_counters *flow_table_counters(const struct flow_table *t)
{
    return &t->counters;
}
