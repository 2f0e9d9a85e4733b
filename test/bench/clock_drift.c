/* SPDX-License-Identifier: BSD-3-Clause */
/* How far the workers' clock is from CLOCK_MONOTONIC while it is steered as the manager does, and
 * how far it would be by a rate that was rounded to 10 MHz, as DPDK 22.11 does where the CPU does
 * not tell its rate.
 *
 *     bench_clock_drift [SECONDS]         a line each minute; at the end the worst error and the
 * drift
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"

#define NS             1000000000.0
#define LOOKS_A_SECOND 10
/* The first errors are those of a rate from one second. */
#define SETTLE_S 20

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000000 / LOOKS_A_SECOND}, NULL);
}

int main(int argc, char **argv)
{
    long n_seconds = argc > 1 ? atol(argv[1]) : 30;
    struct clock_look first = tsc_clock_look(), began, now;
    struct clock_steering steering;
    struct clock_board board = {0};
    struct tsc_clock reader;
    double worst_ns = 0, error_ns = 0, settled_ns = 0, seconds, hz, rounded_hz;

    nap();
    tsc_clock_begin(&steering, &board, &first);
    reader = tsc_clock_of(&steering, &board);
    began = first;
    for (long s = 0; s < n_seconds; s++) {
        for (int i = 0; i < LOOKS_A_SECOND; i++) {
            nap();
            now = tsc_clock_look();
            error_ns = (double)(int64_t)(tsc_clock_ns_of(&reader, now.ticks) - now.ns);
            if (s >= SETTLE_S)
                worst_ns = fmax(worst_ns, fabs(error_ns));
        }
        if (s == SETTLE_S)
            settled_ns = error_ns;
        tsc_clock_steer(&steering, &board);
        if (s % 60 == 59) {
            printf("%6ld s  error %+7.0f ns  worst %7.0f ns\n", s + 1, error_ns, worst_ns);
            fflush(stdout);
        }
    }
    seconds = (double)(now.ns - began.ns) / NS;
    hz = clock_rate_between(&began, &now, 1);
    rounded_hz = round(hz / 1e7) * 1e7;
    printf("%.0f s: worst error %.0f ns, drift %.6f ppm\n", seconds, worst_ns,
           fabs(error_ns - settled_ns) / seconds / 1e3);
    printf("ticks a second %.0f; rounded to 10 MHz: %.1f ppm, %.1f s a day\n", hz,
           (rounded_hz / hz - 1) * 1e6, fabs(rounded_hz / hz - 1) * 86400);
    return worst_ns / NS < 10e-6 * seconds ? EXIT_SUCCESS : EXIT_FAILURE;
}
