/* SPDX-License-Identifier: BSD-3-Clause */
/* Verdicts of tests that the scheduler did not begin, of slices and by command, are of an entry,
 * too, where they are of its packets: the same prefix at the same ingress, to whatever destination
 * and port. Of others it may be said that somebody is there, but not what nobody's silence means.
 */
#include "base/time.h"
#include "deciding_internal.h"
#include "manager/manager.h"

static bool is_same(const struct slice_ingress *a, const struct slice_ingress *b)
{
    return a->port == b->port && a->vlan == b->vlan && a->tunnel == b->tunnel &&
           a->has_tunnel_id == b->has_tunnel_id && a->tunnel_id == b->tunnel_id;
}

static bool takes_all_destinations(const struct slice *s)
{
    for (uint32_t i = 0; i < s->n_destinations; i++)
        if (s->destinations[i].length != 0)
            return false;
    return slice_ports_specificity(&s->ports) == 0;
}

/* The place that has the packets of a slice's ingress, and no others. */
static uint16_t place_of(const struct deciding *d, const struct slice_ingress *at)
{
    const struct config *c = d->appliance->config;

    for (uint32_t i = 0; i < c->n_ingresses; i++)
        if (is_same(&c->ingresses[i].at, at)) {
            const uint16_t place = map_places_find(map_places(d->map), c->ingresses[i].name);

            return deciding_is_told_apart(d, &c->ingresses[i]) ? place : MAP_NO_INGRESS;
        }
    return MAP_NO_INGRESS;
}

/* What was tested; false: more than a prefix. */
static bool tested_prefix(const struct aggregate_report *r, struct ip_prefix *out)
{
    if (!r->identity->has_prefix && r->slice->n_sources != 1)
        return false;
    *out = r->identity->has_prefix ? r->identity->prefix : r->slice->sources[0];
    return true;
}

static uint32_t entry_of(const struct deciding *d, const struct aggregate_report *r)
{
    const uint16_t place = place_of(d, &r->slice->ingress);
    struct ip_prefix prefix;
    struct map_key key;

    if (place == MAP_NO_INGRESS || !takes_all_destinations(r->slice) || !tested_prefix(r, &prefix))
        return MAP_NO_SLOT;
    key = map_key_of(&prefix.address, prefix.is_ipv4, prefix.length, place);
    return map_find(d->map, &key);
}

/* Who ended a test early, or found nothing, takes nothing back. */
static enum map_reality_state state_of(const struct aggregate_report *r)
{
    switch (r->verdict) {
    case VERDICT_CLOSED_LOOP:
        return r->mixed ? MAP_MIXED : MAP_GENUINE;
    case VERDICT_NOT_CLOSED_LOOP:
    case VERDICT_DUPLICATES_EXCEEDED:
        return MAP_SPOOFED;
    default:
        return MAP_UNTESTED;
    }
}

void deciding_hear_test(struct deciding *d, uint32_t aggregate, uint64_t now_ns)
{
    struct decide_outcome outcome;
    struct aggregate_report r;
    const struct map_entry *e;
    uint32_t slot;

    if (d == NULL || !manager_report(d->appliance->manager, aggregate, &r) ||
        state_of(&r) == MAP_UNTESTED)
        return;
    slot = entry_of(d, &r);
    if (slot == MAP_NO_SLOT)
        return;
    e = map_at(d->map, slot);
    /* The scheduler's own tests are looked at by who began them. */
    if ((e->flags & MAP_TESTED) != 0)
        return;
    outcome = (struct decide_outcome){.slot = slot,
                                      .generation = e->generation,
                                      .state = state_of(&r),
                                      .n_drops = (uint16_t)r.test.dropped,
                                      .n_repaired = (uint16_t)r.test.retransmitted,
                                      .log10_evidence = (float)r.anytime.log10_e};
    decide_take(d->decide, &outcome, now_ns);
}
