/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers of an appliance: made, given queues, launched, stopped. */
#ifndef PENNYLINE_LANES_H
#define PENNYLINE_LANES_H

#include "state.h"

/* How many workers there will be: an lcore for each queue, as far as there are lcores. */
uint32_t lanes_count(const struct config *config, uint32_t n_worker_lcores);

/* Engines and rings of all workers, on their NUMA nodes. The manager exists already. 0 or a
 * negative errno after it said why. */
int lanes_create(struct appliance *a);
void lanes_destroy(struct appliance *a);

int lanes_launch(struct appliance *a);

/* Tells all workers; lanes_reached() says when all are there. */
void lanes_order(struct appliance *a, enum worker_order order);
bool lanes_reached(const struct appliance *a, enum worker_state state);

/* Waits for workers that were told to quit, and ended. */
void lanes_join(struct appliance *a);

/* Workers leave a port alone from their next turn on, or use it again; with the queues that it has
 * now. */
void lanes_set_absent(struct appliance *a, const struct port *port, bool is_absent);

/* Sums over workers. */
struct worker_port lanes_port_sum(const struct appliance *a, uint32_t port);
struct worker_counters lanes_counters_sum(const struct appliance *a);

#endif
