/* SPDX-License-Identifier: BSD-3-Clause */
/* The flow table of one lcore: a single writer, no lock, all memory given at start.
 *
 * Layout. A bucket is one cache line: eight 32-bit tags and eight record numbers. A record is one
 * hot line (key and all that an in-order segment touches) and, in an array beside it, one rare line
 * (holes; touched by events only). There are two slots for each record, and two buckets for each
 * key, so a bucket is hardly ever full. A bucket counts the keys that had to go to their second
 * one, so that a key that is not there costs one line, not two.
 *
 * Admission. A flood of new keys must neither push known flows out nor cost much. Above three
 * quarters of the capacity only a sample of keys, chosen by a keyed hash, is admitted: the free
 * share of the last quarter, but never less than a sixteenth. What is sampled takes from a token
 * bucket that holds one second's admissions. When both buckets or the table are full, the place is
 * taken from the flow in the two buckets that showed nothing but SYNs and was seen least recently,
 * else from the one idle longest beyond the timeout, and else the new flow is refused.
 *
 * Flows that showed nothing but SYNs are idle after a quarter of the timeout, when they are aged.
 *
 * Blind bookkeeping. Nothing here looks at `drop`: whether a flow is kept never depends on a drop
 * being pending, or else what comes back would be seen more often for dropped segments than for
 * others (doc/verdict.md). */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/compiler.h"
#include "base/hash.h"
#include "tcp/coverage.h"

/* One direction of a TCP connection, as it came in by one way: `ingress` is that way's number
 * (ingress/ingress.h). `mode` says what the record is for, so that two who use it in different ways
 * never share one; the table only compares it. */
struct flow_key {
    struct ip_address source, destination;
    uint16_t source_port, destination_port;
    uint16_t ingress;
    uint16_t mode; /* the engine's */
};
static_assert(sizeof(struct flow_key) == 40, "compared as five words");

enum flow_state {
    FLOW_FREE = 0,
    FLOW_SYN_ONLY, /* nothing but SYNs yet */
    FLOW_OBSERVED, /* first seen in the middle: nothing of it counts yet */
    FLOW_ARMED,    /* its segments count, and may be dropped */
    FLOW_CLOSING,  /* FIN or RST seen: repairs still count, nothing is dropped */
};

/* Flows that showed nothing but SYNs are idle after this part of the timeout: a SYN is answered, or
 * repeated after a second (RFC 6298 2.1); silence after it tells sooner than silence in a
 * connection. */
#define FLOW_SYN_ONLY_SHARE 4

#define FLOW_NO_DROP      UINT32_MAX
#define FLOW_NO_AGGREGATE UINT32_MAX
#define FLOW_NO_PLACE     UINT16_MAX

/* The hot line. The table owns key and state FREE; all else is the engine's. */
struct flow {
    struct flow_key key;
    uint32_t snd_max;
    uint32_t last_seen_ms;
    uint32_t aggregate; /* the engine's handle; FLOW_NO_AGGREGATE until known */
    union {
        struct { /* mode active */
            /* The pending drop in the ledger, or FLOW_NO_DROP; while OBSERVED: when first seen, ms.
             */
            uint32_t drop;
            uint16_t place;     /* place among the individually tested flows, or FLOW_NO_PLACE */
            uint8_t n_segments; /* recent segments and, of them, those out of order: both halved
                                   together */
            uint8_t n_out_of_order;
        };
        struct {                   /* mode passive */
            uint32_t n_passed;     /* segments */
            uint32_t newest_ticks; /* when snd_max last grew (passive/passive.h) */
        };
    };
    uint8_t state; /* enum flow_state */
    union {
        uint8_t n_drops;  /* active: in the test `test_id` */
        uint8_t rtt_code; /* passive: the flow's round-trip time, coded; 0: unknown */
    };
    union {
        uint8_t test_id; /* active */
        uint8_t n_turns; /* passive: how often snd_max went round; 255: at least */
    };
    uint8_t flags; /* the engine's */
};
static_assert(sizeof(struct flow) == CACHE_LINE_BYTES, "one hot line");

/* The rare line. */
struct flow_rare {
    struct tcp_holes holes;
    uint32_t population_end; /* the engine's: where the frozen population of this flow ends */
};
static_assert(sizeof(struct flow_rare) == CACHE_LINE_BYTES, "one rare line");

/* Whoever keeps a flow across calls that may take flows out (insert, remove, age) asks this before
 * using it again. */
static inline bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    uint64_t differ = load_word(x) ^ load_word(y);

    differ |= load_word(x + 8) ^ load_word(y + 8);
    differ |= load_word(x + 16) ^ load_word(y + 16);
    differ |= load_word(x + 24) ^ load_word(y + 24);
    differ |= load_word(x + 32) ^ load_word(y + 32);
    return differ == 0;
}

struct flow_table;

#define FLOW_TABLE_MIN_FLOWS 64
#define FLOW_TABLE_MAX_FLOWS (3u << 23) /* 16M flows fill two thirds of it */

struct flow_table_config {
    uint32_t n_flows;               /* capacity, FLOW_TABLE_MIN_FLOWS..FLOW_TABLE_MAX_FLOWS */
    uint32_t idle_timeout_ms;       /* without a packet for so long: may be aged; 1..2^31-1 */
    uint32_t admissions_per_second; /* 0: no limit */
    uint64_t secret[2];             /* key of the hashes: from getrandom(2) */
    /* Called just before a flow leaves the table, for whatever reason. Must not call the table.
     * NULL: nobody. */
    void (*on_leave)(void *context, struct flow *flow);
    void *context;
};

enum flow_admission {
    FLOW_ADMITTED,
    FLOW_KNOWN, /* it was there already */
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

/* Bytes that flow_table_init() needs for this capacity, 0 when it is out of bounds. The memory must
 * be aligned to a cache line. */
size_t flow_table_memory_bytes(uint32_t n_flows);

/* Makes a table inside `memory`, which the caller owns and frees after the table's last use. NULL
 * when the configuration is out of bounds, `n_bytes` is too small or `memory` is not aligned. All
 * of it is written here, so that no page fault comes later. */
struct flow_table *flow_table_init(void *memory, size_t n_bytes,
                                   const struct flow_table_config *config);

/* From now on other limits hold; those of the configuration, 0 admissions for no limit. */
void flow_table_set_limits(struct flow_table *t, uint32_t idle_timeout_ms,
                           uint32_t admissions_per_second);

uint64_t flow_table_hash(const struct flow_table *t, const struct flow_key *key);

/* The same, for callers who keep the table's secret at hand. */
const uint64_t *flow_table_secret(const struct flow_table *t);

/* The last word of a key but for its mode: it is known before the mode is. */
static inline uint64_t flow_key_rest(uint16_t source_port, uint16_t destination_port,
                                     uint16_t ingress)
{
    return word_of_quarters(source_port, destination_port, ingress, 0);
}

/* The hash of a key by its parts: those of addresses that tell flows apart, and flow_key_rest(). Of
 * IPv4 two words say all. */
static inline uint64_t flow_hash_ipv4(uint32_t source, uint32_t destination, uint64_t rest,
                                      const uint64_t secret[2])
{
    uint64_t h = hash_step(secret[0], source | (uint64_t)destination << 32, 0, secret);

    return hash_end(hash_step(h, rest, 1, secret), secret);
}

static inline uint64_t flow_hash_ipv6(const struct ip_address *source,
                                      const struct ip_address *destination, uint64_t rest,
                                      const uint64_t secret[2])
{
    uint64_t h = hash_step(secret[0], load_word(source->bytes), 0, secret);

    h = hash_step(h, load_word(source->bytes + 8), 1, secret);
    h = hash_step(h, load_word(destination->bytes), 2, secret);
    h = hash_step(h, load_word(destination->bytes + 8), 3, secret);
    return hash_end(hash_step(h, rest, 4, secret), secret);
}

static inline uint64_t flow_hash(const struct flow_key *key, const uint64_t secret[2])
{
    /* flow_key_rest() of it, in one load. */
    uint64_t rest =
        load_word((const uint8_t *)key + 32) & flow_key_rest(UINT16_MAX, UINT16_MAX, UINT16_MAX);

    if (ip_address_is_ipv4(&key->source) && ip_address_is_ipv4(&key->destination))
        return flow_hash_ipv4(load_half_word(key->source.bytes + 12),
                              load_half_word(key->destination.bytes + 12), rest, secret);
    return flow_hash_ipv6(&key->source, &key->destination, rest, secret);
}

/* Looks up `n` keys; flows[i] is NULL when keys[i] is not known. hashes[i] is flow_table_hash().
 * Buckets, then hot lines, are prefetched for up to 64 keys before they are read. A flow stays
 * where it is until it leaves the table, but flow_table_insert() and flow_table_age() may take out
 * any, and give its record to another key: compare with flow_key_equal() when one of them was
 * called since. */
void flow_table_lookup_bulk(struct flow_table *t, const struct flow_key *keys,
                            const uint64_t *hashes, unsigned int n, struct flow **flows);

/* Looks the key up, or admits it. Returns the flow, or NULL when refused; *admission says which. A
 * flow just admitted has its key, state `state` (not FREE), last_seen_ms = now_ms, NO_DROP,
 * NO_AGGREGATE, NO_PLACE, and zeros elsewhere, its rare line too. */
struct flow *flow_table_insert(struct flow_table *t, const struct flow_key *key, uint64_t hash,
                               enum flow_state state, uint32_t now_ms,
                               enum flow_admission *admission);

/* Takes the flow out (calls on_leave). */
void flow_table_remove(struct flow_table *t, struct flow *flow);

/* Looks at the next `n` records in turn and takes out those that are idle. A record seen "after"
 * now_ms is not idle. */
void flow_table_age(struct flow_table *t, unsigned int n, uint32_t now_ms);

/* The number of a flow's record, below the capacity, for tables beside this one; and back. A record
 * is another flow's when its own has left. */
uint32_t flow_table_index(const struct flow_table *t, const struct flow *flow);
struct flow *flow_table_at(struct flow_table *t, uint32_t index);

/* The rare line of a flow. */
struct flow_rare *flow_table_rare(struct flow_table *t, const struct flow *flow);

/* Calls `visit` for each flow in the table (tests, end of a replay). */
void flow_table_visit(struct flow_table *t, void (*visit)(void *context, struct flow *flow),
                      void *context);

const struct flow_table_counters *flow_table_counters(const struct flow_table *t);

#endif
