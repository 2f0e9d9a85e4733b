/* SPDX-License-Identifier: BSD-3-Clause */
/* What the manager knows, told: as JSON for programs, as a table for eyes, as an exit code for
 * scripts. One place, so that the summary of a test, the event log, the control socket and the
 * replay say the same in the same words. conf/summary.schema.json and conf/event.schema.json
 * describe what comes out here.
 *
 * Called by the manager's thread. JSON that is returned is the caller's; NULL when memory is short.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "flow/flow.h"
#include "manager/manager.h"
#include "stats/counters.h"
#include "stats/load.h"
#include "stats/ports.h"
#include "stats/stages.h"

/* How the manager's nanoseconds become times for a reader: seconds since `started_ns`, and where
 * the wall clock is known, RFC 3339 in UTC. */
struct report_clock {
    uint64_t started_ns;    /* on the manager's clock */
    bool has_wall;          /* false: no time of day, all "time" are null */
    int64_t wall_offset_ns; /* to be added to the manager's clock for time since 1970 */
};

/* "2026-11-21T07:35:00.123Z" of a time of the manager's clock. Returns `out`; "" without wall. */
#define REPORT_TIME_BYTES 32
const char *report_time(const struct report_clock *clock, uint64_t time_ns,
                        char out[REPORT_TIME_BYTES]);

/* Everything about one aggregate. Its counters lie in the object itself, by the names of
 * AGGREGATE_COUNTERS and "pending": those of the current or latest test, or of the whole run when
 * no test was ever begun; "total" has those of the whole run. NULL also when there is no such
 * aggregate. */
json_t *report_aggregate(const struct manager *m, uint32_t aggregate,
                         const struct report_clock *clock, bool with_drops);

/* One slice: what it takes in, its mode, and the parameters of its tests. Of long lists of prefixes
 * the first 32; n_sources and n_destinations say how many there are. */
json_t *report_slice(const struct slice *slice);

/* The same without what only the manager has: flows, findings of mode passive, and totals when a
 * test was begun. */
json_t *report_aggregate_row(const struct aggregate_report *r, const struct report_clock *clock);

/* What may be shown of one worker. Pointers may be NULL; they are read only, by copy. */
struct report_worker {
    uint32_t lcore;
    const struct worker_counters *counters;
    const uint64_t *packet_reasons; /* PACKET_N_REASONS of them */
    const struct flow_table_counters *flows;
    uint32_t n_flows_max;
    const struct stage_counters *stages; /* N_STAGES of them */
    const struct worker_load *load;
    const struct load_rates *rates; /* of the last second or so */
    uint64_t tsc_hz;                /* of the load's cycles */
    const char
        *stalled; /* what its thread is doing when it stands; "": it goes on; NULL: unknown */
};
json_t *report_worker_json(unsigned int number, const struct report_worker *w);

/* How the addresses of flows are told from now on, in everything of this library: as they are, cut
 * to /24 and /48, or hashed ("#" and 16 digits), so that a flow keeps its name as long as the key
 * stays and nobody without it learns the address. Set once, before anything is told. */
enum report_privacy {
    REPORT_PRIVACY_NONE,
    REPORT_PRIVACY_CUT,
    REPORT_PRIVACY_HASH,
};
void report_set_privacy(enum report_privacy how, const uint64_t key[2]);

/* What may be shown of one port. */
struct report_port {
    const char *name, *device, *driver;
    bool is_mirror, link_up;
    const char *trouble; /* why it brings nothing; NULL: it does */
    uint32_t n_rx_queues, n_tx_queues;
    struct worker_port sum;                /* over all workers */
    const struct port_statistics *counted; /* by the device; NULL: unknown */
};
json_t *report_port_json(const struct report_port *p);

struct report_run {
    const char *mode; /* what ran: "test", "run", "replay" */
    const struct manager *manager;
    const struct report_clock *clock;
    uint64_t now_ns;
    const struct worker_counters *totals; /* of all workers; NULL: not counted (replay) */
    json_t *ports; /* array, one object per port; stays the caller's; NULL: none */
    bool with_drops;
};

/* The whole run as one object. "reconciled" is true when every identity holds: of each aggregate,
 * of the workers' packets, and between both (all drops are some aggregate's); else "broken" says in
 * words which does not. */
json_t *report_summary(const struct report_run *run);

/* One event as a line of the log has it; "verdict", "provisional" and "test_ended" carry the
 * aggregate's whole report, drops excepted. May be called from the manager's on_event. */
json_t *report_event(const struct manager *m, const struct manager_event *event,
                     const struct report_clock *clock);

/* The run as a table for eyes. */
void report_table(FILE *out, const struct report_run *run);

/* 0 closed_loop, or no test was begun (modes passive and off); 10 not_closed_loop, 11
 * duplicates_exceeded, 12 inconclusive, or undecided yet, 13 not one segment was dropped. */
#define EXIT_CODE_NOTHING_TESTED 13
int report_exit_code(const struct aggregate_report *r);

/* The worst of all aggregates: what speaks against senders first, then what could not be told, 0
 * last; so of those that are not 0 the least. */
int report_worst_exit_code(const struct manager *m);

#endif
