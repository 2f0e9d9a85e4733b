/* SPDX-License-Identifier: BSD-3-Clause */
/* The stages of a port: what looks at a burst after its headers were read and before its slices are
 * known, in this order. What a stage took out of the burst, neither the next ones nor the engine
 * ever see. */
#ifndef STATS_STAGES_H
#define STATS_STAGES_H

#include <stddef.h>
#include <stdint.h>

#include "stats/counters.h"

/* X(stage, "name", may it take packets out of the burst, or say where they leave). */
#define STAGES(X)                                                                                  \
    X(STAGE_MAP, "map", 0)                                                                         \
    X(STAGE_SOURCES, "sources", 0)                                                                 \
    X(STAGE_OWN_ADDRESS, "own_address", 1)                                                         \
    X(STAGE_RESPONDER, "responder", 1)                                                             \
    X(STAGE_SERVICES, "services", 1)                                                               \
    X(STAGE_MACHINES, "machines", 1)

enum port_stage {
#define X(stage, name, takes) stage,
    STAGES(X)
#undef X
        N_STAGES
};

/* A set of stages, by bits. */
#define STAGE_BIT(stage) (UINT32_C(1) << (stage))

enum {
    STAGES_TAKING = 0
#define X(stage, name, takes) | (int)(STAGE_BIT(stage) * (takes))
    STAGES(X)
#undef X
};

/* Each one row: X(field, "name", "unit", "help"). */
#define STAGE_COUNTERS(X)                                                                          \
    X(packets, "packets", "packets", "that the stage looked at")                                   \
    X(dropped, "dropped", "packets", "of them: that it dropped")                                   \
    X(answered, "answered", "packets", "of them: that it kept, to answer them")                    \
    X(generated, "generated", "packets", "that it made: answers and copies")

/* Of one stage. Written by a worker, read by anybody. */
struct stage_counters {
#define X(field, name, unit, help) uint64_t field;
    STAGE_COUNTERS(X)
#undef X
};

extern const struct counter_row stage_counter_rows[];
extern const size_t n_stage_counter_rows;

/* "sources" ...; NULL when it is none. */
const char *stage_name(enum port_stage stage);

#endif
