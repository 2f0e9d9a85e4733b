/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this library share. Nobody else includes this. */
#ifndef PASSIVE_INTERNAL_H
#define PASSIVE_INTERNAL_H

#include "passive/holes.h"
#include "passive/passive.h"
#include "tcp/serial.h"

static inline void passive_count_some(uint16_t *counter, uint32_t n)
{
    *counter = (uint16_t)(n < (uint32_t)UINT16_MAX - *counter ? *counter + n : UINT16_MAX);
}

/* Repeats of what lies below `end` tell nothing from now on. */
static inline void passive_unknown_below(const struct passive_flow *f, uint32_t end)
{
    struct passive_line *line = f->line;

    if ((line->marks & PASSIVE_UNKNOWN_BELOW) == 0 || serial_before(line->unknown_below, end))
        line->unknown_below = end;
    line->marks |= PASSIVE_UNKNOWN_BELOW;
}

/* Without the packet's bytes nothing is known, and without a clock as RFC 7323 has it no time. */
static inline void passive_read_detail(const struct passive_flow *f, const struct passive_packet *p,
                                       struct packet_detail *out)
{
    if (p->data == NULL)
        return;
    packet_read_detail(p->data, p->view, out);
    if ((f->line->marks & PASSIVE_FAST_CLOCK) != 0)
        out->has_timestamp = false;
}

/* repeat.c: a segment nothing of which fills a hole. */
enum passive_kind passive_judge_repeat(const struct passive_flow *f, const struct passive_packet *p,
                                       const struct open_holes *holes, struct passive_counters *c);

/* fragments.c: may [start, end), which is missing, be what came in fragments? */
bool passive_fragments_explain(const struct passive_flow *f, uint32_t start, uint32_t end);
/* Counts such a hole, which ends at `end`. */
void passive_close_fragmented(const struct passive_flow *f, uint32_t end,
                              struct passive_counters *c);

/* unfilled.c: counts a hole that leaves the list unfilled. `is_known`: it was open long enough to
 * say that nobody fills it. */
void passive_give_up_hole(const struct passive_flow *f, const struct open_hole *hole, bool is_known,
                          struct passive_counters *c);

#endif
