/* SPDX-License-Identifier: BSD-3-Clause */
/* Apart from all else, since rte_cycles.h and base/time.h both define NS_PER_S. */
#include "clock.h"

#include <rte_cycles.h>
#include <time.h>

/* The narrowest of so many looks is taken: between two readings of the TSC a thread may have been
 * put to sleep. */
#define LOOKS 5

static int64_t read_ns(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t monotonic_now_ns(void)
{
    return (uint64_t)read_ns(CLOCK_MONOTONIC);
}

struct clock_look tsc_clock_look(void)
{
    struct clock_look best = {0};
    uint64_t narrowest = UINT64_MAX;

    for (int i = 0; i < LOOKS; i++) {
        uint64_t before = rte_rdtsc_precise(), ns = monotonic_now_ns();
        uint64_t width = rte_rdtsc_precise() - before;

        if (width < narrowest) {
            narrowest = width;
            best = (struct clock_look){.ticks = before + width / 2, .ns = ns};
        }
    }
    return best;
}

void tsc_clock_begin(struct clock_steering *s, struct clock_board *board,
                     const struct clock_look *first)
{
    struct clock_look now = tsc_clock_look();
    double told = (double)rte_get_tsc_hz();

    clock_steering_init(s, &now, clock_rate_between(first, &now, told > 0 ? told : 1e9));
    clock_board_write(board, &s->line);
}

void tsc_clock_steer(struct clock_steering *s, struct clock_board *board)
{
    struct clock_look now = tsc_clock_look();

    clock_steering_look(s, &now);
    clock_board_write(board, &s->line);
}

struct tsc_clock tsc_clock_of(const struct clock_steering *s, const struct clock_board *board)
{
    return (struct tsc_clock){
        .board = board, .line = s->line, .hz = (uint64_t)(1e9 / s->ns_per_tick)};
}

uint64_t tsc_clock_ticks(void)
{
    return rte_rdtsc();
}

int64_t wall_offset_now_ns(void)
{
    return read_ns(CLOCK_REALTIME) - read_ns(CLOCK_MONOTONIC);
}
