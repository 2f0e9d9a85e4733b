/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow/lookup.h"

#include "base/hash.h"

#define BULK 64

uint64_t flow_table_hash(const struct flow_table *t, const struct flow_key *key)
{
    return flow_hash(key, t->config.secret);
}

const uint64_t *flow_table_secret(const struct flow_table *t)
{
    return t->config.secret;
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

static void lookup_up_to_a_bulk(const struct flow_table *t, const struct flow_key *keys,
                                const uint64_t *hashes, unsigned int n, struct flow **flows)
{
    for (unsigned int i = 0; i < n; i++)
        flow_ask_bucket(t, hashes[i]);
    for (unsigned int i = 0; i < n; i++)
        flows[i] = flow_ask_record(t, hashes[i]);
    for (unsigned int i = 0; i < n; i++)
        flows[i] = flow_confirm(t, &keys[i], hashes[i], flows[i]);
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
