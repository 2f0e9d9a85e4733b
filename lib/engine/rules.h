/* SPDX-License-Identifier: BSD-3-Clause */
/* What one generation of the configuration says to the engines: written once, by any thread, and
 * then read by all workers until every one of them follows the next (engine_follow()). */
#ifndef ENGINE_RULES_H
#define ENGINE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/never_drop.h"
#include "config/slice.h"

struct aggregate_table;
struct engine_rules;

struct engine_rules_config {
    const struct slice *slices; /* not kept */
    uint32_t n_slices;
    const struct never_drop *never_drop; /* NULL: nothing is spared; copied */
    uint32_t admissions_per_second;
    uint32_t max_manager_lateness_ms;
    /* Who is in each slot since when (config/slots.h); NULL: all are new. */
    const enum slice_fate *fates;
    /* Another number than in the rules before: flows look again whether they are spared, and drops
     * wait until all have. */
    uint32_t sparing;
};

size_t engine_rules_memory_bytes(const struct engine_rules_config *config);

/* Makes them inside `memory`, owned by the caller and aligned to a cache line. */
struct engine_rules *engine_rules_init(void *memory, const struct engine_rules_config *config);

/* The manager's thread, before an engine follows them and after the slices' aggregates were added:
 * which they are. */
void engine_rules_find_aggregates(struct engine_rules *rules, const struct aggregate_table *table);

uint32_t engine_rules_sparing(const struct engine_rules *rules);

#endif
