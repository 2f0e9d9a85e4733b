/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats/counters.h"

#include "base/compiler.h"

#define AGGREGATE_ROW(field, name, unit, help)                                                     \
    {name, unit, help, offsetof(struct aggregate_counters, field)},
#define WORKER_ROW(field, name, unit, help)                                                        \
    {name, unit, help, offsetof(struct worker_counters, field)},

const struct counter_row aggregate_counter_rows[] = {AGGREGATE_COUNTERS(AGGREGATE_ROW)};
const size_t n_aggregate_counter_rows = ARRAY_LENGTH(aggregate_counter_rows);
const struct counter_row worker_counter_rows[] = {WORKER_COUNTERS(WORKER_ROW)};
const size_t n_worker_counter_rows = ARRAY_LENGTH(worker_counter_rows);

void aggregate_counters_add(struct aggregate_counters *sum, const struct aggregate_counters *delta)
{
#define X(field, name, unit, help) sum->field += delta->field;
    AGGREGATE_COUNTERS(X)
#undef X
}

void aggregate_counters_subtract(struct aggregate_counters *difference,
                                 const struct aggregate_counters *a,
                                 const struct aggregate_counters *b)
{
#define X(field, name, unit, help) difference->field = a->field - b->field;
    AGGREGATE_COUNTERS(X)
#undef X
}

void worker_counters_add(struct worker_counters *sum, const struct worker_counters *other)
{
#define X(field, name, unit, help) sum->field += other->field;
    WORKER_COUNTERS(X)
#undef X
}

const char *aggregate_counters_check(const struct aggregate_counters *c)
{
    if (c->dropped < c->retransmitted + c->expired + c->voided)
        return "dropped >= retransmitted + expired + void";
    if (c->voided != c->void_ambiguous + c->void_closed + c->void_evicted + c->void_own_loss +
                         c->void_stall + c->void_silence)
        return "void = void_ambiguous + void_closed + void_evicted + void_own_loss + void_stall + "
               "void_silence";
    if (c->expired_repaired_late > c->expired)
        return "expired_repaired_late <= expired";
    if (c->segments != c->in_order + c->out_of_order + c->repairs + c->duplicates)
        return "segments = in_order + out_of_order + repairs + duplicates";
    if (c->droppable > c->in_order)
        return "droppable <= in_order";
    if (c->population_droppable > c->population_in_order || c->population_in_order > c->in_order)
        return "population_droppable <= population_in_order <= in_order";
    if (c->dropped > c->droppable)
        return "dropped <= droppable";
    if (c->spared > c->in_order - c->droppable)
        return "spared + droppable <= in_order";
    if (c->checksums_wrong > c->checksums_sampled)
        return "checksums_wrong <= checksums_sampled";
    if (c->ambiguous > c->duplicates || c->test_duplicates > c->duplicates ||
        c->population_duplicates > c->test_duplicates)
        return "ambiguous <= duplicates, population_duplicates <= test_duplicates <= duplicates";
    return NULL;
}

const char *worker_counters_check(const struct worker_counters *c)
{
    if (c->rx_packets + c->generated != c->tx_packets + c->dropped + c->dropped_by_stage +
                                            c->answered + c->lost_tx_full + c->lost_no_headroom +
                                            c->lost_cut + c->absorbed_mirror)
        return "rx_packets + generated = tx_packets + dropped + dropped_by_stage + answered + "
               "lost_tx_full + lost_no_headroom + lost_cut + absorbed_mirror";
    if (c->rx_packets != c->untested + c->slice_packets + c->dropped_by_stage + c->answered)
        return "rx_packets = untested + slice_packets + dropped_by_stage + answered";
    return NULL;
}
