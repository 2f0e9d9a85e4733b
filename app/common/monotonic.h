/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_MONOTONIC_H
#define COMMON_MONOTONIC_H

#include <time.h>

/* Seconds of a clock that never goes back. Any thread. */
static inline double monotonic_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#endif
