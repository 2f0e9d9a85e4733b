/* SPDX-License-Identifier: BSD-3-Clause */
/* The writing side: the manager's thread. */
#ifndef INFO_PUBLISH_H
#define INFO_PUBLISH_H

#include "info/layout.h"

struct info_shape {
    uint32_t n_workers, n_ports, n_pools, n_slices, n_aggregates_most;
};

size_t info_bytes(const struct info_shape *shape);

/* Lays `memory` out, which has info_bytes() and is aligned to 64; it stays the caller's. Fields of
 * the header that the shape does not say are the caller's to fill, until info_open(). */
struct info_header *info_create(void *memory, const struct info_shape *shape);

void info_set_worker(struct info_header *h, uint32_t i, const struct info_worker *worker);
void info_write_box(struct info_header *h, const struct info_box *box);
void info_write_port(struct info_header *h, uint32_t i, const struct info_port *port);
void info_write_pool(struct info_header *h, uint32_t i, const struct info_pool *pool);
void info_write_slice(struct info_header *h, uint32_t i, const struct slice *slice);
void info_write_aggregate(struct info_header *h, const struct aggregate_report *report);
/* The number is of no aggregate any more. */
void info_clear_aggregate(struct info_header *h, uint32_t i);

/* From here on readers are let in; and no more. */
void info_open(struct info_header *h);
void info_close(struct info_header *h);

#endif
