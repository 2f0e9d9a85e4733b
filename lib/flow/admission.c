/* SPDX-License-Identifier: BSD-3-Clause */
/* Who gets a record. What a flood of new keys can do here is bounded: it takes places of flows that
 * never went beyond a SYN or have gone silent, at a limited rate, and those of no others. */
#include "base/hash.h"
#include "base/time.h"
#include "flow/layout.h"

#define CREDIT_OF_ONE 1000u

static const char *const admission_names[FLOW_N_ADMISSIONS] = {
    [FLOW_ADMITTED] = "admitted",         [FLOW_KNOWN] = "known",
    [FLOW_REFUSED_RATE] = "refused_rate", [FLOW_REFUSED_SAMPLED] = "refused_sampled",
    [FLOW_REFUSED_FULL] = "refused_full",
};

const char *flow_admission_name(enum flow_admission admission)
{
    return (unsigned int)admission < FLOW_N_ADMISSIONS ? admission_names[admission] : "unknown";
}

/* A token bucket of one second's admissions, in thousandths so that each millisecond adds a whole
 * number. */
static bool take_token(struct flow_table *t, uint32_t now_ms)
{
    uint64_t per_ms = t->config.admissions_per_second, most = per_ms * 1000;
    uint32_t elapsed_ms = silence_ms(t->credit_ms, now_ms);

    if (per_ms == 0)
        return true;
    t->credit_ms = now_ms;
    if (elapsed_ms >= MS_PER_S || t->credit + elapsed_ms * per_ms > most)
        t->credit = most;
    else
        t->credit += elapsed_ms * per_ms;
    if (t->credit < CREDIT_OF_ONE)
        return false;
    t->credit -= CREDIT_OF_ONE;
    return true;
}

/* The better of two victims (either may be NULL): SYN-only before all others, then the longer
 * silence. */
static struct flow *better_victim(struct flow *a, struct flow *b, uint32_t now_ms)
{
    bool a_syn_only, b_syn_only;

    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    a_syn_only = a->state == FLOW_SYN_ONLY;
    b_syn_only = b->state == FLOW_SYN_ONLY;
    if (a_syn_only != b_syn_only)
        return a_syn_only ? a : b;
    return silence_ms(b->last_seen_ms, now_ms) > silence_ms(a->last_seen_ms, now_ms) ? b : a;
}

/* The lines of all candidates at once: asked for one after the other, each would have to be waited
 * for. */
static void ask_candidates(const struct flow_table *t, const struct bucket *b)
{
    for (unsigned int i = 0; i < BUCKET_SLOTS; i++)
        prefetch_line(flow_in_slot(t, b, i));
}

static struct flow *victim_in_bucket(const struct flow_table *t, const struct bucket *b,
                                     uint32_t now_ms)
{
    struct flow *victim = NULL;

    for (unsigned int i = 0; i < BUCKET_SLOTS; i++) {
        struct flow *flow = flow_in_slot(t, b, i);

        if (b->tag[i] == 0)
            continue;
        if (flow->state == FLOW_SYN_ONLY ||
            silence_ms(flow->last_seen_ms, now_ms) >= t->config.idle_timeout_ms)
            victim = better_victim(victim, flow, now_ms);
    }
    return victim;
}

static bool evict_for(struct flow_table *t, uint64_t hash, uint32_t now_ms)
{
    const struct bucket *first = first_bucket(t, hash), *second = second_bucket(t, hash);
    struct flow *victim;

    ask_candidates(t, first);
    ask_candidates(t, second);
    victim = better_victim(victim_in_bucket(t, first, now_ms), victim_in_bucket(t, second, now_ms),
                           now_ms);
    if (victim == NULL)
        return false;
    if (victim->state == FLOW_SYN_ONLY)
        t->counters.evicted_syn_only++;
    else
        t->counters.evicted_idle++;
    flow_take_out(t, victim);
    return true;
}

static struct slot find_room(const struct flow_table *t, uint64_t hash)
{
    struct bucket *both[2] = {first_bucket(t, hash), second_bucket(t, hash)};

    for (int k = 0; k < 2; k++)
        for (unsigned int i = 0; i < BUCKET_SLOTS; i++)
            if (both[k]->tag[i] == 0)
                return (struct slot){both[k], i};
    return (struct slot){NULL, 0};
}

/* Makes sure of a free record and a free slot, at another flow's expense if need be. */
static struct slot make_room(struct flow_table *t, uint64_t hash, uint32_t now_ms)
{
    struct slot room = find_room(t, hash);

    if (room.bucket != NULL && t->first_free != NO_RECORD)
        return room;
    if (!evict_for(t, hash, now_ms))
        return (struct slot){NULL, 0};
    return find_room(t, hash);
}

static struct flow *take_record(struct flow_table *t, struct slot room, uint64_t hash)
{
    uint32_t record = t->first_free;
    struct flow *flow = &t->flows[record];
    struct bucket *first = first_bucket(t, hash);

    t->first_free = flow->aggregate;
    room.bucket->tag[room.index] = tag_of(hash);
    room.bucket->record[room.index] |= record;
    if (room.bucket != first && first->record[0] < AWAY_MANY)
        first->record[0] += AWAY_ONE;
    t->counters.n_flows++;
    return flow;
}

static enum flow_admission judge(struct flow_table *t, uint64_t hash, uint32_t now_ms,
                                 struct slot *room)
{
    if (!flow_is_sampled(t, hash))
        return FLOW_REFUSED_SAMPLED;
    if (!take_token(t, now_ms))
        return FLOW_REFUSED_RATE;
    *room = make_room(t, hash, now_ms);
    return room->bucket != NULL ? FLOW_ADMITTED : FLOW_REFUSED_FULL;
}

struct flow *flow_table_insert(struct flow_table *t, const struct flow_key *key, uint64_t hash,
                               enum flow_state state, uint32_t now_ms,
                               enum flow_admission *admission)
{
    struct slot s = flow_slot_find(t, key, hash);
    struct flow *flow;

    *admission = s.bucket != NULL ? FLOW_KNOWN : judge(t, hash, now_ms, &s);
    t->counters.admissions[*admission]++;
    if (*admission == FLOW_KNOWN)
        return flow_in_slot(t, s.bucket, s.index);
    if (*admission != FLOW_ADMITTED)
        return NULL;
    flow = take_record(t, s, hash);
    *flow = (struct flow){.key = *key,
                          .last_seen_ms = now_ms,
                          .aggregate = FLOW_NO_AGGREGATE,
                          .drop = FLOW_NO_DROP,
                          .place = FLOW_NO_PLACE,
                          .state = (uint8_t)state};
    *flow_table_rare(t, flow) = (struct flow_rare){.population_end = 0};
    return flow;
}
