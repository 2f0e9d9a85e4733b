/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/internal.h"

void map_tell(struct map *m, const struct map_change *change)
{
    if (m->n_changes - m->n_changes_taken == MAP_MOST_CHANGES) {
        m->counters.changes_lost++;
        return;
    }
    m->changes[m->n_changes % MAP_MOST_CHANGES] = *change;
    m->changes[m->n_changes++ % MAP_MOST_CHANGES].at_ns = m->turn.now_ns;
}

bool map_next_change(struct map *m, struct map_change *out)
{
    if (m->n_changes_taken == m->n_changes)
        return false;
    *out = m->changes[m->n_changes_taken++ % MAP_MOST_CHANGES];
    return true;
}

static const char *const names[] = {
#define X(suffix, name) name,
    MAP_CHANGES(X)
#undef X
};

const char *map_change_name(enum map_change_kind kind)
{
    return names[kind];
}
