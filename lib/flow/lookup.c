/* SPDX-License-Identifier: BSD-3-Clause */
/* Lookup in stages: a line that is not in cache costs hundreds of cycles alone and a few dozen when
 * many are asked for together, so each stage asks for all that the next one reads. */
#include "base/hash.h"
#include "flow/layout.h"

#define BULK 64

uint64_t flow_table_hash(const struct flow_table *t, const struct flow_key *key)
{
    return hash_words(key, sizeof(*key) / sizeof(uint64_t), t->config.secret);
}

static inline unsigned int lowest_bit(unsigned int mask)
{
    return (unsigned int)__builtin_ctz(mask);
}

static struct slot find_in_bucket(const struct flow_table *t, struct bucket *b,
                                  const struct flow_key *key, uint64_t hash)
{
    for (unsigned int mask = match_tags(b, tag_of(hash)); mask != 0; mask &= mask - 1) {
        unsigned int i = lowest_bit(mask);

        if (flow_key_equal(&flow_in_slot(t, b, i)->key, key))
            return (struct slot){b, i};
    }
    return (struct slot){NULL, 0};
}

struct slot flow_slot_find(const struct flow_table *t, const struct flow_key *key, uint64_t hash)
{
    struct bucket *first = first_bucket(t, hash);
    struct slot found = find_in_bucket(t, first, key, hash);

    if (found.bucket == NULL && has_keys_away(first))
        found = find_in_bucket(t, second_bucket(t, hash), key, hash);
    return found;
}

/* When two tags are equal and their keys are not: once in hundreds of millions of lookups. */
static struct flow *find_alone(const struct flow_table *t, const struct flow_key *key,
                               uint64_t hash)
{
    struct slot s = flow_slot_find(t, key, hash);

    return s.bucket != NULL ? flow_in_slot(t, s.bucket, s.index) : NULL;
}

/* The flow that a bucket names first for this hash, its line asked for; NULL when it names none. */
static inline struct flow *ask_for_candidate(const struct flow_table *t, const struct bucket *b,
                                             uint64_t hash)
{
    unsigned int mask = match_tags(b, tag_of(hash));
    struct flow *candidate;

    if (mask == 0)
        return NULL;
    candidate = flow_in_slot(t, b, lowest_bit(mask));
    prefetch_line(candidate);
    return candidate;
}

static inline void confirm(const struct flow_table *t, const struct flow_key *key, uint64_t hash,
                           struct flow **flow)
{
    if (*flow != NULL && likely_false(!flow_key_equal(&(*flow)->key, key)))
        *flow = find_alone(t, key, hash);
}

static void lookup_up_to_a_bulk(const struct flow_table *t, const struct flow_key *keys,
                                const uint64_t *hashes, unsigned int n, struct flow **flows)
{
    uint8_t away[BULK];
    unsigned int n_away = 0;

    for (unsigned int i = 0; i < n; i++)
        prefetch_line(first_bucket(t, hashes[i]));
    for (unsigned int i = 0; i < n; i++) {
        const struct bucket *b = first_bucket(t, hashes[i]);

        flows[i] = ask_for_candidate(t, b, hashes[i]);
        if (flows[i] == NULL && has_keys_away(b)) {
            prefetch_line(second_bucket(t, hashes[i]));
            away[n_away++] = (uint8_t)i;
        }
    }
    for (unsigned int j = 0; j < n_away; j++) {
        unsigned int i = away[j];

        flows[i] = ask_for_candidate(t, second_bucket(t, hashes[i]), hashes[i]);
    }
    for (unsigned int i = 0; i < n; i++)
        confirm(t, &keys[i], hashes[i], &flows[i]);
}

void flow_table_lookup_bulk(struct flow_table *t, const struct flow_key *keys,
                            const uint64_t *hashes, unsigned int n, struct flow **flows)
{
    while (n > 0) {
        unsigned int part = n < BULK ? n : BULK;

        lookup_up_to_a_bulk(t, keys, hashes, part, flows);
        keys += part;
        hashes += part;
        flows += part;
        n -= part;
    }
}
