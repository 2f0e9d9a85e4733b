/* SPDX-License-Identifier: BSD-3-Clause */
/* The map: who enters where. The manager's side.
 *
 * Nothing gets an entry but what sends enough (map/filter.h), fits into its quota and finds a free
 * slot; nothing that is active loses its entry to a newcomer. So random sources, however many, fill
 * their quota and no more, and what they push out is nothing. What is refused is counted under a
 * name, and goes on as ever.
 *
 * All memory is taken at the beginning. One thread, the manager's, calls all of this; workers know
 * map/worker.h alone. Epochs are the caller's: a number that grows, and of which each worker says
 * that it began a turn since. */
#ifndef MAP_MAP_H
#define MAP_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "expect/expect.h"
#include "ingress/ingress.h"
#include "map/entry.h"
#include "map/grain.h"
#include "map/places.h"
#include "map/prefixes.h"
#include "map/standing.h"
#include "map/worker.h"

struct map;

struct map_setup {
    uint32_t n_entries;
    uint32_t n_workers;
    uint64_t secret[2];   /* from getrandom(2) */
    uint64_t random_seed; /* likewise */
    const struct config *config;
    const struct ingress_table *ingresses; /* outlives the map */
};

/* What is expected, with what workers need of it. */
struct map_expectation {
    struct expectation expectation;
    struct map_grain *grain;
    uint16_t *n_unexpected; /* by route: entries that it says are unexpected */
};

/* Takes what was opened, also when it fails: then it is closed. NULL when memory is short. Any
 * thread. */
struct map_expectation *map_expectation_create(struct expectation *opened);
void map_expectation_destroy(struct map_expectation *e);

/* Bytes for so many entries and workers: of the workers, and of the manager. */
struct map_memory {
    size_t workers, manager;
};
struct map_memory map_memory_bytes(uint32_t n_entries, uint32_t n_workers);

/* 0, -ENOMEM, -EINVAL. */
int map_create(const struct map_setup *setup, struct map **out);
/* NULL is allowed. No worker counts any more. */
void map_destroy(struct map *m);

struct map_worker *map_worker(struct map *m, uint32_t i);

/* Names of places, samplings of ports and own prefixes, as another configuration has them, of which
 * nothing is kept. In force for all ingresses within some turns. 0, -ENOMEM. */
int map_follow(struct map *m, const struct config *config);

/* From now on this is expected; NULL: nothing is known. Entries are graded anew in the next ten
 * seconds. What was in force before comes out of map_take_retired(). -EBUSY: the one before that is
 * still in use. */
int map_expect(struct map *m, struct map_expectation *e, uint64_t epoch);
/* What nobody uses any more, to be destroyed; NULL. */
struct map_expectation *map_take_retired(struct map *m);
const struct map_expectation *map_expected(const struct map *m);

/* What the caller's clocks and workers say. */
struct map_turn {
    uint64_t now_ns;
    uint64_t now_s;  /* UNIX time, for rows that hold until then */
    uint64_t epoch;  /* the present one */
    uint64_t closed; /* every worker began a turn since this one began */
};

/* Takes what workers told, reads some of their rows, gives free what left. About every 10 ms; costs
 * at most a thousandth of the entries. */
void map_turn(struct map *m, const struct map_turn *turn);

/* All rows are read. For the end of a replay. */
void map_read_all(struct map *m, const struct map_turn *turn);

uint32_t map_n_slots(const struct map *m); /* from 1 to this */
/* Any slot; look at its life. */
const struct map_entry *map_at(const struct map *m, uint32_t slot);
/* The slot of a live entry, MAP_NO_SLOT. */
uint32_t map_find(const struct map *m, const struct map_key *key);
const struct map_places *map_places(const struct map *m);
/* Has this number of lib/ingress its place, or is there none for it? */
bool map_knows_ingress(const struct map *m, uint16_t number);
/* The prefix of an entry, at all its ingresses; NULL: it has no entry. */
const struct map_prefix *map_prefix_of(const struct map *m, const struct map_key *key);
/* What stood at a place when all entries had been read last. */
const struct map_stand *map_stand_of(const struct map *m, uint16_t place);
/* Different addresses in the packets sampled. */
double map_n_addresses(const struct map_entry *e);
/* Is it where no route leads, or from where none may come? */
static inline bool map_grade_is_alarming(uint8_t grade)
{
    return grade == EXPECT_UNEXPECTED || grade == EXPECT_UNROUTED || grade == EXPECT_BOGON;
}

/* Those who decide on an entry say so; false: it is another one's by now. */
bool map_set_reality(struct map *m, uint32_t slot, uint32_t generation,
                     const struct map_reality *reality);
bool map_set_flags(struct map *m, uint32_t slot, uint32_t generation, uint8_t flags, bool on);
bool map_set_test_due(struct map *m, uint32_t slot, uint32_t generation, uint64_t due_ns);

/* What changed, in order. */
#define MAP_CHANGES(X)                                                                             \
    X(ENTRY_NEW, "entry_new")                                                                      \
    X(ENTRY_GONE, "entry_gone")                                                                    \
    X(GRADE, "grade")       /* of an entry, by another expectation */                              \
    X(DOMINANT, "dominant") /* of a prefix */                                                      \
    X(PLACE_NEW, "ingress_discovered")                                                             \
    X(DIFFUSE, "diffuse_unexpected") /* begins at a place */                                       \
    X(DIFFUSE_OVER, "diffuse_unexpected_over")                                                     \
    X(PRESSURE, "map_pressure") /* entries are refused for want of room */                         \
    X(PRESSURE_OVER, "map_pressure_over")

enum map_change_kind {
#define X(suffix, name) MAP_CHANGE_##suffix,
    MAP_CHANGES(X)
#undef X
        MAP_N_CHANGES
};

struct map_change {
    uint64_t at_ns;
    enum map_change_kind kind;
    uint32_t slot, generation;     /* of an entry, else MAP_NO_SLOT */
    struct map_key key;            /* of an entry or prefix; .ingress of a place */
    struct map_dominance from, to; /* DOMINANT */
    uint8_t grade_before;          /* GRADE */
};

const char *map_change_name(enum map_change_kind kind);

/* False: nothing changed since. Up to 4096 wait; more are lost, and counted. */
bool map_next_change(struct map *m, struct map_change *out);

/* X(name, help) */
#define MAP_COUNTERS(X)                                                                            \
    X(entries, "entries there are")                                                                \
    X(entries_leaving, "entries that left, until no worker counts for them")                       \
    X(admitted, "entries that came")                                                               \
    X(left, "entries that left: not seen for a day, or for a minute while room is short")          \
    X(refused_full, "sources that got no entry: all are taken")                                    \
    X(refused_ingress, "sources that got no entry: their ingress has its quota")                   \
    X(refused_route, "sources that got no entry: unexpected ones of their route have their quota") \
    X(refused_bucket, "sources that got no entry: both places in the directory are taken")         \
    X(not_expected, "routes that are not expected where they came in: by /24 and /48 instead")     \
    X(changes_lost, "changes that nobody took in time")

struct map_counters {
#define X(name, help) uint64_t name;
    MAP_COUNTERS(X)
#undef X
};
struct map_counters map_counters(const struct map *m);

/* Workers' counters, in sum. */
#define X(name, help) uint64_t name;
struct map_worker_totals {
    MAP_WORKER_COUNTERS(X)
};
#undef X
struct map_worker_totals map_worker_totals(const struct map *m);

/* NULL, or what does not fit together. Takes long: for tests. */
const char *map_check(const struct map *m);

#endif
