/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers need to watch traffic (mode passive), and to test units beside data segments, taken
 * beside the rest when the first slice that wants it comes while they run. It stays until the end
 * of the process. */
#ifndef PENNYLINE_PASSIVE_MEMORY_H
#define PENNYLINE_PASSIVE_MEMORY_H

#include "state.h"

/* Is there such a slice? */
bool passive_memory_is_needed(const struct config *config);

/* Bytes that each worker needs. */
size_t passive_memory_bytes_each(const struct appliance *a);

/* Makes it ready for each worker, on its NUMA node: an array by the worker's number, the caller's
 * (passive_memory_free()). NULL with errno. Any thread. */
void **passive_memory_take(const struct appliance *a);
/* NULL is allowed. */
void passive_memory_free(void **memory, uint32_t n_workers);

/* The manager's thread, before workers follow a policy with such a slice: it is theirs, and freed
 * with them (lanes_destroy()). Frees the array. */
void passive_memory_give(struct appliance *a, void **memory);

/* The same for units beside data segments; freed by passive_memory_free(), too. */
bool units_memory_is_needed(const struct config *config);
size_t units_memory_bytes_each(const struct appliance *a);
void **units_memory_take(const struct appliance *a);
void units_memory_give(struct appliance *a, void **memory);

#endif
