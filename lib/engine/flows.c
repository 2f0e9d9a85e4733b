/* SPDX-License-Identifier: BSD-3-Clause */
/* Which flow and which aggregate a packet belongs to. */
#include "engine/internal.h"

#include "tcp/flags.h"

void engine_lookup_bulk(struct engine *e, struct engine_packet *packets, unsigned int n)
{
    struct flow_key keys[ENGINE_MAX_BURST];
    uint64_t hashes[ENGINE_MAX_BURST];
    struct flow *flows[ENGINE_MAX_BURST];

    if (n == 0)
        return;
    for (unsigned int i = 0; i < n; i++) {
        const struct packet_view *v = packets[i].view;

        keys[i] = (struct flow_key){.source = v->source,
                                    .destination = v->destination,
                                    .source_port = v->source_port,
                                    .destination_port = v->destination_port,
                                    .ingress = packets[i].ingress};
        hashes[i] = flow_table_hash(e->flows, &keys[i]);
    }
    flow_table_lookup_bulk(e->flows, keys, hashes, n, flows);
    for (unsigned int i = 0; i < n; i++) {
        packets[i].key = keys[i];
        packets[i].hash = hashes[i];
        packets[i].flow = flows[i];
    }
    e->n_leaves_at_lookup = e->n_leaves;
}

uint32_t engine_find_aggregate(struct engine *e, const struct engine_packet *p,
                               const struct slice_rules *rules, bool want)
{
    const struct packet_view *v = p->view;
    uint8_t bits = v->is_ipv4 ? rules->granularity_ipv4 : rules->granularity_ipv6;
    struct message m = {.kind = MESSAGE_AGGREGATE_WANTED, .worker = e->config.worker};
    struct ip_prefix prefix;
    uint32_t aggregate;

    if (bits == 0)
        return rules->aggregate;
    prefix = ip_prefix_of_address(&v->source, bits);
    aggregate = aggregate_table_find(e->aggregates, p->slice, &prefix);
    if (aggregate == AGGREGATE_NONE && want) {
        m.aggregate = AGGREGATE_NONE;
        m.wanted.slice = p->slice;
        m.wanted.prefix = prefix;
        /* Not posted now: asked again by the flow's next segment. */
        e->config.post(e->config.post_context, &m);
    }
    return aggregate;
}

/* A pure ACK or a lone RST makes no flow: there is nothing in it to test. */
bool engine_may_begin_a_flow(const struct packet_view *v)
{
    if (v->tcp_flags & TCP_FLAG_RST)
        return false;
    return (v->tcp_flags & TCP_FLAG_SYN) != 0 || v->payload_bytes > 0;
}

struct flow *engine_find_or_admit(struct engine *e, struct engine_packet *p,
                                  const struct slice_rules *rules)
{
    const struct packet_view *v = p->view;
    bool syn = (v->tcp_flags & TCP_FLAG_SYN) != 0;
    enum flow_admission admission;
    struct flow *f;

    if (!engine_may_begin_a_flow(v))
        return NULL;
    f = flow_table_insert(e->flows, &p->key, p->hash, syn ? FLOW_SYN_ONLY : FLOW_OBSERVED,
                          e->now_ms, &admission);
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
