/* SPDX-License-Identifier: BSD-3-Clause */
/* On which NUMA nodes manager, workers and ports are, before EAL can say. */
#ifndef PENNYLINE_PLACES_H
#define PENNYLINE_PLACES_H

#include <stdint.h>

#include "config/config.h"
#include "hugepages.h"
#include "lcores.h"

struct places {
    uint8_t manager_node;
    uint32_t n_workers;
    uint8_t worker_nodes[LCORES_MAX];
    uint8_t port_nodes[CONFIG_MAX_PORTS];
};

/* Of the first `n_workers` worker lcores. What the kernel does not tell is on node 0, as DPDK takes
 * it. */
void places_find(const struct config *config, const struct lcores *lcores, uint32_t n_workers,
                 struct places *out);

#endif
