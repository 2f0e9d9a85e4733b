/* SPDX-License-Identifier: BSD-3-Clause */
/* One burst through a worker: receive, parse, classify, look up flows, let the engine decide,
 * forward or drop, send. In doubt, forward.
 *
 * Each packet that came in ends in one counter of struct worker_port: forwarded (then tx or
 * tx_full), dropped, absorbed or no_headroom. Packets of a flow leave in the order in which they
 * came, since stages work through the burst in order and each port has one output. */
#include "worker.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#include "prefix/prefix.h"

#define MIN_FRAME_BYTES 60

/* What is known of the packets of a burst, side by side. */
struct burst {
    uint16_t port; /* where they came in */
    unsigned int n;
    struct rte_mbuf *mbufs[WORKER_BURST];
    struct packet_view views[WORKER_BURST];
    int32_t slices[WORKER_BURST];
    enum engine_action actions[WORKER_BURST];
    /* Those that the engine looks at. */
    unsigned int n_tested;
    uint8_t tested_at[WORKER_BURST];
    struct engine_packet tested[WORKER_BURST];
};

static void drop_mbuf(struct worker *w, uint16_t port, struct rte_mbuf *mbuf)
{
    w->counters->dropped++;
    w->ports[port].dropped++;
    rte_pktmbuf_free(mbuf);
}

static void lose_for_headroom(struct worker *w, uint16_t port, struct rte_mbuf *mbuf)
{
    w->counters->lost_no_headroom++;
    w->ports[port].no_headroom++;
    rte_pktmbuf_free(mbuf);
}

/* Some drivers hand the outer VLAN tag over beside the packet: back in it goes. */
static bool restore_vlan(struct rte_mbuf **mbuf)
{
    if (likely_true(((*mbuf)->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) == 0))
        return true;
    return rte_vlan_insert(mbuf) == 0;
}

static void receive(struct worker *w, struct burst *b, const struct worker_queue *q)
{
    uint16_t n = rte_eth_rx_burst(q->device, q->queue, b->mbufs, WORKER_BURST);
    uint64_t n_bytes = 0;

    b->port = q->port;
    b->n = 0;
    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *mbuf = b->mbufs[i];

        n_bytes += rte_pktmbuf_pkt_len(mbuf);
        if (restore_vlan(&mbuf))
            b->mbufs[b->n++] = mbuf;
        else
            lose_for_headroom(w, q->port, mbuf);
    }
    w->counters->rx_packets += n;
    w->counters->rx_bytes += n_bytes;
    w->ports[q->port].rx += n;
}

/* What a mirror brings may be cut, and wrapped in a tunnel from where it was copied. */
static void parse(struct worker *w, struct burst *b, bool is_mirror)
{
    for (unsigned int i = 0; i < b->n; i++)
        rte_prefetch0(rte_pktmbuf_mtod(b->mbufs[i], void *));
    for (unsigned int i = 0; i < b->n; i++) {
        const uint8_t *data = rte_pktmbuf_mtod(b->mbufs[i], const uint8_t *);
        uint32_t n_here = rte_pktmbuf_data_len(b->mbufs[i]);
        uint32_t n_frame = is_mirror ? PACKET_FRAME_SLICED : rte_pktmbuf_pkt_len(b->mbufs[i]);

        packet_parse_ethernet(data, n_here, n_frame, &b->views[i]);
        if (is_mirror)
            packet_decapsulate(data, n_here, &b->views[i]);
        w->packet_reasons[b->views[i].reason]++;
    }
}

/* What tells paths apart: the port, both VLAN ids, which are 12 bits or none (0xffff), and for what
 * came in a tunnel, which one. */
static uint32_t ingress_of(uint16_t port, const struct packet_view *v)
{
    uint32_t outer = (v->vlan_id[0] + 1u) & 0x1fff, inner = (v->vlan_id[1] + 1u) & 0x1fff;
    uint32_t path = (outer << 13 | inner) ^ v->tunnel_id;

    return (uint32_t)port << 26 | (path & 0x3ffffff);
}

/* Slices of all packets, and those that the engine is to look at. Nothing of what a
 * mirror brings could be dropped, so active slices never see it. */
static void classify(struct worker *w, struct burst *b, const struct policy *policy, bool is_mirror)
{
    unsigned int n_slice = 0, n_not_tcp = 0;

    prefix_classify_bulk(policy->prefixes, b->views, b->n, b->port, b->slices);
    b->n_tested = 0;
    for (unsigned int i = 0; i < b->n; i++) {
        const struct policy_slice *s;

        b->actions[i] = ENGINE_FORWARD;
        if (b->slices[i] < 0)
            continue;
        n_slice++;
        s = &policy->slices[b->slices[i]];
        if (b->views[i].reason != PACKET_TCP) {
            n_not_tcp++;
        } else if (!(is_mirror && s->may_drop)) {
            b->tested_at[b->n_tested] = (uint8_t)i;
            b->tested[b->n_tested++] = (struct engine_packet){
                .view = &b->views[i],
                .slice = (uint32_t)b->slices[i],
                .ingress = ingress_of(b->port, &b->views[i]),
                .n_bytes = rte_pktmbuf_pkt_len(b->mbufs[i]),
                .data = rte_pktmbuf_mtod(b->mbufs[i], const uint8_t *),
            };
        }
    }
    w->counters->slice_packets += n_slice;
    w->counters->slice_not_tcp += n_not_tcp;
    w->counters->untested += b->n - n_slice;
}

static void decide(struct worker *w, struct burst *b)
{
    if (b->n_tested == 0)
        return;
    engine_lookup_bulk(w->engine, b->tested, b->n_tested);
    for (unsigned int i = 0; i < b->n_tested; i++)
        b->actions[b->tested_at[i]] = engine_packet(w->engine, &b->tested[i]);
}

/* A queue that is full now may have room after its driver cleaned up: asked twice, not more. */
static void send_output(struct worker *w, uint32_t port)
{
    struct worker_output *o = &w->outputs[port];
    uint64_t n_bytes = 0;
    uint16_t n_sent = 0;

    for (uint16_t i = 0; i < o->n; i++)
        n_bytes += rte_pktmbuf_pkt_len(o->mbufs[i]);
    for (unsigned int turn = 0; turn < 2 && n_sent < o->n; turn++)
        n_sent += rte_eth_tx_burst(o->device, o->queue, o->mbufs + n_sent, o->n - n_sent);
    for (uint16_t i = n_sent; i < o->n; i++) {
        n_bytes -= rte_pktmbuf_pkt_len(o->mbufs[i]);
        rte_pktmbuf_free(o->mbufs[i]);
    }
    w->counters->tx_packets += n_sent;
    w->counters->tx_bytes += n_bytes;
    w->counters->lost_tx_full += o->n - n_sent;
    w->ports[port].tx += n_sent;
    w->ports[port].tx_full += o->n - n_sent;
    o->n = 0;
}

static void queue_mbuf(struct worker *w, uint16_t in, uint16_t out, struct rte_mbuf *mbuf)
{
    struct worker_output *o = &w->outputs[out];

    if (o->n == WORKER_BURST)
        send_output(w, out);
    o->mbufs[o->n++] = mbuf;
    w->ports[in].forwarded++;
    w->ports[out].queued++;
}

/* Addresses and VLAN of the next hop. False when there is no room for a tag. A frame too short to
 * be rewritten leaves as it came: its slice was never known. */
static bool rewrite(struct rte_mbuf *mbuf, const struct next_hop *hop)
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

static void forward(struct worker *w, const struct burst *b, const struct policy *policy)
{
    uint16_t pair = policy->ports[b->port].pair;

    for (unsigned int i = 0; i < b->n; i++) {
        struct rte_mbuf *mbuf = b->mbufs[i];
        const struct next_hop *hop;

        if (b->actions[i] == ENGINE_DROP) {
            drop_mbuf(w, b->port, mbuf);
            continue;
        }
        hop = policy_next_hop(policy, b->slices[i], &b->views[i]);
        if (hop == NULL)
            queue_mbuf(w, b->port, pair, mbuf);
        else if (rewrite(mbuf, hop))
            queue_mbuf(w, b->port, hop->port, mbuf);
        else
            lose_for_headroom(w, b->port, mbuf);
    }
    for (uint32_t port = 0; port < w->n_ports; port++)
        if (w->outputs[port].n > 0)
            send_output(w, port);
}

/* What a mirror brings has been on its way already. */
static void absorb(struct worker *w, const struct burst *b)
{
    rte_pktmbuf_free_bulk((struct rte_mbuf **)(uintptr_t)b->mbufs, b->n);
    w->counters->absorbed_mirror += b->n;
    w->ports[b->port].absorbed += b->n;
}

static unsigned int process_burst(struct worker *w, struct burst *b, const struct worker_queue *q,
                                  const struct policy *policy)
{
    bool is_mirror = policy->ports[q->port].is_mirror;

    receive(w, b, q);
    if (b->n == 0)
        return 0;
    parse(w, b, is_mirror);
    classify(w, b, policy, is_mirror);
    decide(w, b);
    if (is_mirror)
        absorb(w, b);
    else
        forward(w, b, policy);
    return b->n;
}

static void follow_order(struct worker *w, uint32_t order)
{
    if (order == WORKER_SETTLE &&
        atomic_load_explicit(&w->state, memory_order_relaxed) == WORKER_RUNNING) {
        engine_stop(w->engine);
        atomic_store_explicit(&w->state, WORKER_SETTLED, memory_order_release);
    }
}

int worker_run(void *worker)
{
    struct worker *w = worker;
    struct burst burst;
    uint32_t order;

    atomic_store_explicit(&w->state, WORKER_RUNNING, memory_order_release);
    while ((order = atomic_load_explicit(&w->order, memory_order_acquire)) != WORKER_QUIT) {
        const struct policy *policy = atomic_load_explicit(&w->policy, memory_order_acquire);
        unsigned int n_packets = 0;

        engine_begin_burst(w->engine, tsc_clock_now_ns(&w->clock));
        for (uint32_t i = 0; i < w->n_queues; i++)
            n_packets += process_burst(w, &burst, &w->queues[i], policy);
        follow_order(w, order);
        engine_post_epoch(w->engine);
        if (n_packets == 0)
            rte_pause();
    }
    atomic_store_explicit(&w->state, WORKER_ENDED, memory_order_release);
    return 0;
}
