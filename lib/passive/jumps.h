/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments far from where their flow stood. One alone may be forged, and is not believed; when
 * several in a row agree with each other, the flow goes on where they are: the mirror was blind
 * for a while, or the ports were used again for another connection.
 *
 * One table per worker, of flows by their record numbers; who finds its place taken by another one
 * takes it. So a flood of jumps delays what is learnt, and costs nothing else. */
#ifndef PASSIVE_JUMPS_H
#define PASSIVE_JUMPS_H

#include <stdbool.h>
#include <stdint.h>

#define PASSIVE_JUMP_SLOTS 256

struct passive_jump {
    uint32_t place; /* record number of the flow, plus one; 0: free */
    uint32_t first, next;
    uint32_t began_ticks;
    uint32_t n;
    bool is_syn; /* it began with a SYN */
};

struct passive_jumps {
    struct passive_jump slots[PASSIVE_JUMP_SLOTS];
};

/* A segment that is PASSIVE_JUMP. NULL: it is not known yet where the flow goes on; else what those
 * before it and this one agree upon. is_behind: it lies below what the flow sent, where whoever has
 * a large window may repeat much in a row. newest_ticks: when the flow last went on where it stood.
 */
const struct passive_jump *passive_jump_agrees(struct passive_jumps *jumps, uint32_t flow,
                                               uint32_t sequence, uint32_t n_bytes, bool is_behind,
                                               uint32_t newest_ticks, uint32_t now_ticks);

/* A SYN of a flow that goes on: one packet behind it, and it was the beginning of another one. */
void passive_jump_expect(struct passive_jumps *jumps, uint32_t flow, uint32_t sequence,
                         uint32_t now_ticks);

/* Is this the packet behind such a SYN? */
bool passive_jump_was_expected(struct passive_jumps *jumps, uint32_t flow, uint32_t sequence);

#endif
