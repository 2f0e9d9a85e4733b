/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine and the manager of the appliance, driven by a capture: one worker that posts straight
 * to the manager, and the times of packets as the clock. The clock never goes back: a packet that
 * is older than the one before it happens at the time of that one.
 *
 * One thread; one replay at a time. */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "engine/engine.h"
#include "ingress/ingress.h"
#include "manager/manager.h"
#include "pennyline-replay/capture.h"
#include "report/report.h"

struct replay {
    const struct config *config;
    struct engine *engine;
    struct manager *manager;
    struct report_clock clock; /* the packets' times are the time of day */
    struct aggregate_table *aggregates;
    struct ingress_table *ingresses;
    struct ingress_memo latest_ingress;
    struct engine_gate *gate;
    void *engine_memory, *aggregates_memory, *ingresses_memory;
    size_t memory_bytes;
    uint64_t first_ns, last_ns; /* of the packets; 0: none yet */
    uint64_t now_ns, n_epochs;
    uint64_t n_went_back; /* packets that were older than the one before */
    uint64_t packet_reasons[PACKET_N_REASONS];
    int latest_slice; /* of the latest packet; -1: of none */
};

/* Takes all memory. `config` outlives the replay. 0; -ENOMEM; or what getrandom(2) says. */
int replay_open(struct replay *r, const struct config *config,
                void (*on_event)(void *context, const struct manager_event *event), void *context);

/* All epochs up to the time of a packet, and the packet: would it have been dropped? */
enum engine_action replay_packet(struct replay *r, const struct capture_packet *packet);

/* After the last packet: evaluates once more, then all tests end. Drops still pending become void:
 * whether they would have come back, the capture does not say. */
void replay_finish(struct replay *r);

/* NULL, or the identity that does not hold (after replay_finish()). */
const char *replay_check(const struct replay *r);

void replay_close(struct replay *r);

#endif
