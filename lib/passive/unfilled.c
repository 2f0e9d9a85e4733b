/* SPDX-License-Identifier: BSD-3-Clause */
/* Holes that nobody filled, and what many of them say about a flow. */
#include "passive/internal.h"

/* Per-packet balancing: that many holes nobody filled, four times as many as those filled, and one
 * in so many segments has one before it. */
#define BALANCED_HOLES      16
#define BALANCED_PER_FILLED 4
#define BALANCED_SPACING    20

/* Where a part of a flow takes another path, what is sent again and comes here fills a hole,
 * wherever it was lost. */
static void suspect_balancing(const struct passive_flow *f, struct passive_counters *c)
{
    struct passive_line *line = f->line;
    uint32_t n_filled = (uint32_t)line->n_reordered + line->n_retransmitted;

    if ((line->marks & PASSIVE_BALANCED) != 0 || line->n_unfilled < BALANCED_HOLES ||
        line->n_unfilled < BALANCED_PER_FILLED * n_filled ||
        (uint64_t)line->n_unfilled * BALANCED_SPACING < f->hot->n_passed)
        return;
    line->marks |= PASSIVE_BALANCED;
    c->flows_balanced++;
    c->lost_upstream -= line->n_retransmitted;
    line->n_retransmitted = 0;
}

void passive_give_up_hole(const struct passive_flow *f, const struct open_hole *hole, bool is_known,
                          struct passive_counters *c)
{
    struct passive_line *line = f->line;
    uint32_t missing_bytes = hole_missing_bytes(hole);

    c->missing_bytes += missing_bytes;
    c->holes_unfilled += is_known;
    c->holes_unknown += !is_known;
    /* A merged one stands for as many as it was made of: two segments each, as of two paths. */
    passive_count_some(&line->n_unfilled,
                       hole->is_merged ? missing_bytes / (2 * line->segment_bytes) : 1);
    passive_unknown_below(f, hole->hole.end);
    suspect_balancing(f, c);
}
