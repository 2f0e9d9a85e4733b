/* SPDX-License-Identifier: BSD-3-Clause */
/* What others may see and ask of a running appliance. */
#ifndef PENNYLINE_SERVICES_H
#define PENNYLINE_SERVICES_H

#include <jansson.h>

#include "state.h"

/* The control socket is ours before anything is touched; who connects waits until services_up(). A
 * test does without it, the service does not. 0 or a negative errno, and why was said. */
int services_listen(struct appliance *a);
void services_hang_up(struct appliance *a);

/* Answers on the control socket and in DPDK's telemetry. 0. */
int services_up(struct appliance *a);
void services_down(struct appliance *a);

/* In each turn of the manager's loop: clients of the control socket, and DPDK's telemetry. */
void services_serve(struct appliance *a, uint64_t now_ns);

/* Where drivers-cfg lies: the environment's PENNYLINE_DRIVERS_CFG, the installed one, or the source
 * tree's. */
const char *services_drivers_directory(void);

/* One object for each port; counts of workers, and the device's own under "device_counters". The
 * caller's. */
json_t *services_ports_json(struct appliance *a);

#endif
