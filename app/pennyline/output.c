/* SPDX-License-Identifier: BSD-3-Clause */
#include "output.h"

#include <rte_ethdev.h>

#include "nexthop/nexthop.h"

#define MIN_FRAME_BYTES 60

/* A queue that is full now may have room after its driver cleaned up: asked twice, not more. */
void output_transmit(struct worker *w, uint32_t port, struct rte_mbuf **mbufs, uint16_t n,
                     uint64_t n_bytes)
{
    const struct worker_output *o = &w->outputs[port];
    uint16_t n_sent = 0;

    for (unsigned int turn = 0; turn < 2 && n_sent < n && !worker_port_is_absent(w, port); turn++)
        n_sent += rte_eth_tx_burst(o->device, o->queue, mbufs + n_sent, n - n_sent);
    for (uint16_t i = n_sent; i < n; i++) {
        n_bytes -= rte_pktmbuf_pkt_len(mbufs[i]);
        rte_pktmbuf_free(mbufs[i]);
    }
    w->counters->tx_packets += n_sent;
    w->counters->tx_bytes += n_bytes;
    w->counters->lost_tx_full += n - n_sent;
    w->ports[port].tx += n_sent;
    w->ports[port].tx_full += n - n_sent;
}

void output_send(struct worker *w, uint32_t port)
{
    struct worker_output *o = &w->outputs[port];
    uint64_t n_bytes = 0;

    for (uint16_t i = 0; i < o->n; i++)
        n_bytes += rte_pktmbuf_pkt_len(o->mbufs[i]);
    output_transmit(w, port, o->mbufs, o->n, n_bytes);
    o->n = 0;
}

void output_send_queued(struct worker *w)
{
    for (uint32_t port = 0; port < w->n_ports; port++)
        if (w->outputs[port].n > 0)
            output_send(w, port);
}

bool output_rewrite(struct rte_mbuf *mbuf, const struct next_hop *hop)
{
    int grow = 0;

    if (rte_pktmbuf_headroom(mbuf) < NEXTHOP_HEADROOM_BYTES)
        return false;
    if (nexthop_rewrite(hop, rte_pktmbuf_mtod(mbuf, uint8_t *), rte_pktmbuf_data_len(mbuf),
                        &grow) != 0)
        return true;
    if (grow > 0)
        rte_pktmbuf_prepend(mbuf, (uint16_t)grow);
    if (grow < 0) {
        rte_pktmbuf_adj(mbuf, (uint16_t)-grow);
        if (rte_pktmbuf_pkt_len(mbuf) < MIN_FRAME_BYTES) {
            uint16_t n_padding = (uint16_t)(MIN_FRAME_BYTES - rte_pktmbuf_pkt_len(mbuf));
            char *padding = rte_pktmbuf_append(mbuf, n_padding);

            if (padding != NULL)
                memset(padding, 0, n_padding);
        }
    }
    return true;
}
