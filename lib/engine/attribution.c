/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/attribution.h"

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

uint32_t engine_ask_aggregate(struct engine *e, const struct engine_packet *p,
                              const struct slice_rules *rules, struct flow *f)
{
    f->aggregate = engine_find_aggregate(e, p, rules, p->view->payload_bytes > 0);
    if (f->aggregate == FLOW_NO_AGGREGATE)
        e->counters.no_aggregate++;
    else
        engine_delta(e, f->aggregate)->flows_seen++;
    return f->aggregate;
}
