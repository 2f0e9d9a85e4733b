/* SPDX-License-Identifier: BSD-3-Clause */
/* One burst through a worker: receive, parse, stages of the port, classify, look up flows, let the
 * engine decide, forward or drop, send. In doubt, forward.
 *
 * Each packet that came in, and each that a stage made, ends in one counter of struct worker_port:
 * forwarded (then tx or tx_full), dropped, dropped_by_stage, answered, absorbed, no_headroom or
 * cut. Packets of a flow leave in the order in which
 * they came, since stages work through the burst in order and each port has one output. */
#include "worker.h"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#include "burst.h"
#include "output.h"
#include "packet/checksum.h"
#include "prefix/prefix.h"
#include "stages.h"

/* Aggregates whose counters are posted after a turn, so that no turn bears those of all of them. */
#define POSTS_A_TURN 4
/* Packets of a burst that are no TCP, and for which their aggregate is looked up. */
#define MOST_UNTESTABLE 4
/* TCP packets whose checksum is looked at: enough to tell that most are wrong, and no load. */
#define CHECKSUMS_PER_SECOND 1000

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

static void lose_cut(struct worker *w, uint16_t port, struct rte_mbuf *mbuf)
{
    w->counters->lost_cut++;
    w->ports[port].cut++;
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
    b->n_bytes = 0;
    b->cut = 0;
    b->has_exits = b->has_marks = b->is_classified = false;
    if (n == 0)
        return;
    for (uint16_t i = 0; i < n; i++) {
        struct rte_mbuf *mbuf = b->mbufs[i];

        rte_prefetch0(rte_pktmbuf_mtod(mbuf, void *));
        n_bytes += rte_pktmbuf_pkt_len(mbuf);
        if (restore_vlan(&mbuf)) {
            b->n_bytes += rte_pktmbuf_pkt_len(mbuf);
            b->mbufs[b->n++] = mbuf;
        } else {
            w->counters->untested++;
            lose_for_headroom(w, q->port, mbuf);
        }
    }
    w->counters->rx_packets += n;
    w->counters->rx_bytes += n_bytes;
    w->ports[q->port].rx += n;
}

static void ask_engine(struct worker *w, struct burst *b, unsigned int i)
{
    struct engine_packet *p = &b->packets[i];

    p->view = &b->views[i];
    p->ingress = b->ingresses[i];
    engine_ask(w->engine, p);
}

static inline void look_up_ingress(struct worker *w, struct burst *b, unsigned int i)
{
    b->ingresses[i] = ingress_number(w->ingresses, &w->latest_ingress, &b->views[i], b->port);
}

/* A stump is of no use to who gets it, and must not leave as if nothing had happened. */
static void note_cut(struct burst *b, unsigned int i, const struct policy_port *port)
{
    const struct rte_mbuf *mbuf = b->mbufs[i];

    static_assert(WORKER_BURST <= 64, "a bit for each");
    if (rte_pktmbuf_pkt_len(mbuf) > port->longest_whole_frame &&
        packet_is_cut(rte_pktmbuf_mtod(mbuf, const uint8_t *), rte_pktmbuf_data_len(mbuf),
                      rte_pktmbuf_pkt_len(mbuf)))
        b->cut |= UINT64_C(1) << i;
}

static void parse(struct worker *w, struct burst *b, const struct policy_port *port)
{
    unsigned int n_tcp = 0;

    for (unsigned int i = 0; i < b->n; i++) {
        const struct rte_mbuf *mbuf = b->mbufs[i];
        enum packet_reason reason = packet_parse_ethernet(rte_pktmbuf_mtod(mbuf, const uint8_t *),
                                                          rte_pktmbuf_data_len(mbuf),
                                                          rte_pktmbuf_pkt_len(mbuf), &b->views[i]);

        if (likely_true(reason == PACKET_TCP)) {
            n_tcp++;
        } else {
            w->packet_reasons[reason]++;
            note_cut(b, i, port);
        }
        look_up_ingress(w, b, i);
        if (b->asked)
            ask_engine(w, b, i);
    }
    w->packet_reasons[PACKET_TCP] += n_tcp;
}

/* What a mirror brings may be cut, and wrapped in a tunnel from where it was copied. */
static void parse_unwrapping(struct worker *w, struct burst *b, const struct policy_port *port)
{
    for (unsigned int i = 0; i < b->n; i++) {
        const uint8_t *data = rte_pktmbuf_mtod(b->mbufs[i], const uint8_t *);
        uint32_t n_here = rte_pktmbuf_data_len(b->mbufs[i]);

        packet_parse_ethernet(
            data, n_here, port->is_mirror ? PACKET_FRAME_SLICED : rte_pktmbuf_pkt_len(b->mbufs[i]),
            &b->views[i]);
        note_cut(b, i, port);
        if (port->decapsulates)
            packet_decapsulate(data, n_here, &b->views[i]);
        w->packet_reasons[b->views[i].reason]++;
        look_up_ingress(w, b, i);
    }
}

static void hand_to_engine(struct worker *w, struct burst *b, unsigned int i)
{
    struct engine_packet *p = &b->packets[i];

    if (!b->asked)
        ask_engine(w, b, i);
    p->slice = (uint32_t)b->slices[i];
    p->n_bytes = rte_pktmbuf_pkt_len(b->mbufs[i]);
    p->data = rte_pktmbuf_mtod(b->mbufs[i], const uint8_t *);
    b->tested_at[b->n_tested++] = (uint8_t)i;
}

/* Whose they are takes a look into the directory of aggregates, where a flood misses every line. So
 * of a burst few are looked at, each for those up to the next: exact where traffic is thin, and no
 * load where it is not. */
static void count_untestable(struct worker *w, const struct burst *b)
{
    const unsigned int step = (b->n_untestable + MOST_UNTESTABLE - 1) / MOST_UNTESTABLE;

    for (unsigned int k = 0; k < b->n_untestable; k += step) {
        const unsigned int i = b->untestable_at[k], left = b->n_untestable - k;

        engine_count_untestable(w->engine, (uint32_t)b->slices[i], &b->views[i],
                                left < step ? left : step);
    }
}

/* For mode passive, and for tests of first flights of QUIC. */
static void note_untestable(struct worker *w, struct burst *b)
{
    for (unsigned int k = 0; k < b->n_untestable; k++) {
        const unsigned int i = b->untestable_at[k];

        if (packet_is_first_fragment(&b->views[i], PACKET_PROTOCOL_TCP))
            engine_note_fragment(w->engine, (uint32_t)b->slices[i], &b->views[i], b->ingresses[i]);
        else if (b->views[i].reason == PACKET_UDP && b->ingresses[i] != INGRESS_NONE &&
                 engine_note_datagram(w->engine, (uint32_t)b->slices[i], &b->views[i],
                                      rte_pktmbuf_mtod(b->mbufs[i], const uint8_t *),
                                      rte_pktmbuf_data_len(b->mbufs[i]),
                                      b->ingresses[i]) == ENGINE_DROP)
            b->dropped_datagrams |= UINT64_C(1) << i;
    }
    b->all_leave_unchanged &= b->dropped_datagrams == 0;
}

/* A stage has asked for them already. */
static never_inlined unsigned int count_of_slices(const struct burst *b)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < b->n; i++)
        n += b->slices[i] >= 0;
    return n;
}

/* Slices of all packets, and those that the engine is to look at. Nothing of what a
 * mirror brings could be dropped, so active slices never see it. */
static void classify(struct worker *w, struct burst *b, const struct policy *policy, bool is_mirror)
{
    const struct prefix_ways ways = {w->ingresses, b->ingresses, b->port,
                                     b->has_marks ? b->marks : NULL};
    unsigned int n_slice, n_not_tcp = 0;

    n_slice = likely_true(!b->is_classified)
                  ? prefix_classify_bulk(policy->prefixes, b->views, b->n, &ways, b->slices)
                  : count_of_slices(b);
    b->n_tested = b->n_untestable = 0;
    b->dropped_datagrams = 0;
    b->all_leave_unchanged = b->cut == 0 && !b->has_exits;
    w->counters->untested += b->n - n_slice;
    if (n_slice == 0)
        return;
    for (unsigned int i = 0; i < b->n; i++) {
        const struct policy_slice *s;

        if (b->slices[i] < 0)
            continue;
        s = &policy->slices[b->slices[i]];
        b->all_leave_unchanged &= !s->has_next_hops;
        if (likely_false(b->views[i].reason != PACKET_TCP)) {
            n_not_tcp++;
            if (!(is_mirror && s->may_drop))
                b->untestable_at[b->n_untestable++] = (uint8_t)i;
        } else if (likely_false(b->ingresses[i] == INGRESS_NONE)) {
            w->counters->no_ingress++;
        } else if (!(is_mirror && s->may_drop)) {
            hand_to_engine(w, b, i);
        }
    }
    if (likely_false(b->n_untestable > 0)) {
        count_untestable(w, b);
        if (engine_takes_notes(w->engine))
            note_untestable(w, b);
    }
    w->counters->slice_packets += n_slice;
    w->counters->slice_not_tcp += n_not_tcp;
}

/* One packet in a millisecond, so for nearly all bursts this is one branch. What a mirror brings is
 * cut. */
static void look_at_checksum(struct worker *w, const struct burst *b)
{
    const struct engine_packet *p = &b->packets[b->tested_at[b->n_tested / 2]];
    const struct rte_mbuf *mbuf = b->mbufs[b->tested_at[b->n_tested / 2]];
    enum packet_checksum checksum =
        packet_tcp_checksum(p->view, p->data, rte_pktmbuf_data_len(mbuf));

    w->wants_checksum = false;
    if (checksum != PACKET_CHECKSUM_UNKNOWN)
        engine_count_checksum(w->engine, p->slice, p->view, checksum == PACKET_CHECKSUM_WRONG);
}

static void decide(struct worker *w, struct burst *b)
{
    unsigned int n_dropped;

    if (b->n_tested < b->n)
        for (unsigned int i = 0; i < b->n; i++)
            b->actions[i] = ENGINE_FORWARD;
    n_dropped = engine_packets(w->engine, b->packets, b->tested_at, b->n_tested, b->actions);
    for (uint64_t left = b->dropped_datagrams; likely_false(left != 0); left &= left - 1)
        b->actions[__builtin_ctzll(left)] = ENGINE_DROP;
    b->all_leave_unchanged &= n_dropped == 0;
}

/* Nearly every burst: nothing to drop, nothing to rewrite, one port to leave by. */
static void forward_unchanged(struct worker *w, struct burst *b, uint16_t pair)
{
    w->ports[b->port].forwarded += b->n;
    w->ports[pair].queued += b->n;
    output_transmit(w, pair, b->mbufs, (uint16_t)b->n, b->n_bytes);
}

/* A stage's word comes before that of the slice. */
static inline const struct next_hop *exit_of(const struct burst *b, unsigned int i,
                                             const struct policy *policy)
{
    if (likely_false(b->has_exits) && b->exits[i] != NULL)
        return b->exits[i];
    return policy_next_hop(policy, b->slices[i], &b->views[i]);
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
        if (likely_false((b->cut >> i & 1) != 0)) {
            lose_cut(w, b->port, mbuf);
            continue;
        }
        hop = exit_of(b, i, policy);
        if (hop == NULL)
            output_queue(w, b->port, pair, mbuf);
        else if (output_rewrite(mbuf, hop))
            output_queue(w, b->port, hop->port, mbuf);
        else
            lose_for_headroom(w, b->port, mbuf);
    }
    output_send_queued(w);
}

/* What a mirror brings has been on its way already. */
static void absorb(struct worker *w, const struct burst *b)
{
    rte_pktmbuf_free_bulk((struct rte_mbuf **)(uintptr_t)b->mbufs, b->n);
    w->counters->absorbed_mirror += b->n;
    w->ports[b->port].absorbed += b->n;
}

/* Where stages begin and end. One burst in many is measured, so for nearly all of them this is one
 * branch, always taken the same way. */
static void begin_stages(struct worker *w)
{
    if (likely_false(w->n_until_sample == 0))
        w->stage_began = tsc_clock_ticks();
}

static void end_stage(struct worker *w, enum load_stage stage)
{
    uint64_t now;

    if (likely_true(w->n_until_sample != 0))
        return;
    now = tsc_clock_ticks();
    w->load.stage_cycles[stage] += now - w->stage_began;
    w->stage_began = now;
}

static void count_burst(struct worker *w, unsigned int n)
{
    load_count_burst(&w->load, n);
    if (likely_true(w->n_until_sample-- != 0))
        return;
    w->n_until_sample = LOAD_SAMPLE_PERIOD - 1;
    w->load.sampled_bursts++;
    w->load.sampled_packets += n;
}

/* From the slices on: neither the engine nor the next hop of a slice sees what stages took out. */
static void test_and_send(struct worker *w, struct burst *b, const struct policy *policy)
{
    const struct policy_port *port = &policy->ports[b->port];

    classify(w, b, policy, port->is_mirror);
    if (likely_false(w->wants_checksum) && b->n_tested > 0 && !port->is_mirror)
        look_at_checksum(w, b);
    end_stage(w, LOAD_CLASSIFY);
    /* Where most packets are tested, most of the next burst will be: then flows are asked for while
     * it is parsed, before slices are known, since memory takes longest. */
    w->ask_early = b->n_tested > b->n / 2;
    if (b->n_tested > 0 || !b->all_leave_unchanged)
        decide(w, b);
    end_stage(w, LOAD_DECIDE);
    if (port->is_mirror)
        absorb(w, b);
    else if (b->all_leave_unchanged)
        forward_unchanged(w, b, port->pair);
    else
        forward(w, b, policy);
    end_stage(w, LOAD_SEND);
}

static void run_stages(struct worker *w, struct burst *b, const struct policy *policy)
{
    end_stage(w, LOAD_CLASSIFY);
    stages_run(w, b, policy, stage_functions);
    end_stage(w, LOAD_PORT_STAGES);
}

static unsigned int process_burst(struct worker *w, struct burst *b, const struct worker_queue *q,
                                  const struct policy *policy)
{
    const struct policy_port *port = &policy->ports[q->port];
    unsigned int n;

    begin_stages(w);
    receive(w, b, q);
    if (b->n == 0)
        return 0;
    n = b->n;
    end_stage(w, LOAD_RECEIVE);
    b->asked = w->ask_early && port->is_plain && (port->stages & STAGES_TAKING) == 0;
    if (port->is_plain)
        parse(w, b, port);
    else
        parse_unwrapping(w, b, port);
    if (likely_false(port->stages != 0))
        run_stages(w, b, policy);
    if (likely_true(b->n != 0))
        test_and_send(w, b, policy);
    count_burst(w, n);
    return n;
}

/* Between two turns: of one policy is all that a packet meets. True: there was another one. */
static never_inlined bool follow_policy(struct worker *w, const struct policy *policy)
{
    bool is_reload = w->followed != NULL;
    void *passive_memory = atomic_load_explicit(&w->passive_memory, memory_order_acquire);
    void *units_memory = atomic_load_explicit(&w->units_memory, memory_order_acquire);

    if (passive_memory != NULL)
        engine_take_passive_memory(w->engine, passive_memory);
    if (units_memory != NULL)
        engine_take_units_memory(w->engine, units_memory);
    engine_follow(w->engine, policy->rules);
    w->followed = policy;
    return is_reload;
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
    unsigned int n_packets = 0;
    uint64_t began = tsc_clock_ticks();
    bool has_reloaded = false;
    uint32_t order;

    w->load.long_turn_cycles = w->clock.hz / MS_PER_S;
    w->n_until_sample = LOAD_SAMPLE_PERIOD - 1;
    atomic_store_explicit(&w->tid, rte_sys_gettid(), memory_order_relaxed);
    atomic_store_explicit(&w->state, WORKER_RUNNING, memory_order_release);
    while ((order = atomic_load_explicit(&w->order, memory_order_acquire)) != WORKER_QUIT) {
        const struct policy *policy = atomic_load_explicit(&w->policy, memory_order_acquire);
        uint64_t now = tsc_clock_ticks();

        load_count_turn(&w->load, n_packets, now - began);
        if (likely_false(has_reloaded))
            load_count_reload(&w->load, now - began);
        has_reloaded = false;
        began = now;
        if (likely_false(now >= w->checksum_due)) {
            w->checksum_due = now + w->clock.hz / CHECKSUMS_PER_SECOND;
            w->wants_checksum = true;
        }
        n_packets = 0;
        w->absent = atomic_load_explicit(&w->absent_ports, memory_order_acquire);
        if (likely_false(policy != w->followed))
            has_reloaded = follow_policy(w, policy);
        engine_begin_burst(w->engine, tsc_clock_ns_of(&w->clock, now));
        for (uint32_t i = 0; i < w->n_queues; i++)
            if (!worker_port_is_absent(w, w->queues[i].port))
                n_packets += process_burst(w, &burst, &w->queues[i], policy);
        follow_order(w, order);
        engine_post_some(w->engine, POSTS_A_TURN);
        if (n_packets == 0)
            rte_pause();
    }
    atomic_store_explicit(&w->state, WORKER_ENDED, memory_order_release);
    return 0;
}
