/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/directory.h"

uint32_t map_directory_n_buckets(uint32_t n_entries)
{
    uint32_t n = 2;

    while ((uint64_t)n * MAP_PLACES_IN_BUCKET / 2 < n_entries)
        n *= 2;
    return n;
}

static unsigned int count_taken(const struct map_bucket *b)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < MAP_PLACES_IN_BUCKET; i++)
        n += atomic_load_explicit(&b->cells[i].slot, memory_order_relaxed) != MAP_NO_SLOT;
    return n;
}

static struct map_cell *find_cell(struct map_bucket *b, const struct map_packed *key, bool is_left)
{
    for (unsigned int i = 0; i < MAP_PLACES_IN_BUCKET; i++) {
        struct map_cell *c = &b->cells[i];
        uint32_t slot = atomic_load_explicit(&c->slot, memory_order_relaxed);

        if (slot != MAP_NO_SLOT && (slot == MAP_LEFT) == is_left &&
            atomic_load_explicit(&c->bits, memory_order_relaxed) == key->bits &&
            atomic_load_explicit(&c->shape, memory_order_relaxed) == key->shape)
            return c;
    }
    return NULL;
}

/* The place of a key in either bucket. */
static struct map_cell *cell_of(struct map_directory *d, const struct map_packed *key,
                                uint64_t hash, bool is_left)
{
    struct map_cell *c = find_cell(&d->buckets[map_first_bucket(d, hash)], key, is_left);

    return c != NULL ? c : find_cell(&d->buckets[map_second_bucket(d, hash)], key, is_left);
}

bool map_directory_add(struct map_directory *d, const struct map_packed *key, uint64_t hash,
                       uint32_t slot)
{
    struct map_bucket *first = &d->buckets[map_first_bucket(d, hash)];
    struct map_bucket *second = &d->buckets[map_second_bucket(d, hash)];
    struct map_bucket *b = count_taken(second) < count_taken(first) ? second : first;

    for (unsigned int i = 0; i < MAP_PLACES_IN_BUCKET; i++) {
        struct map_cell *c = &b->cells[i];

        if (atomic_load_explicit(&c->slot, memory_order_relaxed) != MAP_NO_SLOT)
            continue;
        atomic_store_explicit(&c->bits, key->bits, memory_order_relaxed);
        atomic_store_explicit(&c->shape, key->shape, memory_order_relaxed);
        atomic_store_explicit(&c->slot, slot, memory_order_release);
        return true;
    }
    return false;
}

void map_directory_leave(struct map_directory *d, const struct map_packed *key, uint64_t hash)
{
    atomic_store_explicit(&cell_of(d, key, hash, false)->slot, MAP_LEFT, memory_order_relaxed);
}

void map_directory_free(struct map_directory *d, const struct map_packed *key, uint64_t hash)
{
    atomic_store_explicit(&cell_of(d, key, hash, true)->slot, MAP_NO_SLOT, memory_order_relaxed);
}
