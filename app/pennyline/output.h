/* SPDX-License-Identifier: BSD-3-Clause */
/* Where packets leave: straight to a port's transmit queue, or after they waited for others of
 * their burst. All functions are for the worker's thread, and take the packet over. */
#ifndef PENNYLINE_OUTPUT_H
#define PENNYLINE_OUTPUT_H

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>

#include "worker.h"

struct next_hop;

/* A queue that is full now may have room after its driver cleaned up: asked twice, not more. */
void output_transmit(struct worker *w, uint32_t port, struct rte_mbuf **mbufs, uint16_t n,
                     uint64_t n_bytes);

/* What waits for one port, or for any. */
void output_send(struct worker *w, uint32_t port);
void output_send_queued(struct worker *w);

/* Addresses and VLAN of the next hop. False when there is no room for a tag. A frame too short to
 * be rewritten leaves as it came: its slice was never known. */
bool output_rewrite(struct rte_mbuf *mbuf, const struct next_hop *hop);

/* A packet that came by port `in` waits to leave by port `out`. */
static inline void output_queue(struct worker *w, uint16_t in, uint16_t out, struct rte_mbuf *mbuf)
{
    struct worker_output *o = &w->outputs[out];

    if (o->n == WORKER_BURST)
        output_send(w, out);
    o->mbufs[o->n++] = mbuf;
    w->ports[in].forwarded++;
    w->ports[out].queued++;
}

#endif
