/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside of the flow table: buckets, slots, records. For the files of this library only. */
#ifndef FLOW_LAYOUT_H
#define FLOW_LAYOUT_H

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/hash.h"
#include "base/time.h"
#include "flow/flow.h"

#define BUCKET_SLOTS 8

/* A slot is free when its tag is 0. `record` holds the record's index in its low 25 bits; the seven
 * bits above, in the first slot, count the keys of this bucket that live in their second one. */
struct bucket {
    uint32_t tag[BUCKET_SLOTS];
    uint32_t record[BUCKET_SLOTS];
};
static_assert(sizeof(struct bucket) == CACHE_LINE_BYTES, "one line");

#define RECORD_BITS 25
#define RECORD_MASK ((1u << RECORD_BITS) - 1)
#define AWAY_ONE    (1u << RECORD_BITS)
#define AWAY_MANY   (127u << RECORD_BITS) /* saturated: never counted down again */
#define NO_RECORD   UINT32_MAX
static_assert(FLOW_TABLE_MAX_FLOWS <= RECORD_MASK, "a record's index fits");

struct flow_table {
    struct bucket *buckets;
    struct flow *flows;
    struct flow_rare *rares;
    uint32_t bucket_mask;
    uint32_t first_free; /* record, or NO_RECORD; the next one stands in its `aggregate` */
    uint32_t next_to_age;
    uint32_t credit_ms; /* when `credit` was last counted up */
    uint64_t credit;    /* thousandths of an admission */
    struct flow_table_config config;
    struct flow_table_counters counters;
};

/* Where a key lives, or could. */
struct slot {
    struct bucket *bucket; /* NULL: nowhere */
    unsigned int index;
};

static inline uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32) | 1;
}

static inline struct bucket *first_bucket(const struct flow_table *t, uint64_t hash)
{
    return &t->buckets[(uint32_t)hash & t->bucket_mask];
}

/* Never the first one. */
static inline struct bucket *second_bucket(const struct flow_table *t, uint64_t hash)
{
    uint32_t first = (uint32_t)hash & t->bucket_mask;
    uint32_t second = (uint32_t)(hash >> 24) & t->bucket_mask;

    return &t->buckets[second ^ (second == first)];
}

/* One bit for each slot with this tag. */
static inline unsigned int match_tags_portable(const struct bucket *b, uint32_t tag)
{
    unsigned int mask = 0;

    for (unsigned int i = 0; i < BUCKET_SLOTS; i++)
        mask |= (unsigned int)(b->tag[i] == tag) << i;
    return mask;
}

#if defined(__SSE2__)
/* The same in seven instructions; gcc makes thirty of the loop above. */
static inline unsigned int match_tags(const struct bucket *b, uint32_t tag)
{
    const __m128i *tags = (const __m128i *)(const void *)b->tag, wanted = _mm_set1_epi32((int)tag);
    __m128i low = _mm_cmpeq_epi32(_mm_load_si128(&tags[0]), wanted);
    __m128i high = _mm_cmpeq_epi32(_mm_load_si128(&tags[1]), wanted);
    __m128i each_a_byte = _mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128());

    return (unsigned int)_mm_movemask_epi8(each_a_byte);
}
#else
#define match_tags match_tags_portable
#endif

static inline struct flow *flow_in_slot(const struct flow_table *t, const struct bucket *b,
                                        unsigned int index)
{
    return &t->flows[b->record[index] & RECORD_MASK];
}

static inline bool has_keys_away(const struct bucket *b)
{
    return b->record[0] >= AWAY_ONE;
}

/* Time since `then_ms`; 0 when that is ahead of now, as when two readings of a clock overlap. */
static inline uint32_t silence_ms(uint32_t then_ms, uint32_t now_ms)
{
    uint32_t since = time_ms_since(then_ms, now_ms);

    return since <= INT32_MAX ? since : 0;
}

/* Is the key in the sample? The sample of a fuller table is part of that of an emptier one, and
 * nobody without the secret can tell what is in it. The floor lets a few in even when the table is
 * full, so that what a SYN flood left there can be replaced before it ages. */
static inline bool flow_is_sampled(const struct flow_table *t, uint64_t hash)
{
    uint64_t capacity = t->config.n_flows, n_free = capacity - t->counters.n_flows;
    uint64_t quarter = capacity / 4, floor = capacity / 64;
    uint64_t draw;

    if (n_free >= quarter)
        return true;
    /* The upper half of a product depends on all of the hash, not on the bits alone that tell
     * buckets and tags apart. */
    draw = hash * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    return (draw * quarter) >> 32 < (n_free > floor ? n_free : floor);
}

/* The slot that holds the key; its `bucket` is NULL when there is none. */
struct slot flow_slot_find(const struct flow_table *t, const struct flow_key *key, uint64_t hash);

/* Takes a flow out of the table, for a reason that the caller counts. */
void flow_take_out(struct flow_table *t, struct flow *flow);

#endif
