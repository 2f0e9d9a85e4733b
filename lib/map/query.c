/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/query.h"

struct map_query map_query_all(void)
{
    return (struct map_query){.ingress = MAP_NO_INGRESS, .reality = -1};
}

static bool overlaps(const struct ip_prefix *a, const struct ip_prefix *b)
{
    return a->is_ipv4 == b->is_ipv4 &&
           (a->length <= b->length ? ip_prefix_contains(a, &b->address)
                                   : ip_prefix_contains(b, &a->address));
}

bool map_query_matches(const struct map_query *q, const struct map_entry *e)
{
    const struct ip_prefix prefix = map_key_prefix(&e->key);

    return e->life == MAP_LIVE && (q->ingress == MAP_NO_INGRESS || q->ingress == e->key.ingress) &&
           (q->as == 0 || q->as == e->origin_as) &&
           (!q->has_prefix || overlaps(&q->prefix, &prefix)) &&
           (!q->unexpected || map_grade_is_alarming(e->grade)) &&
           (q->reality < 0 || q->reality == e->reality.state) && e->last_seen_ns >= q->since_ns;
}

uint32_t map_query_run(const struct map *m, const struct map_query *q, uint32_t after,
                       uint32_t *slots, uint32_t most, uint32_t *next)
{
    const uint32_t n_slots = map_n_slots(m);
    const uint32_t end = n_slots - after > MAP_QUERY_SLOTS ? after + MAP_QUERY_SLOTS : n_slots;
    uint32_t n = 0, slot = after;

    while (slot < end && n < most) {
        slot++;
        if (map_query_matches(q, map_at(m, slot)))
            slots[n++] = slot;
    }
    *next = slot < n_slots ? slot : MAP_NO_SLOT;
    return n;
}
