/* SPDX-License-Identifier: BSD-3-Clause */
/* How much memory an appliance takes: everything is taken at start. */
#ifndef PENNYLINE_MEMORY_H
#define PENNYLINE_MEMORY_H

#include <jansson.h>
#include <stdint.h>

#include "config/config.h"
#include "engine/engine.h"
#include "info/publish.h"
#include "manager/manager.h"
#include "places.h"

struct memory_budget {
    uint32_t n_workers, n_sockets;
    uint64_t engine_bytes, ring_bytes, other_bytes; /* of each worker */
    uint64_t packets_bytes;                         /* of all ports: their pools */
    uint64_t prefixes_bytes;                        /* of each NUMA socket */
    uint64_t aggregates_bytes; /* their table, and those of ingresses and of machines */
    uint64_t manager_bytes;    /* plain memory, none of EAL's */
    uint64_t map_bytes;        /* likewise, with what workers count */
    uint64_t info_bytes;       /* what other processes are shown */
    uint64_t node_bytes[HUGEPAGES_MAX_NODES]; /* what of it comes from EAL, by NUMA node */
};

/* Engine of a worker, but for its tables and secrets. */
struct engine_config memory_engine_config(const struct config *config);

/* The manager, but for who listens. `aggregates` has the configured capacity. */
struct manager_config memory_manager_config(const struct config *config, uint32_t n_workers,
                                            struct aggregate_table *aggregates);

/* Messages that a worker's ring holds: all aggregates and places of an epoch, and some events. */
uint32_t memory_n_messages(const struct config *config);

/* Flows of sticky services that each worker remembers, and the bytes of that: 0 when no service is
 * sticky. */
uint32_t memory_n_sticky_flows(const struct config *config);
uint64_t memory_sticky_bytes(const struct config *config);

/* How much there is to show to pennyline-info. */
struct info_shape memory_info_shape(const struct config *config, uint32_t n_workers,
                                    uint32_t n_pools);

/* Before the devices are known: descriptors that neither configuration nor drivers-cfg say yet are
 * taken as 2048. */
struct memory_budget memory_estimate(const struct config *config, const struct places *places);

uint64_t memory_total_bytes(const struct memory_budget *b);
/* What of it comes from EAL. */
uint64_t memory_eal_bytes(const struct memory_budget *b);

void memory_say(const struct memory_budget *b);
struct info_memory memory_of_budget(const struct memory_budget *b);
json_t *memory_to_json(const struct memory_budget *b);

#endif
