/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments that came in fragments: of them only the beginning is known. */
#include "passive/internal.h"
#include "tcp/serial.h"

/* RFC 791 3.1: no packet is longer, so what is farther away was none of the fragment's. */
#define LONGEST_PACKET_BYTES 65535
/* Fragments farther apart are not taken together. */
#define MOST_SPAN_BYTES (UINT32_C(1) << 20)

bool passive_fragments_explain(const struct passive_flow *f, uint32_t start, uint32_t end)
{
    uint32_t lowest = f->line->lowest_fragment, highest = f->line->highest_fragment;

    return f->line->has_fragments && !serial_before(highest, start) && serial_before(lowest, end) &&
           serial_distance(start, lowest) <= LONGEST_PACKET_BYTES &&
           serial_distance(highest, end) <= LONGEST_PACKET_BYTES;
}

void passive_close_fragmented(const struct passive_flow *f, uint32_t end,
                              struct passive_counters *c)
{
    c->holes_fragmented++;
    passive_unknown_below(f, end);
}

/* The hole, should there be one, opens with what comes next. */
static void expect_hole(const struct passive_flow *f, uint32_t sequence)
{
    struct passive_line *line = f->line;
    bool is_first = !line->has_fragments;
    uint32_t lowest = is_first ? sequence : serial_min(line->lowest_fragment, sequence);
    uint32_t highest = is_first ? sequence : serial_max(line->highest_fragment, sequence);

    if (highest - lowest > MOST_SPAN_BYTES)
        lowest = highest = sequence;
    f->hot->flags &= (uint8_t)~PASSIVE_MAY_SAMPLE;
    line->marks &= (uint8_t)~PASSIVE_SAMPLING;
    line->has_fragments = true;
    line->lowest_fragment = lowest;
    line->highest_fragment = highest;
}

/* It was overtaken. Of a merged hole it is not known where its parts are. */
static void close_hole_at(const struct passive_flow *f, uint32_t sequence,
                          struct passive_counters *c)
{
    struct open_holes holes, rest = {.n = 0};

    holes_load(f, &holes);
    for (unsigned int i = 0; i < holes.n; i++) {
        const struct passive_hole *hole = &holes.list[i].hole;

        if (!holes.list[i].is_merged && !serial_before(sequence, hole->start) &&
            serial_before(sequence, hole->end) && hole->end - hole->start <= LONGEST_PACKET_BYTES)
            passive_close_fragmented(f, hole->end, c);
        else
            rest.list[rest.n++] = holes.list[i];
    }
    holes_store(f, &rest);
}

void passive_flow_fragment(const struct passive_flow *f, uint32_t sequence,
                           struct passive_counters *c)
{
    if ((f->hot->flags & PASSIVE_ENDED) != 0)
        return;
    if (!serial_before(sequence, f->hot->snd_max)) {
        expect_hole(f, sequence);
        return;
    }
    close_hole_at(f, sequence, c);
    if (f->line->n_holes == 0 && (f->line->marks & PASSIVE_FIN_SEEN) != 0)
        passive_flow_end(f, PASSIVE_END_FIN, c);
}
