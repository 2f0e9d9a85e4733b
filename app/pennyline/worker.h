/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker: one lcore that takes packets from its receive queues and sends them on, to completion.
 * It never locks, waits, allocates, logs or calls the system. */
#ifndef PENNYLINE_WORKER_H
#define PENNYLINE_WORKER_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "clock.h"
#include "config/config.h"
#include "engine/engine.h"
#include "ingress/ingress.h"
#include "packet/packet.h"
#include "policy.h"
#include "policy_responders.h"
#include "policy_services.h"
#include "responding.h"
#include "stats/load.h"
#include "stats/ports.h"
#include "stats/stages.h"

#define WORKER_BURST      64
#define WORKER_MAX_QUEUES (CONFIG_MAX_PORTS * CONFIG_MAX_QUEUES)

struct machines;
struct map_worker;
struct rte_mbuf;
struct rte_ring;

/* A receive queue that the worker serves. Written before it starts, and while its port is absent.
 */
struct worker_queue {
    uint16_t port;   /* index in config.ports */
    uint16_t device; /* DPDK's port id */
    uint16_t queue;
};

/* What waits to leave by a port at the end of the burst. The worker's own. */
struct worker_output {
    uint16_t device, queue;
    uint16_t n;
    struct rte_mbuf *mbufs[WORKER_BURST];
};

/* Manager writes, worker follows. */
enum worker_order {
    WORKER_RUN,
    WORKER_SETTLE, /* end pending drops as void; go on forwarding */
    WORKER_QUIT,
};

/* Worker writes, manager reads. */
enum worker_state {
    WORKER_STARTING,
    WORKER_RUNNING,
    WORKER_SETTLED, /* no drop is pending, and none will be made */
    WORKER_ENDED,
};

/* What the manager last saw of a worker's turns. */
struct worker_heart {
    uint64_t turns, seen_ns; /* how many, and when they were seen to grow */
    bool is_stale;
    char doing[32]; /* in words, when it was found to stand */
};

/* Of the services that it gives packets to: what became of them, and which member known flows of
 * sticky ones have. */
struct worker_services {
    struct service_memory *memory; /* NULL: no service was sticky at start */
    struct service_counters counters[CONFIG_MAX_SERVICES];
};

struct worker {
    /* Written by the manager before the worker starts. */
    uint16_t number; /* of its engine and its ring */
    unsigned int lcore;
    int socket;
    struct tsc_clock clock; /* the worker keeps its line up to date */
    struct engine *engine;
    struct worker_counters *counters; /* the engine's */
    struct ingress_table *ingresses;  /* shared by all workers */
    struct rte_ring *ring;
    struct worker_services *services;
    struct machines *machines;     /* shared by all workers; NULL: none */
    struct map_worker *map;        /* NULL: no map */
    struct responding *responding; /* NULL: there was no responder at start */
    uint32_t n_ports;
    uint32_t n_queues;
    struct worker_queue queues[WORKER_MAX_QUEUES];

    /* Manager writes, worker reads. What was there before is not looked at any more when the worker
     * has closed an epoch that began after that: manager_is_epoch_over(). */
    alignas(CACHE_LINE_BYTES) _Atomic(const struct policy *) policy;
    _Atomic(void *) passive_memory; /* the engine's, when it began to watch later; or NULL */
    _Atomic(void *) units_memory;   /* likewise, for units beside data segments */
    _Atomic uint32_t order;         /* enum worker_order */
    _Atomic uint32_t absent_ports;  /* by bits: their queues and outputs may change meanwhile */
    _Atomic uint32_t stages_off;    /* by bits: enum port_stage */

    /* Worker writes, manager reads. */
    alignas(CACHE_LINE_BYTES) _Atomic uint32_t state; /* enum worker_state */
    _Atomic int tid;                                  /* of its thread, once it runs */
    uint64_t packet_reasons[PACKET_N_REASONS];
    struct worker_port ports[CONFIG_MAX_PORTS];
    struct stage_counters stages[N_STAGES];
    alignas(CACHE_LINE_BYTES) struct worker_load load;

    /* The manager's own. */
    alignas(CACHE_LINE_BYTES) struct worker_load load_before; /* at the last reading */
    struct load_rates rates;                                  /* between the last two */
    struct worker_heart heart;

    /* The worker's own. */
    alignas(CACHE_LINE_BYTES) uint32_t absent; /* absent_ports, as of this turn */
    bool ask_early;                            /* flows are asked for before slices are known */
    const struct policy *followed;             /* the engine goes by its rules */
    struct ingress_memo latest_ingress;
    uint32_t n_until_sample; /* bursts; 0: the stages of this one are measured */
    uint64_t stage_began;    /* of a measured burst, in ticks */
    uint64_t checksum_due;   /* when the next one is looked at, in ticks */
    bool wants_checksum;
    struct worker_output outputs[CONFIG_MAX_PORTS];
};

/* Its device went, and may come back. */
static inline bool worker_port_is_absent(const struct worker *w, uint32_t port)
{
    return likely_false((w->absent >> port & 1) != 0);
}

/* The lcore's main function; `worker` is a struct worker. Returns 0 when told to quit. */
int worker_run(void *worker);

#endif
