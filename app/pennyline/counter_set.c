/* SPDX-License-Identifier: BSD-3-Clause */
#include "counter_set.h"

#include <errno.h>
#include <rte_malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "state.h"

struct sources_time counter_time(uint64_t now_ns)
{
    return (struct sources_time){(int64_t)now_ns + wall_offset_now_ns(), now_ns};
}

int counter_draw_key(uint64_t key[2])
{
    return getrandom(key, 2 * sizeof(key[0]), 0) == 2 * sizeof(key[0]) ? 0 : -EIO;
}

static void destroy_counter(struct counter *c)
{
    if (c == NULL)
        return;
    sources_keeper_destroy(c->keeper);
    sources_rise_destroy(c->rise);
    for (uint32_t k = 0; k < c->n_lanes; k++)
        rte_free(c->lanes[k]);
    rte_free(c->sources);
    free(c);
}

static int make_lanes(const struct appliance *a, struct counter *c, const struct sources_plan *plan)
{
    for (; c->n_lanes < a->n_workers; c->n_lanes++) {
        void *memory = rte_zmalloc_socket("sources", sources_lane_memory_bytes(plan),
                                          CACHE_LINE_BYTES, a->workers[c->n_lanes]->socket);

        if (memory == NULL)
            return -ENOMEM;
        c->lanes[c->n_lanes] = sources_lane_init(memory, plan);
    }
    return 0;
}

static int fill_counter(const struct appliance *a, struct counter *c)
{
    const struct sources_plan plan = counting_plan(c->config);
    const struct sources_time now = counter_time(appliance_now_ns(a));
    void *memory = rte_zmalloc("sources", sizeof(*c->sources), CACHE_LINE_BYTES);
    uint64_t key[2];

    if (memory == NULL || counter_draw_key(key) != 0) {
        rte_free(memory);
        return -ENOMEM;
    }
    c->sources = sources_init(memory, &plan, key);
    if (make_lanes(a, c, &plan) != 0)
        return -ENOMEM;
    c->keeper = sources_keeper_create(c->sources, c->lanes, a->n_workers, &now, false);
    if (c->config->rise_factor != 0)
        c->rise = sources_rise_create();
    return c->keeper != NULL && (c->config->rise_factor == 0 || c->rise != NULL) ? 0 : -ENOMEM;
}

static struct counter *make_counter(const struct appliance *a, const struct counting *config,
                                    int32_t slice)
{
    struct counter *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->config = config;
    c->slice = slice;
    if (fill_counter(a, c) == 0)
        return c;
    destroy_counter(c);
    return NULL;
}

static bool has_changed(const struct config_changes *changes, const char *name)
{
    for (uint32_t i = 0; i < changes->n; i++)
        if (strcmp(changes->changes[i].list, "sources") == 0 &&
            strcmp(changes->changes[i].name, name) == 0)
            return true;
    return false;
}

static struct counter *find(const struct counter_set *s, const char *name, int32_t slice)
{
    for (uint32_t i = 0; s != NULL && i < s->n; i++)
        if (strcmp(s->counters[i]->config->name, name) == 0 && s->counters[i]->slice == slice)
            return s->counters[i];
    return NULL;
}

struct making {
    const struct appliance *appliance;
    const struct counter_set *in_force;
    const struct config_changes *changes;
    struct counter_set *set;
};

static int add(const struct making *m, const struct counting *config, int32_t slice)
{
    struct counter_set *s = m->set;
    struct counter *c = NULL;

    if (m->changes != NULL && !has_changed(m->changes, config->name))
        c = find(m->in_force, config->name, slice);
    s->is_others[s->n] = c != NULL;
    if (c == NULL)
        c = make_counter(m->appliance, config, slice);
    if (c == NULL)
        return -ENOMEM;
    s->counters[s->n++] = c;
    for (uint32_t i = 0; i < m->appliance->n_workers; i++) {
        struct worker_sources *w = &s->workers[i];
        struct worker_counter *own = &w->counters[w->n++];

        *own = (struct worker_counter){c->sources, c->lanes[i], slice, 0};
        for (uint32_t port = 0; port < m->appliance->n_ports; port++)
            own->ports |= (uint32_t)counting_looks_at(config, port) << port;
        w->by_slice += slice >= 0;
    }
    return 0;
}

static int add_all(const struct making *m, const struct config *config)
{
    int error = 0;

    for (uint32_t i = 0; i < config->n_countings && error == 0; i++) {
        const struct counting *c = &config->countings[i];

        if (c->n_slices == 0)
            error = add(m, c, -1);
        for (uint32_t k = 0; k < c->n_slices && error == 0; k++)
            error = add(m, c, c->slices[k]);
    }
    return error;
}

struct counter_set *counter_set_create(const struct appliance *a, const struct config *config,
                                       const struct counter_set *in_force,
                                       const struct config_changes *changes)
{
    struct counter_set *s = calloc(1, sizeof(*s));
    const struct making m = {a, in_force, changes, s};

    if (s == NULL)
        return NULL;
    s->workers =
        rte_zmalloc("sources", a->n_workers * sizeof(struct worker_sources), CACHE_LINE_BYTES);
    if (s->workers != NULL && add_all(&m, config) == 0)
        return s;
    counter_set_destroy(s);
    return NULL;
}

void counter_set_destroy(struct counter_set *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 0; i < s->n; i++)
        if (!s->is_others[i])
            destroy_counter(s->counters[i]);
    rte_free(s->workers);
    free(s);
}

static const struct counting *described(const struct config *config, const char *name)
{
    for (uint32_t i = 0; i < config->n_countings; i++)
        if (strcmp(config->countings[i].name, name) == 0)
            return &config->countings[i];
    return NULL;
}

void counter_set_take_over(struct counter_set *before, struct counter_set *next,
                           const struct config *config)
{
    for (uint32_t i = 0; i < next->n; i++) {
        if (!next->is_others[i])
            continue;
        next->counters[i]->config = described(config, next->counters[i]->config->name);
        next->is_others[i] = false;
        for (uint32_t k = 0; k < before->n; k++)
            before->is_others[k] |= before->counters[k] == next->counters[i];
    }
    next->look_ns = before->look_ns;
}
