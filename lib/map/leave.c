/* SPDX-License-Identifier: BSD-3-Clause */
/* How an entry leaves: nobody finds it any more; when every worker has begun a turn since, nobody
 * counts for it, and its slot and its place in the directory are free. */
#include "map/internal.h"

static void unlink_from_prefix(struct map *m, const struct map_entry *e, uint32_t slot)
{
    const struct map_packed packed = map_pack_key(&e->key);
    struct map_prefix *prefix = map_prefixes_find(&m->prefixes, &packed, m->shared->secret);
    uint32_t *at = &prefix->first;

    while (*at != slot)
        at = &m->entries[*at].next_of_prefix;
    *at = e->next_of_prefix;
    if (prefix->first == MAP_NO_SLOT)
        map_prefixes_remove(&m->prefixes, prefix, m->shared->secret);
}

void map_leave(struct map *m, uint32_t slot)
{
    struct map_entry *e = &m->entries[slot];
    const struct map_packed packed = map_pack_key(&e->key);

    map_tell(m, &(struct map_change){.kind = MAP_CHANGE_ENTRY_GONE,
                                     .slot = slot,
                                     .generation = e->generation,
                                     .key = e->key});
    map_directory_leave(&m->shared->directory, &packed, map_hash_of(m, &packed));
    unlink_from_prefix(m, e, slot);
    map_ungrade(m, e);
    m->places.places[e->key.ingress].n_entries--;
    e->life = MAP_LEAVING;
    m->leaving[m->leaving_head] = (struct map_leaving){slot, m->turn.epoch};
    m->leaving_head = (m->leaving_head + 1) % (m->n_entries + 1);
    m->counters.entries--;
    m->counters.entries_leaving++;
    m->counters.left++;
}

void map_free_left(struct map *m)
{
    while (m->leaving_tail != m->leaving_head &&
           m->leaving[m->leaving_tail].epoch < m->turn.closed) {
        const uint32_t slot = m->leaving[m->leaving_tail].slot;
        struct map_entry *e = &m->entries[slot];
        const struct map_packed packed = map_pack_key(&e->key);

        map_directory_free(&m->shared->directory, &packed, map_hash_of(m, &packed));
        e->life = MAP_FREE;
        m->free_slots[m->n_free++] = slot;
        m->leaving_tail = (m->leaving_tail + 1) % (m->n_entries + 1);
        m->counters.entries_leaving--;
    }
}
