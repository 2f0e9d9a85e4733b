/* SPDX-License-Identifier: BSD-3-Clause */
/* Time, and waiting, by a clock that nobody sets: a wait by the wall clock lasts as much longer as
 * that is set back meanwhile. Any thread. */
#ifndef COMMON_MONOTONIC_H
#define COMMON_MONOTONIC_H

#include <pthread.h>
#include <time.h>

/* Seconds of a clock that never goes back. */
static inline double monotonic_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* So many milliseconds from now. */
static inline struct timespec monotonic_after_ms(long ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_nsec -= 1000000000L;
        t.tv_sec++;
    }
    return t;
}

/* A condition whose pthread_cond_timedwait() takes times of this clock. */
static inline void monotonic_cond_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

#endif
