/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables and keys for the tests of the flow table. */
#ifndef TEST_FLOW_FIXTURE_H
#define TEST_FLOW_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "flow/flow.h"

#define IDLE_MS 30000u

static inline struct flow_table *table_new(const struct flow_table_config *config)
{
    size_t n_bytes = flow_table_memory_bytes(config->n_flows);
    void *memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    struct flow_table *t;

    assert_non_null(memory);
    memset(memory, 0xa5, n_bytes);
    t = flow_table_init(memory, n_bytes, config);
    assert_non_null(t);
    return t;
}

static inline struct flow_table *table_of(uint32_t n_flows)
{
    struct flow_table_config config = {
        .n_flows = n_flows, .idle_timeout_ms = IDLE_MS, .secret = {0x1234, 0x5678}};

    return table_new(&config);
}

static inline struct flow_key key_of(uint32_t i)
{
    uint8_t source[4] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
    static const uint8_t destination[4] = {192, 0, 2, 1};

    return (struct flow_key){.source = ip_address_from_ipv4(source),
                             .destination = ip_address_from_ipv4(destination),
                             .source_port = 1024,
                             .destination_port = 443};
}

static inline struct flow *find(struct flow_table *t, uint32_t i)
{
    struct flow_key key = key_of(i);
    uint64_t hash = flow_table_hash(t, &key);
    struct flow *flow;

    flow_table_lookup_bulk(t, &key, &hash, 1, &flow);
    return flow;
}

static inline enum flow_admission insert(struct flow_table *t, uint32_t i, enum flow_state state,
                                         uint32_t now_ms)
{
    struct flow_key key = key_of(i);
    enum flow_admission admission;
    struct flow *flow =
        flow_table_insert(t, &key, flow_table_hash(t, &key), state, now_ms, &admission);

    assert_true((flow != NULL) == (admission == FLOW_ADMITTED || admission == FLOW_KNOWN));
    if (flow != NULL)
        assert_true(flow_key_equal(&flow->key, &key));
    return admission;
}

static inline void assert_counters_reconcile(struct flow_table *t)
{
    const struct flow_table_counters *c = flow_table_counters(t);

    assert_int_equal(c->n_flows, c->admissions[FLOW_ADMITTED] - c->evicted_syn_only -
                                     c->evicted_idle - c->aged - c->removed);
}

#endif
