/* SPDX-License-Identifier: BSD-3-Clause */
/* A manager with four aggregates, and no traffic: 0 and 1 active, 2 passive, 3 active again with
 * the sources of none of the others. For tests and the fuzzer. */
#ifndef CONTROL_WORLD_H
#define CONTROL_WORLD_H

#include "config/config.h"
#include "control/control.h"

struct world {
    struct config *config;
    void *memory;
    struct engine_gate *gate;
    struct control_operations operations;
    uint64_t now_ns;
    unsigned int n_events;
    bool is_draining;
    uint32_t drain_timeout_s;
    unsigned int n_told; /* of commands that change something */
    json_t *told;        /* the latest one, or NULL */
};

/* Who may do all. */
extern const struct control_peer world_operator;

/* 0, or -1 when memory is short. */
int world_open(struct world *w);
void world_close(struct world *w);

/* Epochs of one worker that sees nothing. */
void world_run(struct world *w, unsigned int n_epochs);

#endif
