/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/time.h"
#include "map/internal.h"

/* Ingresses that get their places in one turn. */
#define RESOLVED_A_TURN 64
/* Messages from all workers together, in ten milliseconds: 100,000 asks a second, and as many
 * samples as cost the manager some percent of its time. */
#define ASKS_PER_PERIOD    1024
#define SAMPLES_PER_PERIOD 256
/* All entries are read within so many turns of 10 ms. */
#define SWEEP_NS         (10 * NS_PER_S)
#define LARGE_PAGE_BYTES ((size_t)2 << 20)
#define LARGE_BYTES      (4 * LARGE_PAGE_BYTES)

struct map_memory map_memory_bytes(uint32_t n_entries, uint32_t n_workers)
{
    const size_t n = (size_t)n_entries + 1;
    uint32_t n_buckets = 16;

    while (n_buckets < n_entries)
        n_buckets *= 2;
    return (struct map_memory){
        .workers = sizeof(struct map_shared) +
                   map_directory_n_buckets(n_entries) * sizeof(struct map_bucket) +
                   n_workers * (sizeof(struct map_worker) + n * sizeof(struct map_row) +
                                MAP_MOST_PLACES * sizeof(struct map_stray)),
        .manager = sizeof(struct map) +
                   n * (sizeof(struct map_entry) + sizeof(struct map_prefix) + sizeof(uint32_t) +
                        sizeof(struct map_leaving)) +
                   n_buckets * sizeof(uint32_t) + MAP_MOST_PLACES * sizeof(struct map_place) +
                   map_standing_bytes(MAP_MOST_PLACES) +
                   MAP_MOST_CHANGES * sizeof(struct map_change) + (1u << MAP_FINEST_IPV4) +
                   ((size_t)1 << MAP_GRAIN_INDEX_BITS) * sizeof(uint32_t)};
}

/* What is large lies in large pages where the kernel has them: workers go all over it. */
static void *take_lines(size_t n_bytes)
{
    const size_t unit = n_bytes < LARGE_BYTES ? CACHE_LINE_BYTES : LARGE_PAGE_BYTES;
    const size_t n = (n_bytes + unit - 1) / unit * unit;
    void *memory = aligned_alloc(unit, n);

    if (memory == NULL)
        return NULL;
    if (unit == LARGE_PAGE_BYTES)
        madvise(memory, n, MADV_HUGEPAGE);
    memset(memory, 0, n);
    return memory;
}

static struct map_worker *create_worker(const struct map *m, const struct map_setup *setup,
                                        uint32_t i)
{
    struct map_worker *w = take_lines(sizeof(*w));

    if (w == NULL)
        return NULL;
    w->shared = m->shared;
    w->rows = take_lines(((size_t)setup->n_entries + 1) * sizeof(*w->rows));
    w->strays = take_lines(MAP_MOST_PLACES * sizeof(*w->strays));
    random_seed_fixed(&w->filter.random, setup->random_seed, i);
    return w;
}

static bool create_workers(struct map *m, const struct map_setup *setup)
{
    struct map_directory *d;

    m->shared = take_lines(sizeof(*m->shared));
    m->workers = calloc(setup->n_workers, sizeof(struct map_worker *));
    if (m->shared == NULL || m->workers == NULL)
        return false;
    d = &m->shared->directory;
    d->mask = map_directory_n_buckets(setup->n_entries) - 1;
    d->buckets = take_lines(((size_t)d->mask + 1) * sizeof(*d->buckets));
    memcpy(m->shared->secret, setup->secret, sizeof(m->shared->secret));
    m->shared->n_entries = setup->n_entries;
    m->shared->asks_per_period = ASKS_PER_PERIOD / setup->n_workers;
    m->shared->samples_per_period = SAMPLES_PER_PERIOD / setup->n_workers;
    for (uint32_t i = 0; i <= UINT16_MAX; i++)
        atomic_init(&m->shared->place_of[i], MAP_NO_INGRESS);
    atomic_init(&m->shared->grain, m->grain);
    for (uint32_t i = 0; i < setup->n_workers; i++) {
        m->workers[i] = create_worker(m, setup, i);
        if (m->workers[i] == NULL || m->workers[i]->rows == NULL || m->workers[i]->strays == NULL)
            return false;
    }
    return d->buckets != NULL;
}

static bool create_tables(struct map *m)
{
    const size_t n = (size_t)m->n_entries + 1;

    m->entries = calloc(n, sizeof(*m->entries));
    m->free_slots = malloc(n * sizeof(*m->free_slots));
    m->leaving = malloc(n * sizeof(*m->leaving));
    m->places.places = calloc(MAP_MOST_PLACES, sizeof(*m->places.places));
    m->changes = malloc(MAP_MOST_CHANGES * sizeof(*m->changes));
    m->own_grain = m->grain = map_grain_create(NULL);
    return m->entries != NULL && m->free_slots != NULL && m->leaving != NULL &&
           m->places.places != NULL && map_standing_init(&m->standing, MAP_MOST_PLACES) &&
           m->changes != NULL && m->grain != NULL &&
           map_prefixes_init(&m->prefixes, m->n_entries) == 0;
}

int map_create(const struct map_setup *setup, struct map **out)
{
    struct map *m;

    if (setup->n_entries == 0 || setup->n_workers == 0 || setup->n_workers > SAMPLES_PER_PERIOD)
        return -EINVAL;
    m = calloc(1, sizeof(*m));
    if (m == NULL)
        return -ENOMEM;
    m->n_entries = setup->n_entries;
    m->n_workers = setup->n_workers;
    m->ingresses = setup->ingresses;
    m->expectation = 1;
    if (!create_tables(m) || !create_workers(m, setup) || map_follow(m, setup->config) != 0) {
        map_destroy(m);
        return -ENOMEM;
    }
    /* The first ones first. */
    for (uint32_t slot = m->n_entries; slot >= 1; slot--)
        m->free_slots[m->n_free++] = slot;
    *out = m;
    return 0;
}

static void destroy_workers(struct map *m)
{
    for (uint32_t i = 0; m->workers != NULL && i < m->n_workers; i++) {
        if (m->workers[i] == NULL)
            continue;
        free(m->workers[i]->rows);
        free(m->workers[i]->strays);
        free(m->workers[i]);
    }
    free(m->workers);
    if (m->shared != NULL)
        free(m->shared->directory.buckets);
    free(m->shared);
}

void map_destroy(struct map *m)
{
    if (m == NULL)
        return;
    destroy_workers(m);
    map_expectation_destroy(m->expected);
    map_expectation_destroy(m->retiring);
    map_grain_destroy(m->own_grain);
    map_prefixes_free(&m->prefixes);
    map_own_free(&m->own);
    map_standing_free(&m->standing);
    free(m->names.ports);
    free(m->names.ingresses);
    free(m->entries);
    free(m->free_slots);
    free(m->leaving);
    free(m->places.places);
    free(m->changes);
    free(m);
}

struct map_worker *map_worker(struct map *m, uint32_t i)
{
    return m->workers[i];
}

/* All entries are to be graded anew, and counted as they are then. */
static void begin_grading(struct map *m)
{
    m->expectation++;
    for (uint16_t i = 0; i < m->places.n; i++) {
        struct map_place *p = &m->places.places[i];

        p->expected = m->expected == NULL ? EXPECT_NO_INGRESS
                                          : expect_find_ingress(&m->expected->expectation, p->name);
    }
    if (m->expected != NULL)
        memset(m->expected->n_unexpected, 0,
               m->expected->expectation.n_routes * sizeof(*m->expected->n_unexpected));
}

/* The place of an ingress by its number. */
static void resolve(struct map *m, uint16_t number)
{
    const struct ingress *at = ingress_table_at(m->ingresses, number);
    const int named = map_find_named_ingress(&m->names, at);
    char name[CONFIG_NAME_BYTES];
    bool is_new = false;
    uint16_t place;

    if (named >= 0)
        snprintf(name, sizeof(name), "%s", m->names.ingresses[named].name);
    else
        map_describe_ingress(&m->names, at, name);
    place = map_places_find_or_add(&m->places, name, named >= 0, &is_new);
    if (place != MAP_NO_INGRESS && m->names.ports[at->port].sampling > 1)
        m->places.places[place].scale = m->names.ports[at->port].sampling;
    atomic_store_explicit(&m->shared->place_of[number], place, memory_order_relaxed);
    /* The untagged one of a port was known before. */
    if (is_new && named < 0 && number > m->names.n_ports)
        map_tell(m, &(struct map_change){.kind = MAP_CHANGE_PLACE_NEW,
                                         .slot = MAP_NO_SLOT,
                                         .key = {.ingress = place}});
}

static void resolve_some(struct map *m, uint32_t most)
{
    const uint32_t n = ingress_table_count(m->ingresses);

    for (uint32_t i = 0; i < most && m->resolved < n; i++)
        resolve(m, (uint16_t)++m->resolved);
}

int map_follow(struct map *m, const struct config *config)
{
    struct config_port *ports = calloc(config->n_ports + 1, sizeof(*ports));
    struct named_ingress *ingresses = calloc(config->n_ingresses + 1, sizeof(*ingresses));
    struct map_own own;

    if (map_own_init(&own, config->map.own, config->map.n_own) != 0 || ports == NULL ||
        ingresses == NULL) {
        map_own_free(&own);
        free(ports);
        free(ingresses);
        return -ENOMEM;
    }
    memcpy(ports, config->ports, config->n_ports * sizeof(*ports));
    for (uint32_t i = 0; i < config->n_ingresses; i++) {
        ingresses[i] = config->ingresses[i];
        ingresses[i].neighbors = NULL;
        ingresses[i].n_neighbors = 0;
    }
    map_own_free(&m->own);
    m->own = own;
    free(m->names.ports);
    free(m->names.ingresses);
    m->names = (struct config){.ports = ports,
                               .n_ports = config->n_ports,
                               .ingresses = ingresses,
                               .n_ingresses = config->n_ingresses};
    map_places_follow(&m->places, config);
    begin_grading(m);
    m->resolved = 0;
    /* Untagged ones are there from the start. */
    resolve_some(m, config->n_ports);
    return 0;
}

int map_expect(struct map *m, struct map_expectation *e, uint64_t epoch)
{
    if (m->retiring != NULL)
        return -EBUSY;
    m->retiring = m->expected;
    m->retiring_epoch = epoch;
    m->expected = e;
    m->grain = e != NULL ? e->grain : m->own_grain;
    atomic_store_explicit(&m->shared->grain, m->grain, memory_order_release);
    begin_grading(m);
    return 0;
}

struct map_expectation *map_take_retired(struct map *m)
{
    struct map_expectation *e = m->retiring;

    if (e == NULL || m->retiring_epoch >= m->turn.closed)
        return NULL;
    m->retiring = NULL;
    return e;
}

const struct map_expectation *map_expected(const struct map *m)
{
    return m->expected;
}

static void take_messages(struct map *m, struct map_worker *w)
{
    struct map_message message;

    for (unsigned int i = 0; i < MAP_RING_MESSAGES && map_ring_take(&w->ring, &message); i++)
        switch ((enum map_message_kind)message.kind) {
        case MAP_ASK:
            map_take_ask(m, &message);
            break;
        case MAP_SAMPLE:
            map_take_sample(m, &message);
            break;
        case MAP_STRAY:
            map_take_stray(m, &message);
            break;
        }
}

/* Room is short when a sixteenth is left, and is not any more when an eighth is. */
static void watch_room(struct map *m)
{
    const bool was_pressed = m->is_pressed;

    m->is_pressed = m->n_free < (was_pressed ? m->n_entries / 8 : m->n_entries / 16);
    if (m->is_pressed != was_pressed)
        map_tell(m, &(struct map_change){.kind = m->is_pressed ? MAP_CHANGE_PRESSURE
                                                               : MAP_CHANGE_PRESSURE_OVER,
                                         .slot = MAP_NO_SLOT,
                                         .key = {.ingress = MAP_NO_INGRESS}});
}

/* How many are due since the last turn; never more than in 100 ms, whatever the clock does. */
static uint32_t n_due(struct map *m)
{
    uint64_t since = m->turn.now_ns - m->swept_ns, n;

    if (since > 100 * NS_PER_MS)
        since = 100 * NS_PER_MS;
    n = ((uint64_t)m->n_used * since + SWEEP_NS - 1) / SWEEP_NS;
    return (uint32_t)(n < m->n_used ? n : m->n_used);
}

void map_turn(struct map *m, const struct map_turn *turn)
{
    m->turn = *turn;
    resolve_some(m, RESOLVED_A_TURN);
    for (uint32_t i = 0; i < m->n_workers; i++)
        take_messages(m, m->workers[i]);
    map_free_left(m);
    watch_room(m);
    map_sweep(m, n_due(m));
    m->swept_ns = turn->now_ns;
    map_watch_places(m);
}

void map_read_all(struct map *m, const struct map_turn *turn)
{
    m->turn = *turn;
    map_standing_end_round(&m->standing, m->places.n);
    m->swept = 0;
    map_sweep(m, m->n_used);
    map_watch_places(m);
}
