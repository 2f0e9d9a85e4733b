/* SPDX-License-Identifier: BSD-3-Clause */
/* Which flow and which aggregate a packet belongs to. */
#include "engine/internal.h"

/* Apart, since a message is large and hardly ever made. Not posted now: asked again by the flow's
 * next segment. */
static void want_aggregate(struct engine *e, uint32_t slice, const struct ip_prefix *prefix)
{
    struct message m = {
        .kind = MESSAGE_AGGREGATE_WANTED, .worker = e->config.worker, .aggregate = AGGREGATE_NONE};

    m.wanted.slice = slice;
    m.wanted.prefix = *prefix;
    e->config.post(e->config.post_context, &m);
}

uint32_t engine_find_sub_prefix(struct engine *e, const struct engine_packet *p, uint8_t bits,
                                bool want)
{
    const struct packet_view *v = p->view;
    struct ip_prefix prefix = ip_prefix_of_address(&v->source, bits);
    uint32_t aggregate = aggregate_table_find(e->aggregates, p->slice, &prefix);

    if (aggregate == AGGREGATE_NONE && want)
        want_aggregate(e, p->slice, &prefix);
    return aggregate;
}

struct flow *engine_find_or_admit(struct engine *e, struct engine_packet *p,
                                  const struct slice_rules *rules)
{
    const struct packet_view *v = p->view;
    bool syn = (v->tcp_flags & TCP_FLAG_SYN) != 0;
    const struct flow_key key = engine_key_of(p);
    enum flow_admission admission;
    struct flow *f;

    if (!engine_may_begin_a_flow(v))
        return NULL;
    f = flow_table_insert(e->flows, &key, p->hash, syn ? FLOW_SYN_ONLY : FLOW_OBSERVED, e->now_ms,
                          &admission);
    if (f == NULL) {
        e->counters.flow_refused++;
        return NULL;
    }
    if (admission == FLOW_KNOWN)
        return f;
    f->snd_max = v->sequence + (syn ? 1 : 0);
    f->drop = syn ? FLOW_NO_DROP : e->now_ms;
    f->aggregate = engine_find_aggregate(e, p, rules, true);
    if (f->aggregate != FLOW_NO_AGGREGATE)
        engine_delta(e, f->aggregate)->flows_seen++;
    return f;
}

void engine_on_flow_leave(void *context, struct flow *f)
{
    struct engine *e = context;

    e->n_leaves++;
    if ((f->flags & PASSIVE_FLOW) != 0) {
        engine_passive_leave(e, f);
        return;
    }
    if (flow_pending(f) != LEDGER_NONE)
        engine_end_drop(e, f->drop, DROP_VOID_EVICTED);
    engine_leave_place(e, f);
}
