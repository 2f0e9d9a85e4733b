/* SPDX-License-Identifier: BSD-3-Clause */
/* The holes of one flow as a list, read from its lines and written back: events only. */
#ifndef PASSIVE_HOLES_H
#define PASSIVE_HOLES_H

#include "passive/passive.h"

struct open_hole {
    struct passive_hole hole;
    union {
        uint16_t opener_index;
        uint16_t missing_bytes; /* when merged */
    };
    bool is_merged; /* only the lowest one ever is */
};

static inline uint32_t hole_missing_bytes(const struct open_hole *h)
{
    return h->is_merged ? h->missing_bytes : h->hole.end - h->hole.start;
}

/* In rising order of sequence number; room for what one segment may add. */
struct open_holes {
    struct open_hole list[PASSIVE_MAX_HOLES + 1];
    unsigned int n;
};

void holes_load(const struct passive_flow *f, struct open_holes *out);
/* At most PASSIVE_MAX_HOLES of them. */
void holes_store(const struct passive_flow *f, const struct open_holes *from);

/* What a segment filled. */
struct holes_filled {
    uint32_t n_bytes;       /* 0: no hole was touched */
    unsigned int n_whole;   /* holes of which nothing is left */
    unsigned int n_split;   /* holes that became two */
    struct open_hole first; /* the lowest hole that it touched, as it was */
};

/* Takes [start, end) out of the holes. Only one hole can become two, so `holes` has room. A merged
 * one keeps its extent, and counts what is still missing: a repeat of what lies between its parts
 * is taken for them. */
struct holes_filled holes_fill(struct open_holes *holes, uint32_t start, uint32_t end);

/* Makes one of the lowest two, with what was noted of the higher one; false when too much is
 * missing to be counted. */
bool holes_merge_lowest(struct open_holes *holes);

/* Takes out the lowest one. */
void holes_drop_lowest(struct open_holes *holes);

#endif
