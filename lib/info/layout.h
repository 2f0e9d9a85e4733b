/* SPDX-License-Identifier: BSD-3-Clause */
/* What a running pennyline lays open to other processes of the machine, in one piece of shared
 * memory that only it writes. pennyline-info reads it, also while the manager hangs or the whole
 * process is stopped.
 *
 *   struct info_header   constant once `magic` is there
 *   struct info_worker   for each worker: where its counters lie. These are read in place; DPDK
 *                        maps them at the same addresses in each of its processes
 *   tables (table.h)     box, ports, pools, slices, labels, aggregates: written by the manager
 *
 * A counter that is read in place is whole, but two of them may be a burst apart. */
#ifndef INFO_LAYOUT_H
#define INFO_LAYOUT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/slice.h"
#include "flow/flow.h"
#include "manager/manager.h"
#include "stats/counters.h"
#include "stats/load.h"
#include "stats/ports.h"
#include "stats/stages.h"

#define INFO_MEMZONE "pennyline_info"
#define INFO_MAGIC   UINT64_C(0x6f666e69796e6e70) /* "pnnyinfo" in memory */

/* To be raised whenever anything of this file, or of a struct in it, changes. Should that be
 * forgotten, the fingerprint (check.h) tells. */
#ifndef INFO_LAYOUT_VERSION
#define INFO_LAYOUT_VERSION 6
#endif

#define INFO_TEXT_BYTES    96
#define INFO_MOST_PREFIXES 32 /* of a slice, as reports have them */
#define INFO_CPU_WORDS     16 /* 1,024 CPUs */

/* The manager, and what it decides. */
struct info_box {
    uint64_t written_ns; /* CLOCK_MONOTONIC, which whoever reads it has, too */
    uint64_t epoch;
    uint64_t kill_switch, is_suspended; /* truth values */
    char suspended[INFO_TEXT_BYTES];    /* why */
    uint64_t n_aggregates;              /* records that were written */
    uint64_t n_aggregates_live;         /* those of them that are of an aggregate */
    uint64_t n_aggregates_refused;
    uint64_t aggregates_are_full; /* truth value */
};

struct info_port {
    char name[CONFIG_NAME_BYTES], device[256], driver[64];
    uint64_t is_mirror, link_up, has_counted; /* truth values */
    uint32_t n_rx_queues, n_tx_queues;
    struct port_statistics counted; /* by the device */
};

/* Packet buffers. */
struct info_pool {
    char name[32];
    uint64_t n, n_available;
};

struct info_slice {
    struct slice slice;                           /* its pointers mean nothing here */
    struct ip_prefix sources[INFO_MOST_PREFIXES]; /* the first of them */
    struct ip_prefix destinations[INFO_MOST_PREFIXES];
};

/* Few tests have one, so they lie apart. A place may be another test's by now. */
struct info_label {
    uint64_t aggregate, n_tests; /* whose it is */
    char text[136];
};

/* As of the last time the manager passed by: each within half a second. */
struct info_aggregate {
    struct ip_prefix prefix;
    uint8_t has_prefix, state, rule, verdict, provisional, mixed;
    uint8_t is_there; /* 0: its number is free now */
    uint32_t slice, via, reason, n_tests, n_flows_closed_loop;
    uint32_t label; /* the place of its test's label, from 1; 0: none */
    uint64_t started_ns, verdict_ns, ended_ns, first_seen_ns, last_seen_ns;
    struct anytime_values anytime;
    struct penny_result penny;
    struct aggregate_counters counters; /* of its test; of the whole run when it had none */
};

static_assert(sizeof(struct info_box) % 8 == 0 && sizeof(struct info_port) % 8 == 0 &&
                  sizeof(struct info_pool) % 8 == 0 && sizeof(struct info_slice) % 8 == 0 &&
                  sizeof(struct info_aggregate) % 8 == 0 && sizeof(struct info_label) % 8 == 0 &&
                  sizeof(((struct info_label *)0)->text) > TEST_LABEL_MOST_BYTES,
              "tables move words");

/* Bytes at start, as far as they are known. */
struct info_memory {
    uint64_t n_workers;
    uint64_t worker_engine_bytes, worker_ring_bytes; /* of each worker */
    uint64_t packets_bytes, prefixes_bytes, aggregates_and_manager_bytes, info_bytes, total_bytes;
    uint64_t heap_bytes, heap_used_bytes; /* of DPDK, when all was taken */
};

/* Pointers into memory of the worker, all read only. */
struct info_worker {
    uint32_t number, lcore;
    uint64_t n_flows_most;
    const struct worker_counters *counters;
    const struct flow_table_counters *flows;
    const uint64_t *packet_reasons;      /* PACKET_N_REASONS */
    const struct stage_counters *stages; /* N_STAGES */
    const struct worker_load *load;
    const struct load_rates *rates;  /* the manager's */
    const struct worker_port *ports; /* one for each port */
    uint64_t cpus[INFO_CPU_WORDS];   /* that its thread may run on, as a cpu_set_t */
    const void *ring;                /* its struct rte_ring: messages to the manager */
};

/* The first line stays as it is in all versions, so that others can be refused in words. */
struct info_header {
    uint64_t magic; /* written last */
    uint32_t layout_version;
    uint32_t header_bytes;
    char program_version[32];
    uint64_t fingerprint;
    uint64_t total_bytes;

    char instance[64];
    int64_t pid;
    uint64_t tsc_hz;
    uint64_t started_ns;
    _Atomic int64_t wall_offset_ns; /* to be added for nanoseconds since 1970; renewed */
    uint32_t n_workers, n_ports, n_pools, n_slices, n_aggregates_most;
    struct info_memory memory;
    uint64_t workers_at, box_at, ports_at, pools_at, slices_at, labels_at,
        aggregates_at; /* from here */
};
static_assert(offsetof(struct info_header, instance) == 64, "the first line is for ever");

#endif
