/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/internal.h"

static const char *check_entry(const struct map *m, uint32_t slot)
{
    const struct map_entry *e = &m->entries[slot];
    const struct map_prefix *p = map_prefix_of(m, &e->key);

    if (map_find(m, &e->key) != slot)
        return "a live entry is not found by its key";
    if (p == NULL)
        return "a live entry has no prefix";
    for (uint32_t at = p->first; at != slot; at = m->entries[at].next_of_prefix)
        if (at == MAP_NO_SLOT)
            return "a live entry is not among those of its prefix";
    return NULL;
}

const char *map_check(const struct map *m)
{
    uint64_t n_live = 0, n_leaving = 0, n_of_places = 0, n_alarming = 0, n_unexpected = 0;

    for (uint32_t slot = 1; slot <= m->n_entries; slot++) {
        const struct map_entry *e = &m->entries[slot];
        const char *wrong = e->life == MAP_LIVE ? check_entry(m, slot) : NULL;

        if (wrong != NULL)
            return wrong;
        n_live += e->life == MAP_LIVE;
        n_leaving += e->life == MAP_LEAVING;
        n_alarming += e->life == MAP_LIVE && map_grade_is_alarming(e->grade);
    }
    for (uint16_t i = 0; i < m->places.n; i++) {
        n_of_places += m->places.places[i].n_entries;
        n_unexpected += m->places.places[i].n_unexpected;
    }
    if (n_live != m->counters.entries || n_live != m->counters.admitted - m->counters.left)
        return "entries are not those that came and did not leave";
    if (n_leaving != m->counters.entries_leaving || n_live + n_leaving + m->n_free != m->n_entries)
        return "slots are not live, leaving or free";
    if (n_of_places != n_live)
        return "places do not have all entries";
    if (n_alarming != n_unexpected || n_alarming != m->n_unexpected)
        return "unexpected entries are not those that were counted";
    return NULL;
}
