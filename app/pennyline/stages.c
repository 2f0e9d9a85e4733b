/* SPDX-License-Identifier: BSD-3-Clause */
#include "stages.h"

#include <rte_mbuf.h>
#include <string.h>

#include "burst.h"
#include "output.h"
#include "tcp/flags.h"

static void take(struct burst *b, unsigned int i)
{
    b->taken |= UINT64_C(1) << i;
    b->n_bytes -= rte_pktmbuf_pkt_len(b->mbufs[i]);
}

void stages_drop(struct worker *w, struct burst *b, unsigned int i)
{
    take(b, i);
    rte_pktmbuf_free(b->mbufs[i]);
    w->stages[b->stage].dropped++;
    w->counters->dropped_by_stage++;
    w->ports[b->port].dropped_by_stage++;
}

struct rte_mbuf *stages_take(struct worker *w, struct burst *b, unsigned int i)
{
    take(b, i);
    w->stages[b->stage].answered++;
    w->counters->answered++;
    w->ports[b->port].answered++;
    return b->mbufs[i];
}

void stages_send(struct worker *w, const struct burst *b, uint16_t out, struct rte_mbuf *mbuf)
{
    w->stages[b->stage].generated++;
    w->counters->generated++;
    w->ports[b->port].generated++;
    output_queue(w, b->port, out, mbuf);
}

void stages_send_copy(struct worker *w, struct burst *b, unsigned int i, uint16_t out,
                      struct rte_mbuf *copy)
{
    b->copied |= UINT64_C(1) << i;
    stages_send(w, b, out, copy);
}

void stages_steer(struct burst *b, unsigned int i, const struct next_hop *hop)
{
    if (!b->has_exits)
        memset(b->exits, 0, b->n * sizeof(b->exits[0]));
    b->has_exits = true;
    b->exits[i] = hop;
}

void stages_mark(struct burst *b, unsigned int i, uint32_t mark)
{
    for (unsigned int k = 0; k < b->n && !b->has_marks; k++)
        b->marks[k] = SLICE_NO_MARK;
    b->has_marks = true;
    b->is_classified = false; /* it may be another slice's now */
    b->marks[i] = mark;
}

/* Those that are left move up, in their order. */
static void close_gaps(struct burst *b)
{
    unsigned int n = 0;
    uint64_t cut = 0, copied = 0;

    for (unsigned int i = 0; i < b->n; i++) {
        if ((b->taken >> i & 1) != 0)
            continue;
        b->mbufs[n] = b->mbufs[i];
        b->views[n] = b->views[i];
        b->ingresses[n] = b->ingresses[i];
        b->slices[n] = b->slices[i]; /* known or not */
        if (b->has_exits)
            b->exits[n] = b->exits[i];
        if (b->has_marks)
            b->marks[n] = b->marks[i];
        cut |= (b->cut >> i & 1) << n;
        copied |= (b->copied >> i & 1) << n;
        n++;
    }
    b->n = n;
    b->cut = cut;
    b->copied = copied;
    b->taken = 0;
}

/* Urgent data, and a unit with that flag, is nothing that a test drops; whatever its own flag said,
 * that leaves with the packet. */
static never_inlined void spare_copied(struct burst *b)
{
    for (uint64_t left = b->copied; left != 0; left &= left - 1)
        b->views[__builtin_ctzll(left)].tcp_flags |= TCP_FLAG_URG;
}

void stages_run(struct worker *w, struct burst *b, const struct policy *policy,
                stage_function *const functions[N_STAGES])
{
    const uint32_t off = atomic_load_explicit(&w->stages_off, memory_order_relaxed);
    const uint64_t n_generated = w->counters->generated;
    uint32_t which = policy->ports[b->port].stages & ~off;

    b->taken = b->copied = 0;
    for (; which != 0 && b->n != 0; which &= which - 1) {
        b->stage = (enum port_stage)__builtin_ctz(which);
        w->stages[b->stage].packets += b->n;
        functions[b->stage](w, b, policy);
        if (b->taken != 0)
            close_gaps(b);
    }
    if (w->counters->generated != n_generated)
        output_send_queued(w);
    if (b->copied != 0)
        spare_copied(b);
}
