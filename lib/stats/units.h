/* SPDX-License-Identifier: BSD-3-Clause */
/* What is counted of one kind of units beside data segments (unit/unit.h), each one row as in
 * counters.h. A worker keeps deltas of them for each aggregate of a slice that has such units,
 * beside the aggregate's other counters, which they are not in; the manager keeps sums.
 *
 * Identities, checked by unit_counters_check():
 *   dropped = retransmitted + expired + voided + pending; pending is not counted
 *   dropped <= droppable <= seen, dropped <= dropped_packets */
#ifndef STATS_UNITS_H
#define STATS_UNITS_H

#include <stdint.h>

#include "stats/counters.h"

#define UNIT_COUNTERS(X)                                                                           \
    X(seen, "seen", "units", "units that came for the first time")                                 \
    X(droppable, "droppable", "units", "U: its coin was thrown, and would have been obeyed")       \
    X(dropped, "dropped", "units", "K: units deliberately dropped, whatever number of packets")    \
    X(dropped_packets, "dropped_packets", "packets", "packets of these units that were dropped")   \
    X(retransmitted, "retransmitted", "units",                                                     \
      "R: dropped, and came again; when its time is over")                                         \
    X(expired, "expired", "units", "N: dropped, and not seen again in time; no evidence")          \
    X(voided, "void", "units", "V: dropped, and nobody could have seen it come again")             \
    X(duplicates, "duplicates", "units", "D: its coin said forward, and it came again in time")    \
    X(coins_refused, "coins_refused", "units", "the coin said drop, but no budget was left")       \
    X(spared, "spared", "units", "no coin, since never_drop spares its flow")                      \
    X(without_room, "without_room", "packets", "not remembered for want of room: no coin")

struct unit_counters {
#define X(field, name, unit, help) uint64_t field;
    UNIT_COUNTERS(X)
#undef X
};

/* P: dropped, and not ended yet. */
static inline uint64_t unit_counters_pending(const struct unit_counters *c)
{
    return c->dropped - c->retransmitted - c->expired - c->voided;
}

extern const struct counter_row unit_counter_rows[];
extern const size_t n_unit_counter_rows;

/* sum += delta, difference = a - b, field by field. */
void unit_counters_add(struct unit_counters *sum, const struct unit_counters *delta);
void unit_counters_subtract(struct unit_counters *difference, const struct unit_counters *a,
                            const struct unit_counters *b);

/* NULL, or the identity that does not hold, in words. `c` counts from the start of the process. */
const char *unit_counters_check(const struct unit_counters *c);

#endif
