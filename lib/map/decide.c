/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/decide.h"

#include <stdlib.h>

#include "base/time.h"
#include "map/rules.h"

/* All entries in so many turns of 10 ms. */
#define ROUND_TURNS  1000
#define SECOND_TURNS 100
/* What could not begin is tried again after so long. */
#define AGAIN_NS (600 * NS_PER_S)

/* A prefix that mostly comes in elsewhere since a while. */
struct move {
    struct map_key key;
    uint16_t from, at;
    uint64_t until_ns;
};

struct decide {
    struct decide_config config;
    uint32_t next_slot;
    uint64_t second_ns;
    bool is_stale;
    uint32_t n_moves, next_move;
    struct move moves[DECIDE_MOST_CHANGES];
};

struct decide *decide_create(const struct decide_config *config)
{
    struct decide *d = calloc(1, sizeof(*d));

    if (d == NULL)
        return NULL;
    d->config = *config;
    d->next_slot = 1;
    return d;
}

void decide_destroy(struct decide *d)
{
    free(d);
}

void decide_follow(struct decide *d, const struct decide_config *config)
{
    d->config = *config;
}

void decide_set_stale(struct decide *d, bool is_stale)
{
    d->is_stale = is_stale;
}

static bool is_own(const struct decide *d, const struct map_key *key)
{
    const struct ip_prefix prefix = map_key_prefix(key);

    for (uint32_t i = 0; i < d->config.n_own; i++)
        if (d->config.own[i].is_ipv4 == prefix.is_ipv4 &&
            d->config.own[i].length <= prefix.length &&
            ip_prefix_contains(&d->config.own[i], &prefix.address))
            return true;
    return false;
}

/* Another ingress where the route that covers the entry comes in, with most traffic. */
static uint16_t rest_of_route(const struct decide *d, const struct map_entry *e)
{
    struct map_key key = e->key;
    const struct map_prefix *route;
    uint16_t best = MAP_NO_INGRESS;
    double most = 0;

    if (e->route_length == 0 || e->route_length > e->key.length)
        return MAP_NO_INGRESS;
    key.length = e->route_length;
    key.address = ip_prefix_of_address(&e->key.address, e->route_length).address;
    route = map_prefix_of(d->config.map, &key);
    for (uint32_t slot = route != NULL ? route->first : MAP_NO_SLOT; slot != MAP_NO_SLOT;
         slot = map_at(d->config.map, slot)->next_of_prefix) {
        const struct map_entry *other = map_at(d->config.map, slot);
        const double bytes_per_s = (double)other->bytes_per_s[MAP_RATE_5_MIN];

        if (other->key.ingress != e->key.ingress && other->grade <= EXPECT_LESS_SPECIFIC &&
            (other->presence == MAP_NEW || other->presence == MAP_ACTIVE) && bytes_per_s > most) {
            most = bytes_per_s;
            best = other->key.ingress;
        }
    }
    return best;
}

static void alarm_entry(struct decide *d, const struct map_entry *e, uint64_t now_ns)
{
    const struct map_places *places = map_places(d->config.map);
    const struct map_place *place = &places->places[e->key.ingress];
    const struct map_prefix *prefix = map_prefix_of(d->config.map, &e->key);
    struct rules_surroundings around = {
        .is_own = is_own(d, &e->key),
        .is_named = place->is_named,
        .relation = place->relation,
        .rest_at = rest_of_route(d, e),
        .is_part = e->route_length < e->key.length,
        .expected = MAP_NO_INGRESS,
    };
    struct alarm_cause cause;
    struct alarm_facts facts;

    if (prefix != NULL && prefix->dominant.ingress != e->key.ingress)
        around.expected = prefix->dominant.ingress;
    if (rules_of_entry(e, &around, &cause, &facts))
        alarms_observe(d->config.alarms, &cause, &facts, now_ns);
}

static void offer_entry(struct decide *d, uint32_t slot, const struct map_entry *e, uint64_t now_ns)
{
    struct schedule_candidate candidate;

    if (e->test_due_ns > now_ns)
        return;
    schedule_candidate_of(e, slot, &candidate);
    candidate.has_changed =
        e->test_due_ns != 0 && e->reality.at_ns != 0 && e->test_due_ns > e->reality.at_ns;
    candidate.is_forwarded = d->config.is_forwarded(d->config.context, e->key.ingress);
    candidate.is_in_maintenance =
        d->config.alarms != NULL && alarms_is_muted(d->config.alarms, e->key.ingress, now_ns);
    schedule_offer(d->config.schedule, &candidate, now_ns);
}

static void look_at(struct decide *d, uint32_t slot, uint64_t now_ns)
{
    const struct map_entry *e = map_at(d->config.map, slot);

    if (e->life != MAP_LIVE || e->presence == MAP_QUIET || e->presence == MAP_GONE)
        return;
    if (d->config.alarms != NULL)
        alarm_entry(d, e, now_ns);
    if (d->config.schedule != NULL)
        offer_entry(d, slot, e, now_ns);
}

/* Where a prefix was before it has no place is not where it moved from. */
static void add_move(struct decide *d, const struct map_change *c, uint64_t now_ns)
{
    const struct map_entry *e;
    uint32_t slot;
    struct map_key key = c->key;

    if (c->from.ingress == MAP_NO_INGRESS || c->to.ingress == MAP_NO_INGRESS ||
        c->from.ingress == c->to.ingress)
        return;
    d->moves[d->next_move] =
        (struct move){c->key, c->from.ingress, c->to.ingress, now_ns + DECIDE_CHANGE_S * NS_PER_S};
    d->next_move = (d->next_move + 1) % DECIDE_MOST_CHANGES;
    d->n_moves += d->n_moves < DECIDE_MOST_CHANGES;
    /* It is another one now: what was found before says less. */
    key.ingress = c->to.ingress;
    slot = map_find(d->config.map, &key);
    if (slot == MAP_NO_SLOT)
        return;
    e = map_at(d->config.map, slot);
    map_set_test_due(d->config.map, slot, e->generation, now_ns);
}

void decide_hear(struct decide *d, const struct map_change *change, uint64_t now_ns)
{
    if (change->kind == MAP_CHANGE_DOMINANT)
        add_move(d, change, now_ns);
}

static void alarm_move(struct decide *d, const struct move *m, uint64_t now_ns)
{
    const struct alarm_cause cause = {.kind = ALARM_INGRESS_CHANGE,
                                      .at = m->at,
                                      .from = m->from,
                                      .has_prefix = true,
                                      .prefix = map_key_prefix(&m->key)};
    struct alarm_facts facts = {.severity = ALARM_WARNING};
    struct map_key key = m->key;
    const struct map_entry *e;
    uint32_t slot;

    key.ingress = m->at;
    slot = map_find(d->config.map, &key);
    if (slot == MAP_NO_SLOT)
        return;
    e = map_at(d->config.map, slot);
    facts.packets = e->packets;
    facts.bytes = e->bytes;
    facts.bytes_per_s = (double)e->bytes_per_s[MAP_RATE_10_S];
    facts.origin_as = e->origin_as;
    alarms_observe(d->config.alarms, &cause, &facts, now_ns);
}

static void alarm_place(struct decide *d, enum alarm_kind kind, uint16_t place, uint64_t now_ns)
{
    const struct map_place *p = &map_places(d->config.map)->places[place];
    const struct alarm_cause cause = {.kind = kind, .at = place, .from = ALARM_NO_INGRESS};
    const struct alarm_facts facts = {
        .severity = ALARM_WARNING, .packets = p->stray_packets, .bytes = p->stray_bytes};

    alarms_observe(d->config.alarms, &cause, &facts, now_ns);
}

static void alarm_box(struct decide *d, enum alarm_kind kind, uint64_t now_ns)
{
    const struct alarm_cause cause = {
        .kind = kind, .at = ALARM_NO_INGRESS, .from = ALARM_NO_INGRESS};
    const struct alarm_facts facts = {.severity = ALARM_WARNING};

    alarms_observe(d->config.alarms, &cause, &facts, now_ns);
}

static void look_at_the_rest(struct decide *d, uint64_t now_ns)
{
    const struct map_places *places = map_places(d->config.map);

    /* Each move is shown in its turn, well within ALARMS_RENEW_S. */
    for (uint32_t i = 0; i < d->n_moves; i++)
        if (d->moves[i].until_ns > now_ns && i % 10 == now_ns / NS_PER_S % 10)
            alarm_move(d, &d->moves[i], now_ns);
    for (uint16_t i = 0; i < places->n; i++)
        if (places->places[i].is_diffuse)
            alarm_place(d, ALARM_DIFFUSE_UNEXPECTED, i, now_ns);
    if (d->is_stale)
        alarm_box(d, ALARM_EXPECTATION_STALE, now_ns);
    alarms_tick(d->config.alarms, now_ns);
}

void decide_turn(struct decide *d, uint64_t now_ns)
{
    const uint32_t n = map_n_slots(d->config.map);
    uint32_t n_now = n / ROUND_TURNS + 1;

    for (; n_now > 0; n_now--) {
        look_at(d, d->next_slot, now_ns);
        d->next_slot = d->next_slot < n ? d->next_slot + 1 : 1;
    }
    if (d->config.alarms == NULL || now_ns - d->second_ns < NS_PER_S)
        return;
    d->second_ns = now_ns;
    look_at_the_rest(d, now_ns);
}

static uint8_t one_more(uint8_t n)
{
    return n < UINT8_MAX ? (uint8_t)(n + 1) : n;
}

bool decide_take(struct decide *d, const struct decide_outcome *o, uint64_t now_ns)
{
    const struct map_entry *e = map_at(d->config.map, o->slot);
    struct map_reality reality = e->reality;

    if (o->state == MAP_UNTESTED)
        return map_set_test_due(d->config.map, o->slot, o->generation, now_ns + AGAIN_NS);
    reality.at_ns = now_ns;
    reality.state = (uint8_t)o->state;
    reality.log10_evidence = o->log10_evidence;
    reality.test = o->test;
    reality.n_drops = o->n_drops;
    reality.n_repaired = o->n_repaired;
    if (o->state == MAP_SPOOFED)
        reality.n_spoofed = one_more(reality.n_spoofed);
    else if (o->state == MAP_GENUINE || o->state == MAP_MIXED)
        reality.n_spoofed = 0;
    reality.n_inconclusive = o->state == MAP_INCONCLUSIVE ? one_more(reality.n_inconclusive) : 0;
    if (!map_set_reality(d->config.map, o->slot, o->generation, &reality) ||
        !map_set_test_due(d->config.map, o->slot, o->generation, 0))
        return false;
    look_at(d, o->slot, now_ns);
    return true;
}
