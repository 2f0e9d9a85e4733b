/* SPDX-License-Identifier: BSD-3-Clause */
/* The flow table of one lcore: a single writer, no lock, all memory given at start.
 *
 * Layout. A bucket is one cache line: eight 32-bit tags and eight record numbers. A record is one hot line (key and all that an
 * in-order segment touches) and, in an array beside it, one rare line (holes; touched by events only). There are two
 * slots for each record, and two buckets for each key, so a bucket is hardly ever full.
 *
 * Admission. A flood of new keys must neither push known flows out nor cost much: inserts are rate-limited; above three
 * quarters of the capacity only a sample of keys, chosen by a keyed hash, is admitted; when both buckets or the table are full, the place is
 * taken from a flow that showed nothing but SYNs, or is idle, and else the new flow is refused.
 *
 * Blind bookkeeping. Nothing here looks at `drop`: whether a flow is kept never depends on a drop being pending, or else what
 * comes back would be seen more often for dropped segments than for others (doc/verdict.md). */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"
#include "tcp/coverage.h"

/* One direction of a TCP connection. `ingress` is whatever the caller tells paths apart by (port and VLAN). */
struct flow_key {
    struct ip_address source, destination;
    uint16_t source_port, destination_port;
    uint32_t ingress;
};
static_assert(sizeof(struct flow_key) == 40, "hashed as five words");

enum flow_state {
    FLOW_FREE = 0,
    FLOW_SYN_ONLY, /* nothing but SYNs yet */
    FLOW_OBSERVED, /* first seen in the middle: nothing of it counts yet */
    FLOW_ARMED,    /* its segments count, and may be dropped */
    FLOW_CLOSING,  /* FIN or RST seen: repairs still count, nothing is dropped */
};

#define FLOW_NO_DROP      UINT32_MAX
#define FLOW_NO_AGGREGATE UINT32_MAX
#define FLOW_NO_PLACE     UINT16_MAX

/* The hot line. The table owns key and state FREE; all else is the engine's. */
struct flow {
    struct flow_key key;
    uint32_t snd_max;
    uint32_t last_seen_ms;
    uint32_t aggregate;     /* FLOW_NO_AGGREGATE until known */
    uint32_t drop;          /* pending drop in the ledger, or FLOW_NO_DROP; while OBSERVED: when first seen, ms */
    uint16_t place;         /* place among the individually tested flows, or FLOW_NO_PLACE */
    uint8_t n_segments;     /* recent segments and, of them, those out of order: both halved together */
    uint8_t n_out_of_order;
    uint8_t state;          /* enum flow_state */
    uint8_t n_drops;        /* in the test `test_id` */
    uint8_t test_id;
    uint8_t flags;          /* the engine's */
};
static_assert(sizeof(struct flow) == CACHE_LINE_BYTES, "one hot line");

/* The rare line. */
struct flow_rare {
    struct tcp_holes holes;
    uint32_t population_end; /* the engine's: where the frozen population of this flow ends */
};
static_assert(sizeof(struct flow_rare) == CACHE_LINE_BYTES, "one rare line");

struct flow_table;

struct flow_table_config {
    uint32_t n_flows;                /* capacity, 64..2^24 */
    uint32_t idle_timeout_ms;        /* without a packet for so long: may be aged */
    uint32_t admissions_per_second;  /* 0: no limit */
    uint64_t secret[2];              /* key of the hashes: from getrandom(2) */
    /* Called just before a flow leaves the table, for whatever reason. Must not call the table. */
    void (*on_leave)(void *context, struct flow *flow);
    void *context;
};

enum flow_admission {
    FLOW_ADMITTED,
    FLOW_KNOWN,           /* it was there already */
    FLOW_REFUSED_RATE,
    FLOW_REFUSED_SAMPLED,
    FLOW_REFUSED_FULL,
    FLOW_N_ADMISSIONS
};
const char *flow_admission_name(enum flow_admission admission);

/* All cumulative, but n_flows. Written by the table's lcore only. */
struct flow_table_counters {
    uint64_t n_flows; /* now in the table */
    uint64_t admissions[FLOW_N_ADMISSIONS];
    uint64_t evicted_syn_only, evicted_idle, aged, removed;
};

/* Bytes that flow_table_init() needs for this capacity; the memory must be aligned to a cache line. */
size_t flow_table_memory_bytes(uint32_t n_flows);

/* Makes a table inside `memory`, which the caller owns and frees after the table's last use. NULL when the
 * configuration is out of bounds or `n_bytes` is too small. */
struct flow_table *flow_table_init(void *memory, size_t n_bytes, const struct flow_table_config *config);

uint64_t flow_table_hash(const struct flow_table *t, const struct flow_key *key);

/* Looks up `n` keys; flows[i] is NULL when keys[i] is not known. hashes[i] is flow_table_hash(). Buckets, then hot
 * lines, are prefetched for the whole bulk before they are read. */
void flow_table_lookup_bulk(struct flow_table *t, const struct flow_key *keys,
                            const uint64_t *hashes, unsigned int n, struct flow **flows);

/* Looks the key up, or admits it. Returns the flow, or NULL when refused; *admission says which. A flow just admitted has its key,
 * state `state` (not FREE), last_seen_ms = now_ms, NO_DROP, NO_AGGREGATE, NO_PLACE, and zeros elsewhere, its rare line too. */
struct flow *flow_table_insert(struct flow_table *t, const struct flow_key *key, uint64_t hash,
                               enum flow_state state, uint32_t now_ms,
                               enum flow_admission *admission);

/* Takes the flow out (calls on_leave). */
void flow_table_remove(struct flow_table *t, struct flow *flow);

/* Looks at the next `n` records in turn and takes out those that are idle. */
void flow_table_age(struct flow_table *t, unsigned int n, uint32_t now_ms);

/* The rare line of a flow. */
struct flow_rare *flow_table_rare(struct flow_table *t, const struct flow *flow);

/* Calls `visit` for each flow in the table (tests, end of a replay). */
void flow_table_visit(struct flow_table *t, void (*visit)(void *context, struct flow *flow), void *context);

const struct flow_table_counters *flow_table_counters(const struct flow_table *t);

#endif
