/* SPDX-License-Identifier: BSD-3-Clause */
/* Which flow and which aggregate a packet belongs to. */
#include "engine/internal.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "flow/lookup.h"
#include "tcp/flags.h"

/* Key and hash in one go, word by word. */
static inline uint64_t set_key(struct engine_packet *p, const uint64_t secret[2])
{
    const struct packet_view *v = p->view;
    uint8_t *key = (uint8_t *)&p->key;
    uint64_t source[2] = {load_word(v->source.bytes), load_word(v->source.bytes + 8)};
    uint64_t destination[2] = {load_word(v->destination.bytes),
                               load_word(v->destination.bytes + 8)};
    uint64_t rest = word_of_parts(v->source_port, v->destination_port, p->ingress);
    uint64_t h = secret[0];

    store_word(key, source[0]);
    store_word(key + 8, source[1]);
    store_word(key + 16, destination[0]);
    store_word(key + 24, destination[1]);
    store_word(key + 32, rest);
    h = hash_step(h, source[0], 0, secret);
    h = hash_step(h, source[1], 1, secret);
    h = hash_step(h, destination[0], 2, secret);
    h = hash_step(h, destination[1], 3, secret);
    h = hash_step(h, rest, 4, secret);
    return hash_end(h, secret);
}
static_assert(offsetof(struct flow_key, destination) == 16 &&
                  offsetof(struct flow_key, source_port) == 32 &&
                  offsetof(struct flow_key, ingress) == 36,
              "set_key() fills it by words");
void engine_ask(struct engine *e, struct engine_packet *p)
{
    p->hash = set_key(p, e->flow_secret);
    flow_ask_bucket(e->flows, p->hash);
}

void engine_lookup_bulk(struct engine *e, struct engine_packet *packets, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        engine_ask(e, &packets[i]);
    for (unsigned int i = 0; i < n; i++)
        packets[i].flow = flow_ask_record(e->flows, packets[i].hash);
    for (unsigned int i = 0; i < n; i++)
        packets[i].flow = flow_confirm(e->flows, &packets[i].key, packets[i].hash, packets[i].flow);
    e->n_leaves_at_lookup = e->n_leaves;
}

/* So many packets before the engine comes to one, its flow's record is asked for: far enough for
 * memory, and no more at once than a core has under way. */
#define ASK_AHEAD 12

void engine_packets(struct engine *e, struct engine_packet *packets, const uint8_t *which,
                    unsigned int n, enum engine_action *actions)
{
    for (unsigned int i = 0; i < n + ASK_AHEAD; i++) {
        struct engine_packet *p;

        if (i < n) {
            p = &packets[which[i]];
            p->flow = flow_ask_record(e->flows, p->hash);
        }
        if (i < ASK_AHEAD)
            continue;
        p = &packets[which[i - ASK_AHEAD]];
        p->flow = flow_confirm(e->flows, &p->key, p->hash, p->flow);
        actions[which[i - ASK_AHEAD]] = engine_take(e, p);
    }
}

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

uint32_t engine_find_aggregate(struct engine *e, const struct engine_packet *p,
                               const struct slice_rules *rules, bool want)
{
    const struct packet_view *v = p->view;
    uint8_t bits = v->is_ipv4 ? rules->granularity_ipv4 : rules->granularity_ipv6;
    struct ip_prefix prefix;
    uint32_t aggregate;

    if (bits == 0)
        return rules->aggregate;
    prefix = ip_prefix_of_address(&v->source, bits);
    aggregate = aggregate_table_find(e->aggregates, p->slice, &prefix);
    if (aggregate == AGGREGATE_NONE && want)
        want_aggregate(e, p->slice, &prefix);
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
