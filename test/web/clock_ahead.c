/* SPDX-License-Identifier: BSD-3-Clause */
/* To be preloaded: the program's wall clock is an hour ahead of the kernel's. Whoever waits until a
 * time of that clock waits an hour more: as if it had been set back since it was read. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *t)
{
    int result = (int)syscall(SYS_clock_gettime, id, t);

    if (result == 0 && id == CLOCK_REALTIME)
        t->tv_sec += 3600;
    return result;
}
