/* SPDX-License-Identifier: BSD-3-Clause */
/* The appliance's clock is CLOCK_MONOTONIC. The manager asks the system for it; workers, who must
 * not, count on by the TSC along a line that the manager steers (base/clock.h). */
#ifndef PENNYLINE_CLOCK_H
#define PENNYLINE_CLOCK_H

#include <stdint.h>

#include "base/clock.h"

/* What a worker keeps. Any number of them. */
struct tsc_clock {
    const struct clock_board *board;
    uint64_t version; /* of the line */
    struct clock_line line;
    uint64_t hz; /* ticks per second, as measured at the start */
};

/* Both clocks now. Any thread. */
struct clock_look tsc_clock_look(void);

/* The manager's: steers from two looks on, the first from before EAL, which takes a while. */
void tsc_clock_begin(struct clock_steering *s, struct clock_board *board,
                     const struct clock_look *first);
/* Looks again, and tells readers. To be called about once a second. */
void tsc_clock_steer(struct clock_steering *s, struct clock_board *board);

struct tsc_clock tsc_clock_of(const struct clock_steering *s, const struct clock_board *board);

/* The TSC itself, and what time a reading of it stands for. A worker's. */
uint64_t tsc_clock_ticks(void);
static inline uint64_t tsc_clock_ns_of(struct tsc_clock *c, uint64_t ticks)
{
    clock_board_read(c->board, &c->version, &c->line);
    return clock_ns_of(&c->line, ticks);
}

/* CLOCK_MONOTONIC, from the system. */
uint64_t monotonic_now_ns(void);

/* To be added to it for nanoseconds since 1970, now. */
int64_t wall_offset_now_ns(void);

#endif
