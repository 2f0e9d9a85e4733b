/* SPDX-License-Identifier: BSD-3-Clause */
/* What others may know and set. */
#include "map/internal.h"

uint32_t map_n_slots(const struct map *m)
{
    return m->n_entries;
}

const struct map_entry *map_at(const struct map *m, uint32_t slot)
{
    return &m->entries[slot];
}

uint32_t map_find(const struct map *m, const struct map_key *key)
{
    const struct map_packed packed = map_pack_key(key);

    return map_directory_find(&m->shared->directory, &packed, map_hash_of(m, &packed));
}

const struct map_places *map_places(const struct map *m)
{
    return &m->places;
}

const struct map_stand *map_stand_of(const struct map *m, uint16_t place)
{
    return &m->standing.whole[place];
}

bool map_knows_ingress(const struct map *m, uint16_t number)
{
    return number <= m->resolved;
}

const struct map_prefix *map_prefix_of(const struct map *m, const struct map_key *key)
{
    const struct map_packed packed = map_pack_key(key);

    return map_prefixes_find(&m->prefixes, &packed, m->shared->secret);
}

static struct map_entry *entry_of(struct map *m, uint32_t slot, uint32_t generation)
{
    struct map_entry *e = slot >= 1 && slot <= m->n_entries ? &m->entries[slot] : NULL;

    return e != NULL && e->life == MAP_LIVE && e->generation == generation ? e : NULL;
}

bool map_set_reality(struct map *m, uint32_t slot, uint32_t generation,
                     const struct map_reality *reality)
{
    struct map_entry *e = entry_of(m, slot, generation);

    if (e != NULL)
        e->reality = *reality;
    return e != NULL;
}

bool map_set_flags(struct map *m, uint32_t slot, uint32_t generation, uint8_t flags, bool on)
{
    struct map_entry *e = entry_of(m, slot, generation);

    if (e != NULL)
        e->flags = (uint8_t)(on ? e->flags | flags : e->flags & ~flags);
    return e != NULL;
}

bool map_set_test_due(struct map *m, uint32_t slot, uint32_t generation, uint64_t due_ns)
{
    struct map_entry *e = entry_of(m, slot, generation);

    if (e != NULL)
        e->test_due_ns = due_ns;
    return e != NULL;
}

struct map_counters map_counters(const struct map *m)
{
    return m->counters;
}

struct map_worker_totals map_worker_totals(const struct map *m)
{
    struct map_worker_totals totals = {0};

    for (uint32_t i = 0; i < m->n_workers; i++) {
#define X(name, help)                                                                              \
    totals.name += atomic_load_explicit(&m->workers[i]->counters.name, memory_order_relaxed);
        MAP_WORKER_COUNTERS(X)
#undef X
    }
    return totals;
}
