/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes of a slice and cannot be tested, counted so that a test without a drop can say why. */
#include "base/time.h"
#include "engine/attribution.h"
#include "engine/internal.h"

/* A prefix that sends no TCP at all is to be seen, too, but not at the cost of those that do: it is
 * asked for seldom, and only while the table is nearly empty. */
#define ASK_INTERVAL_NS (10 * NS_PER_MS)
#define ASK_SHARE       4 /* of the table's room, one part in so many */

static bool may_ask(struct engine *e)
{
    if (e->now_ns - e->asked_untestable_ns < ASK_INTERVAL_NS ||
        aggregate_table_count(e->aggregates) >= aggregate_table_capacity(e->aggregates) / ASK_SHARE)
        return false;
    return true;
}

void engine_count_untestable(struct engine *e, uint32_t slice, const struct packet_view *view)
{
    const struct engine_packet p = {.view = view, .slice = slice};
    const struct slice_rules *rules = &e->rules[slice];
    uint32_t aggregate = engine_find_aggregate(e, &p, rules, false);
    struct aggregate_counters *c;

    if (aggregate == AGGREGATE_NONE && may_ask(e)) {
        e->asked_untestable_ns = e->now_ns;
        engine_find_aggregate(e, &p, rules, true);
    }
    c = engine_delta(e, aggregate);
    switch (view->reason) {
    case PACKET_NOT_TCP:
        c->not_tcp++;
        return;
    case PACKET_IPV4_FRAGMENT:
    case PACKET_IPV6_FRAGMENT:
        c->fragments++;
        return;
    default:
        c->unreadable++;
        return;
    }
}

void engine_count_checksum(struct engine *e, uint32_t slice, const struct packet_view *view,
                           bool is_wrong)
{
    const struct engine_packet p = {.view = view, .slice = slice};
    struct aggregate_counters *c =
        engine_delta(e, engine_find_aggregate(e, &p, &e->rules[slice], false));

    c->checksums_sampled++;
    c->checksums_wrong += is_wrong;
}
