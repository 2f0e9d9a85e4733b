/* SPDX-License-Identifier: BSD-3-Clause */
/* Making a drop and ending it.
 *
 * Nothing here may depend on a segment's own coin but what the coin itself does: a flow with a
 * pending drop is treated like one without, or the difference may only lose an R or add a D
 * (doc/verdict.md, blind bookkeeping). */
#include "base/time.h"
#include "engine/internal.h"

/* One that is over does not count any more. */
static bool has_pending_drop(const struct engine *e, const struct flow *f)
{
    return f->drop != FLOW_NO_DROP && !e->ledger.entries[f->drop].over;
}

static bool may_drop_from(const struct engine *e, const struct flow *f, const struct packet_view *v,
                          const struct slice_rules *rules)
{
    return f->state == FLOW_ARMED && !has_pending_drop(e, f) &&
           f->n_drops < rules->max_drops_per_flow && (v->tcp_flags & NEVER_DROPPED) == 0 &&
           v->payload_bytes >= MIN_DROPPED_BYTES && (f->flags & FLOW_PAST_PROTECTION) != 0 &&
           !flow_is_left_alone(f->n_segments, f->n_out_of_order, rules);
}

/* Segments in order among which a flow makes its drops: half as many again as that takes in the
 * mean, since it has no coin while one of them is pending. */
static uint32_t n_span(const struct slice_rules *rules, struct aggregate_order order)
{
    uint64_t n = 3 * (uint64_t)rules->max_drops_per_flow * (UINT64_C(1) << 32) /
                 (2 * (uint64_t)(order.threshold > 0 ? order.threshold : 1));

    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* In the flows phase a flow needs a place; it takes one before its first coin of that phase. */
static bool has_or_takes_place(struct engine *e, const struct slice_rules *rules, struct flow *f,
                               struct aggregate_order order)
{
    struct aggregate_control *control = &e->controls[aggregate_number_of(f->aggregate)];

    if (f->place != FLOW_NO_PLACE)
        return true;
    if ((f->flags & FLOW_HAD_PLACE) != 0)
        return false;
    if (order.n_repairs > 0 && (f->flags & FLOW_REPAIRED) == 0)
        return false;
    if (order.n_repairs > 1 && (f->n_drops < order.n_repairs || has_pending_drop(e, f)))
        return false;
    if (!aggregate_take(&control->places))
        return false;
    f->place = places_take(&e->places, f, order.test_id, n_span(rules, order));
    if (f->place == FLOW_NO_PLACE) {
        atomic_fetch_add_explicit(&control->places, 1, memory_order_relaxed);
        return false;
    }
    f->flags |= FLOW_HAD_PLACE;
    f->n_drops = 0;
    return true;
}

/* Places are few: before they go to just any flow, a drop or two of each show which flows repair.
 * They count for the aggregate only, so that a flow brings no luck to its place. What they are
 * taken from; NULL: no drop of this flow. */
static _Atomic int32_t *budget_to_screen(struct aggregate_control *control, const struct flow *f,
                                         struct aggregate_order order)
{
    if (!order.screening || (f->flags & FLOW_HAD_PLACE) != 0)
        return NULL;
    if ((f->flags & FLOW_TESTED) == 0)
        return &control->screening;
    if ((f->flags & FLOW_REPAIRED) != 0 && f->n_drops < order.n_repairs)
        return &control->confirming;
    return NULL;
}

static void count_in_order_of_place(struct engine *e, const struct flow *f)
{
    struct place *place = &e->places.places[f->place];

    place_count_in_order(place, f->snd_max);
    if (place->frozen)
        return;
    place->counts.population_in_order++;
    places_touch(&e->places, f->place);
}

/* A segment with a coin; its place, if it has one, was touched when the segment counted as in
 * order. Those without are no comparison for the dropped ones: which they are, a sender decides
 * (lib/verdict/penny.c). */
static void count_droppable(struct engine *e, const struct flow *f, struct aggregate_order order)
{
    struct aggregate_counters *c = engine_delta(e, aggregate_number_of(f->aggregate));

    c->droppable++;
    if (order.phase == AGGREGATE_POOLED)
        c->population_droppable++;
    if (f->place != FLOW_NO_PLACE) {
        struct place *place = &e->places.places[f->place];

        place->counts.droppable++;
        if (!place->frozen)
            place->counts.population_droppable++;
    }
}

bool engine_may_book(const struct engine *e, const _Atomic int32_t *budget)
{
    return e->open && atomic_load_explicit(budget, memory_order_relaxed) > 0 &&
           e->ledger.n_used < e->ledger.n_entries;
}

static void post_drop_made(struct engine *e, const struct ledger_entry *d,
                           const struct packet_view *v)
{
    struct message m = {.kind = MESSAGE_DROP_MADE,
                        .test_id = d->test_id,
                        .worker = e->config.worker,
                        .aggregate = d->aggregate,
                        .drop_made = {.key = d->flow->key,
                                      .id = d->id,
                                      .time_ns = d->made_ns,
                                      .sequence = v->sequence,
                                      .n_bytes = v->payload_bytes,
                                      .individual = d->individual,
                                      .kind = UNIT_N_KINDS}};

    engine_post(e, &m);
}

/* The flow's place made its last drop: what rule penny looks at ends here. */
static void freeze_place(struct place *place, const struct flow *f)
{
    place->frozen = true;
    place->population_end = f->snd_max;
}

/* The drop is not waited for any more; when the worker stood still for long, the record may be
 * another unit's. */
static void release_unit(const struct ledger_entry *d, uint32_t entry)
{
    struct unit *u = d->unit;

    if (u->identity != d->identity || !u->is_awaited || u->note != entry)
        return;
    u->is_awaited = 0;
    u->note = d->test_id;
}

/* Nothing of it counts any more, or all of it has been counted. */
static void forget_drop(struct engine *e, uint32_t entry)
{
    const struct ledger_entry *d = &e->ledger.entries[entry];

    if (likely_true(d->flow != NULL))
        d->flow->drop = FLOW_NO_DROP;
    else
        release_unit(d, entry);
    ledger_remove(&e->ledger, entry);
}

static void book_drop(struct engine *e, uint32_t entry, struct flow *f, const struct packet_view *v,
                      const struct slice_rules *rules, struct aggregate_order order)
{
    struct aggregate_counters *c = engine_delta(e, aggregate_number_of(f->aggregate));
    struct ledger_entry *d = &e->ledger.entries[entry];

    d->flow = f;
    d->aggregate = aggregate_number_of(f->aggregate);
    d->test_id = order.test_id;
    d->individual = f->place != FLOW_NO_PLACE;
    tcp_gap_open(&d->gap, v->sequence, v->payload_bytes);
    f->drop = entry;
    f->n_drops++;
    c->dropped++;
    if ((f->flags & FLOW_TESTED) == 0) {
        f->flags |= FLOW_TESTED;
        c->flows_tested++;
    }
    if (d->individual) {
        struct place *place = &e->places.places[f->place];

        place->counts.dropped++;
        d->of_span = place->is_latest_of_span;
        if (f->n_drops == rules->max_drops_per_flow)
            freeze_place(place, f);
        places_touch(&e->places, f->place);
    }
    post_drop_made(e, d, v);
}

enum engine_action engine_try_drop(struct engine *e, const struct engine_packet *p,
                                   const struct slice_rules *rules, struct flow *f,
                                   struct aggregate_order order)
{
    struct aggregate_control *control = &e->controls[aggregate_number_of(f->aggregate)];
    _Atomic int32_t *budget = &control->budget;

    /* Before it could take a place, which would be lost on it. */
    if ((f->flags & FLOW_SPARED) != 0) {
        engine_delta(e, aggregate_number_of(f->aggregate))->spared++;
        return ENGINE_FORWARD;
    }
    if (order.phase == AGGREGATE_FLOWS) {
        if (f->state != FLOW_ARMED)
            return ENGINE_FORWARD;
        if (has_or_takes_place(e, rules, f, order))
            count_in_order_of_place(e, f);
        else if ((budget = budget_to_screen(control, f, order)) == NULL)
            return ENGINE_FORWARD;
    }
    if (!may_drop_from(e, f, p->view, rules))
        return ENGINE_FORWARD;
    if (engine_may_book(e, budget))
        count_droppable(e, f, order);
    if (random_u32(&e->random) >= order.threshold)
        return ENGINE_FORWARD;
    return engine_spend_coin(e, p, rules, f, order, budget);
}

void engine_refuse_coin(struct engine *e, uint64_t *n_refused)
{
    if (!e->open)
        e->counters.gate_closed++;
    else if (e->ledger.n_used == e->ledger.n_entries)
        e->counters.ledger_full++;
    else
        ++*n_refused;
}

/* The one way to a drop, whatever is dropped: the gate, the ledger, the budget. In this order: who
 * took its last drop ends the population, and must make that drop. */
static bool may_spend(struct engine *e, _Atomic int32_t *budget, uint64_t *n_refused)
{
    if (e->open && e->ledger.n_used < e->ledger.n_entries && aggregate_take(budget))
        return true;
    engine_refuse_coin(e, n_refused);
    return false;
}

enum engine_action engine_spend_coin(struct engine *e, const struct engine_packet *p,
                                     const struct slice_rules *rules, struct flow *f,
                                     struct aggregate_order order, _Atomic int32_t *budget)
{
    uint32_t entry;

    if (!may_spend(e, budget, &engine_delta(e, aggregate_number_of(f->aggregate))->coins_refused))
        return ENGINE_FORWARD;
    if (f->drop != FLOW_NO_DROP)
        forget_drop(e, f->drop);
    entry = ledger_add(&e->ledger, e->now_ns, e->now_ns + rules->retransmission_timeout_ns);
    book_drop(e, entry, f, p->view, rules, order);
    /* What comes after the last drop can't be dropped. Until an order of the manager told all
     * workers, that would be thousands of segments at line rate. */
    if (order.phase == AGGREGATE_POOLED && order.ends_when_spent &&
        atomic_load_explicit(budget, memory_order_relaxed) <= 0)
        aggregate_control_end_pooled(&e->controls[aggregate_number_of(f->aggregate)], order);
    return ENGINE_DROP;
}

static void post_unit_dropped(struct engine *e, const struct ledger_entry *d,
                              const struct engine_packet *p, const struct slice_rules *rules)
{
    const bool is_tcp = p->view->reason == PACKET_TCP;
    struct message m = {.kind = MESSAGE_DROP_MADE,
                        .test_id = d->test_id,
                        .worker = e->config.worker,
                        .aggregate = d->aggregate,
                        .drop_made = {.key = engine_key_of(p, rules),
                                      .id = d->id,
                                      .time_ns = d->made_ns,
                                      .sequence = is_tcp ? p->view->sequence : 0,
                                      .n_bytes = p->view->payload_bytes,
                                      .kind = d->kind}};

    engine_post(e, &m);
}

enum engine_action engine_drop_unit(struct engine *e, const struct engine_packet *p,
                                    const struct slice_rules *rules, enum unit_kind kind,
                                    struct unit *unit, uint32_t aggregate,
                                    struct aggregate_order order)
{
    struct unit_counters *c = engine_unit_delta(e, aggregate, kind);
    struct ledger_entry *d;
    uint32_t entry;

    if (!may_spend(e, &e->controls[aggregate].budget, &c->coins_refused))
        return ENGINE_FORWARD;
    entry =
        ledger_add(&e->ledger, e->now_ns, e->now_ns + unit_rule_of(kind)->timeout_ms * NS_PER_MS);
    d = &e->ledger.entries[entry];
    d->unit = unit;
    d->identity = unit->identity;
    d->kind = (uint8_t)kind;
    d->aggregate = aggregate;
    d->test_id = order.test_id;
    unit->is_awaited = 1;
    unit->n_dropped = 1;
    unit->note = entry;
    c->dropped++;
    c->dropped_packets++;
    post_unit_dropped(e, d, p, rules);
    return ENGINE_DROP;
}

static void count_end(struct aggregate_counters *c, struct flow_counts *of_place,
                      enum drop_state state)
{
    switch (state) {
    case DROP_RETRANSMITTED:
        c->retransmitted++;
        of_place->retransmitted++;
        return;
    case DROP_EXPIRED:
        c->expired++;
        of_place->expired++;
        return;
    case DROP_VOID_AMBIGUOUS:
        c->void_ambiguous++;
        break;
    case DROP_VOID_CLOSED:
        c->void_closed++;
        break;
    case DROP_VOID_OWN_LOSS:
        c->void_own_loss++;
        break;
    case DROP_VOID_STALL:
        c->void_stall++;
        break;
    case DROP_VOID_SILENCE:
        c->void_silence++;
        break;
    default:
        c->void_evicted++;
        break;
    }
    c->voided++;
    of_place->voided++;
}

static void post_drop_ended(struct engine *e, const struct ledger_entry *d, enum drop_state state)
{
    struct message m = {.kind = MESSAGE_DROP_ENDED,
                        .test_id = d->test_id,
                        .worker = e->config.worker,
                        .aggregate = d->aggregate,
                        .drop_ended = {.id = d->id, .time_ns = e->now_ns, .state = (uint8_t)state}};

    engine_post(e, &m);
}

/* Its aggregate may be in another test by now. */
static void count_late_repair(struct engine *e, const struct ledger_entry *d)
{
    if (d->expired && aggregate_control_read(&e->controls[d->aggregate]).test_id == d->test_id)
        engine_delta(e, d->aggregate)->expired_repaired_late++;
}

/* A second drop that was to show that a flow repairs, and did not come back: it takes no place in
 * this test. */
static void refuse_place(const struct engine *e, const struct ledger_entry *d)
{
    struct aggregate_order order = aggregate_control_read(&e->controls[d->aggregate]);

    if (order.test_id == d->test_id && order.phase == AGGREGATE_FLOWS && order.n_repairs > 1 &&
        (d->flow->flags & FLOW_REPAIRED) != 0)
        d->flow->flags |= FLOW_HAD_PLACE;
}

static void count_and_tell_end(struct engine *e, uint32_t entry, enum drop_state state)
{
    struct ledger_entry *d = &e->ledger.entries[entry];
    struct aggregate_counters *c = engine_delta(e, d->aggregate);
    struct flow *f = d->flow;
    struct flow_counts nobody = {0};
    bool of_place = d->individual && f->place != FLOW_NO_PLACE;

    count_end(c, of_place ? &e->places.places[f->place].counts : &nobody, state);
    if (of_place && d->of_span && state == DROP_RETRANSMITTED)
        e->places.places[f->place].counts.span_retransmitted++;
    if (state == DROP_RETRANSMITTED && (f->flags & FLOW_REPAIRED) == 0) {
        f->flags |= FLOW_REPAIRED;
        c->flows_repaired++;
    }
    if (state != DROP_RETRANSMITTED && !of_place)
        refuse_place(e, d);
    post_drop_ended(e, d, state);
    if (of_place)
        places_touch(&e->places, f->place);
}

static void count_end_of_unit(struct engine *e, uint32_t entry, enum drop_state state)
{
    const struct ledger_entry *d = &e->ledger.entries[entry];
    struct unit_counters *c = engine_unit_delta(e, d->aggregate, d->kind);

    c->retransmitted += state == DROP_RETRANSMITTED;
    c->expired += state == DROP_EXPIRED;
    c->voided += state != DROP_RETRANSMITTED && state != DROP_EXPIRED;
    if (!d->returned)
        post_drop_ended(e, d, state);
}

void engine_note_return(struct engine *e, uint32_t entry)
{
    struct ledger_entry *d = &e->ledger.entries[entry];

    d->returned = true;
    post_drop_ended(e, d, DROP_RETRANSMITTED);
}

void engine_end_drop(struct engine *e, uint32_t entry, enum drop_state state)
{
    const struct ledger_entry *d = &e->ledger.entries[entry];

    if (d->flow == NULL)
        count_end_of_unit(e, entry, state);
    else if (!d->over)
        count_and_tell_end(e, entry, state);
    else if (state == DROP_RETRANSMITTED)
        count_late_repair(e, d);
    forget_drop(e, entry);
}

void engine_leave_place(struct engine *e, struct flow *f)
{
    if (f->place == FLOW_NO_PLACE)
        return;
    e->places.places[f->place].ended = true;
    places_touch(&e->places, f->place);
    f->place = FLOW_NO_PLACE;
}

/* What silence says of a drop. Nothing, where a repair may have come unseen: while this worker
 * stood still, while the box lost packets, or after the whole aggregate had gone (its path leads
 * elsewhere now); and nothing while the manager, who alone knows of the aggregate, stands still. */
static enum drop_state state_by_time(const struct engine *e, const struct ledger_entry *d)
{
    const struct aggregate_control *control = &e->controls[d->aggregate];

    if (d->closed)
        return DROP_VOID_CLOSED;
    if (e->own_loss_ns >= d->made_ns)
        return DROP_VOID_OWN_LOSS;
    if (e->stall_ns > d->made_ns || e->manager_is_late)
        return DROP_VOID_STALL;
    if (atomic_load_explicit(&control->silent_ns, memory_order_relaxed) >= d->made_ns)
        return DROP_VOID_SILENCE;
    return DROP_EXPIRED;
}

/* The timeout, whether it was doubled or not. */
static uint64_t period_of(const struct ledger_entry *d)
{
    return (d->deadline_ns - d->made_ns) >> d->extended;
}

void engine_settle_due(struct engine *e, uint32_t entry)
{
    struct ledger_entry *d = &e->ledger.entries[entry];
    enum drop_state state;

    if (d->over) {
        forget_drop(e, entry);
        return;
    }
    if (d->flow == NULL) {
        engine_end_drop(e, entry, d->returned ? DROP_RETRANSMITTED : state_by_time(e, d));
        return;
    }
    /* Nothing was sent after the dropped bytes, so no duplicate ACK can tell the sender: it needs a
     * whole retransmission timeout. */
    if (!d->extended && d->gap.extent.end == d->flow->snd_max) {
        d->extended = true;
        ledger_extend(&e->ledger, entry, d->made_ns + 2 * (d->deadline_ns - d->made_ns));
        return;
    }
    state = state_by_time(e, d);
    d->expired = state == DROP_EXPIRED;
    count_and_tell_end(e, entry, state);
    if (!ledger_keep(&e->ledger, entry, e->now_ns + period_of(d)))
        forget_drop(e, entry);
}
