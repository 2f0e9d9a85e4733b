/* SPDX-License-Identifier: BSD-3-Clause */
/* The state machines that run, as the manager knows them. The manager's thread, but for what
 * workers read. */
#ifndef PENNYLINE_MACHINES_H
#define PENNYLINE_MACHINES_H

#include <jansson.h>
#include <rte_lcore.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "config/config.h"
#include "machine/machine.h"
#include "machine_notes.h"
#include "machine_running.h"

struct appliance;

struct machines {
    uint32_t n;
    struct machine_running *running[MACHINE_MAX];  /* the manager's; workers go by their policy */
    struct machine_notes *notes[RTE_MAX_LCORE];    /* by worker's number */
    alignas(CACHE_LINE_BYTES) _Atomic bool is_off; /* those that fail open forward all */
    alignas(CACHE_LINE_BYTES) uint64_t swept_epoch, n_passed;
    struct machine_limits limits;
};

/* 0 or a negative errno. */
int machines_up(struct appliance *a);
void machines_down(struct appliance *a);

/* Before workers see another configuration: these machines are in force from now on, in its order.
 * Those that no longer are come to `left`, of MACHINE_MAX; returns how many. */
uint32_t machines_follow(struct appliance *a, const struct config *config,
                         struct machine_running *const *running, struct machine_running **left);

/* In each turn of the manager's loop: whether they fail open now, and a part of each table. */
void machines_serve(struct appliance *a, uint64_t now_ns);

/* All machines with their counters; the caller's. */
json_t *machines_json(const struct appliance *a);

struct machines_query {
    const char *name;
    const char *key, *state; /* NULL: any */
    uint32_t most;
};

/* Keys of one machine, as a page. NULL, and `error` says why. */
json_t *machines_keys_json(const struct appliance *a, const struct machines_query *query,
                           uint64_t now_ns, char *error, size_t n_error);

/* Puts a key into a state; the initial one forgets it. False, and `error` says why. */
bool machines_put(struct appliance *a, const char *name, const char *key, const char *state,
                  char *error, size_t n_error);

#endif
