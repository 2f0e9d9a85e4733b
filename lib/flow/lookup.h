/* SPDX-License-Identifier: BSD-3-Clause */
/* The steps of a lookup, inline, for the one loop that takes every packet (flow/flow.h has the
 * calls for all others).
 *
 * A line that is not in cache costs hundreds of cycles alone and a few dozen when others are on
 * their way too, so each step asks for what the next one reads, and the caller does other work
 * between them: ask for the bucket; some time later for the record that it names; some time later
 * confirm. Flows may enter and leave in between: what is confirmed is right at that time.
 */
#ifndef FLOW_LOOKUP_H
#define FLOW_LOOKUP_H

#include "flow/layout.h"

static inline void flow_ask_bucket(const struct flow_table *t, uint64_t hash)
{
    prefetch_line(first_bucket(t, hash));
}

/* The flow that the bucket names first for this hash: a candidate. NULL when it names none. */
static inline struct flow *flow_ask_record(const struct flow_table *t, uint64_t hash)
{
    const struct bucket *b = first_bucket(t, hash);
    unsigned int mask = match_tags(b, tag_of(hash));
    struct flow *candidate;

    if (likely_true(mask != 0)) {
        candidate = flow_in_slot(t, b, (unsigned int)__builtin_ctz(mask));
        prefetch_line(candidate);
        return candidate;
    }
    if (likely_false(has_keys_away(b)))
        prefetch_line(second_bucket(t, hash));
    return NULL;
}

/* Is the key nowhere in the table? Its first bucket says so, but not always: false may mean either.
 */
static inline bool flow_is_unknown(const struct flow_table *t, uint64_t hash)
{
    const struct bucket *b = first_bucket(t, hash);

    return match_tags(b, tag_of(hash)) == 0 && !has_keys_away(b);
}

/* The flow of the key, or NULL. Two equal tags of different keys come once in hundreds of millions
 * of lookups, keys in their second bucket once in hundreds. */
static inline struct flow *flow_confirm(const struct flow_table *t, const struct flow_key *key,
                                        uint64_t hash, struct flow *candidate)
{
    struct slot s;

    if (likely_true(candidate != NULL)) {
        if (likely_true(flow_key_equal(&candidate->key, key) && candidate->state != FLOW_FREE))
            return candidate;
    } else if (likely_true(flow_is_unknown(t, hash))) {
        return NULL;
    }
    s = flow_slot_find(t, key, hash);
    return s.bucket != NULL ? flow_in_slot(t, s.bucket, s.index) : NULL;
}

/* Would flow_table_insert() refuse this key, which is not in the table, since it is not in the
 * sample? Then that is counted. It takes no line but the table's first. False says nothing. */
static inline bool flow_refuse(struct flow_table *t, uint64_t hash)
{
    if (flow_is_sampled(t, hash))
        return false;
    t->counters.admissions[FLOW_REFUSED_SAMPLED]++;
    return true;
}

#endif
