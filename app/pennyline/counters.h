/* SPDX-License-Identifier: BSD-3-Clause */
/* The sources that are counted: what workers count in, and who puts it together. Made at start;
 * `sources` of the configuration changes with a restart only. */
#ifndef PENNYLINE_COUNTERS_H
#define PENNYLINE_COUNTERS_H

#include <jansson.h>
#include <stdint.h>

#include "config/config.h"

struct appliance;
struct worker;

/* Items of the configuration times the slices of each. */
#define COUNTERS_MOST 16

/* What a worker has of one of them. */
struct worker_counter {
    struct sources *sources;
    struct sources_lane *lane;
    int32_t slice;  /* its slot; -1: whatever the slice */
    uint32_t ports; /* of the box, by bits */
};

struct worker_sources {
    uint32_t n;
    uint32_t by_slice; /* how many of them want to know the slice */
    struct worker_counter counters[COUNTERS_MOST];
};

/* Workers exist, and do not run yet. 0 or a negative errno after it said why. */
int counters_up(struct appliance *a);
void counters_down(struct appliance *a);

/* In each turn: begins windows, puts together some of those that ended. */
void counters_serve(struct appliance *a, uint64_t now_ns);

/* Of what is counted, as the control socket tells it: all, or one by its position; *total is how
 * many there are. A window that ended at the time `known` (or NULL) is left out, and
 * "window_known" is true. The caller's. */
json_t *counters_json(const struct appliance *a, const uint32_t *item, const char *known,
                      uint32_t *total);

/* Sources of a window of the item `name`, and of the slice if it has several: {total, offset,
 * complete, list}. NULL, and `error` says why. */
json_t *counters_list_json(const struct appliance *a, const char *name, const char *slice,
                           uint32_t offset, uint32_t count, char *error, size_t n_error);

/* Memory of each worker; that of all workers together; and of the manager, none of EAL's. */
uint64_t counters_worker_bytes(const struct config *config);
uint64_t counters_shared_bytes(const struct config *config);
uint64_t counters_manager_bytes(const struct config *config);

#endif
