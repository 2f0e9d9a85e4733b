/* SPDX-License-Identifier: BSD-3-Clause */
/* What a packet of a known flow is, step by step in the order of the test (engine.h). */
#include "engine/attribution.h"
#include "engine/internal.h"

#include "base/time.h"
#include "tcp/flags.h"
#include "tcp/serial.h"

/* A flow belongs to the test that its aggregate runs now: what it did in an earlier one does not
 * count. */
static void join_test(struct engine *e, struct flow *f, struct aggregate_order order)
{
    if (f->test_id == order.test_id)
        return;
    engine_leave_place(e, f);
    f->test_id = order.test_id;
    f->n_drops = 0;
    f->flags &= (uint8_t)~FLOW_OF_TEST;
}

/* The pooled phase is over: what the flow has sent until now is the population that rule penny
 * looks at. */
static void mark_population(struct engine *e, struct flow *f, struct aggregate_order order)
{
    if ((order.phase != AGGREGATE_FLOWS && order.phase != AGGREGATE_SETTLING) ||
        (f->flags & FLOW_MARKED) != 0)
        return;
    flow_table_rare(e->flows, f)->population_end = f->snd_max;
    f->flags |= FLOW_MARKED;
}

/* Does a control packet's sequence number belong to this connection? What lies beyond the window
 * was sent by somebody who guessed (RFC 5961 3, 4). */
static bool in_window(const struct flow *f, uint32_t sequence, const struct slice_rules *rules)
{
    uint32_t ahead = sequence - f->snd_max, behind = f->snd_max - sequence;

    return ahead <= rules->window_bytes || behind <= rules->window_bytes;
}

/* FIN or RST. A pending drop may still be repaired, since a sender in earnest repairs after its
 * FIN, too, and a blind one's repeats count in D as before; but silence now proves nothing, so it
 * will be void, not expired. */
static void close_flow(struct engine *e, struct flow *f)
{
    uint32_t pending = flow_pending(f);

    if (pending != LEDGER_NONE)
        e->ledger.entries[pending].closed = true;
    if (f->state == FLOW_OBSERVED)
        f->flags |= FLOW_NEVER_ARM;
    else if (f->state == FLOW_ARMED)
        f->state = FLOW_CLOSING;
}

/* A SYN begins the connection anew when the old one is over or never was; on a live one it is a
 * forgery or a stray (RFC 5961 4), and must not make us forget what the flow has sent. One forged
 * on a silent flow is believed: to ask for its first segment, too, would cost whoever forges it one
 * packet more. It turns what the real sender sends next into duplicates, so it can take evidence
 * away, never give any. */
static bool may_begin_anew(const struct engine *e, const struct flow *f,
                           const struct slice_rules *rules)
{
    uint64_t silent_ns = time_ms_since(f->last_seen_ms, e->now_ms) * NS_PER_MS;

    return f->state != FLOW_ARMED || silent_ns >= rules->retransmission_timeout_ns;
}

static void begin_anew(struct engine *e, struct flow *f, const struct packet_view *v)
{
    uint32_t pending = flow_pending(f);

    if (pending != LEDGER_NONE)
        engine_end_drop(e, pending, DROP_VOID_CLOSED);
    engine_leave_place(e, f);
    f->state = FLOW_SYN_ONLY;
    f->drop = FLOW_NO_DROP;
    /* Data in a SYN (RFC 7413) starts at the next number; it is never dropped, so it is simply
     * seen. */
    f->snd_max = v->sequence + 1 + v->payload_bytes;
    f->flags = (uint8_t)(f->flags & ~(FLOW_MARKED | FLOW_NEVER_ARM));
    flow_table_rare(e->flows, f)->holes = (struct tcp_holes){0};
}

static void control_packet(struct engine *e, struct flow *f, const struct packet_view *v,
                           const struct slice_rules *rules, struct aggregate_counters *c)
{
    c->control_packets++;
    if ((v->tcp_flags & TCP_FLAG_SYN) != 0) {
        if (!may_begin_anew(e, f, rules))
            return;
        begin_anew(e, f, v);
    } else if (in_window(f, v->sequence, rules)) {
        close_flow(e, f);
    } else {
        return;
    }
    f->last_seen_ms = e->now_ms;
}

/* A sign of life, unless it belongs to another connection: a flow that jumped out of its window
 * must age, to be learnt anew. */
static void pure_ack(struct engine *e, struct flow *f, const struct packet_view *v,
                     const struct slice_rules *rules, struct aggregate_counters *c)
{
    c->pure_acks++;
    if (in_window(f, v->sequence, rules))
        f->last_seen_ms = e->now_ms;
}

/* Ahead, only the configured window is believed; behind, all that coverage can tell apart: a fast
 * flow over a long path has sent far more than the window before its repair arrives, and that must
 * not depend on what was dropped. */
static struct tcp_observation observe(struct engine *e, struct flow *f, const struct packet_view *v,
                                      const struct slice_rules *rules)
{
    uint32_t pending = flow_pending(f);
    struct tcp_gap *gap = pending == LEDGER_NONE ? NULL : &e->ledger.entries[pending].gap;
    int32_t ahead = serial_distance(f->snd_max, v->sequence);

    if (likely_true(tcp_coverage_advance(&f->snd_max, v->sequence, v->payload_bytes)))
        return (struct tcp_observation){.kind = TCP_IN_ORDER};
    if (ahead > 0 && (uint32_t)ahead > rules->window_bytes)
        return (struct tcp_observation){.kind = TCP_JUMP};
    return tcp_coverage_observe(&f->snd_max, &flow_table_rare(e->flows, f)->holes, gap, v->sequence,
                                v->payload_bytes, TCP_MAX_WINDOW_BYTES);
}

/* A flow seen from the middle is armed after a grace, by a segment that advances it: what was sent
 * just before we came may still be repeated. */
static void observe_unarmed(struct engine *e, struct flow *f, enum tcp_segment_kind kind,
                            const struct slice_rules *rules, struct aggregate_counters *c)
{
    c->unarmed++;
    if (kind != TCP_IN_ORDER || (f->flags & FLOW_NEVER_ARM) != 0 ||
        time_ms_since(f->drop, e->now_ms) < rules->admission_grace_ms)
        return;
    f->state = FLOW_ARMED;
    f->drop = FLOW_NO_DROP;
}

/* The share of segments out of order, over the last 128 to 255. */
static void count_order(struct flow *f, bool out_of_order, const struct slice_rules *rules)
{
    if (f->n_segments == UINT8_MAX) {
        f->n_segments /= 2;
        f->n_out_of_order /= 2;
    }
    /* The segments that are protected are the first ones, so one more than that is past them. */
    if (f->n_segments >= rules->protect_first_packets)
        f->flags |= FLOW_PAST_PROTECTION;
    f->n_segments++;
    f->n_out_of_order += out_of_order;
}

static void count_duplicate(struct engine *e, struct flow *f, uint32_t sequence,
                            struct aggregate_order order, struct aggregate_counters *c)
{
    c->duplicates++;
    if (order.phase == AGGREGATE_IDLE)
        return;
    c->test_duplicates++;
    if (order.phase == AGGREGATE_POOLED ||
        serial_before(sequence, flow_table_rare(e->flows, f)->population_end))
        c->population_duplicates++;
    if (f->place != FLOW_NO_PLACE) {
        struct place *place = &e->places.places[f->place];

        place->counts.duplicates++;
        place->counts.span_duplicates += place_is_in_span(place, sequence);
        if (!place->frozen || serial_before(sequence, place->population_end))
            place->counts.population_duplicates++;
        places_touch(&e->places, f->place);
    }
}

static enum engine_action in_order(struct engine *e, const struct engine_packet *p,
                                   const struct slice_rules *rules, struct flow *f,
                                   struct aggregate_order order, struct aggregate_counters *c)
{
    c->in_order++;
    if (f->state != FLOW_ARMED ||
        (order.phase != AGGREGATE_POOLED && order.phase != AGGREGATE_FLOWS))
        return ENGINE_FORWARD;
    if (order.phase == AGGREGATE_POOLED)
        c->population_in_order++;
    return engine_try_drop(e, p, rules, f, order);
}

static enum engine_action armed_segment(struct engine *e, const struct engine_packet *p,
                                        const struct slice_rules *rules, struct flow *f,
                                        struct aggregate_order order, struct aggregate_counters *c)
{
    uint32_t pending = f->drop, sequence = p->view->sequence;
    struct tcp_observation o = observe(e, f, p->view, rules);

    if (o.kind == TCP_JUMP) {
        c->jumps++;
        return ENGINE_FORWARD;
    }
    f->last_seen_ms = e->now_ms;
    c->segments++;
    c->holes_closed += o.n_holes_closed;
    count_order(f, o.kind == TCP_OUT_OF_ORDER, rules);
    switch (o.kind) {
    case TCP_IN_ORDER:
        return in_order(e, p, rules, f, order, c);
    case TCP_OUT_OF_ORDER:
        c->out_of_order++;
        return ENGINE_FORWARD;
    case TCP_REPAIR:
        c->repairs++;
        if (o.gap_repaired)
            engine_end_drop(e, pending, DROP_RETRANSMITTED);
        return ENGINE_FORWARD;
    case TCP_AMBIGUOUS:
        c->ambiguous++;
        count_duplicate(e, f, sequence, order, c);
        engine_end_drop(e, pending, DROP_VOID_AMBIGUOUS);
        return ENGINE_FORWARD;
    default:
        count_duplicate(e, f, sequence, order, c);
        return ENGINE_FORWARD;
    }
}

static enum engine_action segment(struct engine *e, const struct engine_packet *p,
                                  const struct slice_rules *rules, struct flow *f,
                                  struct aggregate_order order, struct aggregate_counters *c)
{
    enum engine_action action;

    if (f->state == FLOW_OBSERVED) {
        struct tcp_observation o = observe(e, f, p->view, rules);

        if (o.kind != TCP_JUMP)
            f->last_seen_ms = e->now_ms;
        observe_unarmed(e, f, o.kind, rules, c);
        action = ENGINE_FORWARD;
    } else {
        if (f->state == FLOW_SYN_ONLY)
            f->state = FLOW_ARMED;
        action = armed_segment(e, p, rules, f, order, c);
    }
    return action;
}

enum engine_action engine_segment(struct engine *e, const struct engine_packet *p,
                                  const struct slice_rules *rules, struct flow *f)
{
    const struct packet_view *v = p->view;
    struct aggregate_order order;
    struct aggregate_counters *c = engine_delta(e, engine_aggregate_of(e, p, rules, f, &order));
    uint32_t pending = flow_pending(f);
    enum engine_action action;

    c->packets++;
    c->bytes += p->n_bytes;
    join_test(e, f, order);
    if (pending != LEDGER_NONE && e->ledger.entries[pending].deadline_ns <= e->now_ns &&
        engine_may_settle(e))
        engine_settle_due(e, pending);
    if ((v->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_RST)) != 0) {
        control_packet(e, f, v, rules, c);
        return rules->kinds == 0 ? ENGINE_FORWARD : engine_handshake(e, p, rules, f);
    }
    if (v->payload_bytes == 0) {
        if ((v->tcp_flags & TCP_FLAG_FIN) != 0)
            control_packet(e, f, v, rules, c);
        else
            pure_ack(e, f, v, rules, c);
        return ENGINE_FORWARD;
    }
    if (v->payload_bytes == 1 && v->sequence + 1 == f->snd_max) {
        c->keepalives++;
        return ENGINE_FORWARD;
    }
    mark_population(e, f, order);
    if (f->place != FLOW_NO_PLACE && order.phase == AGGREGATE_IDLE)
        engine_leave_place(e, f);
    action = segment(e, p, rules, f, order, c);
    if ((v->tcp_flags & TCP_FLAG_FIN) != 0) {
        c->control_packets++;
        if (in_window(f, v->sequence, rules))
            close_flow(e, f);
    }
    return action;
}
