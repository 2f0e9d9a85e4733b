/* SPDX-License-Identifier: BSD-3-Clause */
/* Three steps over a burst, so that memory is asked for early: keys and their buckets, slots and
 * their rows, counts. */
#include "map/worker.h"

#include "base/time.h"

#define PERIOD_NS (10 * NS_PER_MS)

/* What is known of a packet on its way through. */
struct seen {
    struct map_packed key;
    uint64_t hash, top;
    uint32_t slot;
    uint16_t place;
    uint8_t length;
    uint8_t at; /* in the burst */
};

/* Where few packets come, all are sampled. Else this is how many are not, until one is: one in
 * MAP_SAMPLING in the mean, and nobody can say which. */
static inline uint32_t draw_gap(struct map_worker *w)
{
    return random_u32(&w->filter.random) % (2 * MAP_SAMPLING - 1);
}

static inline bool is_sampled(struct map_worker *w, uint32_t left)
{
    if (left > w->shared->samples_per_period / 2)
        return true;
    if (w->n_until_sample-- != 0)
        return false;
    w->n_until_sample = draw_gap(w);
    return true;
}

/* The worker is the only one that writes. */
static inline void grow(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

void map_worker_begin(struct map_worker *w, uint64_t now_ns)
{
    w->now_ns = now_ns;
    w->grain = atomic_load_explicit(&w->shared->grain, memory_order_acquire);
    if (now_ns - w->period_began_ns < PERIOD_NS)
        return;
    w->period_began_ns = now_ns;
    w->asks_left = w->shared->asks_per_period;
    w->samples_left = w->strays_left = w->shared->samples_per_period;
}

static inline bool has_data(const struct packet_view *view)
{
    return view->reason == PACKET_TCP && view->payload_bytes > 0;
}

static bool tell(struct map_worker *w, enum map_message_kind kind, uint32_t *left,
                 const struct packet_view *view, const struct seen *s, uint16_t ingress)
{
    const struct map_message m = {.source = view->source,
                                  .destination = view->destination,
                                  .slot = s->slot,
                                  .ingress = ingress,
                                  .kind = (uint8_t)kind,
                                  .length = s->length,
                                  .is_ipv4 = view->is_ipv4};

    if (*left == 0 || !map_ring_put(&w->ring, &m))
        return false;
    (*left)--;
    return true;
}

static inline void look_at(struct map_worker *w, struct seen *s, bool is_ipv4, uint8_t length)
{
    s->length = length;
    s->key = map_pack(s->top, is_ipv4, length, s->place);
    s->hash = map_hash(&s->key, w->shared->secret);
}

/* Keys of the packets that can be counted, with their buckets on the way. */
static unsigned int make_keys(struct map_worker *w, const struct map_burst *b, struct seen *seen)
{
    unsigned int n = 0, n_no_ip = 0, n_no_place = 0;

    for (unsigned int i = 0; i < b->n; i++) {
        const struct packet_view *view = &b->views[i];
        struct seen *s = &seen[n];

        if (!view->has_ip) {
            n_no_ip++;
            continue;
        }
        s->place =
            atomic_load_explicit(&w->shared->place_of[b->ingresses[i]], memory_order_relaxed);
        if (likely_false(s->place == MAP_NO_INGRESS)) {
            n_no_place++;
            continue;
        }
        s->at = (uint8_t)i;
        s->top = map_top_bits(&view->source, view->is_ipv4);
        look_at(w, s, view->is_ipv4, map_grain_at(w->grain, s->top, view->is_ipv4));
        prefetch_line(
            &w->shared->directory.buckets[map_first_bucket(&w->shared->directory, s->hash)]);
        n++;
    }
    if (n_no_ip > 0)
        grow(&w->counters.no_ip, n_no_ip);
    if (n_no_place > 0)
        grow(&w->counters.no_place, n_no_place);
    return n;
}

/* It may pass at either grain: which of them the entry will have, the manager decides. */
static void ask(struct map_worker *w, const struct packet_view *view, const struct seen *s)
{
    if (!map_filter_count(&w->filter, s->hash, has_data(view), w->now_ns))
        return;
    if (tell(w, MAP_ASK, &w->asks_left, view, s, s->place)) {
        grow(&w->counters.asks, 1);
        return;
    }
    grow(&w->counters.asks_held_back, 1);
    map_filter_untold(&w->filter, s->hash);
}

static void stray(struct map_worker *w, const struct packet_view *view, const struct seen *s,
                  uint32_t n_bytes)
{
    struct map_stray *at = &w->strays[s->place];

    grow(&at->packets, 1);
    grow(&at->bytes, n_bytes);
    grow(&w->counters.stray, 1);
    if (is_sampled(w, w->strays_left))
        tell(w, MAP_STRAY, &w->strays_left, view, s, s->place);
}

/* Of no entry as coarse as its route is. */
static never_inlined void look_closer(struct map_worker *w, const struct packet_view *view,
                                      struct seen *s, uint32_t n_bytes)
{
    const uint8_t finest = map_finest(view->is_ipv4);
    const struct seen coarse = *s;

    if (s->length != finest) {
        look_at(w, s, view->is_ipv4, finest);
        s->slot = map_directory_find(&w->shared->directory, &s->key, s->hash);
        if (s->slot != MAP_NO_SLOT)
            return;
        ask(w, view, &coarse);
    }
    ask(w, view, s);
    stray(w, view, s, n_bytes);
}

static void find_slots(struct map_worker *w, const struct map_burst *b, struct seen *seen,
                       unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        struct seen *s = &seen[i];

        s->slot = map_directory_find(&w->shared->directory, &s->key, s->hash);
        if (likely_false(s->slot == MAP_NO_SLOT))
            look_closer(w, &b->views[s->at], s, b->n_bytes[s->at]);
        if (s->slot != MAP_NO_SLOT)
            prefetch_line(&w->rows[s->slot]);
    }
}

static void count(struct map_worker *w, const struct map_burst *b, const struct seen *s)
{
    const struct packet_view *view = &b->views[s->at];
    struct map_row *row = &w->rows[s->slot];

    grow(&row->packets, 1);
    grow(&row->bytes, b->n_bytes[s->at]);
    if (has_data(view))
        grow(&row->payload_segments, 1);
    atomic_store_explicit(&row->last_ns, w->now_ns, memory_order_relaxed);
    if (is_sampled(w, w->samples_left) && tell(w, MAP_SAMPLE, &w->samples_left, view, s, s->place))
        grow(&w->counters.samples, 1);
}

void map_worker_count(struct map_worker *w, const struct map_burst *b)
{
    struct seen seen[MAP_WORKER_BURST];
    const unsigned int n = make_keys(w, b, seen);
    unsigned int n_mapped = 0;

    find_slots(w, b, seen, n);
    for (unsigned int i = 0; i < n; i++) {
        if (seen[i].slot == MAP_NO_SLOT)
            continue;
        count(w, b, &seen[i]);
        n_mapped++;
    }
    grow(&w->counters.packets, b->n);
    grow(&w->counters.mapped, n_mapped);
}
