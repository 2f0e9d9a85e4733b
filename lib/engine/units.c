/* SPDX-License-Identifier: BSD-3-Clause */
/* Units beside data segments in tests: handshakes and first flights of QUIC (unit/unit.h).
 *
 * A unit has its coin at its first sight, if one that says drop would be obeyed: under the gate and
 * from the budget of data segments (drops.c). What has no coin counts for nothing. Of the repeats
 * of the others the first one counts, if it comes within the kind's timeout: R when the unit was
 * dropped, else D. What the proof needs (lib/verdict/evidence.c, Kinds of evidence): D counts at
 * once, R not before the unit's time is over. Then all units that had their coin before have shown
 * what they show, so coins that are not uncovered yet may say who has a coin, as a budget does. */
#include "base/time.h"
#include "engine/attribution.h"
#include "engine/internal.h"

/* What a unit's note says: the number of the test in which it had its coin; while its drop is in
 * the ledger, the entry of that; 0: it had none. Mode passive has greater ones (passive_units.c).
 */

/* A packet that bears a unit. */
struct sighting {
    const struct engine_packet *p;
    const struct slice_rules *rules;
    enum unit_kind kind;
    uint64_t identity;
    uint32_t aggregate;
    struct aggregate_order order; /* of it */
    struct unit_counters *c;      /* likewise */
};

static inline bool has_kind(const struct engine *e, const struct slice_rules *rules,
                            enum unit_kind kind)
{
    /* A slice may have got them since the engine was made. */
    return (rules->kinds >> kind & 1) != 0 && e->unit_deltas != NULL;
}

static bool is_test_on(struct aggregate_order order)
{
    return order.phase != AGGREGATE_IDLE;
}

/* A unit of a slice: what another slice keeps of the same packets, since they are marked
 * differently, is another one, as it is another flow (FLOW_MODE_MARK_SHIFT). If one slice's repeat
 * could be the R of another slice's drop, and never its D, whoever can have packets marked would
 * pass for a sender in a conversation. */
static uint64_t of_slice(uint64_t identity, const struct slice_rules *rules)
{
    return identity ^ rules->mode * UINT64_C(0x9e3779b97f4a7c15);
}

/* An answered client goes on with Initials that bear the server's connection ID, and nobody repeats
 * those that carry acknowledgements alone (RFC 9002 2): of each flow only the first is its first
 * flight, within the time that units are remembered. */
static bool is_first_of_flow(struct engine *e, const struct sighting *s)
{
    const uint64_t flow =
        of_slice(unit_identity_of_flow(s->p->view, s->p->ingress, unit_table_key(e->tested_units)),
                 s->rules);
    struct unit *u;

    return unit_table_see(e->tested_units, s->kind, flow, e->now_ns / NS_PER_MS, &u) == UNIT_FIRST;
}

static bool is_coin_time(struct aggregate_order order)
{
    return order.phase == AGGREGATE_UNITS || (order.phase == AGGREGATE_POOLED && !order.data_only);
}

static bool is_spared(const struct engine *e, const struct sighting *s)
{
    const struct flow_key key = engine_key_of(s->p, s->rules);

    return engine_is_spared(e, &key);
}

static enum engine_action see_first(struct engine *e, const struct sighting *s, struct unit *u)
{
    bool says_drop, counts;

    s->c->seen++;
    if (!is_coin_time(s->order))
        return ENGINE_FORWARD;
    if (is_spared(e, s) || (s->p->view->tcp_flags & TCP_FLAG_URG) != 0) {
        s->c->spared++;
        return ENGINE_FORWARD;
    }
    /* Would it be obeyed? That must not be for the coin to say. */
    counts = engine_may_book(e, &e->controls[s->aggregate].budget);
    says_drop = random_u32(&e->random) < s->order.threshold;
    if (!counts) {
        if (says_drop)
            engine_refuse_coin(e, &s->c->coins_refused);
        return ENGINE_FORWARD;
    }
    s->c->droppable++;
    u->note = s->order.test_id;
    return says_drop ? engine_drop_unit(e, s->p, s->rules, s->kind, u, s->aggregate, s->order)
                     : ENGINE_FORWARD;
}

/* Soon after its first sight it belongs to that, and shares its fate; so many packets of it. */
static enum engine_action see_flight(struct engine *e, const struct sighting *s, struct unit *u)
{
    if (!u->is_awaited || !e->open || u->n_dropped >= unit_rule_of(s->kind)->most_dropped ||
        (s->p->view->tcp_flags & TCP_FLAG_URG) != 0)
        return ENGINE_FORWARD;
    u->n_dropped++;
    engine_unit_delta(e, e->ledger.entries[u->note].aggregate, s->kind)->dropped_packets++;
    return ENGINE_DROP;
}

/* One that comes too late is none, whether the unit was dropped or not. */
static void see_repeat(struct engine *e, const struct sighting *s, struct unit *u)
{
    if (unit_age_ms(u, e->now_ns / NS_PER_MS) >= unit_rule_of(s->kind)->timeout_ms)
        return;
    if (u->is_awaited)
        engine_note_return(e, u->note);
    else if (is_test_on(s->order) && u->note == s->order.test_id)
        s->c->duplicates++;
}

/* *was_dropped: it was, in the test that is on. */
static enum engine_action see(struct engine *e, struct sighting *s, bool *was_dropped)
{
    enum engine_action action = ENGINE_FORWARD;
    enum unit_sight sight;
    struct unit *u;
    uint8_t test_id;

    s->identity = of_slice(s->identity, s->rules);
    s->aggregate = engine_find_aggregate(e, s->p, s->rules, WANT_NOTHING);
    if (s->aggregate != AGGREGATE_NONE)
        s->order = aggregate_control_read(&e->controls[s->aggregate]);
    s->c = engine_unit_delta(e, s->aggregate, s->kind);
    sight = unit_table_see(e->tested_units, s->kind, s->identity, e->now_ns / NS_PER_MS, &u);
    switch (sight) {
    case UNIT_FIRST:
        if (s->kind != UNIT_QUIC || is_first_of_flow(e, s))
            action = see_first(e, s, u);
        break;
    case UNIT_FLIGHT:
        action = see_flight(e, s, u);
        break;
    case UNIT_REPEATED:
        see_repeat(e, s, u);
        break;
    case UNIT_AGAIN:
        break;
    case UNIT_NO_ROOM:
        s->c->without_room++;
        *was_dropped = false;
        return ENGINE_FORWARD;
    }
    test_id = u->is_awaited ? e->ledger.entries[u->note].test_id : (uint8_t)u->note;
    *was_dropped = u->n_dropped > 0 && is_test_on(s->order) && test_id == s->order.test_id;
    return action;
}

/* Its sender waits 3 s before it repeats anything now, with a window of one segment (RFC 6298 5.7,
 * RFC 5681 3.1): it loses no data segment in this test. */
static void leave_alone(struct flow *f)
{
    f->n_drops = UINT8_MAX;
    f->flags |= FLOW_HAD_PLACE;
}

enum engine_action engine_handshake(struct engine *e, const struct engine_packet *p,
                                    const struct slice_rules *rules, struct flow *f)
{
    struct sighting s = {.p = p, .rules = rules, .kind = UNIT_HANDSHAKE};
    enum engine_action action;
    bool was_dropped;

    if (likely_true(!has_kind(e, rules, UNIT_HANDSHAKE)) ||
        !unit_identify_handshake(p->view, p->ingress, unit_table_key(e->tested_units), &s.identity))
        return ENGINE_FORWARD;
    action = see(e, &s, &was_dropped);
    /* A forged SYN on a live flow must not switch its test off. */
    if (was_dropped && f != NULL && f->state == FLOW_SYN_ONLY)
        leave_alone(f);
    return action;
}

enum engine_action engine_first_flight(struct engine *e, const struct engine_packet *p,
                                       uint32_t captured_bytes, const struct slice_rules *rules)
{
    struct sighting s = {.p = p, .rules = rules, .kind = UNIT_QUIC};
    bool was_dropped;

    if (likely_true(!has_kind(e, rules, UNIT_QUIC)) ||
        !unit_identify_quic(p->view, p->data, captured_bytes, p->ingress,
                            unit_table_key(e->tested_units), &s.identity))
        return ENGINE_FORWARD;
    return see(e, &s, &was_dropped);
}
