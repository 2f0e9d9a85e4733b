/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats/passive.h"

#include "base/compiler.h"

#define ROW(field, name, unit, help) {name, unit, help, offsetof(struct passive_counters, field)},

const struct counter_row passive_counter_rows[] = {PASSIVE_COUNTERS(ROW)};
const size_t n_passive_counter_rows = ARRAY_LENGTH(passive_counter_rows);

void passive_counters_add(struct passive_counters *sum, const struct passive_counters *delta)
{
#define X(field, name, unit, help) sum->field += delta->field;
    PASSIVE_COUNTERS(X)
#undef X
}

void passive_counters_subtract(struct passive_counters *difference,
                               const struct passive_counters *a, const struct passive_counters *b)
{
#define X(field, name, unit, help) difference->field = a->field - b->field;
    PASSIVE_COUNTERS(X)
#undef X
}

const char *passive_counters_check(const struct passive_counters *c)
{
    if (c->passed != c->first_time + c->reordered + c->lost_upstream_repairs + c->late +
                         c->repeats + c->needless + c->unknown)
        return "passed = first_time + reordered + lost_upstream_repairs + late + repeats + "
               "needless + unknown";
    if (c->holes_opened < c->holes_reordered + c->holes_retransmitted + c->holes_unfilled +
                              c->holes_unknown + c->holes_merged + c->holes_fragmented)
        return "holes_opened >= holes_reordered + holes_retransmitted + holes_unfilled + "
               "holes_unknown + holes_merged + holes_fragmented";
    if (c->reordered != c->extent_1 + c->extent_2 + c->extent_3_7 + c->extent_8_31 + c->extent_32)
        return "reordered = extent_1 + extent_2 + extent_3_7 + extent_8_31 + extent_32";
    if (c->flows_finished !=
        c->ended_fin + c->ended_rst + c->ended_idle + c->ended_evicted + c->ended_syn_only)
        return "flows_finished = ended_fin + ended_rst + ended_idle + ended_evicted + "
               "ended_syn_only";
    if (c->repeat_runs > c->repeats + c->needless)
        return "repeat_runs <= repeats + needless";
    if (c->maybe_late > c->unknown)
        return "maybe_late <= unknown";
    if (c->repeats > c->repeatable)
        return "repeats <= repeatable";
    if (c->lost_upstream > c->observed)
        return "lost_upstream <= observed";
    return NULL;
}
