/* SPDX-License-Identifier: BSD-3-Clause */
/* Which slot an entry has, by its key: two buckets of one cache line each, four places in each.
 *
 * The manager alone writes; workers read, and never wait. A place is emptied by one store. It may
 * be filled again when no reader can still stand on it: the caller frees a place as it frees the
 * slot, when every worker has closed an epoch that began later. So a reader that finds a slot finds
 * the key that belongs to it. No probing beyond two lines, no marks of what was removed: a flood of
 * keys costs readers nothing. What has no place in either bucket gets none. */
#ifndef MAP_DIRECTORY_H
#define MAP_DIRECTORY_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "map/key.h"

#define MAP_PLACES_IN_BUCKET 4

/* Set in a place that holds nothing any more, but may not be filled yet. */
#define MAP_LEFT UINT32_MAX

struct map_cell {
    _Atomic uint64_t bits;
    _Atomic uint32_t shape;
    _Atomic uint32_t slot; /* MAP_NO_SLOT: empty; MAP_LEFT */
};

struct map_bucket {
    struct map_cell cells[MAP_PLACES_IN_BUCKET];
};
static_assert(sizeof(struct map_bucket) == CACHE_LINE_BYTES, "one look");

struct map_directory {
    struct map_bucket *buckets;
    uint32_t mask;
};

/* Buckets for so many entries: half of their places are empty when all are there. */
uint32_t map_directory_n_buckets(uint32_t n_entries);

static inline uint32_t map_first_bucket(const struct map_directory *d, uint64_t hash)
{
    return (uint32_t)hash & d->mask;
}

static inline uint32_t map_second_bucket(const struct map_directory *d, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & d->mask;
}

static inline uint32_t map_bucket_find(const struct map_bucket *b, const struct map_packed *key)
{
    for (unsigned int i = 0; i < MAP_PLACES_IN_BUCKET; i++) {
        const struct map_cell *c = &b->cells[i];
        uint32_t slot = atomic_load_explicit(&c->slot, memory_order_acquire);

        if (slot != MAP_NO_SLOT && slot != MAP_LEFT &&
            atomic_load_explicit(&c->bits, memory_order_relaxed) == key->bits &&
            atomic_load_explicit(&c->shape, memory_order_relaxed) == key->shape)
            return slot;
    }
    return MAP_NO_SLOT;
}

/* The slot, or MAP_NO_SLOT. Any thread. */
static inline uint32_t map_directory_find(const struct map_directory *d,
                                          const struct map_packed *key, uint64_t hash)
{
    uint32_t slot = map_bucket_find(&d->buckets[map_first_bucket(d, hash)], key);

    return slot != MAP_NO_SLOT ? slot
                               : map_bucket_find(&d->buckets[map_second_bucket(d, hash)], key);
}

/* Of a key that is not there. False: both buckets are full. */
bool map_directory_add(struct map_directory *d, const struct map_packed *key, uint64_t hash,
                       uint32_t slot);

/* From now on nobody finds it. The key is there. */
void map_directory_leave(struct map_directory *d, const struct map_packed *key, uint64_t hash);

/* After the grace period: its place may be filled. `key` as it was added. */
void map_directory_free(struct map_directory *d, const struct map_packed *key, uint64_t hash);

#endif
