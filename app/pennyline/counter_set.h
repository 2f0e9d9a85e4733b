/* SPDX-License-Identifier: BSD-3-Clause */
/* What sources are counted in, of one generation. One is made by the builder when the configuration
 * changes, and takes what goes on as it is over from the one in force: an item of `sources` that
 * did not change goes on counting in its window. */
#ifndef PENNYLINE_COUNTER_SET_H
#define PENNYLINE_COUNTER_SET_H

#include <rte_lcore.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "config/diff.h"
#include "sources/keeper.h"
#include "sources/rise.h"

/* Items of the configuration times the slices of each. */
#define COUNTERS_MOST 16

struct appliance;

struct counter {
    const struct counting *config;
    int32_t slice; /* its slot; -1: whatever the slice */
    struct sources *sources;
    uint32_t n_lanes;
    struct sources_lane *lanes[RTE_MAX_LCORE];
    struct sources_keeper *keeper;
    struct sources_rise *rise; /* NULL: nobody asks */
    uint64_t left_epoch;
    bool is_leaving;
    uint64_t n_clock_sets, n_late; /* that were told */
};

/* What a worker has of one of them. */
struct worker_counter {
    struct sources *sources;
    struct sources_lane *lane;
    int32_t slice;
    uint32_t ports; /* of the box, by bits */
};

struct worker_sources {
    uint32_t n;
    uint32_t by_slice; /* how many of them want to know the slice */
    struct worker_counter counters[COUNTERS_MOST];
};

struct counter_set {
    uint32_t n;
    struct counter *counters[COUNTERS_MOST];
    bool is_others[COUNTERS_MOST];  /* the one in force has it, too: not to be freed with this */
    struct worker_sources *workers; /* by their numbers */
    uint64_t look_ns;
};

/* Of a configuration that is laid out in slots. What of it is in `in_force` (or NULL) and did not
 * change is that. NULL: no memory. Any thread; `in_force` stands still meanwhile but for its
 * counts. */
struct counter_set *counter_set_create(const struct appliance *a, const struct config *config,
                                       const struct counter_set *in_force,
                                       const struct config_changes *changes);

/* Frees it with what is its own; NULL is allowed. When no worker looks at it. Any thread. */
void counter_set_destroy(struct counter_set *s);

/* What goes on is now that of `next`, and is described by `config`. The manager's thread. */
void counter_set_take_over(struct counter_set *before, struct counter_set *next,
                           const struct config *config);

/* The time of CLOCK_MONOTONIC, by both clocks. */
struct sources_time counter_time(uint64_t now_ns);

/* 0 or a negative errno. */
int counter_draw_key(uint64_t key[2]);

#endif
