/* SPDX-License-Identifier: BSD-3-Clause */
/* A clock for those who must not call the system: ticks of a counter (the TSC), turned into time by
 * a line that is steered along another clock (CLOCK_MONOTONIC).
 *
 * One thread, the steerer, looks at both clocks now and then. It measures the counter's rate over a
 * baseline of one to two minutes, since a rate that was told or measured once is wrong by parts per
 * thousand, and bends the line so that what it is off by goes away within some seconds. Readers
 * have a copy of the line, and take the new one when there is one, without waiting.
 *
 * The line never goes back and never steps, but forwards, when it is off by more than
 * CLOCK_STEP_NS: then the counter stood still, or began again. Readers believe the counter for
 * CLOCK_TRUST_NS beyond the last look only: one that jumps, as after a suspend or on a socket that
 * is not in step, makes the clock stand, not race, until it was looked at again. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define CLOCK_STEP_NS  UINT64_C(1000000000)
#define CLOCK_TRUST_NS UINT64_C(60000000000)

/* Time from ticks. */
struct clock_line {
    uint64_t base_ticks, base_ns;
    uint64_t ns_per_tick_q32; /* nanoseconds per tick, times 2^32 */
    uint64_t trusted_ticks;   /* so many after base_ticks are believed */
};

/* Ticks before the line began are its beginning; ticks beyond what is believed, its end. */
static inline uint64_t clock_ns_of(const struct clock_line *line, uint64_t ticks)
{
    int64_t since = (int64_t)(ticks - line->base_ticks);
    uint64_t n = since < 0 ? 0 : (uint64_t)since;

    if (n > line->trusted_ticks)
        n = line->trusted_ticks;
    return line->base_ns + (uint64_t)(((unsigned __int128)n * line->ns_per_tick_q32) >> 32);
}

/* Both clocks at one instant. */
struct clock_look {
    uint64_t ticks, ns;
};

struct clock_steering {
    struct clock_line line;
    struct clock_look last, anchor, next_anchor;
    double ns_per_tick; /* as measured */
};

/* `ticks_per_second`: roughly, until there is a baseline; from two looks if there are, else as the
 * machine says. Not 0. */
void clock_steering_init(struct clock_steering *s, const struct clock_look *now,
                         double ticks_per_second);
/* The rate between two looks, or `otherwise` when they are too close or the counter began again. */
double clock_rate_between(const struct clock_look *then, const struct clock_look *now,
                          double otherwise);
/* To be called about once a second. */
void clock_steering_look(struct clock_steering *s, const struct clock_look *now);

/* What the line said at the latest look, less what it should have: nanoseconds. */
int64_t clock_steering_error_ns(const struct clock_steering *s, const struct clock_look *now);

/* Where the steerer puts the line for readers: one writer, any number of readers, nobody waits. */
struct clock_board {
    alignas(CACHE_LINE_BYTES) _Atomic uint64_t version; /* odd: being written */
    _Atomic uint64_t words[4];
};

void clock_board_write(struct clock_board *board, const struct clock_line *line);
/* Copies the line if it is newer than `*version`, and whole; else both stay as they are. */
void clock_board_copy(const struct clock_board *board, uint64_t *version, struct clock_line *line);

static inline void clock_board_read(const struct clock_board *board, uint64_t *version,
                                    struct clock_line *line)
{
    if (likely_false(atomic_load_explicit(&board->version, memory_order_relaxed) != *version))
        clock_board_copy(board, version, line);
}

#endif
