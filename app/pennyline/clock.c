/* SPDX-License-Identifier: BSD-3-Clause */
/* Apart from all else, since rte_cycles.h and base/time.h both define NS_PER_S. */
#include "clock.h"

#include <rte_cycles.h>
#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct tsc_clock tsc_clock_start(void)
{
    unsigned __int128 second_q32 = (unsigned __int128)1000000000 << 32;

    return (struct tsc_clock){
        .start_tsc = rte_rdtsc(),
        .start_ns = (uint64_t)read_ns(CLOCK_MONOTONIC),
        .ns_per_tick_q32 = (uint64_t)(second_q32 / rte_get_tsc_hz()),
        .hz = rte_get_tsc_hz(),
    };
}

uint64_t tsc_clock_ticks(void)
{
    return rte_rdtsc();
}

uint64_t tsc_clock_ns_of(const struct tsc_clock *c, uint64_t ticks)
{
    unsigned __int128 since_start = ticks - c->start_tsc;

    return c->start_ns + (uint64_t)((since_start * c->ns_per_tick_q32) >> 32);
}

uint64_t tsc_clock_now_ns(const struct tsc_clock *c)
{
    return tsc_clock_ns_of(c, rte_rdtsc());
}

int64_t tsc_clock_wall_offset_ns(const struct tsc_clock *c)
{
    return read_ns(CLOCK_REALTIME) - (int64_t)tsc_clock_now_ns(c);
}
