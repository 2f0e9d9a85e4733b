/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats/units.h"

#include "base/compiler.h"

#define ROW(field, name, unit, help) {name, unit, help, offsetof(struct unit_counters, field)},

const struct counter_row unit_counter_rows[] = {UNIT_COUNTERS(ROW)};
const size_t n_unit_counter_rows = ARRAY_LENGTH(unit_counter_rows);

void unit_counters_add(struct unit_counters *sum, const struct unit_counters *delta)
{
#define X(field, name, unit, help) sum->field += delta->field;
    UNIT_COUNTERS(X)
#undef X
}

void unit_counters_subtract(struct unit_counters *difference, const struct unit_counters *a,
                            const struct unit_counters *b)
{
#define X(field, name, unit, help) difference->field = a->field - b->field;
    UNIT_COUNTERS(X)
#undef X
}

const char *unit_counters_check(const struct unit_counters *c)
{
    if (c->dropped < c->retransmitted + c->expired + c->voided)
        return "units dropped >= retransmitted + expired + void";
    if (c->dropped > c->droppable || c->droppable > c->seen)
        return "units dropped <= droppable <= seen";
    if (c->dropped_packets < c->dropped)
        return "packets of units dropped >= units dropped";
    return NULL;
}
