/* SPDX-License-Identifier: BSD-3-Clause */
/* How the stages of a port (stats/stages.h) hang in a worker's burst. A burst of a port without
 * stages pays one branch for all of them. What a stage looks things up in is part of the policy, so
 * it changes with the generation; what it counts by itself is the worker's.
 *
 * All functions are for the worker's thread. */
#ifndef PENNYLINE_STAGES_H
#define PENNYLINE_STAGES_H

#include <stdint.h>

#include "stats/stages.h"

struct burst;
struct next_hop;
struct policy;
struct rte_mbuf;
struct worker;

/* A stage looks at the n packets of a burst, of which headers, ingress numbers and `cut` are known.
 * It may call the functions below for them; packets that it took out keep their place until it is
 * done. A stage that takes packets or sends any must be marked so in STAGES, and none may on a port
 * that is a mirror. */
typedef void stage_function(struct worker *w, struct burst *b, const struct policy *policy);

/* By enum port_stage, in stage_table.c. */
extern stage_function *const stage_functions[N_STAGES];

/* Runs those that the port has and that are not switched off (worker.stages_off), in their order,
 * and closes the gaps after each. Afterwards b->n may be 0. */
void stages_run(struct worker *w, struct burst *b, const struct policy *policy,
                stage_function *const functions[N_STAGES]);

/* Drops packet `i`, which was not taken yet. */
void stages_drop(struct worker *w, struct burst *b, unsigned int i);

/* Takes packet `i` out of the burst, to be answered. The mbuf is the caller's: he makes the answer
 * of it (stages_send()), or frees it. */
struct rte_mbuf *stages_take(struct worker *w, struct burst *b, unsigned int i);

/* Sends a packet that the stage made, by port `out`; the mbuf is taken over. It leaves before those
 * that are left of the burst. */
void stages_send(struct worker *w, const struct burst *b, uint16_t out, struct rte_mbuf *mbuf);

/* The same with a copy of packet `i`, which stays. No test drops the packet then: where its copy
 * arrives, nobody would send it again. */
void stages_send_copy(struct worker *w, struct burst *b, unsigned int i, uint16_t out,
                      struct rte_mbuf *copy);

/* Packet `i` leaves by this next hop, whatever its slice says; `hop` lives as long as the policy.
 * The last one who says so is right. */
void stages_steer(struct burst *b, unsigned int i, const struct next_hop *hop);

/* Packet `i` has this mark, of SLICE_MOST_MARK at most, for the slices; likewise. */
void stages_mark(struct burst *b, unsigned int i, uint32_t mark);

#endif
