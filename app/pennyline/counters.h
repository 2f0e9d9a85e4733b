/* SPDX-License-Identifier: BSD-3-Clause */
/* The sources that are counted, as the manager knows them: it begins windows, and puts together
 * what workers counted. */
#ifndef PENNYLINE_COUNTERS_H
#define PENNYLINE_COUNTERS_H

#include <jansson.h>
#include <stdint.h>

#include "config/config.h"

struct appliance;
struct counter_set;

/* Workers exist, and do not run yet. 0 or a negative errno after it said why. */
int counters_up(struct appliance *a);
void counters_down(struct appliance *a);

/* Before workers see another configuration: these are counted from now on (counter_set.h). Returns
 * what was counted, without what goes on. */
struct counter_set *counters_follow(struct appliance *a, struct counter_set *next,
                                    const struct config *config);

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
