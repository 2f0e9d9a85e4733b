/* SPDX-License-Identifier: BSD-3-Clause */
/* One state machine that runs: its program, the table of keys that all workers share, and each
 * worker's counters. It lives as long as a policy names it; one that a change of the configuration
 * leaves as it is goes on with its keys. */
#ifndef PENNYLINE_MACHINE_RUNNING_H
#define PENNYLINE_MACHINE_RUNNING_H

#include <rte_lcore.h>
#include <stdint.h>

#include "machine/machine.h"

/* Workers read it, and write to the table and to their own lane. */
struct machine_running {
    struct machine_program *program;
    struct machine_table *table;
    struct machine_lane *lanes[RTE_MAX_LCORE]; /* by worker's number */
    uint32_t n_workers;
    /* The manager's alone. */
    const struct machine *text;          /* of the configuration in force */
    uint64_t second, n_told, n_left_out; /* events (machine_notes.h) */
};

/* Takes EAL's memory: 0 or a negative errno. Any thread. */
int machine_running_create(struct machine_running **out, const struct machine *text,
                           uint32_t n_workers);
/* No worker knows of it any more. NULL is allowed. */
void machine_running_destroy(struct machine_running *r);

#endif
