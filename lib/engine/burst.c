/* SPDX-License-Identifier: BSD-3-Clause */
/* The packets of a burst, each to its flow and through the engine.
 *
 * Nearly every packet is an ordinary segment: of a known and armed flow, in order, nothing pending,
 * nothing else to be looked at. It takes the short way through this file, which reads and writes
 * one line of the flow's record. All others take the long way, engine_take(), which knows every
 * case, the ordinary one too: both ways lead to the same state, coins and counters, and a test
 * (test_burst.c) holds one against the other. */
#include "engine/internal.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "flow/lookup.h"

/* So many packets before the engine comes to one, its flow's record is asked for: far enough for
 * memory, and no more at once than a core has under way. */
#define ASK_AHEAD 12

/* So many before, for what the record then says: its aggregate's order and counters. */
#define ASK_AGGREGATE_AHEAD 4

/* Segments of one aggregate that follow each other, and what makes one of them ordinary. The order
 * is read anew for each segment, so a change takes effect at once. */
struct run {
    uint32_t slice;     /* UINT32_MAX: none yet */
    uint32_t aggregate; /* handle */
    struct aggregate_control *control;
    uint64_t word; /* of the control line, when `order` was made of it */
    struct aggregate_order order;
    const struct slice_rules *rules;
    uint32_t status_mask, status; /* what it is to find in the flow, see status_of() */
    bool has_coins;
    bool may_book; /* a coin that says drop would be obeyed */
    /* Ordinary segments that no counter knows yet. */
    uint64_t n_segments, n_bytes;
    unsigned int n_runs; /* of this burst */
    /* Likewise data segments of flows that were refused, of one slice that is one aggregate. */
    uint32_t refused_slice; /* UINT32_MAX: none yet */
    uint64_t n_refused, n_refused_bytes;
};

void engine_ask(struct engine *e, struct engine_packet *p)
{
    const struct packet_view *v = p->view;
    uint64_t rest = flow_key_rest(v->source_port, v->destination_port, p->ingress);

    p->key_rest = rest;
    if (likely_true(v->is_ipv4))
        p->hash = flow_hash_ipv4(load_half_word(v->source.bytes + 12),
                                 load_half_word(v->destination.bytes + 12), rest, e->flow_secret);
    else
        p->hash = flow_hash_ipv6(&v->source, &v->destination, rest, e->flow_secret);
    flow_ask_bucket(e->flows, p->hash);
}

/* flow_key_equal() of the packet's key, which is nowhere in one piece. The mode, which only the
 * slice tells, is in the key and not in the hash, so flows can be asked for before slices are
 * known. */
static inline bool is_of_flow(const struct engine *e, const struct engine_packet *p,
                              const struct flow *f)
{
    const uint8_t *key = (const uint8_t *)&f->key;
    const struct packet_view *v = p->view;
    uint64_t differ = load_word(key) ^ load_word(v->source.bytes);

    differ |= load_word(key + 8) ^ load_word(v->source.bytes + 8);
    differ |= load_word(key + 16) ^ load_word(v->destination.bytes);
    differ |= load_word(key + 24) ^ load_word(v->destination.bytes + 8);
    differ |= load_word(key + 32) ^ (p->key_rest | e->rules[p->slice].key_mode);
    return differ == 0;
}
static_assert(offsetof(struct flow_key, destination) == 16 &&
                  offsetof(struct flow_key, source_port) == 32 &&
                  offsetof(struct flow_key, ingress) == 36 && offsetof(struct flow_key, mode) == 38,
              "is_of_flow() and word_of_quarters() take it by words");

static never_inlined struct flow *confirm_elsewhere(const struct engine *e,
                                                    const struct engine_packet *p)
{
    const struct flow_key key = engine_key_of(p, &e->rules[p->slice]);

    return flow_confirm(e->flows, &key, p->hash, p->flow);
}

/* flow_confirm() for the packet. */
static inline struct flow *confirm(const struct engine *e, const struct engine_packet *p)
{
    struct flow *f = p->flow;

    if (likely_true(f != NULL && is_of_flow(e, p, f) && f->state != FLOW_FREE))
        return f;
    if (f == NULL && likely_true(flow_is_unknown(e->flows, p->hash)))
        return NULL;
    return confirm_elsewhere(e, p);
}

void engine_lookup_bulk(struct engine *e, struct engine_packet *packets, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++)
        engine_ask(e, &packets[i]);
    for (unsigned int i = 0; i < n; i++)
        packets[i].flow = flow_ask_record(e->flows, packets[i].hash);
    for (unsigned int i = 0; i < n; i++)
        packets[i].flow = confirm(e, &packets[i]);
    e->n_leaves_at_lookup = e->n_leaves;
}

enum engine_action engine_packet(struct engine *e, struct engine_packet *p)
{
    /* A flow found at the start of the burst may have left since, to make room for another. */
    if (e->n_leaves != e->n_leaves_at_lookup) {
        uint64_t then = e->n_leaves_at_lookup;

        engine_lookup_bulk(e, p, 1);
        e->n_leaves_at_lookup = then;
    }
    return engine_take(e, p);
}

/* State, drops, test and flags of a flow in one word, by the machine's order of bytes. */
static inline uint32_t status_of(const struct flow *f)
{
    return load_half_word((const uint8_t *)f + offsetof(struct flow, state));
}
static_assert(offsetof(struct flow, state) + 4 == sizeof(struct flow),
              "state is the first of four");

/* With `droppable`, or without: did each of them have a coin that would have been obeyed? */
static void count_run(struct engine *e, struct run *r, bool droppable)
{
    struct aggregate_counters *c;

    if (r->n_segments == 0)
        return;
    c = engine_delta(e, aggregate_number_of(r->aggregate));
    c->packets += r->n_segments;
    c->bytes += r->n_bytes;
    c->segments += r->n_segments;
    c->in_order += r->n_segments;
    if (r->has_coins)
        c->population_in_order += r->n_segments;
    if (droppable) {
        c->droppable += r->n_segments;
        c->population_droppable += r->n_segments;
    }
    r->n_segments = r->n_bytes = 0;
}

/* If another worker spent the budget meanwhile, nobody knows before which of these segments: then
 * none counts as droppable. */
static void end_run(struct engine *e, struct run *r)
{
    count_run(e, r, r->may_book && engine_may_book(e, &r->control->budget));
}

static never_inlined enum engine_action spend_coin(struct engine *e, struct run *r,
                                                   const struct engine_packet *p, struct flow *f)
{
    enum engine_action action = engine_spend_coin(e, p, r->rules, f, r->order, &r->control->budget);

    if (action != ENGINE_DROP) {
        end_run(e, r);
    } else {
        /* A budget that came since the run began was not there for the segments before. */
        if (!r->may_book) {
            r->n_segments--;
            r->n_bytes -= p->n_bytes;
            count_run(e, r, false);
            r->n_segments = 1;
            r->n_bytes = p->n_bytes;
        }
        count_run(e, r, true);
    }
    r->may_book = engine_may_book(e, &r->control->budget);
    return action;
}

/* In the pooled phase every ordinary segment has its coin; while the last drops settle, and while
 * no test is on, none has. In the flows phase, in mode passive and without an aggregate (any more)
 * no segment is ordinary. */
static never_inlined void begin_run(struct engine *e, struct run *r, const struct engine_packet *p)
{
    struct flow all = {.state = UINT8_MAX, .test_id = UINT8_MAX, .flags = FLOW_PAST_PROTECTION};
    struct flow wanted = {.state = FLOW_ARMED, .flags = FLOW_PAST_PROTECTION};
    uint32_t aggregate = p->flow->aggregate;
    bool is_none = aggregate_handle_is_none(aggregate);

    end_run(e, r);
    r->n_runs++;
    r->slice = p->slice;
    r->rules = &e->rules[p->slice];
    r->aggregate = aggregate;
    r->control = &e->controls[is_none ? 0 : aggregate_number_of(aggregate)];
    r->word = atomic_load_explicit(&r->control->word, memory_order_acquire);
    r->order = aggregate_order_of_word(r->word);
    r->has_coins = r->order.phase == AGGREGATE_POOLED;
    r->may_book = r->has_coins && engine_may_book(e, &r->control->budget);
    wanted.test_id = r->order.test_id;
    if (r->has_coins)
        all.flags |= FLOW_SPARED; /* it has no coin */
    if (r->order.phase == AGGREGATE_SETTLING) {
        /* The first segment of this phase says where the flow's population ends. */
        all.flags |= FLOW_MARKED;
        wanted.flags |= FLOW_MARKED;
    }
    r->status_mask = status_of(&all);
    r->status = status_of(&wanted);
    if (is_none || aggregate_generation_of_word(r->word) != aggregate_generation_of(aggregate) ||
        r->control->slice != p->slice || r->rules->is_passive || r->order.phase == AGGREGATE_FLOWS)
        r->status_mask = 0; /* no flow's status is ARMED then */
}

static inline bool goes_on(const struct run *r, const struct engine_packet *p, const struct flow *f)
{
    return f->aggregate == r->aggregate && p->slice == r->slice &&
           atomic_load_explicit(&r->control->word, memory_order_acquire) == r->word;
}

/* Would the long way do nothing with this segment but advance the flow, count, and toss the coin?
 * What it is by its bytes is left to tcp_coverage_advance(). */
static inline bool may_be_ordinary(const struct run *r, const struct packet_view *v,
                                   const struct flow *f)
{
    if ((status_of(f) & r->status_mask) != r->status || f->drop != FLOW_NO_DROP ||
        f->place != FLOW_NO_PLACE || f->n_segments == UINT8_MAX ||
        (v->tcp_flags & NEVER_DROPPED) != 0 || v->payload_bytes < MIN_DROPPED_BYTES)
        return false;
    return !r->has_coins || (f->n_drops < r->rules->max_drops_per_flow &&
                             !flow_is_left_alone(f->n_segments + 1u, f->n_out_of_order, r->rules));
}

static void end_refused(struct engine *e, struct run *r)
{
    struct aggregate_counters *c;
    uint32_t aggregate;

    if (r->n_refused == 0)
        return;
    aggregate = e->rules[r->refused_slice].aggregate;
    c = engine_delta(e, aggregate);
    if (aggregate == AGGREGATE_NONE)
        e->counters.no_aggregate += r->n_refused;
    e->counters.flow_refused += r->n_refused;
    c->packets += r->n_refused;
    c->bytes += r->n_refused_bytes;
    c->unarmed += r->n_refused;
    r->n_refused = r->n_refused_bytes = 0;
}

static never_inlined enum engine_action refuse(struct engine *e, struct run *r,
                                               const struct engine_packet *p)
{
    const struct slice_rules *rules = &e->rules[p->slice];

    if (rules->granularity_ipv4 == 0 && rules->granularity_ipv6 == 0) {
        end_refused(e, r);
        r->refused_slice = p->slice;
    }
    e->counters.flow_refused++;
    engine_count_flowless(e, p, rules);
    return rules->kinds == 0 ? ENGINE_FORWARD : engine_handshake(e, p, rules, NULL);
}

/* The flow is not known. In a flood most are refused by what the bucket and the sample say. */
static inline enum engine_action take_unknown(struct engine *e, struct run *r,
                                              struct engine_packet *p)
{
    if (e->rules[p->slice].is_passive || !engine_may_begin_a_flow(p->view) ||
        !flow_refuse(e->flows, p->hash))
        return engine_take(e, p);
    if (likely_false(p->slice != r->refused_slice || (p->view->tcp_flags & TCP_FLAG_CONTROL) != 0))
        return refuse(e, r, p);
    r->n_refused++;
    r->n_refused_bytes += p->n_bytes;
    return ENGINE_FORWARD;
}

static inline enum engine_action take(struct engine *e, struct run *r, struct engine_packet *p)
{
    const struct packet_view *v = p->view;
    struct flow *f = p->flow;

    if (likely_false(f == NULL))
        return take_unknown(e, r, p);
    if (likely_false(!goes_on(r, p, f)))
        begin_run(e, r, p);
    if (likely_false(!may_be_ordinary(r, v, f) ||
                     !tcp_coverage_advance(&f->snd_max, v->sequence, v->payload_bytes)))
        return engine_take(e, p);
    f->last_seen_ms = e->now_ms;
    f->n_segments++;
    r->n_segments++;
    r->n_bytes += p->n_bytes;
    if (r->has_coins && likely_false(random_u32(&e->random) < r->order.threshold))
        return spend_coin(e, r, p, f);
    return ENGINE_FORWARD;
}

static inline void ask_record(const struct engine *e, struct engine_packet *p)
{
    p->flow = flow_ask_record(e->flows, p->hash);
}

/* The candidate may turn out to be another flow: then this was for nothing. Only where the last
 * burst was of several aggregates: the lines of a single one are there. */
static inline void ask_aggregate(const struct engine *e, const struct run *r,
                                 const struct engine_packet *p)
{
    uint32_t aggregate;

    if (p->flow == NULL)
        return;
    aggregate = p->flow->aggregate;
    if (likely_true(aggregate == r->aggregate || aggregate_handle_is_none(aggregate)))
        return;
    aggregate = aggregate_number_of(aggregate);
    prefetch_line(&e->controls[aggregate]);
    prefetch_line(&e->deltas[aggregate]);
    prefetch_line(&e->listed[aggregate]);
}

/* The box cannot keep up. What mode passive watches is tracked all the same: a gap would look like
 * loss. */
static never_inlined unsigned int forward_untracked(struct engine *e, struct engine_packet *packets,
                                                    const uint8_t *which, unsigned int n,
                                                    enum engine_action *actions)
{
    for (unsigned int i = 0; i < n; i++) {
        struct engine_packet *p = &packets[which[i]];

        actions[which[i]] = ENGINE_FORWARD;
        if (e->rules[p->slice].is_passive) {
            ask_record(e, p);
            p->flow = confirm(e, p);
            engine_take(e, p);
        } else {
            e->counters.tracking_shed++;
        }
    }
    return 0;
}

unsigned int engine_packets(struct engine *e, struct engine_packet *packets, const uint8_t *which,
                            unsigned int n, enum engine_action *actions)
{
    struct run run = {.slice = UINT32_MAX, .refused_slice = UINT32_MAX};
    const bool asks_aggregates = e->had_several_runs;
    unsigned int n_dropped = 0;

    if (likely_false(e->sheds))
        return forward_untracked(e, packets, which, n, actions);
    for (unsigned int i = 0; i < n && i < ASK_AHEAD; i++)
        ask_record(e, &packets[which[i]]);
    for (unsigned int i = 0; i < n; i++) {
        struct engine_packet *p = &packets[which[i]];
        enum engine_action action;

        if (i + ASK_AHEAD < n)
            ask_record(e, &packets[which[i + ASK_AHEAD]]);
        if (asks_aggregates && i + ASK_AGGREGATE_AHEAD < n)
            ask_aggregate(e, &run, &packets[which[i + ASK_AGGREGATE_AHEAD]]);
        p->flow = confirm(e, p);
        action = take(e, &run, p);
        actions[which[i]] = action;
        n_dropped += action == ENGINE_DROP;
    }
    end_run(e, &run);
    end_refused(e, &run);
    e->had_several_runs = run.n_runs > 1;
    return n_dropped;
}
