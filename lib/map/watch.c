/* SPDX-License-Identifier: BSD-3-Clause */
/* What is found out beside counts: dominant ingresses, places where random sources come in, where
 * entries' packets go, and from how many addresses they come. */
#include <string.h>

#include "base/time.h"
#include "map/distinct.h"
#include "map/internal.h"

#define PLACE_WINDOW_NS (10 * NS_PER_S)
/* A place is diffuse when so many sampled packets of no entry are from where none should come, half
 * of them from different prefixes. */
#define LEAST_SAMPLED 512
#define CALM_WINDOWS  3

/* What of an entry's traffic counts, where somebody is known to be genuine. */
static double genuine_part(const struct map_entry *e)
{
    if (e->reality.state == MAP_MIXED)
        return (e->reality.genuine_low + e->reality.genuine_high) / 2;
    return e->reality.state == MAP_GENUINE ? 1 : 0;
}

static unsigned int gather(struct map *m, const struct map_prefix *p,
                           struct map_share shares[MAP_MOST_SHARES])
{
    bool some_genuine = false;
    unsigned int n = 0;

    for (uint32_t at = p->first; at != MAP_NO_SLOT; at = m->entries[at].next_of_prefix)
        some_genuine |= map_is_closed_loop(&m->entries[at]);
    for (uint32_t at = p->first; at != MAP_NO_SLOT; at = m->entries[at].next_of_prefix) {
        struct map_entry *e = &m->entries[at];
        const double bytes = (double)(e->bytes - e->window_bytes);

        e->window_bytes = e->bytes;
        if (n < MAP_MOST_SHARES)
            shares[n++] =
                (struct map_share){e->key.ingress, some_genuine ? bytes * genuine_part(e) : bytes};
    }
    return n;
}

void map_watch_prefix(struct map *m, struct map_entry *e)
{
    const struct map_packed packed = map_pack_key(&e->key);
    struct map_prefix *p = map_prefixes_find(&m->prefixes, &packed, m->shared->secret);
    struct map_share shares[MAP_MOST_SHARES];
    const struct map_dominance before = p->dominant;

    if (m->turn.now_ns - p->window_began_ns < MAP_WINDOW_NS)
        return;
    p->window_began_ns = m->turn.now_ns;
    p->dominant = map_dominance_next(before, shares, gather(m, p, shares));
    if (p->dominant.ingress == before.ingress)
        return;
    p->since_ns = m->turn.now_ns;
    map_tell(m, &(struct map_change){.kind = MAP_CHANGE_DOMINANT,
                                     .slot = MAP_NO_SLOT,
                                     .key = e->key,
                                     .from = before,
                                     .to = p->dominant});
}

void map_take_sample(struct map *m, const struct map_message *sample)
{
    struct map_entry *e = &m->entries[sample->slot];
    enum map_destination to;

    if (e->life != MAP_LIVE)
        return;
    e->n_sampled++;
    if (e->key.is_ipv4 && e->key.length == MAP_FINEST_IPV4)
        map_hosts_add(e->distinct, sample->source.bytes[15]);
    else
        map_distinct_add(e->distinct, hash_words(&sample->source, 2, m->shared->secret));
    to = map_destination_of(&m->own, m->expected != NULL ? &m->expected->expectation : NULL,
                            &sample->destination);
    /* Shares are what counts: halved all together when one is full. */
    if (e->destinations[to] == UINT16_MAX)
        for (int i = 0; i < MAP_N_DESTINATIONS; i++)
            e->destinations[i] /= 2;
    e->destinations[to]++;
}

double map_n_addresses(const struct map_entry *e)
{
    if (e->key.is_ipv4 && e->key.length == MAP_FINEST_IPV4)
        return map_hosts_count(e->distinct);
    return map_distinct_estimate(e->distinct);
}

void map_take_stray(struct map *m, const struct map_message *stray)
{
    struct map_place *place = &m->places.places[stray->ingress];
    const struct map_key key =
        map_key_of(&stray->source, stray->is_ipv4, map_finest(stray->is_ipv4), stray->ingress);
    const struct map_packed source = map_pack_key(&key);

    if (!map_grade_is_alarming(map_grade_key(m, &key)))
        return;
    place->n_sampled++;
    map_distinct_add(place->distinct, map_hash_of(m, &source));
}

static void tell_of_place(struct map *m, uint16_t place, enum map_change_kind kind)
{
    map_tell(m, &(struct map_change){.kind = kind, .slot = MAP_NO_SLOT, .key = {.ingress = place}});
}

static void close_window(struct map *m, uint16_t number)
{
    struct map_place *place = &m->places.places[number];
    const bool is_diffuse = place->n_sampled >= LEAST_SAMPLED &&
                            map_distinct_estimate(place->distinct) >= place->n_sampled / 2.0;

    place->n_sampled = 0;
    memset(place->distinct, 0, sizeof(place->distinct));
    place->n_calm = is_diffuse ? 0 : (uint8_t)(place->n_calm + (place->n_calm < UINT8_MAX));
    if (is_diffuse && !place->is_diffuse) {
        place->is_diffuse = true;
        tell_of_place(m, number, MAP_CHANGE_DIFFUSE);
    } else if (place->is_diffuse && place->n_calm >= CALM_WINDOWS) {
        place->is_diffuse = false;
        tell_of_place(m, number, MAP_CHANGE_DIFFUSE_OVER);
    }
}

void map_watch_places(struct map *m)
{
    for (uint16_t i = 0; i < m->places.n; i++) {
        uint64_t packets = 0, bytes = 0;

        for (uint32_t w = 0; w < m->n_workers; w++) {
            packets +=
                atomic_load_explicit(&m->workers[w]->strays[i].packets, memory_order_relaxed);
            bytes += atomic_load_explicit(&m->workers[w]->strays[i].bytes, memory_order_relaxed);
        }
        m->places.places[i].stray_packets = packets;
        m->places.places[i].stray_bytes = bytes;
    }
    if (m->turn.now_ns - m->window_ns < PLACE_WINDOW_NS)
        return;
    m->window_ns = m->turn.now_ns;
    for (uint16_t i = 0; i < m->places.n; i++)
        close_window(m, i);
}
