/* SPDX-License-Identifier: BSD-3-Clause */
#include "change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "counters.h"
#include "events.h"
#include "heartbeat.h"
#include "machines.h"
#include "manager/manager.h"
#include "mapping.h"
#include "members.h"
#include "passive_memory.h"
#include "responders.h"
#include "say.h"

enum stage {
    STAGE_IDLE,
    STAGE_BUILDING,
    STAGE_LEAVING, /* workers may still be in the old generation */
    STAGE_FREEING,
};

struct change {
    struct builder *builder;
    enum stage stage;
    uint64_t number;            /* of the generation in force */
    uint64_t since_ns, read_ns; /* 0: at start */
    uint64_t left_epoch;
    const struct config *at_start;
    struct config *own; /* the one in force, when it is not that of the start */
    bool has_passive_memory, has_units_memory;
    bool may_be_sticky;
    const struct change_companion *companion; /* or NULL */
    struct build build;
    uint64_t began_ns;
    struct change_request waiting[CHANGE_MOST_WAITING]; /* a ring; the first is under way */
    uint32_t first, n;
};

static struct change_request *current(struct change *c)
{
    return &c->waiting[c->first];
}

/* The file may lie where nobody answers; what is made in memory is made at once. */
static bool is_reload(const struct change_request *r)
{
    return r->make == NULL;
}

int change_ask(struct appliance *a, const struct change_request *request, uint64_t now_ns)
{
    struct change *c = a->change;

    (void)now_ns;
    if (a->must_stop)
        return -ESHUTDOWN;
    if (c->n == CHANGE_MOST_WAITING)
        return -EBUSY;
    c->waiting[(c->first + c->n++) % CHANGE_MOST_WAITING] = *request;
    return 0;
}

static int load_file(void *context, const struct config *in_force, struct config **out,
                     struct config_error *error)
{
    const struct appliance *a = context;

    (void)in_force;
    return config_load_file(a->options->config_path, out, error);
}

/* Who asked for a reload is told with a context of its own, and of a change after the companion. */
struct reload {
    struct appliance *appliance;
    void (*done)(void *context, const struct change_result *result);
    void *context;
};

static void reload_done(void *context, const struct change_result *result)
{
    struct reload *r = context;
    const struct change_companion *companion = r->appliance->change->companion;

    /* What the file would take the place of is known until the companion has heard. */
    if (r->done != NULL && result->dry_run)
        r->done(r->context, result);
    if (companion != NULL)
        companion->completed(r->appliance, result);
    if (r->done != NULL && !result->dry_run)
        r->done(r->context, result);
    free(r);
}

int change_reload(struct appliance *a, const struct change_request *request, uint64_t now_ns)
{
    struct change_request own = *request;
    struct reload *r;
    int error;

    if (a->options->config_path == NULL)
        return -ENOENT;
    r = calloc(1, sizeof(*r));
    if (r == NULL)
        return -ENOMEM;
    *r = (struct reload){a, request->done, request->context};
    own.make = NULL;
    own.done = reload_done;
    own.context = r;
    error = change_ask(a, &own, now_ns);
    if (error != 0)
        free(r);
    return error;
}

static void finish(struct appliance *a, uint64_t before, uint64_t now_ns)
{
    struct change *c = a->change;
    const struct change_request *r = current(c);
    const struct change_result result = {.error = c->build.error,
                                         .text = c->build.text,
                                         .dry_run = r->dry_run,
                                         .before = before,
                                         .after = c->number,
                                         .changes = &c->build.changes,
                                         .took_ns = now_ns - c->began_ns};

    if (!r->dry_run)
        events_change(a, r, &result, now_ns);
    if (r->done != NULL)
        r->done(r->context, &result);
    c->first = (c->first + 1) % CHANGE_MOST_WAITING;
    c->n--;
}

static void begin(struct appliance *a, uint64_t now_ns)
{
    struct change *c = a->change;
    const struct change_request *r = current(c);

    c->build = (struct build){
        .make = is_reload(r) ? load_file : r->make,
        .context = is_reload(r) ? a : r->context,
        .complete = is_reload(r) && c->companion != NULL ? c->companion->complete : NULL,
        .appliance = a,
        .in_force = a->config,
        .ports = a->ports,
        .machines = a->machines,
        .counters = a->counters,
        .has_passive_memory = c->has_passive_memory,
        .has_units_memory = c->has_units_memory,
        .may_be_sticky = c->may_be_sticky,
        .may_respond = a->responding != NULL,
        .dry_run = r->dry_run,
        .number = c->number + 1};
    for (unsigned int s = 0; s < RTE_MAX_NUMA_NODES; s++) {
        c->build.sockets[s] = a->policies[s] != NULL;
        if (a->policies[s] != NULL)
            c->build.sparing = engine_rules_sparing(a->policies[s]->rules);
    }
    manager_held_slots(a->manager, c->build.is_held);
    c->began_ns = now_ns;
    c->stage = STAGE_BUILDING;
    builder_begin(c->builder, &c->build);
}

static int follow(struct appliance *a, uint64_t now_ns)
{
    struct build *b = &a->change->build;
    const struct config_instance *i = &b->next.config->instance;
    const struct manager_generation g = {.slices = b->next.config->slices,
                                         .fates = b->fates,
                                         .max_own_loss_ratio = i->max_own_loss_ratio,
                                         .max_stall_ms = i->max_manager_lateness_ms,
                                         .max_drops_per_hour = i->max_drops_per_hour,
                                         .may_shed = i->shed_tracking};
    int error = manager_follow(a->manager, &g, now_ns);

    if (error == -ENOSPC)
        snprintf(b->text, sizeof(b->text),
                 "no aggregates are left for the new slices: instance.max_aggregates is %u, and "
                 "needs a restart",
                 i->max_aggregates);
    else if (error != 0)
        snprintf(b->text, sizeof(b->text), "not enough memory");
    return error;
}

/* It says how to start; whoever changes it there means now. */
static void follow_kill_switch(struct appliance *a, const struct config *before, uint64_t now_ns)
{
    if (a->config->instance.kill_switch != before->instance.kill_switch)
        manager_set_kill_switch(a->manager, a->config->instance.kill_switch, now_ns);
}

static void give_passive_memory(struct appliance *a)
{
    struct change *c = a->change;

    if (c->build.passive_memory == NULL)
        return;
    passive_memory_give(a, c->build.passive_memory);
    c->build.passive_memory = NULL;
    c->has_passive_memory = true;
}

static void give_units_memory(struct appliance *a)
{
    struct change *c = a->change;

    if (c->build.units_memory == NULL)
        return;
    units_memory_give(a, c->build.units_memory);
    c->build.units_memory = NULL;
    c->has_units_memory = true;
}

/* The manager has followed: from now on workers do. */
static void publish(struct appliance *a, uint64_t now_ns)
{
    struct change *c = a->change;
    struct build *b = &c->build;
    const struct config *before = a->config;

    for (unsigned int s = 0; s < RTE_MAX_NUMA_NODES; s++) {
        if (b->next.policies[s] == NULL)
            continue;
        engine_rules_find_aggregates(b->next.policies[s]->rules, a->aggregates);
        policy_follow_links(b->next.policies[s], a->ports);
        b->old.policies[s] = a->policies[s];
        a->policies[s] = b->next.policies[s];
        b->next.policies[s] = NULL;
    }
    give_passive_memory(a);
    give_units_memory(a);
    members_follow(a, b->next.config);
    memset(b->next.machines, 0, sizeof(b->next.machines));
    machines_follow(a, b->next.config, b->machines_next, b->old.machines);
    responders_follow(a, b->next.config);
    b->old.counters = counters_follow(a, b->next.counters, b->next.config);
    b->next.counters = NULL;
    for (uint32_t i = 0; i < a->n_workers; i++)
        atomic_store_explicit(&a->workers[i]->policy, a->policies[a->workers[i]->socket],
                              memory_order_release);
    c->left_epoch = manager_epoch(a->manager);
    b->old.config = c->own;
    a->config = c->own = b->next.config;
    mapping_follow(a);
    b->next.config = NULL;
    c->number++;
    c->since_ns = now_ns;
    a->inspected.n_slices_left = a->config->n_slices;
    follow_kill_switch(a, before, now_ns);
}

static void free_build(struct change *c)
{
    c->stage = STAGE_FREEING;
    builder_begin_freeing(c->builder, &c->build);
}

static void take_built(struct appliance *a, uint64_t now_ns)
{
    struct change *c = a->change;
    uint64_t before = c->number;

    if (c->build.error == 0 && !c->build.dry_run && c->build.changes.n > 0)
        c->build.error = follow(a, now_ns);
    if (c->build.error == 0 && !c->build.dry_run && is_reload(current(c)))
        c->read_ns = c->began_ns;
    if (c->build.error != 0 || c->build.dry_run || c->build.changes.n == 0) {
        finish(a, before, now_ns);
        free_build(c);
        return;
    }
    publish(a, now_ns);
    finish(a, before, now_ns);
    c->stage = STAGE_LEAVING;
}

/* The file lies where nobody answers, or is a pipe that nobody fills. Whoever waits is told; the
 * thread cannot be ended, so another one takes its place. */
static void replace_builder(struct appliance *a, uint64_t now_ns)
{
    struct change *c = a->change;
    int tid = builder_tid(c->builder);
    char doing[32];

    heartbeat_read_doing(tid, doing, sizeof(doing));
    if (builder_replace(&c->builder) != 0)
        return;
    events_helper(a, "builder", doing, now_ns - c->began_ns, now_ns);
    c->build.error = -ETIMEDOUT;
    snprintf(c->build.text, sizeof(c->build.text),
             "the configuration could not be read within %u s: what it lies on does not answer",
             (unsigned int)(BUILDER_STALE_NS / NS_PER_S));
    finish(a, c->number, now_ns);
    c->build = (struct build){0};
    c->stage = STAGE_IDLE;
}

void change_serve(struct appliance *a, uint64_t now_ns)
{
    struct change *c = a->change;

    switch (c->stage) {
    case STAGE_IDLE:
        if (c->n > 0)
            begin(a, now_ns);
        return;
    case STAGE_BUILDING:
        if (builder_is_ready(c->builder))
            take_built(a, now_ns);
        else if (is_reload(current(c)) && now_ns - c->began_ns > BUILDER_STALE_NS)
            replace_builder(a, now_ns);
        return;
    case STAGE_LEAVING:
        if (manager_is_epoch_over(a->manager, c->left_epoch))
            free_build(c);
        return;
    case STAGE_FREEING:
        if (builder_is_ready(c->builder))
            c->stage = STAGE_IDLE;
        return;
    }
}

void change_accompany(struct appliance *a, const struct change_companion *companion)
{
    a->change->companion = companion;
}

uint64_t change_generation(const struct appliance *a)
{
    return a->change->number;
}

uint64_t change_in_force_since_ns(const struct appliance *a)
{
    return a->change->since_ns != 0 ? a->change->since_ns : a->started_ns;
}

uint64_t change_file_read_ns(const struct appliance *a)
{
    return a->change->read_ns != 0 ? a->change->read_ns : a->started_ns;
}

int change_up(struct appliance *a)
{
    struct change *c = calloc(1, sizeof(*c));
    int error = c != NULL ? builder_start(&c->builder) : -ENOMEM;

    if (error != 0) {
        say_error("the thread that builds configurations cannot be started: %s", strerror(-error));
        free(c);
        return error;
    }
    c->number = 1;
    c->at_start = a->config;
    c->has_passive_memory = passive_memory_is_needed(a->config);
    c->has_units_memory = units_memory_is_needed(a->config);
    c->may_be_sticky = memory_sticky_bytes(a->config) > 0;
    a->change = c;
    return 0;
}

static void refuse_waiting(struct change *c)
{
    static const struct config_changes none;
    const struct change_result result = {.error = -ESHUTDOWN,
                                         .text = "pennyline is stopping",
                                         .before = c->number,
                                         .after = c->number,
                                         .changes = &none};

    for (; c->n > 0; c->n--, c->first = (c->first + 1) % CHANGE_MOST_WAITING)
        if (current(c)->done != NULL)
            current(c)->done(current(c)->context, &result);
}

/* The manager and the workers are gone, and so is all that they saw of the configuration. What ends
 * after this asks for ports, of which all generations say the same. */
void change_down(struct appliance *a)
{
    struct change *c = a->change;

    if (!builder_await(c->builder)) {
        /* What it reads does not answer. It still holds what it was given, and the process ends. */
        builder_stop(c->builder);
        return;
    }
    refuse_waiting(c);
    builder_begin_freeing(c->builder, &c->build);
    builder_stop(c->builder);
    a->config = c->at_start;
    config_free(c->own);
    free(c);
    a->change = NULL;
}
