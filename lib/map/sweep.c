/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading what workers counted, a part of the entries at a time, each within ten seconds. */
#include <math.h>

#include "base/time.h"
#include "map/internal.h"

#define NEW_NS    (60 * NS_PER_S)
#define QUIET_NS  (600 * NS_PER_S)
#define GONE_NS   (86400 * NS_PER_S)
#define SILENT_NS (60 * NS_PER_S) /* may leave while room is short */

static const double rate_seconds[MAP_N_RATES] = {10, 300, 3600};

/* All workers' rows of a slot. */
struct sums {
    uint64_t packets, bytes, payload_segments, last_ns;
};

static struct sums read_rows(const struct map *m, uint32_t slot)
{
    struct sums s = {0};

    for (uint32_t i = 0; i < m->n_workers; i++) {
        const struct map_row *row = &m->workers[i]->rows[slot];
        uint64_t last_ns = atomic_load_explicit(&row->last_ns, memory_order_relaxed);

        s.packets += atomic_load_explicit(&row->packets, memory_order_relaxed);
        s.bytes += atomic_load_explicit(&row->bytes, memory_order_relaxed);
        s.payload_segments += atomic_load_explicit(&row->payload_segments, memory_order_relaxed);
        s.last_ns = last_ns > s.last_ns ? last_ns : s.last_ns;
    }
    return s;
}

static void follow_rate(float *rate, double now, double keeps)
{
    *rate = (float)(now + (*rate - now) * keeps);
}

static void follow_rates(struct map_entry *e, double packets, double bytes, double seconds)
{
    if (!(seconds > 0))
        return;
    for (int i = 0; i < MAP_N_RATES; i++) {
        const double keeps = exp(-seconds / rate_seconds[i]);

        follow_rate(&e->packets_per_s[i], packets / seconds, keeps);
        follow_rate(&e->bytes_per_s[i], bytes / seconds, keeps);
    }
}

static enum map_presence presence_of(const struct map *m, const struct map_entry *e)
{
    const uint64_t silent_ns = m->turn.now_ns - e->last_seen_ns;

    if (silent_ns >= GONE_NS)
        return MAP_GONE;
    if (silent_ns >= QUIET_NS)
        return MAP_QUIET;
    return m->turn.now_ns - e->first_seen_ns < NEW_NS ? MAP_NEW : MAP_ACTIVE;
}

static void read_entry(struct map *m, struct map_entry *e, uint32_t slot)
{
    const struct sums s = read_rows(m, slot);
    const uint64_t scale = m->places.places[e->key.ingress].scale;
    const uint64_t packets = (s.packets - e->read_packets) * scale;
    const uint64_t bytes = (s.bytes - e->read_bytes) * scale;

    follow_rates(e, (double)packets, (double)bytes,
                 (double)(m->turn.now_ns - e->read_ns) / (double)NS_PER_S);
    e->packets += packets;
    e->bytes += bytes;
    e->payload_segments += (s.payload_segments - e->read_payload_segments) * scale;
    e->read_packets = s.packets;
    e->read_bytes = s.bytes;
    e->read_payload_segments = s.payload_segments;
    e->read_ns = m->turn.now_ns;
    /* Their clocks may be a little ahead. */
    if (packets > 0 && s.last_ns > e->last_seen_ns)
        e->last_seen_ns = s.last_ns < m->turn.now_ns ? s.last_ns : m->turn.now_ns;
    e->presence = (uint8_t)presence_of(m, e);
}

static void grade_anew(struct map *m, struct map_entry *e, uint32_t slot)
{
    const uint8_t before = e->grade;

    map_ungrade(m, e);
    map_grade(m, e);
    if (e->grade != before)
        map_tell(m, &(struct map_change){.kind = MAP_CHANGE_GRADE,
                                         .slot = slot,
                                         .generation = e->generation,
                                         .key = e->key,
                                         .grade_before = before});
}

/* Less than a sixteenth of a quota is left. */
static bool is_nearly(uint32_t n, uint32_t quota)
{
    return n >= quota - quota / 16;
}

static bool is_room_short(const struct map *m, const struct map_entry *e)
{
    const struct map_place *place = &m->places.places[e->key.ingress];

    if (m->is_pressed || is_nearly(place->n_entries, map_quota_of_place(m)))
        return true;
    return map_grade_is_alarming(e->grade) &&
           (is_nearly(place->n_unexpected, map_quota_of_unexpected_of_place(m)) ||
            is_nearly(m->n_unexpected, map_quota_of_unexpected(m)));
}

/* Nothing that is active, kept or known to be genuine leaves for want of room. */
static bool may_leave(const struct map *m, const struct map_entry *e)
{
    if ((e->flags & MAP_KEPT) != 0)
        return false;
    return e->presence == MAP_GONE ||
           (!map_is_closed_loop(e) && m->turn.now_ns - e->last_seen_ns >= SILENT_NS &&
            is_room_short(m, e));
}

/* After another expectation an entry may be coarser or finer than its packets are looked up now.
 * Then it gets none any more, and makes room, unless something is known of it. */
static bool is_outdated(const struct map *m, const struct map_entry *e)
{
    return (e->flags & MAP_KEPT) == 0 && !map_is_closed_loop(e) &&
           map_right_length(m, &e->key) != e->key.length;
}

static void sweep_entry(struct map *m, uint32_t slot)
{
    struct map_entry *e = &m->entries[slot];

    if (e->life != MAP_LIVE)
        return;
    read_entry(m, e, slot);
    if (e->expectation != m->expectation) {
        grade_anew(m, e, slot);
        if (is_outdated(m, e)) {
            map_leave(m, slot);
            return;
        }
    }
    map_watch_prefix(m, e);
    if (may_leave(m, e))
        map_leave(m, slot);
    else
        map_standing_add(&m->standing, e);
}

void map_sweep(struct map *m, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        m->swept = m->swept % m->n_used + 1;
        sweep_entry(m, m->swept);
        if (m->swept == m->n_used)
            map_standing_end_round(&m->standing, m->places.n);
    }
}
