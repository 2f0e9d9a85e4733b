/* SPDX-License-Identifier: BSD-3-Clause */
/* The appliance's clock: CLOCK_MONOTONIC as it was at the start, counted on by the TSC, so that it
 * never goes back and costs next to nothing. Any thread may read it. */
#ifndef PENNYLINE_CLOCK_H
#define PENNYLINE_CLOCK_H

#include <stdint.h>

struct tsc_clock {
    uint64_t start_tsc, start_ns;
    uint64_t ns_per_tick_q32; /* nanoseconds per tick, times 2^32 */
    uint64_t hz;              /* ticks per second */
};

/* EAL is up: it has measured the TSC. */
struct tsc_clock tsc_clock_start(void);

uint64_t tsc_clock_now_ns(const struct tsc_clock *c);

/* The TSC itself, and what time a reading of it stands for. */
uint64_t tsc_clock_ticks(void);
uint64_t tsc_clock_ns_of(const struct tsc_clock *c, uint64_t ticks);

/* To be added for nanoseconds since 1970. */
int64_t tsc_clock_wall_offset_ns(const struct tsc_clock *c);

#endif
