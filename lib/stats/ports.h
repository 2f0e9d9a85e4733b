/* SPDX-License-Identifier: BSD-3-Clause */
/* What became of the packets of a port: as workers count, and as the device does. */
#ifndef STATS_PORTS_H
#define STATS_PORTS_H

#include <stdint.h>

/* One port as one worker saw it. Identities, between bursts:
 *   rx + generated = forwarded + dropped + dropped_by_stage + answered + absorbed + no_headroom +
 *                    cut                 (where they came in, or what they were made for did)
 *   queued = tx + tx_full                (where they leave)
 *   over all ports: forwarded = queued
 * Written by the worker, read by anybody. */
struct worker_port {
    uint64_t rx, forwarded, dropped, absorbed, no_headroom, cut;
    uint64_t queued, tx, tx_full;
    uint64_t dropped_by_stage, answered, generated;
};

/* Of the device, cumulative since it was started. */
struct port_statistics {
    uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
    uint64_t missed;    /* receive queue full: lost before a worker could take them */
    uint64_t no_buffer; /* the pool was empty: likewise */
    uint64_t rx_errors, tx_errors;
};

/* By how much the device's counters of lost packets grew since `last`, which becomes `now`. A
 * device that was reset, or plugged in anew, counts from 0 again: nothing grew then, for all that
 * is known.
 */
static inline struct port_statistics port_statistics_take_losses(struct port_statistics *last,
                                                                 const struct port_statistics *now)
{
    struct port_statistics grown = {0};

#define TAKE(field) grown.field = now->field > last->field ? now->field - last->field : 0
    TAKE(missed);
    TAKE(no_buffer);
    TAKE(rx_errors);
    TAKE(tx_errors);
#undef TAKE
    *last = *now;
    return grown;
}

static inline void worker_port_add(struct worker_port *sum, const struct worker_port *p)
{
    sum->rx += p->rx;
    sum->forwarded += p->forwarded;
    sum->dropped += p->dropped;
    sum->absorbed += p->absorbed;
    sum->no_headroom += p->no_headroom;
    sum->cut += p->cut;
    sum->queued += p->queued;
    sum->tx += p->tx;
    sum->tx_full += p->tx_full;
    sum->dropped_by_stage += p->dropped_by_stage;
    sum->answered += p->answered;
    sum->generated += p->generated;
}

#endif
