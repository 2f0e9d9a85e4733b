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
#include "policy.h"

struct builder;

/* Makes the next configuration, not laid out in slots yet, on the builder's thread: 0 and *out is
 * the builder's, or a negative errno and error->text. `in_force` is the one of now. */
typedef int builder_make(void *context, const struct config *in_force, struct config **out,
                         struct config_error *error);

/* A configuration and what workers see of it. */
struct generation {
    struct config *config;
    struct policy *policies[RTE_MAX_NUMA_NODES];
};

struct build {
    /* Given. */
    builder_make *make;
    void *context;
    const struct config *in_force;
    const struct port *ports;
    bool sockets[RTE_MAX_NUMA_NODES]; /* that have workers */
    bool is_held[SLICE_MAX];          /* manager_held_slots() */
    bool may_be_passive;              /* memory was taken for it */
    bool dry_run;                     /* nothing is built but the difference */
    uint64_t number;
    uint32_t sparing; /* of the rules in force */
    /* Made. */
    int error;
    char text[1400]; /* why not */
    struct config_changes changes;
    enum slice_fate fates[SLICE_MAX];
    struct generation next; /* empty after an error or a dry run */
    /* To be freed with the rest, by builder_begin_freeing(). */
    struct generation old;
};

/* Starts the thread: 0 or a negative errno. */
int builder_start(struct builder **out);
/* Waits until it has ended. NULL is allowed. */
void builder_stop(struct builder *b);

/* When it is ready: works on `build`, or frees all that it holds. */
void builder_begin(struct builder *b, struct build *build);
void builder_begin_freeing(struct builder *b, struct build *build);
bool builder_is_ready(const struct builder *b);
/* Waits for it: at the end of the process only. */
void builder_await(const struct builder *b);

#endif
