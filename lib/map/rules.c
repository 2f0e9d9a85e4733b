/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/rules.h"

#include "expect/expect.h"

static bool is_unexpected(const struct map_entry *e)
{
    return e->grade == EXPECT_UNEXPECTED || e->grade == EXPECT_UNROUTED || e->grade == EXPECT_BOGON;
}

static bool is_genuine(const struct map_entry *e)
{
    return e->reality.state == MAP_GENUINE || e->reality.state == MAP_MIXED;
}

static bool is_outside(const struct rules_surroundings *around)
{
    return !around->is_named || around->relation != INGRESS_INTERNAL;
}

/* ALARM_N_KINDS: none. */
static enum alarm_kind kind_of(const struct map_entry *e, const struct rules_surroundings *around)
{
    if (e->grade == EXPECT_LISTED || (e->flags & MAP_ACCEPTED))
        return ALARM_N_KINDS;
    if (is_genuine(e) && around->is_own && is_outside(around))
        return ALARM_OWN_PREFIX_FROM_OUTSIDE;
    if (!is_unexpected(e))
        return ALARM_N_KINDS;
    if (is_genuine(e))
        return around->is_part && around->rest_at != MAP_NO_INGRESS ? ALARM_PART_OF_ROUTE_MOVED
                                                                    : ALARM_UNEXPECTED_GENUINE;
    return e->reality.state == MAP_SPOOFED && e->reality.n_spoofed >= RULES_SPOOFED
               ? ALARM_UNEXPECTED_SPOOFED
               : ALARM_N_KINDS;
}

static enum alarm_severity severity_of(const struct map_entry *e, enum alarm_kind kind)
{
    return kind == ALARM_PART_OF_ROUTE_MOVED || kind == ALARM_OWN_PREFIX_FROM_OUTSIDE ||
                   (kind == ALARM_UNEXPECTED_GENUINE && e->rpki == EXPECT_RPKI_INVALID)
               ? ALARM_CRITICAL
               : ALARM_WARNING;
}

static uint16_t place_or_none(uint16_t ingress)
{
    return ingress == MAP_NO_INGRESS ? ALARM_NO_INGRESS : ingress;
}

bool rules_of_entry(const struct map_entry *entry, const struct rules_surroundings *around,
                    struct alarm_cause *cause, struct alarm_facts *facts)
{
    const enum alarm_kind kind = kind_of(entry, around);

    if (kind == ALARM_N_KINDS)
        return false;
    *cause = (struct alarm_cause){
        .kind = kind,
        .at = entry->key.ingress,
        .from =
            place_or_none(around->rest_at != MAP_NO_INGRESS ? around->rest_at : around->expected),
        .has_prefix = true,
        .prefix = map_key_prefix(&entry->key),
    };
    *facts = (struct alarm_facts){
        .severity = severity_of(entry, kind),
        .packets = entry->packets,
        .bytes = entry->bytes,
        .bytes_per_s = (double)entry->bytes_per_s[MAP_RATE_10_S],
        .origin_as = entry->origin_as,
        .test = entry->reality.test,
        .log10_evidence = entry->reality.log10_evidence,
    };
    return true;
}
