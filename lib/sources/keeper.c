/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/keeper.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

/* The wall clock was set when it moved by more than this against the monotonic one. */
#define MOST_STEP_NS ((int64_t)NS_PER_S)
/* Registers that are looked at for the price of one source of a set. */
#define REGISTERS_A_STEP 256

enum state {
    COUNTING, /* the window before is cleared */
    CLOSING,  /* workers may still be in the one that ended */
    UNITING,
    TELLING,
    CLEARING,
};

/* One result and what it was made of. */
struct side {
    void *memory;           /* the set's: pages are taken when they are first written */
    struct sources_set set; /* of all lanes */
    bool is_full;
    uint64_t key[2];
    int32_t *ports;    /* by slots; -1: of all others */
    uint16_t *slot_of; /* by ports: slot + 1 */
    uint64_t *counts, *n_new;
    struct sources_result result;
};

struct sources_keeper {
    struct sources *s;
    struct sources_lane *const *lanes;
    uint32_t n_lanes;
    bool shows_short;
    enum state state;
    /* Of the window that workers count in. */
    int64_t began_ns, next_ns;
    uint64_t began_at_ns;
    int64_t offset_ns; /* of the wall clock, when it was last looked at */
    bool is_cut, is_late;
    /* Of the one that ended. */
    uint32_t ended;
    uint32_t lane, at; /* how far it was put together */
    /* sides[shown] is what is shown, the other one is being made. */
    struct side sides[2];
    uint32_t shown, latest;
    bool has_shown, has_latest;
    uint8_t *united; /* one sketch */
    struct sources_keeper_counters counters;
};

static const struct sources_plan *plan_of(const struct sources_keeper *k)
{
    return &k->s->plan;
}

static int64_t window_ns(const struct sources_keeper *k)
{
    return (int64_t)plan_of(k)->window_s * (int64_t)NS_PER_S;
}

/* Up to the next multiple of the length. */
static int64_t rest_ns(const struct sources_keeper *k, int64_t wall_ns)
{
    const int64_t since = wall_ns % window_ns(k);

    return since >= 0 ? window_ns(k) - since : -since;
}

static void begin_window(struct sources_keeper *k, const struct sources_time *t)
{
    k->began_ns = t->wall_ns;
    k->began_at_ns = t->now_ns;
    k->next_ns = t->wall_ns + rest_ns(k, t->wall_ns);
    k->is_cut = k->next_ns - k->began_ns < window_ns(k) - MOST_STEP_NS;
    k->is_late = false;
    k->offset_ns = t->wall_ns - (int64_t)t->now_ns;
}

size_t sources_keeper_memory_bytes(const struct sources_plan *p)
{
    const size_t n_cells = sources_n_cells(p);

    return sizeof(struct sources_keeper) + sources_sketch_bytes(p->precision) +
           2 * (sources_set_memory_bytes(p->n_exact) + CACHE_LINE_BYTES +
                sources_n_slots(p) * sizeof(int32_t) + (UINT16_MAX + 1) * sizeof(uint16_t) +
                2 * n_cells * sizeof(uint64_t) + n_cells * sizeof(struct sources_cell_count));
}

static void *on_a_line(void *memory)
{
    return (void *)(((uintptr_t)memory + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES *
                    CACHE_LINE_BYTES);
}

static bool make_side(struct side *d, const struct sources_plan *p)
{
    const size_t n_cells = sources_n_cells(p);

    d->memory = calloc(1, sources_set_memory_bytes(p->n_exact) + CACHE_LINE_BYTES);
    if (d->memory != NULL)
        d->set = sources_set_init(on_a_line(d->memory), p->n_exact);
    d->ports = calloc(sources_n_slots(p), sizeof(*d->ports));
    d->slot_of = calloc(UINT16_MAX + 1, sizeof(*d->slot_of));
    d->counts = calloc(n_cells, sizeof(*d->counts));
    d->n_new = calloc(n_cells, sizeof(*d->n_new));
    d->result.cells = calloc(n_cells, sizeof(*d->result.cells));
    return d->memory != NULL && d->ports != NULL && d->slot_of != NULL && d->counts != NULL &&
           d->n_new != NULL && d->result.cells != NULL;
}

struct sources_keeper *sources_keeper_create(struct sources *s, struct sources_lane *const *lanes,
                                             uint32_t n_lanes, const struct sources_time *t,
                                             bool shows_short)
{
    struct sources_keeper *k = calloc(1, sizeof(*k));

    if (k == NULL)
        return NULL;
    k->s = s;
    k->lanes = lanes;
    k->n_lanes = n_lanes;
    k->shows_short = shows_short;
    k->united = malloc(sources_sketch_bytes(s->plan.precision));
    if (!make_side(&k->sides[0], &s->plan) || !make_side(&k->sides[1], &s->plan) ||
        k->united == NULL) {
        sources_keeper_destroy(k);
        errno = ENOMEM;
        return NULL;
    }
    begin_window(k, t);
    return k;
}

void sources_keeper_destroy(struct sources_keeper *k)
{
    if (k == NULL)
        return;
    for (unsigned int i = 0; i < 2; i++) {
        free(k->sides[i].memory);
        free(k->sides[i].ports);
        free(k->sides[i].slot_of);
        free(k->sides[i].counts);
        free(k->sides[i].n_new);
        free(k->sides[i].result.cells);
    }
    free(k->united);
    free(k);
}

/* The side that is made, or was made and is not shown. */
static struct side *making(struct sources_keeper *k)
{
    return &k->sides[1 - k->shown];
}

/* Workers count in the other window from their next burst on. */
static void end_window(struct sources_keeper *k, const struct sources_time *t,
                       const uint64_t key[2])
{
    const uint32_t current = atomic_load_explicit(&k->s->current, memory_order_relaxed);
    struct sources_window *next = &k->s->windows[1 - current];
    struct sources_result *r = &making(k)->result;

    next->key[0] = key[0];
    next->key[1] = key[1];
    atomic_store_explicit(&k->s->current, 1 - current, memory_order_release);
    if (k->latest == 1 - k->shown)
        k->has_latest = false;
    k->is_late |= t->wall_ns - k->next_ns > MOST_STEP_NS;
    k->counters.windows++;
    k->counters.late += k->is_late;
    k->counters.short_windows += k->is_cut;
    r->number = k->counters.windows;
    r->began_ns = k->began_ns;
    r->ended_ns = t->wall_ns;
    r->is_short = k->is_cut;
    k->ended = current;
    k->state = CLOSING;
    begin_window(k, t);
}

static bool was_set(struct sources_keeper *k, const struct sources_time *t)
{
    const int64_t offset = t->wall_ns - (int64_t)t->now_ns, by = offset - k->offset_ns;

    k->offset_ns = offset;
    return by > MOST_STEP_NS || by < -MOST_STEP_NS;
}

/* By the clock that is never set: should the other one go back in small steps again and again. */
static bool lasts(const struct sources_keeper *k, const struct sources_time *t)
{
    return t->now_ns - k->began_at_ns > (uint64_t)window_ns(k) / 100 * 101 + 2 * NS_PER_S;
}

/* The window goes on to the next multiple of its length that the clock shows now, unless it would
 * be longer than any other; then it ends at once. */
static void follow_clock(struct sources_keeper *k, const struct sources_time *t)
{
    const int64_t so_far = (int64_t)(t->now_ns - k->began_at_ns), rest = rest_ns(k, t->wall_ns);
    const bool is_too_long = so_far + rest > window_ns(k) + MOST_STEP_NS;
    const int64_t length = so_far + (is_too_long ? 0 : rest);

    k->began_ns = t->wall_ns - so_far;
    k->next_ns = k->began_ns + length;
    k->is_cut = length < window_ns(k) - MOST_STEP_NS;
    k->counters.clock_sets++;
}

bool sources_keeper_turn(struct sources_keeper *k, const struct sources_time *t,
                         const uint64_t key[2])
{
    if (was_set(k, t))
        follow_clock(k, t);
    if (t->wall_ns < k->next_ns && !lasts(k, t))
        return false;
    if (k->state != COUNTING) {
        k->is_late = true;
        return false;
    }
    end_window(k, t, key);
    return true;
}

bool sources_keeper_end(struct sources_keeper *k, const struct sources_time *t,
                        const uint64_t key[2])
{
    if (k->state != COUNTING)
        return false;
    k->is_cut |= t->wall_ns < k->next_ns;
    end_window(k, t, key);
    return true;
}

int64_t sources_keeper_next_ns(const struct sources_keeper *k)
{
    return k->next_ns;
}

void sources_keeper_skip(struct sources_keeper *k, const struct sources_time *t)
{
    begin_window(k, t);
}

/* What the directory says is copied, since the window is cleared and the result stays. */
static void begin_side(struct sources_keeper *k)
{
    const struct sources_window *w = &k->s->windows[k->ended];
    const uint32_t n_slots = sources_n_slots(plan_of(k));
    struct side *d = making(k);

    sources_set_empty(&d->set);
    d->is_full = false;
    d->key[0] = w->key[0];
    d->key[1] = w->key[1];
    memset(d->counts, 0, sources_n_cells(plan_of(k)) * sizeof(*d->counts));
    memset(d->n_new, 0, sources_n_cells(plan_of(k)) * sizeof(*d->n_new));
    memset(d->slot_of, 0, (UINT16_MAX + 1) * sizeof(*d->slot_of));
    d->result.counters = (struct sources_counters){0};
    for (uint32_t slot = 0; slot < n_slots; slot++) {
        d->ports[slot] = sources_directory_port(&w->directory, slot);
        if (d->ports[slot] >= 0)
            d->slot_of[d->ports[slot]] = (uint16_t)(slot + 1);
    }
}

void sources_keeper_left(struct sources_keeper *k)
{
    if (k->state != CLOSING)
        return;
    begin_side(k);
    k->lane = k->at = 0;
    k->state = UNITING;
}

static struct sources_lane_window *ended_of(struct sources_keeper *k, uint32_t lane)
{
    return &k->lanes[lane]->windows[k->ended];
}

/* Was it seen at the same port in the window that is shown? Its key is that window's. */
static bool was_there(const struct sources_keeper *k, const struct side *now,
                      const struct sources_entry *e)
{
    const struct side *before = &k->sides[k->shown];
    const int32_t port = now->ports[e->cell / SOURCES_CELLS_A_SLOT];
    const struct sources_window w = {.key = {before->key[0], before->key[1]}};
    uint32_t slot = sources_n_slots(&k->s->plan) - 1, place;

    if (port >= 0) {
        if (before->slot_of[port] == 0)
            return false;
        slot = before->slot_of[port] - 1U;
    }
    return sources_set_find(
               &before->set, &e->source, sources_hash(&w, &e->source),
               (uint16_t)(slot * SOURCES_CELLS_A_SLOT + e->cell % SOURCES_CELLS_A_SLOT),
               &place) != NULL;
}

static void unite_source(struct sources_keeper *k, struct side *d, const struct sources_entry *e)
{
    const enum sources_added added = sources_set_add(&d->set, &e->source, e->hash, e->cell);

    d->is_full |= added == SOURCES_NO_ROOM;
    if (added != SOURCES_ADDED)
        return;
    d->counts[e->cell]++;
    if (k->has_shown && !was_there(k, d, e))
        d->n_new[e->cell]++;
}

/* Steps that are left. */
static uint32_t unite(struct sources_keeper *k, uint32_t n_steps)
{
    struct side *d = making(k);

    while (n_steps > 0 && k->lane < k->n_lanes) {
        const struct sources_lane_window *l = ended_of(k, k->lane);

        for (; n_steps > 0 && k->at < l->set.n; n_steps--, k->at++)
            unite_source(k, d, &l->set.entries[l->set.order[k->at]]);
        if (k->at < l->set.n)
            return 0;
        d->is_full |= l->is_full != 0;
#define X(field, name, help) d->result.counters.field += l->counters.field;
        SOURCES_COUNTERS(X)
#undef X
        k->lane++;
        k->at = 0;
    }
    if (k->lane == k->n_lanes) {
        d->result.n_cells = 0;
        d->result.is_estimate = d->is_full;
        d->result.has_new = k->has_shown && !d->is_full && !k->sides[k->shown].is_full;
        k->state = TELLING;
    }
    return n_steps;
}

/* Over all lanes. */
static double estimate(struct sources_keeper *k, uint32_t sketch)
{
    const unsigned int precision = plan_of(k)->precision;

    memset(k->united, 0, sources_sketch_bytes(precision));
    for (uint32_t i = 0; i < k->n_lanes; i++)
        sources_sketch_merge(k->united, sources_sketch_of_cell(plan_of(k), ended_of(k, i), sketch),
                             precision);
    return sources_sketch_estimate(k->united, precision);
}

static void tell_cell(struct sources_keeper *k, struct side *d, uint32_t cell)
{
    struct sources_cell_count *c = &d->result.cells[d->result.n_cells];

    *c = (struct sources_cell_count){.port = d->ports[cell / SOURCES_CELLS_A_SLOT],
                                     .is_udp = (cell & 2) != 0,
                                     .is_ipv6 = (cell & 1) != 0,
                                     .sources = d->counts[cell],
                                     .n_new = d->n_new[cell]};
    for (uint32_t i = 0; i < k->n_lanes; i++)
        c->packets += ended_of(k, i)->packets[cell];
    if (c->packets == 0)
        return;
    if (d->is_full)
        c->sources = (uint64_t)llround(estimate(k, cell));
    d->result.n_cells++;
}

static uint32_t steps_of_a_cell(const struct sources_keeper *k)
{
    return 1 +
           k->n_lanes * (uint32_t)sources_sketch_bytes(plan_of(k)->precision) / REGISTERS_A_STEP;
}

static uint32_t take(uint32_t n_steps, uint32_t n)
{
    return n_steps > n ? n_steps - n : 0;
}

static void show(struct sources_keeper *k)
{
    k->latest = 1 - k->shown;
    k->has_latest = true;
    if (k->sides[k->latest].result.is_short && !k->shows_short)
        return;
    k->shown = k->latest;
    k->has_shown = true;
}

/* True: all is told. */
static bool tell(struct sources_keeper *k, uint32_t *n_steps)
{
    const struct sources_plan *p = plan_of(k);
    const uint32_t n_cells = sources_n_cells(p);
    struct side *d = making(k);

    for (; *n_steps > 0 && k->at < n_cells; k->at++) {
        const uint32_t n_before = d->result.n_cells;

        tell_cell(k, d, k->at);
        *n_steps =
            take(*n_steps, d->is_full && d->result.n_cells != n_before ? steps_of_a_cell(k) : 1);
    }
    if (*n_steps == 0 || k->at < n_cells)
        return false;
    d->result.error = sources_sketch_error(p->precision);
    d->result.all = estimate(k, n_cells + SOURCES_SKETCH_OF_ALL);
    d->result.pairs = estimate(k, n_cells + SOURCES_SKETCH_OF_PAIRS);
    show(k);
    k->lane = k->at = 0;
    k->state = CLEARING;
    return true;
}

/* Only what was written to. */
static void clear_cell(const struct sources_plan *p, struct sources_lane_window *l, uint32_t cell)
{
    if (cell < sources_n_cells(p)) {
        if (l->packets[cell] == 0)
            return;
        l->packets[cell] = 0;
    }
    memset(sources_sketch_of_cell(p, l, cell), 0, sources_sketch_bytes(p->precision));
}

static void clear(struct sources_keeper *k, uint32_t n_steps)
{
    const struct sources_plan *p = plan_of(k);
    const uint32_t n_sketches = sources_n_cells(p) + SOURCES_N_SKETCHES;

    for (; n_steps > 0 && k->lane < k->n_lanes; k->lane++, k->at = 0) {
        struct sources_lane_window *l = ended_of(k, k->lane);

        for (; n_steps > 0 && k->at < n_sketches; k->at++, n_steps--)
            clear_cell(p, l, k->at);
        if (k->at < n_sketches)
            return;
        sources_set_empty(&l->set);
        l->counters = (struct sources_counters){0};
        l->is_full = 0;
    }
    if (k->lane < k->n_lanes)
        return;
    if (p->takes_any_port)
        sources_directory_reset(&k->s->windows[k->ended].directory, p);
    k->state = COUNTING;
}

bool sources_keeper_work(struct sources_keeper *k, uint32_t n_steps)
{
    if (k->state == UNITING)
        n_steps = unite(k, n_steps);
    if (k->state == TELLING)
        return tell(k, &n_steps);
    if (k->state == CLEARING)
        clear(k, n_steps);
    return false;
}

const struct sources_result *sources_keeper_result(const struct sources_keeper *k)
{
    return k->has_shown ? &k->sides[k->shown].result : NULL;
}

const struct sources_result *sources_keeper_latest(const struct sources_keeper *k)
{
    return k->has_latest ? &k->sides[k->latest].result : NULL;
}

struct sources_keeper_counters sources_keeper_counters(const struct sources_keeper *k)
{
    return k->counters;
}

uint32_t sources_keeper_n_seen(const struct sources_keeper *k)
{
    return k->has_shown ? k->sides[k->shown].set.n : 0;
}

struct sources_seen sources_keeper_seen(const struct sources_keeper *k, uint32_t i)
{
    const struct side *d = &k->sides[k->shown];
    const struct sources_entry *e = &d->set.entries[d->set.order[i]];

    return (struct sources_seen){.source = e->source,
                                 .port = d->ports[e->cell / SOURCES_CELLS_A_SLOT],
                                 .is_udp = (e->cell & 2) != 0,
                                 .is_ipv6 = (e->cell & 1) != 0};
}
