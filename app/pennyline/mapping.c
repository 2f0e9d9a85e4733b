/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapping.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/time.h"
#include "deciding.h"
#include "events.h"
#include "expected.h"
#include "manager/manager.h"
#include "map/map.h"
#include "report/map.h"
#include "say.h"

#define TURN_NS (10 * NS_PER_MS)
#define LOOK_NS NS_PER_S
/* Changes that are told in one turn; the others wait. */
#define CHANGES_A_TURN 64

struct mapping {
    struct map *map;
    struct expected *expected;
    struct deciding *deciding;    /* NULL: no memory for it */
    struct map_expectation *next; /* until the one before has left */
    uint64_t closed;              /* epochs that all workers are past */
    uint64_t turned_ns, looked_ns;
    bool is_stale, is_without;          /* told so; no file is wanted */
    char refused[EXPECTED_WORDS_BYTES]; /* the latest file, and why; "" */
};

static int create(struct appliance *a, struct mapping *m)
{
    struct random_source random;
    struct map_setup setup = {.n_entries = a->config->map.entries,
                              .n_workers = a->n_workers,
                              .config = a->config,
                              .ingresses = a->ingresses};
    int error = random_seed_from_kernel(&random);

    if (error != 0)
        return error;
    setup.secret[0] = random_u64(&random);
    setup.secret[1] = random_u64(&random);
    setup.random_seed = random_u64(&random);
    error = map_create(&setup, &m->map);
    if (error != 0) {
        say_error("no memory for a map of %u entries: lower map.entries", setup.n_entries);
        return error;
    }
    error = expected_start(&m->expected);
    if (error != 0)
        say_error("the thread that reads what is expected cannot be made: %s", strerror(-error));
    return error;
}

int mapping_up(struct appliance *a)
{
    struct mapping *m;
    int error;

    if (a->config->map.entries == 0)
        return 0;
    m = a->mapping = calloc(1, sizeof(*m));
    if (m == NULL)
        return -ENOMEM;
    m->is_without = true;
    error = create(a, m);
    if (error != 0) {
        mapping_down(a);
        return error;
    }
    for (uint32_t i = 0; i < a->n_workers; i++)
        a->workers[i]->map = map_worker(m->map, i);
    m->deciding = deciding_create(a, m->map);
    mapping_follow(a);
    return 0;
}

void mapping_down(struct appliance *a)
{
    struct mapping *m = a->mapping;

    if (m == NULL)
        return;
    deciding_destroy(m->deciding);
    expected_stop(m->expected);
    map_expectation_destroy(m->next);
    map_destroy(m->map);
    free(m);
    a->mapping = NULL;
}

struct map *mapping_map(const struct appliance *a)
{
    return a->mapping != NULL ? a->mapping->map : NULL;
}

void mapping_follow(struct appliance *a)
{
    struct mapping *m = a->mapping;

    if (m == NULL)
        return;
    if (map_follow(m->map, a->config) != 0)
        say_warning("no memory for the names of ingresses: the map keeps those that it has");
    expected_watch(m->expected, a->config->map.expectation);
    m->is_without = a->config->map.expectation[0] == '\0';
    deciding_follow(m->deciding);
}

static void tell(struct appliance *a, const char *kind, json_t *members, uint64_t now_ns)
{
    events_map(a, kind, members, now_ns);
}

static const char *place_name(const struct mapping *m, uint16_t place)
{
    const struct map_places *p = map_places(m->map);

    return place < p->n ? p->places[place].name : "";
}

/* Entries come and go too often to be told each. */
static void tell_change(struct appliance *a, const struct map_change *c, uint64_t now_ns)
{
    switch (c->kind) {
    case MAP_CHANGE_PLACE_NEW:
    case MAP_CHANGE_DIFFUSE:
    case MAP_CHANGE_DIFFUSE_OVER:
        tell(a, map_change_name(c->kind),
             json_pack("{s:s}", "ingress", place_name(a->mapping, c->key.ingress)), now_ns);
        return;
    case MAP_CHANGE_PRESSURE:
    case MAP_CHANGE_PRESSURE_OVER:
        tell(a, map_change_name(c->kind),
             json_pack("{s:I, s:I}", "entries", (json_int_t)map_counters(a->mapping->map).entries,
                       "most_entries", (json_int_t)map_n_slots(a->mapping->map)),
             now_ns);
        return;
    case MAP_CHANGE_ENTRY_NEW:
    case MAP_CHANGE_ENTRY_GONE:
    case MAP_CHANGE_GRADE:
    case MAP_CHANGE_DOMINANT:
    case MAP_N_CHANGES:
        return;
    }
}

static void take_changes(struct appliance *a, uint64_t now_ns)
{
    struct map_change c;

    for (unsigned int i = 0; i < CHANGES_A_TURN && map_next_change(a->mapping->map, &c); i++) {
        deciding_hear(a->mapping->deciding, &c, now_ns);
        tell_change(a, &c, now_ns);
    }
}

static uint64_t wall_s(const struct appliance *a, uint64_t now_ns)
{
    return (now_ns + (uint64_t)a->report_clock.wall_offset_ns) / NS_PER_S;
}

static void put_in_force(struct appliance *a, uint64_t now_ns)
{
    struct mapping *m = a->mapping;
    const struct expectation *e;

    if (m->next == NULL || map_expect(m->map, m->next, manager_epoch(a->manager)) != 0)
        return;
    e = &m->next->expectation;
    tell(a, "expectation_loaded",
         json_pack("{s:s, s:I, s:I}", "file", a->config->map.expectation, "routes",
                   (json_int_t)e->n_routes, "built_s", (json_int_t)e->header->built_s),
         now_ns);
    m->next = NULL;
    m->is_stale = false;
    m->refused[0] = '\0';
}

static void take_news(struct appliance *a, uint64_t now_ns)
{
    struct mapping *m = a->mapping;
    struct map_expectation *fresh = NULL;
    char words[EXPECTED_WORDS_BYTES];
    const enum expected_news news = expected_take(m->expected, &fresh, words);

    if (news == EXPECTED_READ) {
        if (m->next != NULL)
            expected_give_back(m->expected, m->next);
        m->next = fresh;
    }
    if (news == EXPECTED_REFUSED) {
        snprintf(m->refused, sizeof(m->refused), "%s", words);
        tell(a, "expectation_refused",
             json_pack("{s:s, s:s}", "file", a->config->map.expectation, "reason", words), now_ns);
    }
}

/* A file that nobody builds anew says less and less. */
static void look_at_age(struct appliance *a, uint64_t now_ns)
{
    struct mapping *m = a->mapping;
    const struct map_expectation *e = map_expected(m->map);
    const uint64_t now_s = wall_s(a, now_ns);
    uint64_t built_s;
    bool is_stale;

    if (e == NULL)
        return;
    built_s = e->expectation.header->built_s;
    is_stale = now_s > built_s && now_s - built_s > a->config->map.stale_after_s;
    if (is_stale && !m->is_stale)
        tell(a, "expectation_stale",
             json_pack("{s:s, s:I}", "file", a->config->map.expectation, "age_s",
                       (json_int_t)(now_s - built_s)),
             now_ns);
    m->is_stale = is_stale;
}

/* Nothing is to be expected any more. */
static void drop_expectation(struct appliance *a)
{
    struct mapping *m = a->mapping;

    if (m->is_without && map_expected(m->map) != NULL)
        map_expect(m->map, NULL, manager_epoch(a->manager));
}

static void look_at_expectation(struct appliance *a, uint64_t now_ns)
{
    struct mapping *m = a->mapping;
    struct map_expectation *old = map_take_retired(m->map);

    if (old != NULL)
        expected_give_back(m->expected, old);
    take_news(a, now_ns);
    put_in_force(a, now_ns);
    drop_expectation(a);
    look_at_age(a, now_ns);
}

void mapping_serve(struct appliance *a, uint64_t now_ns)
{
    struct mapping *m = a->mapping;
    struct map_turn turn;

    if (m == NULL || now_ns - m->turned_ns < TURN_NS)
        return;
    m->turned_ns = now_ns;
    while (manager_is_epoch_over(a->manager, m->closed))
        m->closed++;
    turn = (struct map_turn){.now_ns = now_ns,
                             .now_s = wall_s(a, now_ns),
                             .epoch = manager_epoch(a->manager),
                             .closed = m->closed};
    map_turn(m->map, &turn);
    take_changes(a, now_ns);
    deciding_serve(m->deciding, m->is_stale, now_ns);
    if (now_ns - m->looked_ns < LOOK_NS)
        return;
    m->looked_ns = now_ns;
    look_at_expectation(a, now_ns);
}

void mapping_hear_test(struct appliance *a, uint32_t aggregate, uint64_t now_ns)
{
    if (a->mapping != NULL)
        deciding_hear_test(a->mapping->deciding, aggregate, now_ns);
}

json_t *mapping_command(struct appliance *a, const char *command, const json_t *request,
                        uint64_t now_ns, char *error, size_t n_error)
{
    return deciding_command(a->mapping->deciding, command, request, now_ns, error, n_error);
}

json_t *mapping_json(const struct appliance *a)
{
    const struct mapping *m = a->mapping;
    json_t *out;

    if (m == NULL)
        return json_null();
    out = report_map_summary(m->map);
    json_object_set_new(out, "file", json_string(a->config->map.expectation));
    json_object_set_new(out, "stale", json_boolean(m->is_stale));
    json_object_set_new(out, "refused",
                        m->refused[0] != '\0' ? json_string(m->refused) : json_null());
    return out;
}
