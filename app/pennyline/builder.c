/* SPDX-License-Identifier: BSD-3-Clause */
#include "builder.h"

#include <errno.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "counter_set.h"
#include "machines.h"
#include "passive_memory.h"
#include "port/dpdk_compat.h"
#include "seed.h"

enum work { WORK_NONE, WORK_BUILD, WORK_FREE, WORK_END, WORK_MAKE, WORK_LEFT_ALONE };

/* Threads that were left alone in make(), and are there still. */
#define MOST_LEFT_ALONE 8
static _Atomic int n_left_alone;

struct builder {
    dpdk_thread thread;
    sem_t wake;
    _Atomic uint32_t work; /* enum work; the manager gives it, the builder sets it to NONE. From
                              MAKE, whoever comes first: the builder to BUILD, or the manager to
                              LEFT_ALONE */
    _Atomic int tid;
    struct build *build; /* written before `work` */
};

__attribute__((format(printf, 3, 4))) static int refuse(struct build *b, int error,
                                                        const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(b->text, sizeof(b->text), format, arguments);
    va_end(arguments);
    return error;
}

/* All that would need a restart, in a line. */
static int check_classes(struct build *b)
{
    size_t n = 0;

    for (uint32_t i = 0; i < b->changes.n; i++) {
        char text[320];

        if (b->changes.changes[i].class != CONFIG_RESTART)
            continue;
        config_change_text(&b->changes.changes[i], text, sizeof(text));
        if (n < sizeof(b->text))
            n += (size_t)snprintf(b->text + n, sizeof(b->text) - n, "%s%s needs a restart",
                                  n == 0 ? "" : "; ", text);
    }
    return n == 0 ? 0 : -EINVAL;
}

/* Of the first slice of mode passive. */
static int take_passive_memory(struct build *b)
{
    if (b->has_passive_memory || !passive_memory_is_needed(b->next.config))
        return 0;
    b->passive_memory = passive_memory_take(b->appliance);
    if (b->passive_memory != NULL)
        return 0;
    return refuse(b, -errno,
                  "no memory for mode \"passive\", which no slice had before: %zu MiB for each of "
                  "%u workers; raise eal.memory_mb, or the number of hugepages, and start anew",
                  passive_memory_bytes_each(b->appliance) >> 20, b->appliance->n_workers);
}

/* Of the first slice whose tests drop more than data segments. */
static int take_units_memory(struct build *b)
{
    if (b->has_units_memory || !units_memory_is_needed(b->next.config))
        return 0;
    b->units_memory = units_memory_take(b->appliance);
    if (b->units_memory != NULL)
        return 0;
    return refuse(
        b, -errno,
        "no memory for units beside \"data\", which no slice had before: %zu MiB for each of "
        "%u workers; raise eal.memory_mb, or the number of hugepages, and start anew",
        units_memory_bytes_each(b->appliance) >> 20, b->appliance->n_workers);
}

static int check_responders(struct build *b)
{
    if (b->may_respond || b->next.config->n_responders == 0)
        return 0;
    return refuse(b, -EINVAL,
                  "responder \"%s\": the first responder needs a restart, since memory for them "
                  "was not taken at start",
                  b->next.config->responders[0].name);
}

static int check_sticky(struct build *b)
{
    const struct config *c = b->next.config;

    for (uint32_t i = 0; !b->may_be_sticky && i < c->n_services; i++)
        if (c->services[i].sticky)
            return refuse(b, -EINVAL,
                          "service \"%s\": \"sticky\" needs a restart, since no service was at "
                          "start, and memory for it was not taken",
                          c->services[i].name);
    return 0;
}

static int take_slots(struct build *b)
{
    int error = config_take_slots(b->next.config, b->in_force, b->is_held, b->in_force->n_slices);

    config_take_numbers(b->next.config, b->in_force);

    if (error == -ENOSPC)
        return refuse(b, error,
                      "more than %u slices, those that left and still have drops under way "
                      "included; try again in some seconds",
                      b->in_force->n_slices);
    return error;
}

/* Flows look again whether they are spared. */
static bool changes_sparing(const struct config_changes *changes)
{
    for (uint32_t i = 0; i < changes->n; i++)
        if (strcmp(changes->changes[i].list, "never_drop") == 0 ||
            strcmp(changes->changes[i].option, "protect_first_packets") == 0)
            return true;
    return false;
}

static int make_policies(struct build *b)
{
    const struct policy_plan plan = {.config = b->next.config,
                                     .ports = b->ports,
                                     .machines = b->machines_next,
                                     .sources = b->next.counters->workers,
                                     .number = b->number,
                                     .fates = b->fates,
                                     .sparing = b->sparing + changes_sparing(&b->changes)};

    for (unsigned int s = 0; s < RTE_MAX_NUMA_NODES; s++) {
        if (!b->sockets[s])
            continue;
        b->next.policies[s] = policy_create(&plan, (int)s);
        if (b->next.policies[s] == NULL)
            return refuse(b, -errno,
                          "no memory for its prefixes beside those in force: raise eal.memory_mb, "
                          "or the number of hugepages, and start anew");
    }
    return 0;
}

/* Of one whose keys mean what they meant. */
static bool goes_on(const struct config_changes *changes, const char *name)
{
    for (uint32_t i = 0; i < changes->n; i++) {
        const struct config_change *c = &changes->changes[i];

        if (strcmp(c->list, "machines") == 0 && strcmp(c->name, name) == 0 &&
            (c->kind != CONFIG_CHANGED ||
             (strcmp(c->option, "ports") != 0 && strcmp(c->option, "fail") != 0 &&
              strcmp(c->option, "change_events") != 0)))
            return false;
    }
    return true;
}

static struct machine_running *in_force(const struct machines *m, const char *name)
{
    for (uint32_t i = 0; i < m->n; i++)
        if (strcmp(m->running[i]->text->name, name) == 0)
            return m->running[i];
    return NULL;
}

static int take_machines(struct build *b)
{
    const struct config *config = b->next.config;

    for (uint32_t i = 0; i < config->n_machines; i++) {
        const struct machine *m = &config->machines[i];
        int error;

        b->machines_next[i] = goes_on(&b->changes, m->name) ? in_force(b->machines, m->name) : NULL;
        if (b->machines_next[i] != NULL)
            continue;
        error = machine_running_create(&b->next.machines[i], m, b->appliance->n_workers);
        if (error != 0)
            return refuse(b, error,
                          "machine \"%s\": no memory for its keys beside those in force: lower "
                          "its max_keys, or raise eal.memory_mb and start anew",
                          m->name);
        b->machines_next[i] = b->next.machines[i];
    }
    return 0;
}

static int take_counters(struct build *b)
{
    b->next.counters = counter_set_create(b->appliance, b->next.config, b->counters, &b->changes);
    return b->next.counters != NULL
               ? 0
               : refuse(b, -ENOMEM,
                        "no memory to count sources beside those that are counted: lower "
                        "\"exact\", or raise eal.memory_mb and start anew");
}

static int build_next(struct build *b)
{
    int error = seed_check(b->next.config, b->text, sizeof(b->text));
    if (error == 0)
        error = config_diff(b->in_force, b->next.config, &b->changes);
    if (error == 0)
        error = check_classes(b);
    if (error == 0)
        error = check_sticky(b);
    if (error == 0)
        error = check_responders(b);
    if (error == 0)
        error = take_slots(b);
    if (error == 0)
        error = config_fates(b->in_force, b->next.config, &b->changes, b->fates);
    if (error == 0 && !b->dry_run)
        error = take_passive_memory(b);
    if (error == 0)
        error = take_units_memory(b);
    if (error == 0 && !b->dry_run)
        error = take_machines(b);
    if (error == 0 && !b->dry_run)
        error = take_counters(b);
    return error == 0 && !b->dry_run ? make_policies(b) : error;
}

static void free_generation(struct generation *g)
{
    for (unsigned int s = 0; s < RTE_MAX_NUMA_NODES; s++)
        policy_destroy(g->policies[s]);
    for (uint32_t i = 0; i < MACHINE_MAX; i++)
        machine_running_destroy(g->machines[i]);
    counter_set_destroy(g->counters);
    config_free(g->config);
    *g = (struct generation){0};
}

/* False: it was left alone meanwhile, and `build` is somebody else's. */
static bool make_config(struct builder *builder)
{
    struct build *b = builder->build;
    struct config_error why = {0};
    struct config *made = NULL;
    uint32_t work = WORK_MAKE;
    int error = b->make(b->context, b->in_force, &made, &why);

    if (!atomic_compare_exchange_strong(&builder->work, &work, WORK_BUILD)) {
        config_free(made);
        return false;
    }
    b->next.config = made;
    b->error = error != 0 ? refuse(b, error, "%s", why.text) : 0;
    return true;
}

static int complete(struct build *b)
{
    struct config_error why = {0};
    int error = b->complete(b->appliance, &b->next.config, &why);

    return error != 0 ? refuse(b, error, "%s", why.text) : 0;
}

static void free_next(struct build *b)
{
    free_generation(&b->next);
    passive_memory_free(b->passive_memory, b->appliance != NULL ? b->appliance->n_workers : 0);
    b->passive_memory = NULL;
    passive_memory_free(b->units_memory, b->appliance != NULL ? b->appliance->n_workers : 0);
    b->units_memory = NULL;
}

static void build(struct build *b)
{
    if (b->error == 0 && b->complete != NULL)
        b->error = complete(b);
    if (b->error == 0)
        b->error = build_next(b);
    if (b->error == -ENOMEM && b->text[0] == '\0')
        refuse(b, -ENOMEM, "not enough memory");
    if (b->error != 0 || b->dry_run)
        free_next(b);
}

static void free_all(struct build *b)
{
    config_changes_free(&b->changes);
    free_next(b);
    free_generation(&b->old);
}

static void release(struct builder *b)
{
    sem_destroy(&b->wake);
    free(b);
}

static DPDK_THREAD_RESULT run(void *argument)
{
    struct builder *b = argument;
    enum work work;

    atomic_store(&b->tid, gettid());
    while (true) {
        while (sem_wait(&b->wake) != 0)
            ;
        work = (enum work)atomic_load_explicit(&b->work, memory_order_acquire);
        if (work == WORK_END)
            return 0;
        if (work == WORK_MAKE && !make_config(b)) {
            release(b);
            atomic_fetch_sub(&n_left_alone, 1);
            return 0;
        }
        if (work == WORK_MAKE)
            build(b->build);
        else if (work == WORK_FREE)
            free_all(b->build);
        atomic_store_explicit(&b->work, WORK_NONE, memory_order_release);
    }
}

int builder_start(struct builder **out)
{
    struct builder *b = calloc(1, sizeof(*b));
    int error;

    if (b == NULL)
        return -ENOMEM;
    sem_init(&b->wake, 0, 0);
    error = dpdk_thread_create(&b->thread, "builder", run, b);
    if (error != 0) {
        release(b);
        return error;
    }
    *out = b;
    return 0;
}

bool builder_is_ready(const struct builder *b)
{
    return atomic_load_explicit(&b->work, memory_order_acquire) == WORK_NONE;
}

bool builder_await(const struct builder *b)
{
    uint32_t work;

    while ((work = atomic_load_explicit(&b->work, memory_order_acquire)) != WORK_NONE) {
        if (work == WORK_MAKE)
            return false;
        usleep(100);
    }
    return true;
}

int builder_tid(const struct builder *b)
{
    return atomic_load(&b->tid);
}

/* Nobody can end a thread that waits in the kernel; so it is left there. */
static bool leave_alone(struct builder *b)
{
    uint32_t work = WORK_MAKE;

    if (atomic_fetch_add(&n_left_alone, 1) < MOST_LEFT_ALONE &&
        atomic_compare_exchange_strong(&b->work, &work, WORK_LEFT_ALONE))
        return true;
    atomic_fetch_sub(&n_left_alone, 1);
    return false;
}

static void give(struct builder *b, enum work work)
{
    atomic_store_explicit(&b->work, work, memory_order_release);
    sem_post(&b->wake);
}

void builder_stop(struct builder *b)
{
    if (b == NULL)
        return;
    if (!builder_await(b) && leave_alone(b))
        return;
    builder_await(b);
    give(b, WORK_END);
    dpdk_thread_join(b->thread);
    release(b);
}

int builder_replace(struct builder **b)
{
    struct builder *another;
    int error = builder_start(&another);

    if (error != 0)
        return error;
    if (!leave_alone(*b)) {
        builder_stop(another);
        return -EBUSY;
    }
    *b = another;
    return 0;
}

void builder_begin(struct builder *b, struct build *build)
{
    b->build = build;
    give(b, WORK_MAKE);
}

void builder_begin_freeing(struct builder *b, struct build *build)
{
    b->build = build;
    give(b, WORK_FREE);
}
