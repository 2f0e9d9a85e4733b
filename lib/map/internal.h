/* SPDX-License-Identifier: BSD-3-Clause */
/* The manager's side of the map, as its own files see it. */
#ifndef MAP_INTERNAL_H
#define MAP_INTERNAL_H

#include "map/destinations.h"
#include "map/map.h"
#include "map/standing.h"

#define MAP_MOST_CHANGES 4096

/* An entry that left in an epoch. */
struct map_leaving {
    uint32_t slot;
    uint64_t epoch;
};

struct map {
    uint32_t n_entries, n_workers;
    struct map_entry *entries; /* by slot */
    struct map_prefixes prefixes;
    struct map_places places;
    struct config names; /* ports and ingresses of the configuration, without neighbors */
    uint32_t resolved;   /* ingresses of lib/ingress up to this number have their places */
    const struct ingress_table *ingresses;
    /* Slots that nobody has: a stack. And those that workers may still count for: a ring, in the
     * order of their epochs. */
    uint32_t *free_slots, n_free;
    struct map_leaving *leaving;
    uint32_t leaving_head, leaving_tail; /* modulo n_entries + 1 */

    struct map_expectation *expected, *retiring;
    struct map_grain *grain, *own_grain; /* in force; when nothing is expected */
    uint64_t retiring_epoch;
    uint32_t expectation;  /* grows with each */
    uint32_t n_unexpected; /* entries */

    struct map_turn turn;
    uint32_t n_used;              /* slots up to this one were given to somebody */
    uint32_t swept;               /* the next slot to be read is after this one */
    uint64_t swept_ns, window_ns; /* places' window began */
    bool is_pressed;

    struct map_standing standing;
    struct map_own own; /* prefixes */

    struct map_change *changes;
    uint64_t n_changes, n_changes_taken;
    struct map_counters counters;

    struct map_shared *shared;
    struct map_worker **workers;
};

/* changes.c */
void map_tell(struct map *m, const struct map_change *change);

/* admit.c */
void map_take_ask(struct map *m, const struct map_message *ask);
/* The grade and the rest that an expectation says of an entry. */
void map_grade(struct map *m, struct map_entry *e);
void map_ungrade(struct map *m, struct map_entry *e);
uint8_t map_grade_key(const struct map *m, const struct map_key *key);
/* As coarse as packets of this key are counted by what is expected now. */
uint8_t map_right_length(const struct map *m, const struct map_key *key);

/* leave.c */
void map_leave(struct map *m, uint32_t slot);
void map_free_left(struct map *m);

/* sweep.c */
void map_sweep(struct map *m, uint32_t n);

/* watch.c */
void map_watch_prefix(struct map *m, struct map_entry *e);
void map_watch_places(struct map *m);
void map_take_sample(struct map *m, const struct map_message *sample);
void map_take_stray(struct map *m, const struct map_message *stray);

/* Quotas, in entries: of an ingress; of unexpected ones in all, and of an ingress. */
static inline uint32_t map_quota_of_place(const struct map *m)
{
    return m->n_entries - m->n_entries / 4;
}

static inline uint32_t map_quota_of_unexpected(const struct map *m)
{
    return m->n_entries / 2 + 1;
}

static inline uint32_t map_quota_of_unexpected_of_place(const struct map *m)
{
    return m->n_entries / 4 + 1;
}

/* Is anybody there, as the latest verdict says? */
static inline bool map_is_closed_loop(const struct map_entry *e)
{
    return e->reality.state == MAP_GENUINE || e->reality.state == MAP_MIXED;
}

static inline uint64_t map_hash_of(const struct map *m, const struct map_packed *packed)
{
    return map_hash(packed, m->shared->secret);
}

#endif
