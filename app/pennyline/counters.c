/* SPDX-License-Identifier: BSD-3-Clause */
#include "counters.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "counter_set.h"
#include "events.h"
#include "looking.h"
#include "manager/manager.h"
#include "manager/passive.h"
#include "report/sources.h"
#include "say.h"
#include "sources/keeper.h"
#include "sources/rise.h"
#include "state.h"

/* How often the clock is looked at: a window lasts at most so much longer. */
#define LOOK_NS UINT64_C(10000000)
/* Sources that are put together in a turn: well below a millisecond. */
#define STEPS_A_TURN 2048

/* The manager's part; what is counted in is made and freed by counter_set.c. */
int counters_up(struct appliance *a)
{
    a->counters = counter_set_create(a, a->config, NULL, NULL);
    if (a->counters == NULL) {
        say_error("no memory to count sources: raise eal.memory_mb, or lower \"exact\"");
        return -ENOMEM;
    }
    for (unsigned int s = 0; s < RTE_MAX_NUMA_NODES; s++)
        if (a->policies[s] != NULL)
            a->policies[s]->sources = a->counters->workers;
    return 0;
}

void counters_down(struct appliance *a)
{
    counter_set_destroy(a->counters);
    a->counters = NULL;
}

struct counter_set *counters_follow(struct appliance *a, struct counter_set *next,
                                    const struct config *config)
{
    struct counter_set *before = a->counters;

    counter_set_take_over(before, next, config);
    a->counters = next;
    return before;
}

static const char *slice_name(const struct appliance *a, const struct counter *c)
{
    return c->slice >= 0 ? a->config->slices[c->slice].name : NULL;
}

static struct report_sources report_of(const struct appliance *a, const struct counter *c)
{
    return (struct report_sources){.name = c->config->name,
                                   .slice = slice_name(a, c),
                                   .plan = &c->sources->plan,
                                   .result = sources_keeper_result(c->keeper),
                                   .counters = sources_keeper_counters(c->keeper),
                                   .is_listed = c->config->list};
}

/* The clock was set, or a window lasted longer than it should. */
static void tell_trouble(struct appliance *a, struct counter *c, uint64_t now_ns)
{
    const struct sources_keeper_counters n = sources_keeper_counters(c->keeper);

    if (n.clock_sets > c->n_clock_sets)
        events_sources(a, "sources_clock_set", c->config->name, slice_name(a, c), NULL, now_ns);
    if (n.late > c->n_late)
        events_sources(a, "sources_window_late", c->config->name, slice_name(a, c), NULL, now_ns);
    c->n_clock_sets = n.clock_sets;
    c->n_late = n.late;
}

static void look_at_clock(struct appliance *a, struct counter *c, uint64_t now_ns)
{
    const struct sources_time now = counter_time(now_ns);
    uint64_t key[2];

    if (counter_draw_key(key) == 0 && sources_keeper_turn(c->keeper, &now, key)) {
        c->left_epoch = manager_epoch(a->manager);
        c->is_leaving = true;
    }
    tell_trouble(a, c, now_ns);
}

static void tell_rise(struct appliance *a, const struct counter *c,
                      const struct sources_cell_count *cell, double average, uint64_t now_ns)
{
    char port[8];
    json_t *members =
        json_pack("{s:s, s:s, s:s, s:I, s:f}", "network", report_sources_network(cell->is_ipv6),
                  "transport", report_sources_transport(cell->is_udp), "destination_port",
                  report_sources_port(cell->port, port), "n_sources", (json_int_t)cell->sources,
                  "average_before", average);

    events_sources(a, "sources_rise", c->config->name, slice_name(a, c), members, now_ns);
}

/* A window ended. Short ones say nothing about how many there are in a whole one. */
static void look_for_rise(struct appliance *a, struct counter *c, uint64_t now_ns)
{
    const struct sources_result *r = sources_keeper_latest(c->keeper);
    double average;

    if (c->rise == NULL || r == NULL || r->is_short)
        return;
    sources_rise_next(c->rise);
    for (uint32_t i = 0; i < r->n_cells; i++)
        if (sources_rise_look(c->rise, &r->cells[i], c->config->rise_factor, c->config->rise_least,
                              &average))
            tell_rise(a, c, &r->cells[i], average, now_ns);
}

static void take_window(struct appliance *a, struct counter *c, uint64_t now_ns)
{
    const struct sources_result *latest = sources_keeper_latest(c->keeper);

    look_for_rise(a, c, now_ns);
    if (c->slice >= 0 && latest != NULL && !latest->is_short)
        manager_count_sources(a->manager, (uint32_t)c->slice, (uint64_t)llround(latest->all),
                              now_ns);
    if (a->options->looking != NULL) {
        struct report_sources r = report_of(a, c);

        r.result = latest;
        looking_show(a->options->looking, &r, c->keeper);
    }
}

void counters_serve(struct appliance *a, uint64_t now_ns)
{
    struct counter_set *all = a->counters;
    bool looks = now_ns >= all->look_ns;

    if (looks)
        all->look_ns = now_ns + LOOK_NS;
    for (uint32_t i = 0; i < all->n; i++) {
        struct counter *c = all->counters[i];

        if (looks)
            look_at_clock(a, c, now_ns);
        if (c->is_leaving && manager_is_epoch_over(a->manager, c->left_epoch)) {
            c->is_leaving = false;
            sources_keeper_left(c->keeper);
        }
        if (sources_keeper_work(c->keeper, STEPS_A_TURN))
            take_window(a, c, now_ns);
    }
}

json_t *counters_json(const struct appliance *a, const uint32_t *item, const char *known,
                      uint32_t *total)
{
    json_t *out = json_array();

    *total = a->counters->n;
    for (uint32_t i = 0; i < *total; i++) {
        struct report_sources r = report_of(a, a->counters->counters[i]);

        if (item != NULL && *item != i)
            continue;
        r.known = known;
        json_array_append_new(out, report_sources_json(&r));
    }
    return out;
}

static bool is_meant(const struct appliance *a, const struct counter *c, const char *name,
                     const char *slice)
{
    const char *own = slice_name(a, c);

    return strcmp(c->config->name, name) == 0 &&
           (slice == NULL || (own != NULL && strcmp(own, slice) == 0));
}

json_t *counters_list_json(const struct appliance *a, const char *name, const char *slice,
                           uint32_t offset, uint32_t count, char *error, size_t n_error)
{
    const struct counter *found = NULL;
    const struct sources_result *r;

    for (uint32_t i = 0; i < a->counters->n; i++)
        if (found == NULL && is_meant(a, a->counters->counters[i], name, slice))
            found = a->counters->counters[i];
    if (found == NULL) {
        snprintf(error, n_error, "\"%.64s\": no such item of \"sources\" in the configuration%s",
                 name, slice != NULL ? ", or not of that slice" : "");
        return NULL;
    }
    if (!found->config->list) {
        snprintf(error, n_error,
                 "the sources of \"%s\" are not named: set \"list\" of it to true, and reload",
                 name);
        return NULL;
    }
    r = sources_keeper_result(found->keeper);
    return json_pack("{s:s, s:s?, s:I, s:I, s:b, s:o}", "name", name, "slice", slice_name(a, found),
                     "total", (json_int_t)sources_keeper_n_seen(found->keeper), "offset",
                     (json_int_t)offset, "complete", (int)(r != NULL && !r->is_estimate), "list",
                     report_sources_seen(found->keeper, offset, count));
}
