/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL's --lcores, read before EAL is there: which lcores there will be, and on which CPUs. */
#ifndef PENNYLINE_LCORES_H
#define PENNYLINE_LCORES_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#define LCORES_MAX 128 /* RTE_MAX_LCORE */

struct lcores {
    uint32_t n;
    uint32_t main_lcore;
    bool used[LCORES_MAX];
    cpu_set_t cpus[LCORES_MAX];
};

#define LCORES_ERROR_BYTES 256

/* "0-3", "0,2", "0@0,(1-2)@1". `main_lcore` UINT32_MAX: the lowest. 0; -EINVAL: no such list, or
 * the main lcore is not in it: `error` then says which, unless it is NULL. */
int lcores_parse(const char *text, uint32_t main_lcore, struct lcores *out, char *error);

/* CPUs of all lcores but the main one. */
cpu_set_t lcores_worker_cpus(const struct lcores *lcores);

/* Queues of a port: `wanted`, or where that is 0 as many as workers, so that a device made with so
 * many is served whole, but not above `most`. */
uint32_t lcores_queues(const char *text, uint32_t wanted, uint32_t most);

#endif
