/* SPDX-License-Identifier: BSD-3-Clause */
/* Watching the ports: the box's own losses, for the gate, and links; the
 * clock; and how busy workers are. */
#ifndef PENNYLINE_WATCH_H
#define PENNYLINE_WATCH_H

#include "state.h"

/* Every 100 ms: tells the manager what was received and lost since, and follows links. */
void watch_ports(struct appliance *a, uint64_t now_ns);

/* Every second: keeps the workers' clock in step with the system's, and learns what the wall clock
 * says. */
void watch_clock(struct appliance *a, uint64_t now_ns);

/* Every second: how busy each worker was in it. */
void watch_loads(struct appliance *a, uint64_t now_ns);

/* What does not add up now that all workers have ended: to a->problems, and said. */
void watch_reconcile(struct appliance *a);

#endif
