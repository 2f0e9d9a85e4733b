/* SPDX-License-Identifier: BSD-3-Clause */
/* The thread that reads configurations, and builds and frees policies, so that the manager never
 * waits for a disk or for the tables of 4,096 slices. One piece of work at a time; what is in it is
 * the builder's between builder_begin() and builder_is_ready(), and the manager's otherwise. */
#ifndef PENNYLINE_BUILDER_H
#define PENNYLINE_BUILDER_H

#include <rte_lcore.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/diff.h"
#include "config/slots.h"
#include "machine_running.h"
#include "policy.h"

struct appliance;
struct builder;
struct counter_set;
struct machines;

/* Makes the next configuration, not laid out in slots yet, on the builder's thread: 0 and *out is
 * the builder's, or a negative errno and error->text. `in_force` is the one of now. */
typedef int builder_make(void *context, const struct config *in_force, struct config **out,
                         struct config_error *error);

/* A configuration and what workers see of it. */
struct generation {
    struct config *config;
    struct policy *policies[RTE_MAX_NUMA_NODES];
    /* Those of its own: made for it, or left with it. */
    struct machine_running *machines[MACHINE_MAX];
    struct counter_set *counters;
};

struct build {
    /* Given. */
    builder_make *make;
    void *context; /* of make(); lives as long as the process where make() may hang */
    /* Adds to what was made; waits for nobody. 0 or a negative errno with error->text. Or NULL. */
    int (*complete)(const struct appliance *a, struct config **config, struct config_error *error);
    const struct appliance *appliance;
    const struct config *in_force;
    const struct port *ports;
    const struct machines *machines;    /* in force */
    const struct counter_set *counters; /* likewise */
    bool sockets[RTE_MAX_NUMA_NODES];   /* that have workers */
    bool is_held[SLICE_MAX];            /* manager_held_slots() */
    bool has_passive_memory;            /* workers do (passive_memory.h) */
    bool has_units_memory;              /* likewise */
    bool may_respond;                   /* likewise */
    bool may_be_sticky;                 /* memory for flows was taken */
    bool dry_run;                       /* nothing is built but the difference */
    uint64_t number;
    uint32_t sparing; /* of the rules in force */
    /* Made. */
    int error;
    char text[1400]; /* why not */
    struct config_changes changes;
    enum slice_fate fates[SLICE_MAX];
    struct machine_running *machines_next[MACHINE_MAX]; /* as in its configuration */
    struct generation next;                             /* empty after an error or a dry run */
    void **passive_memory; /* for workers that have none yet; NULL: they need none */
    void **units_memory;   /* likewise */
    /* To be freed with the rest, by builder_begin_freeing(). */
    struct generation old;
};

/* What a disk or a network file system may hold up; the largest file is read within one. */
#define BUILDER_STALE_NS UINT64_C(5000000000)

/* Starts the thread: 0 or a negative errno. */
int builder_start(struct builder **out);
/* Waits until it has ended, but for make(), which may never end: then it is left alone. NULL is
 * allowed. */
void builder_stop(struct builder *b);

/* Its number for the kernel (gettid(2)). */
int builder_tid(const struct builder *b);
/* When it is still in make(): *b is another one, as new, and the old one ends by itself when make()
 * does, frees what that made and touches nothing else but `context` while it is in there. 0,
 * -EBUSY: it is not in make(), or too many were left alone before; or what builder_start() says. */
int builder_replace(struct builder **b);

/* When it is ready: works on `build`, or frees all that it holds. */
void builder_begin(struct builder *b, struct build *build);
void builder_begin_freeing(struct builder *b, struct build *build);
bool builder_is_ready(const struct builder *b);
/* Waits for it: at the end of the process only. False: it is in make(), which may never end. */
bool builder_await(const struct builder *b);

#endif
