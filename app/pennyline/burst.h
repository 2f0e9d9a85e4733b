/* SPDX-License-Identifier: BSD-3-Clause */
/* A burst on its way through a worker. */
#ifndef PENNYLINE_BURST_H
#define PENNYLINE_BURST_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "packet/packet.h"
#include "stats/stages.h"
#include "worker.h"

struct next_hop;
struct rte_mbuf;

/* What is known of the packets of a burst, side by side. */
struct burst {
    uint16_t port; /* where they came in */
    unsigned int n;
    uint64_t n_bytes;
    bool all_leave_unchanged;   /* none dropped, none rewritten, none cut */
    uint64_t cut;               /* those that are, by bits */
    uint64_t dropped_datagrams; /* likewise: first flights of QUIC that a test drops */
    enum port_stage stage;      /* that looks at them now */
    uint64_t taken;             /* by it, by bits */
    uint64_t copied;            /* those of which a copy has left, by bits */
    bool has_exits;             /* a stage said where some of them leave */
    const struct next_hop *exits[WORKER_BURST]; /* valid when it did; NULL: nothing was said */
    struct rte_mbuf *mbufs[WORKER_BURST];
    struct packet_view views[WORKER_BURST];
    uint16_t ingresses[WORKER_BURST];
    bool has_marks;               /* a stage marked some of them */
    uint32_t marks[WORKER_BURST]; /* valid when it did; SLICE_NO_MARK */
    bool is_classified;           /* slices are known, since a stage asked */
    int32_t slices[WORKER_BURST];
    enum engine_action actions[WORKER_BURST]; /* valid unless all leave unchanged */
    /* Those that the engine looks at. */
    unsigned int n_tested;
    uint8_t tested_at[WORKER_BURST];
    /* Those of a slice that are no whole TCP packets. */
    unsigned int n_untestable;
    uint8_t untestable_at[WORKER_BURST];
    bool asked; /* the engine was asked for the flows of all packets already */
    struct engine_packet packets[WORKER_BURST];
};

#endif
