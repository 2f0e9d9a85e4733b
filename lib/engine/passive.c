/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode passive: packets of a flow to lib/passive, and what the flow's other direction tells.
 * Nothing is ever dropped here. */
#include "engine/attribution.h"
#include "engine/internal.h"

#include "tcp/flags.h"
#include "tcp/serial.h"

/* One round-trip sample at a time, begun by one in so many segments. */
#define SAMPLE_EVERY 64u
/* A needless repeat goes by and is reported within a flight. */
#define DUPLICATES_BEHIND_BYTES (1 << 16)

static struct passive_flow lines_of(struct engine *e, struct flow *f)
{
    return (struct passive_flow){.hot = f,
                                 .rare = (void *)flow_table_rare(e->flows, f),
                                 .line = &e->passive_lines[flow_table_index(e->flows, f)]};
}

static struct passive_counters *delta_of(struct engine *e, const struct flow *f)
{
    return engine_passive_delta(e, engine_live_aggregate(e, f->aggregate));
}

static bool is_other_direction(const struct flow_key *a, const struct flow_key *b)
{
    return ip_address_equal(&a->source, &b->destination) &&
           ip_address_equal(&a->destination, &b->source) && a->source_port == b->destination_port &&
           a->destination_port == b->source_port;
}

/* The flow of the other direction, if it is still there and still of mode passive. */
static struct flow *peer_of(struct engine *e, const struct passive_flow *f)
{
    struct flow *peer;

    if (f->line->peer == PASSIVE_NO_PEER)
        return NULL;
    peer = flow_table_at(e->flows, f->line->peer);
    if (peer->state == FLOW_FREE || !flow_is_passive(peer) ||
        !is_other_direction(&peer->key, &f->hot->key))
        return NULL;
    return peer;
}

static void pair(struct engine *e, const struct passive_flow *a, struct flow *b)
{
    const struct passive_flow other = lines_of(e, b);

    a->line->peer = flow_table_index(e->flows, b);
    other.line->peer = flow_table_index(e->flows, a->hot);
    a->line->marks |= PASSIVE_TWO_WAY;
    other.line->marks |= PASSIVE_TWO_WAY;
    if (!a->line->has_fragments)
        a->hot->flags |= PASSIVE_MAY_SAMPLE;
    if (!other.line->has_fragments)
        b->flags |= PASSIVE_MAY_SAMPLE;
}

static struct flow *find_other_direction(struct engine *e, const struct flow_key *own)
{
    const struct flow_key key = {.source = own->destination,
                                 .destination = own->source,
                                 .source_port = own->destination_port,
                                 .destination_port = own->source_port,
                                 .ingress = own->ingress,
                                 .mode = own->mode};
    uint64_t hash = flow_table_hash(e->flows, &key);
    struct flow *peer;

    flow_table_lookup_bulk(e->flows, &key, &hash, 1, &peer);
    return peer != NULL && flow_is_passive(peer) ? peer : NULL;
}

static void look_for_peer(struct engine *e, const struct passive_flow *f)
{
    struct flow *peer = find_other_direction(e, &f->hot->key);

    if (peer != NULL)
        pair(e, f, peer);
}

static struct passive_packet describe(const struct engine *e, const struct engine_packet *p,
                                      const struct slice_rules *rules)
{
    return (struct passive_packet){.view = p->view,
                                   .data = p->data,
                                   .now_ticks = passive_ticks(e->now_ns),
                                   .window_bytes = rules->window_bytes};
}

/* What comes again is held against it (passive/copies.h). */
static void fingerprint(struct engine *e, const struct flow *f, struct passive_packet *p)
{
    if (p->data == NULL)
        return;
    p->copies = e->passive_copies;
    p->fingerprint = passive_fingerprint(p->data, p->view, flow_table_index(e->flows, f));
}

static void remember(struct engine *e, const struct passive_packet *p)
{
    if (p->copies != NULL)
        passive_remember(e->passive_copies, p->fingerprint, p->now_ticks);
}

static struct flow *admit(struct engine *e, struct engine_packet *p,
                          const struct slice_rules *rules, bool *is_new)
{
    const struct passive_packet packet = describe(e, p, rules);
    const struct flow_key key = engine_key_of(p, rules);
    bool is_syn = (p->view->tcp_flags & TCP_FLAG_SYN) != 0;
    enum flow_admission admission;
    struct passive_flow f;

    if (!engine_may_begin_a_flow(p->view))
        return NULL;
    f.hot = flow_table_insert(e->flows, &key, p->hash, is_syn ? FLOW_SYN_ONLY : FLOW_OBSERVED,
                              e->now_ms, &admission);
    if (f.hot == NULL) {
        e->counters.flow_refused++;
        return NULL;
    }
    if (admission == FLOW_KNOWN)
        return f.hot;
    *is_new = true;
    f = lines_of(e, f.hot);
    passive_flow_begin(&f, &packet);
    look_for_peer(e, &f);
    return f.hot;
}

/* The segment's acknowledgement will tell how far the destination is. */
static void begin_sample(struct engine *e, const struct passive_flow *f)
{
    struct flow *peer = peer_of(e, f);

    f->hot->flags &= (uint8_t)~PASSIVE_MAY_SAMPLE;
    if (peer == NULL)
        return;
    f->line->marks |= PASSIVE_SAMPLING;
    f->line->sample_end = f->hot->snd_max;
    f->line->sample_ticks = passive_ticks(e->now_ns);
    peer->flags |= PASSIVE_ACK_WANTED;
}

/* P. Karn, C. Partridge, SIGCOMM 1987: what was sent again tells no time. */
static void spoil_sample(const struct passive_flow *f)
{
    if ((f->line->marks & PASSIVE_SAMPLING) == 0)
        return;
    f->line->marks &= (uint8_t)~PASSIVE_SAMPLING;
    f->hot->flags |= PASSIVE_MAY_SAMPLE;
}

static void take_sample(struct engine *e, const struct passive_flow *f,
                        const struct passive_flow *other, uint32_t acknowledgement)
{
    struct passive_counters *of_peer, *own;
    uint64_t us;

    if (serial_before(acknowledgement, other->line->sample_end))
        return;
    us = ((uint64_t)(passive_ticks(e->now_ns) - other->line->sample_ticks) << PASSIVE_TICK_SHIFT) /
         NS_PER_US;
    of_peer = delta_of(e, other->hot);
    own = delta_of(e, f->hot);
    of_peer->rtt_destination_samples++;
    of_peer->rtt_destination_us += us;
    own->rtt_source_samples++;
    own->rtt_source_us += us;
    spoil_sample(other);
}

/* What the receiver got twice tells which repeats were needless; what it acknowledges far beyond
 * them ends the wait for that. */
static void look_for_duplicates(struct engine *e, const struct passive_flow *other,
                                const struct engine_packet *p, uint32_t acknowledgement)
{
    uint32_t start;

    if (packet_read_duplicate(p->data, p->view, &start))
        passive_flow_duplicate(other, start, delta_of(e, other->hot));
    if (serial_distance(other->line->episode_end, acknowledgement) > DUPLICATES_BEHIND_BYTES)
        other->line->n_unconfirmed = 0;
}

/* A packet of `f` whose acknowledgement tells about the other direction. */
static void acknowledgement(struct engine *e, const struct passive_flow *f,
                            const struct engine_packet *p)
{
    struct flow *peer = peer_of(e, f);
    struct packet_detail detail;
    struct passive_flow other;

    if (peer == NULL) {
        f->hot->flags &= (uint8_t)~PASSIVE_ACK_WANTED;
        return;
    }
    other = lines_of(e, peer);
    if (p->data == NULL || (p->view->tcp_flags & TCP_FLAG_ACK) == 0)
        return;
    packet_read_detail(p->data, p->view, &detail);
    if ((other.line->marks & PASSIVE_SAMPLING) != 0)
        take_sample(e, f, &other, detail.acknowledgement);
    if (other.line->n_unconfirmed > 0)
        look_for_duplicates(e, &other, p, detail.acknowledgement);
    if ((other.line->marks & PASSIVE_SAMPLING) == 0 && other.line->n_unconfirmed == 0)
        f->hot->flags &= (uint8_t)~PASSIVE_ACK_WANTED;
}

/* Was it needed? The receiver tells. */
static void ask_for_duplicates(struct engine *e, const struct passive_flow *f)
{
    struct flow *peer = peer_of(e, f);

    if (peer != NULL)
        peer->flags |= PASSIVE_ACK_WANTED;
    else
        f->line->n_unconfirmed = 0;
}

/* Only where the configuration asks for flows one by one, and for so many of them. */
static void report_end(struct engine *e, const struct passive_flow *f, enum passive_end end,
                       uint8_t n_holes_open)
{
    uint32_t aggregate = engine_live_aggregate(e, f->hot->aggregate);
    uint32_t *n_left;
    struct message m;

    if (aggregate == AGGREGATE_NONE)
        return;
    n_left = &e->n_flows_to_report[aggregate_table_identity(e->aggregates, aggregate)->slice];
    if (*n_left == 0)
        return;
    m = (struct message){
        .kind = MESSAGE_FLOW_ENDED,
        .worker = e->config.worker,
        .aggregate = aggregate,
        .flow_ended = {.key = f->hot->key,
                       .ended_ns = e->now_ns,
                       .duration_ns = (uint64_t)(passive_ticks(e->now_ns) - f->line->start_ticks)
                                      << PASSIVE_TICK_SHIFT,
                       .n_bytes = passive_flow_bytes(f),
                       .n_segments = f->hot->n_passed,
                       .n_reordered = f->line->n_reordered,
                       .n_lost_upstream = f->line->n_retransmitted,
                       .n_repeats = f->line->n_repeats,
                       .n_holes_unfilled = f->line->n_unfilled,
                       .n_holes_open = n_holes_open,
                       .end = (uint8_t)end,
                       .from_syn = (f->line->marks & PASSIVE_FROM_SYN) != 0,
                       .two_way = (f->line->marks & PASSIVE_TWO_WAY) != 0}};
    if (engine_post(e, &m) == 0)
        (*n_left)--;
}

static void end_flow(struct engine *e, const struct passive_flow *f, enum passive_end end,
                     struct passive_counters *c)
{
    bool had_ended = (f->hot->flags & PASSIVE_ENDED) != 0;
    uint8_t n_holes_open = f->line->n_holes;

    end = passive_flow_end(f, end, c);
    if (!had_ended)
        report_end(e, f, end, n_holes_open);
}

/* With `p`; syn_end: where its data begin, when its SYN was seen before that. */
static void begin_anew(struct engine *e, const struct passive_flow *f,
                       const struct passive_packet *p, const uint32_t *syn_end,
                       struct passive_counters *c)
{
    uint32_t peer = f->line->peer;

    end_flow(e, f, PASSIVE_END_EVICTED, c);
    if (syn_end != NULL)
        passive_flow_begin_behind_syn(f, p, *syn_end);
    else
        passive_flow_begin(f, p);
    f->hot->state = (p->view->tcp_flags & TCP_FLAG_SYN) != 0 ? FLOW_SYN_ONLY : FLOW_OBSERVED;
    f->hot->last_seen_ms = e->now_ms;
    f->line->peer = peer;
    if (peer_of(e, f) != NULL)
        pair(e, f, peer_of(e, f));
}

/* Data in a SYN went by, too. */
static void data_of_syn(const struct passive_packet *p, struct aggregate_counters *c,
                        struct passive_counters *pc)
{
    if (p->view->payload_bytes == 0)
        return;
    c->segments++;
    c->in_order++;
    pc->passed++;
    pc->first_time++;
    pc->payload_bytes += p->view->payload_bytes;
}

/* A SYN begins a flow anew when the old one is over or silent; else it is a stray, unless what
 * comes next follows on it, or the first one again. */
static void syn(struct engine *e, const struct passive_flow *f, const struct passive_packet *p,
                const struct slice_rules *rules, struct aggregate_counters *ac,
                struct passive_counters *c)
{
    uint64_t silent_ns = time_ms_since(f->hot->last_seen_ms, e->now_ms) * NS_PER_MS;

    if (passive_came_just_now(f, p)) {
        c->mirror_copies++;
        return;
    }
    remember(e, p);
    if (passive_is_same_syn(f, p->view) && (f->hot->flags & PASSIVE_ENDED) == 0) {
        c->syns_repeated++;
        /* Which of them is answered, nobody knows. */
        f->hot->flags &= (uint8_t)~PASSIVE_HANDSHAKE;
        f->hot->last_seen_ms = e->now_ms;
        return;
    }
    if (!passive_is_over(f) && silent_ns < rules->retransmission_timeout_ns) {
        passive_jump_expect(e->passive_jumps, flow_table_index(e->flows, f->hot),
                            p->view->sequence + 1, p->now_ticks);
        return;
    }
    begin_anew(e, f, p, NULL, c);
    data_of_syn(p, ac, c);
}

static bool in_window(const struct flow *f, uint32_t sequence, const struct slice_rules *rules)
{
    return sequence - f->snd_max <= rules->window_bytes ||
           f->snd_max - sequence <= rules->window_bytes;
}

static void count_kind(struct aggregate_counters *c, enum passive_kind kind)
{
    c->jumps += kind == PASSIVE_JUMP;
    if (kind == PASSIVE_JUMP || kind == PASSIVE_COPY)
        return;
    c->segments++;
    c->in_order += kind == PASSIVE_FIRST_TIME;
    c->out_of_order += kind == PASSIVE_REORDERED || kind == PASSIVE_RETRANSMITTED;
    c->duplicates += kind == PASSIVE_REPEAT || kind == PASSIVE_LATE || kind == PASSIVE_UNKNOWN;
}

/* False: it is only a jump. Else the flow goes on there, or another connection does. */
static bool settle_jump(struct engine *e, const struct passive_flow *f,
                        const struct passive_packet *p, struct passive_counters *c)
{
    const struct packet_view *v = p->view;
    bool is_behind = serial_before(v->sequence, f->hot->snd_max);
    const struct passive_jump *jump =
        passive_jump_agrees(e->passive_jumps, flow_table_index(e->flows, f->hot), v->sequence,
                            v->payload_bytes, is_behind, f->hot->newest_ticks, p->now_ticks);

    if (jump == NULL)
        return false;
    if (!jump->is_syn && passive_flow_may_have_gone_on(f, jump->first, p->now_ticks))
        passive_flow_go_on(f, p, jump->first, c);
    else
        begin_anew(e, f, p, jump->is_syn ? &jump->first : NULL, c);
    return true;
}

static void data(struct engine *e, const struct passive_flow *f, const struct passive_packet *p,
                 struct aggregate_counters *c, struct passive_counters *pc)
{
    enum passive_kind kind = passive_flow_segment(f, p, pc);

    if (likely_false(kind == PASSIVE_JUMP) && settle_jump(e, f, p, pc))
        kind = passive_flow_segment(f, p, pc);
    count_kind(c, kind);
    if (kind == PASSIVE_COPY)
        return;
    if (likely_true(kind == PASSIVE_FIRST_TIME) || passive_is_marked(p))
        remember(e, p);
    if (kind == PASSIVE_JUMP)
        return;
    f->hot->state = FLOW_OBSERVED;
    f->hot->last_seen_ms = e->now_ms;
    if (kind == PASSIVE_REPEAT)
        ask_for_duplicates(e, f);
    if (kind != PASSIVE_FIRST_TIME)
        spoil_sample(f);
    else if (likely_false((f->hot->flags & PASSIVE_MAY_SAMPLE) != 0) &&
             f->hot->n_passed % SAMPLE_EVERY == 1)
        begin_sample(e, f);
}

/* A packet without new data keeps the flow alive, and ends its handshake. */
static void goes_on(struct engine *e, const struct passive_flow *f, const struct passive_packet *p)
{
    f->hot->last_seen_ms = e->now_ms;
    if ((f->hot->flags & PASSIVE_ANSWERED) != 0)
        return;
    f->hot->state = FLOW_OBSERVED;
    passive_flow_answered(f, p);
}

static void no_data(struct engine *e, const struct passive_flow *f, const struct passive_packet *p,
                    const struct slice_rules *rules, struct aggregate_counters *c,
                    struct passive_counters *pc)
{
    uint32_t sequence = p->view->sequence;

    if ((p->view->tcp_flags & TCP_FLAG_FIN) == 0)
        c->pure_acks++;
    if (!in_window(f->hot, sequence, rules)) {
        if (!passive_jump_was_expected(e->passive_jumps, flow_table_index(e->flows, f->hot),
                                       sequence))
            return;
        begin_anew(e, f, p, &sequence, pc);
    }
    goes_on(e, f, p);
}

/* An RST ends both directions (RFC 9293 3.10.7). */
static void end_by_peer(struct engine *e, struct flow *hot)
{
    const struct passive_flow f = lines_of(e, hot);

    if ((hot->flags & PASSIVE_ENDED) == 0)
        end_flow(e, &f, PASSIVE_END_RST, delta_of(e, hot));
}

/* An RST of a direction that sent nothing: a port that is closed, or who only received. Whoever
 * was not told of what it acknowledges cannot say that number (RFC 9293 3.10.7.3). */
static void reset_without_flow(struct engine *e, const struct engine_packet *p,
                               const struct slice_rules *rules)
{
    const struct flow_key key = engine_key_of(p, rules);
    struct flow *peer = find_other_direction(e, &key);
    struct packet_detail detail;

    if (peer == NULL || p->data == NULL || (p->view->tcp_flags & TCP_FLAG_ACK) == 0)
        return;
    packet_read_detail(p->data, p->view, &detail);
    if (in_window(peer, detail.acknowledgement, rules))
        end_by_peer(e, peer);
}

static void reset(struct engine *e, const struct passive_flow *f, const struct passive_packet *p,
                  struct passive_counters *c)
{
    struct flow *peer = peer_of(e, f);
    bool had_ended = (f->hot->flags & PASSIVE_ENDED) != 0;
    uint8_t n_holes_open = f->line->n_holes;

    passive_flow_rst(f, p, c);
    if (!had_ended)
        report_end(e, f, PASSIVE_END_RST, n_holes_open);
    if (peer != NULL)
        end_by_peer(e, peer);
}

/* Or the probe of a window that is shut: a byte that went by before. */
static void keepalive(struct engine *e, const struct passive_flow *f,
                      const struct passive_packet *p, struct aggregate_counters *c)
{
    c->keepalives++;
    goes_on(e, f, p);
}

static void packet_of_flow(struct engine *e, const struct engine_packet *p,
                           const struct slice_rules *rules, const struct passive_flow *f,
                           struct aggregate_counters *c, struct passive_counters *pc)
{
    struct passive_packet packet = describe(e, p, rules);
    const struct packet_view *v = p->view;
    uint8_t flags = f->hot->flags;

    if (v->payload_bytes > 0 || (v->tcp_flags & TCP_FLAG_SYN) != 0)
        fingerprint(e, f->hot, &packet);

    if ((v->tcp_flags & TCP_FLAG_CONTROL) != 0)
        c->control_packets++;
    if ((v->tcp_flags & TCP_FLAG_SYN) != 0) {
        syn(e, f, &packet, rules, c, pc);
        return;
    }
    if ((v->tcp_flags & TCP_FLAG_RST) != 0) {
        if (in_window(f->hot, v->sequence, rules))
            reset(e, f, &packet, pc);
        return;
    }
    if (v->payload_bytes == 0)
        no_data(e, f, &packet, rules, c, pc);
    else if (v->payload_bytes == 1 && v->sequence + 1 == f->hot->snd_max)
        keepalive(e, f, &packet, c);
    else
        data(e, f, &packet, c, pc);
    if ((v->tcp_flags & TCP_FLAG_FIN) != 0 && in_window(f->hot, v->sequence, rules))
        passive_flow_fin(f, &packet, v->sequence + v->payload_bytes, pc);
    /* By its FIN, or by what it still waited for then. */
    if (likely_false(((f->hot->flags & ~flags) & PASSIVE_ENDED) != 0))
        report_end(e, f, PASSIVE_END_FIN, 0);
}

bool engine_passive(struct engine *e, struct engine_packet *p, const struct slice_rules *rules)
{
    bool is_new = false;
    struct flow *hot = p->flow != NULL ? p->flow : admit(e, p, rules, &is_new);
    struct aggregate_counters *c;
    struct passive_flow f;
    uint32_t aggregate, handle;
    struct aggregate_order order;

    if ((p->view->tcp_flags & TCP_FLAG_SYN) != 0)
        engine_passive_handshake(e, p, rules);
    if (hot == NULL) {
        if ((p->view->tcp_flags & TCP_FLAG_RST) != 0)
            reset_without_flow(e, p, rules);
        return false;
    }
    f = lines_of(e, hot);
    handle = hot->aggregate;
    aggregate = engine_aggregate_of(e, p, rules, hot, &order);
    if (likely_false(hot->aggregate != handle) && aggregate != AGGREGATE_NONE && !is_new)
        passive_flow_change_hands(&f);
    c = engine_delta(e, aggregate);
    c->packets++;
    c->bytes += p->n_bytes;
    if (likely_false((hot->flags & PASSIVE_ACK_WANTED) != 0))
        acknowledgement(e, &f, p);
    if (is_new && (p->view->tcp_flags & TCP_FLAG_SYN) != 0) {
        struct passive_packet packet = describe(e, p, rules);

        fingerprint(e, hot, &packet);
        remember(e, &packet);
        c->control_packets++;
        data_of_syn(&packet, c, engine_passive_delta(e, aggregate));
        return true;
    }
    packet_of_flow(e, p, rules, &f, c, engine_passive_delta(e, aggregate));
    return true;
}

void engine_passive_fragment(struct engine *e, const struct engine_packet *p,
                             const struct slice_rules *rules)
{
    const struct flow_key key = engine_key_of(p, rules);
    uint64_t hash = flow_table_hash(e->flows, &key);
    struct passive_flow f;
    struct flow *hot;
    uint8_t flags;

    flow_table_lookup_bulk(e->flows, &key, &hash, 1, &hot);
    if (hot == NULL || !flow_is_passive(hot) || !in_window(hot, p->view->sequence, rules))
        return;
    f = lines_of(e, hot);
    flags = hot->flags;
    hot->last_seen_ms = e->now_ms;
    passive_flow_fragment(&f, p->view->sequence, delta_of(e, hot));
    if (((hot->flags & ~flags) & PASSIVE_ENDED) != 0)
        report_end(e, &f, PASSIVE_END_FIN, 0);
}

static void stop_flow(void *context, struct flow *hot)
{
    struct engine *e = context;
    struct passive_flow f;

    if (!flow_is_passive(hot))
        return;
    f = lines_of(e, hot);
    end_flow(e, &f, PASSIVE_END_STOPPED, delta_of(e, hot));
}

void engine_passive_stop(struct engine *e)
{
    if (e->passive_lines != NULL)
        flow_table_visit(e->flows, stop_flow, e);
}

/* The table does not say why a flow leaves: it was silent for as long as the table waits, or it had
 * to make room. */
void engine_passive_leave(struct engine *e, struct flow *hot)
{
    const struct passive_flow f = lines_of(e, hot);
    uint32_t silent_ms = time_ms_since(hot->last_seen_ms, e->now_ms);
    uint32_t wait_ms =
        hot->state == FLOW_SYN_ONLY ? e->idle_timeout_ms / FLOW_SYN_ONLY_SHARE : e->idle_timeout_ms;

    end_flow(e, &f, silent_ms >= wait_ms ? PASSIVE_END_IDLE : PASSIVE_END_EVICTED,
             delta_of(e, hot));
}
