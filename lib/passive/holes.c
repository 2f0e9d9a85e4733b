/* SPDX-License-Identifier: BSD-3-Clause */
#include "passive/holes.h"

#include <string.h>

#include "tcp/serial.h"

void holes_load(const struct passive_flow *f, struct open_holes *out)
{
    out->n = f->line->n_holes;
    for (unsigned int i = 0; i < out->n; i++) {
        out->list[i].hole = f->rare->holes[i];
        out->list[i].opener_index = f->line->opener_index[i];
        out->list[i].is_merged = i == 0 && (f->line->marks & PASSIVE_MERGED) != 0;
    }
}

void holes_store(const struct passive_flow *f, const struct open_holes *from)
{
    f->line->n_holes = (uint8_t)from->n;
    f->hot->flags &= (uint8_t)~PASSIVE_HOLES_OPEN;
    f->line->marks &= (uint8_t)~PASSIVE_MERGED;
    if (from->n > 0)
        f->hot->flags |= PASSIVE_HOLES_OPEN;
    if (from->n > 0 && from->list[0].is_merged)
        f->line->marks |= PASSIVE_MERGED;
    for (unsigned int i = 0; i < from->n; i++) {
        f->rare->holes[i] = from->list[i].hole;
        f->line->opener_index[i] = from->list[i].opener_index;
    }
}

/* Returns how many bytes are still missing. */
static uint16_t fill_merged(const struct open_hole *hole, uint32_t n_bytes,
                            struct holes_filled *filled)
{
    uint32_t n = n_bytes < hole->missing_bytes ? n_bytes : hole->missing_bytes;

    filled->n_bytes += n;
    filled->n_whole += n == hole->missing_bytes;
    return (uint16_t)(hole->missing_bytes - n);
}

struct holes_filled holes_fill(struct open_holes *holes, uint32_t start, uint32_t end)
{
    struct holes_filled filled = {0};
    struct open_holes rest = {.n = 0};

    for (unsigned int i = 0; i < holes->n; i++) {
        struct open_hole whole = holes->list[i], part = whole;
        uint32_t from = serial_max(whole.hole.start, start), to = serial_min(whole.hole.end, end);
        unsigned int n_before = rest.n;

        if (!serial_before(from, to)) {
            rest.list[rest.n++] = whole;
            continue;
        }
        if (filled.n_bytes == 0)
            filled.first = whole;
        if (whole.is_merged) {
            part.missing_bytes = fill_merged(&whole, to - from, &filled);
            if (part.missing_bytes > 0)
                rest.list[rest.n++] = part;
            continue;
        }
        filled.n_bytes += to - from;
        if (serial_before(whole.hole.start, from)) {
            part.hole.end = from;
            rest.list[rest.n++] = part;
        }
        part = whole;
        if (serial_before(to, whole.hole.end)) {
            part.hole.start = to;
            rest.list[rest.n++] = part;
        }
        filled.n_whole += rest.n == n_before;
        filled.n_split += rest.n == n_before + 2;
    }
    *holes = rest;
    return filled;
}

bool holes_merge_lowest(struct open_holes *holes)
{
    struct open_hole *low = &holes->list[0], *high = &holes->list[1];
    uint32_t missing_bytes = hole_missing_bytes(low) + hole_missing_bytes(high);

    if (holes->n < 2 || missing_bytes > UINT16_MAX)
        return false;
    high->hole.start = low->hole.start;
    high->missing_bytes = (uint16_t)missing_bytes;
    high->is_merged = true;
    holes_drop_lowest(holes);
    return true;
}

void holes_drop_lowest(struct open_holes *holes)
{
    holes->n--;
    memmove(&holes->list[0], &holes->list[1], holes->n * sizeof(holes->list[0]));
}
