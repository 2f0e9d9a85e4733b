/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole appliance, for those that look at all of it: its parts, and who owns them. */
#ifndef PENNYLINE_STATE_H
#define PENNYLINE_STATE_H

#include <rte_lcore.h>
#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "config/config.h"
#include "control/control.h"
#include "manager/manager.h"
#include "memory.h"
#include "netdev/claim.h"
#include "notify.h"
#include "policy.h"
#include "port/port.h"
#include "report/report.h"
#include "worker.h"

struct change;
struct counters;
struct eventlog;
struct machines;
struct members;
struct info_header;
struct manager;
struct rte_mempool;

struct looking;

struct appliance_options {
    const char *program;
    const char *config_path;    /* NULL: it came from the command line */
    char *const *eal_arguments; /* ends with NULL; may be NULL */
    bool is_test;               /* ends when all tests have ended; else only when told to */
    uint32_t duration_ms;       /* 0: no limit */
    bool keep_forwarding;       /* a test that has ended does not end the program */
    bool show_progress;         /* a table that follows the tests, on standard error */
    struct looking *looking;    /* it counts sources, and touches nothing; else NULL */
};

/* How the ports did in the last interval, for the own-loss gate. */
struct appliance_watch {
    uint64_t next_ns;
    uint64_t n_packets, n_missed, n_no_buffer, n_errors, n_tx_full, n_cut;
};

/* A port whose device goes and comes back (replug.h). */
enum replug_state { REPLUG_HERE, REPLUG_LEAVING, REPLUG_AWAY };

struct appliance_replug {
    enum replug_state state;
    uint64_t epoch;  /* LEAVING: when workers were told */
    uint64_t try_ns; /* AWAY: the next time */
    bool is_told;    /* why the last try failed */
};

/* On the way out of the path (drain.h). */
struct appliance_drain {
    bool has_begun;
    uint64_t began_ns, ends_ns;         /* UINT64_MAX: when no packet comes, however late */
    uint64_t n_packets, quiet_since_ns; /* how many had come, and since when no more */
};

/* How far other processes were told. */
struct appliance_inspected {
    uint64_t next_ns, last_ns;
    uint32_t n_written;     /* aggregates that were told of at least once */
    uint32_t next;          /* the one whose turn it is, modulo n_written */
    uint32_t n_slices_left; /* slots to be told of, since the configuration changed */
};

/* The table on the terminal. */
struct progress {
    uint64_t next_ns;
    unsigned int n_lines; /* on the screen now */
};

/* The manager's thread owns all of it; workers see their struct worker and what that points to. */
struct appliance {
    const struct config *config; /* in force; change.h says whose */
    const struct appliance_options *options;
    struct clock_steering steering;   /* of the workers' clock */
    struct clock_board clock_board;   /* where they find it */
    uint64_t steer_ns;                /* when it is looked at next */
    struct report_clock report_clock; /* how times are told */
    uint64_t started_ns;
    struct memory_budget memory;

    struct netdev_claim claims[CONFIG_MAX_PORTS]; /* of the ports' devices, in their order */
    uint32_t n_ports;
    struct port ports[CONFIG_MAX_PORTS];
    struct rte_mempool *pools[RTE_MAX_NUMA_NODES];
    struct policy *policies[RTE_MAX_NUMA_NODES]; /* by the worker's NUMA node */

    uint32_t n_workers;
    struct worker *workers[RTE_MAX_LCORE];
    struct engine_gate *gate;
    void *aggregates_memory;
    struct aggregate_table *aggregates;
    void *ingresses_memory;
    struct ingress_table *ingresses;
    struct manager *manager;
    struct counter_set *counters; /* of sources (counters.h) */

    struct eventlog *log;
    struct control *control;
    struct control_operations operations; /* what control and telemetry work on */
    int signals;                          /* signalfd */
    struct notify notify;                 /* the service manager */
    uint64_t n_messages;                  /* of workers, taken in turns */
    bool must_stop, must_stop_at_once;    /* told once, or again */
    bool hangs;                           /* a worker did not end, so nothing can be given back */
    struct appliance_drain drain;
    struct appliance_replug replugs[CONFIG_MAX_PORTS];
    uint64_t replug_ns;                   /* when ports are looked at next */
    struct change *change;                /* of the configuration */
    struct members *members;              /* of services */
    struct machines *machines;            /* NULL: none */
    struct responding_shared *responding; /* NULL: there was no responder at start */
    uint32_t key_period;                  /* in which a key of cookies was last renewed */
    struct asked *asked;                  /* slices and tests at run time */
    struct mapping *mapping;              /* NULL: no map */
    bool has_told_end;                    /* of a test after which forwarding goes on */
    bool has_told_ready;                  /* the service manager, that all workers forward */
    uint64_t hearts_looked_ns;            /* when workers were last looked at */
    struct appliance_watch watch;
    struct port_statistics watched[CONFIG_MAX_PORTS]; /* of each port, when it could last be read */
    uint64_t watch_loads_ns;                          /* when the workers' load is read next */
    struct progress progress;
    struct info_header *info; /* NULL: other processes cannot see it */
    struct appliance_inspected inspected;

    unsigned int n_problems; /* what did not reconcile at the end */
    char problems[16][256];
};

static inline uint64_t appliance_now_ns(const struct appliance *a)
{
    (void)a;
    return monotonic_now_ns();
}

#endif
