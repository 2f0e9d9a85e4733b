/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/window.h"

#include "base/hash.h"
#include "base/special.h"

/* What is to be counted of a burst. */
struct found {
    uint64_t hash;
    uint16_t cell;
    uint8_t packet;
};

static size_t whole_lines(size_t n)
{
    return (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
}

struct sources *sources_init(void *memory, const struct sources_plan *plan, const uint64_t key[2])
{
    struct sources *s = memory;

    s->plan = *plan;
    for (unsigned int i = 0; i < 2; i++)
        sources_directory_reset(&s->windows[i].directory, plan);
    s->windows[0].key[0] = key[0];
    s->windows[0].key[1] = key[1];
    return s;
}

static size_t packets_bytes(const struct sources_plan *p)
{
    return whole_lines(sources_n_cells(p) * sizeof(uint64_t));
}

static size_t sketches_bytes(const struct sources_plan *p)
{
    return whole_lines((sources_n_cells(p) + SOURCES_N_SKETCHES) *
                       sources_sketch_bytes(p->precision));
}

size_t sources_lane_memory_bytes(const struct sources_plan *p)
{
    return whole_lines(sizeof(struct sources_lane)) +
           2 * (whole_lines(sources_set_memory_bytes(p->n_exact)) + packets_bytes(p) +
                sketches_bytes(p));
}

struct sources_lane *sources_lane_init(void *memory, const struct sources_plan *p)
{
    struct sources_lane *lane = memory;
    uint8_t *at = (uint8_t *)memory + whole_lines(sizeof(*lane));

    for (unsigned int i = 0; i < 2; i++) {
        lane->windows[i].set = sources_set_init(at, p->n_exact);
        at += whole_lines(sources_set_memory_bytes(p->n_exact));
        lane->windows[i].packets = (uint64_t *)(void *)at;
        at += packets_bytes(p);
        lane->windows[i].sketches = at;
        at += sketches_bytes(p);
    }
    return lane;
}

uint64_t sources_hash(const struct sources_window *w, const struct ip_address *source)
{
    return hash_words(source, 2, w->key);
}

/* One more word of the same hash: the pair of a source and a port. */
static uint64_t hash_of_pair(const struct sources_window *w, uint64_t hash, bool is_udp,
                             uint16_t port)
{
    return hash_end(hash_step(hash, (uint64_t)is_udp << 16 | port, 2, w->key), w->key);
}

/* Which transport it is, if its ports are known. */
static bool has_ports(const struct packet_view *v, bool *is_udp)
{
    *is_udp = v->reason == PACKET_UDP || packet_is_first_fragment(v, PACKET_PROTOCOL_UDP);
    return v->reason == PACKET_TCP || *is_udp || packet_is_first_fragment(v, PACKET_PROTOCOL_TCP);
}

static bool is_asked_for(const struct sources_plan *p, const struct ip_address *destination)
{
    for (uint32_t i = 0; i < p->n_destinations; i++)
        if (ip_prefix_contains(&p->destinations[i], destination))
            return true;
    return p->n_destinations == 0;
}

static bool is_local(const struct packet_view *v)
{
    return ip_prefix_special_bits(
               &(struct ip_prefix){v->source, (uint8_t)(v->is_ipv4 ? 32 : 128), v->is_ipv4}) >= 0;
}

/* What is asked for seldom comes last. */
static bool find_cell(struct sources *s, struct sources_window *w, struct sources_counters *c,
                      const struct packet_view *v, uint16_t *cell)
{
    const struct sources_plan *p = &s->plan;
    uint32_t slot;
    bool is_udp;

    if (!has_ports(v, &is_udp)) {
        if (v->reason == PACKET_IPV4_FRAGMENT || v->reason == PACKET_IPV6_FRAGMENT)
            c->later_fragments++;
        else
            c->other_protocol++;
        return false;
    }
    if (!(is_udp ? p->udp : p->tcp)) {
        c->other_protocol++;
        return false;
    }
    slot = sources_directory_slot(&w->directory, v->destination_port);
    if (slot == SOURCES_NO_SLOT) {
        c->other_port++;
        return false;
    }
    *cell = sources_cell(slot, is_udp, !v->is_ipv4);
    return true;
}

static bool is_left_out(const struct sources_plan *p, struct sources_counters *c,
                        const struct packet_view *v)
{
    if (p->n_destinations > 0 && !is_asked_for(p, &v->destination)) {
        c->other_destination++;
        return true;
    }
    if (p->hides_local && is_local(v)) {
        c->local++;
        return true;
    }
    return false;
}

/* Lines of memory are asked for here, and needed in the next round. */
static unsigned int find_cells(struct sources *s, struct sources_window *w,
                               struct sources_lane_window *l, const struct packet_view *views,
                               uint64_t which, struct found *out)
{
    unsigned int n = 0;

    for (; which != 0; which &= which - 1) {
        const unsigned int i = (unsigned int)__builtin_ctzll(which);
        struct found *f = &out[n];

        if (is_left_out(&s->plan, &l->counters, &views[i]) ||
            !find_cell(s, w, &l->counters, &views[i], &f->cell))
            continue;
        f->hash = sources_hash(w, &views[i].source);
        f->packet = (uint8_t)i;
        if (!l->is_full)
            prefetch_line(&l->set.entries[sources_set_place(&l->set, f->hash, f->cell)]);
        n++;
    }
    return n;
}

static void sketch(const struct sources *s, const struct sources_window *w,
                   struct sources_lane_window *l, const struct found *f,
                   const struct packet_view *v)
{
    const struct sources_plan *p = &s->plan;
    const bool is_udp = (f->cell & 2) != 0;

    sources_sketch_add(sources_sketch_of_cell(p, l, f->cell), p->precision, f->hash);
    sources_sketch_add(sources_sketch_of(p, l, SOURCES_SKETCH_OF_ALL), p->precision, f->hash);
    sources_sketch_add(sources_sketch_of(p, l, SOURCES_SKETCH_OF_PAIRS), p->precision,
                       hash_of_pair(w, f->hash, is_udp, v->destination_port));
}

/* Has it been through here before in this window? The cell of all other ports holds many pairs of
 * one source. */
static bool is_known(const struct sources *s, struct sources_lane_window *l, const struct found *f,
                     const struct packet_view *v)
{
    enum sources_added added;

    if (l->is_full)
        return false;
    added = sources_set_add(&l->set, &v->source, f->hash, f->cell);
    l->is_full |= added == SOURCES_NO_ROOM;
    return added == SOURCES_KNOWN && f->cell < s->plan.n_ports * SOURCES_CELLS_A_SLOT;
}

void sources_count(struct sources *s, struct sources_lane *lane, const struct packet_view *views,
                   uint64_t which)
{
    const uint32_t current = atomic_load_explicit(&s->current, memory_order_acquire);
    struct sources_window *w = &s->windows[current];
    struct sources_lane_window *l = &lane->windows[current];
    struct found found[SOURCES_MOST_PACKETS];
    const unsigned int n = find_cells(s, w, l, views, which, found);

    for (unsigned int k = 0; k < n; k++) {
        const struct packet_view *v = &views[found[k].packet];

        l->packets[found[k].cell]++;
        if (!is_known(s, l, &found[k], v))
            sketch(s, w, l, &found[k], v);
    }
    l->counters.counted += n;
}
