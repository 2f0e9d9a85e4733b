/* SPDX-License-Identifier: BSD-3-Clause */
/* The preflight: what of this machine stands in the way of a configuration. It starts nothing and
 * changes nothing. */
#ifndef PENNYLINE_CHECK_H
#define PENNYLINE_CHECK_H

#include "config/config.h"
#include "lcores.h"

/* Findings, printed as they are found. */
struct check {
    const struct config *config;
    struct lcores lcores;
    unsigned int n_blocking, n_advice;
};

/* One line, with the fix in it: what keeps the appliance from starting, or only from being good. */
__attribute__((format(printf, 2, 3))) void check_blocks(struct check *c, const char *format, ...);
__attribute__((format(printf, 2, 3))) void check_advises(struct check *c, const char *format, ...);

void check_cpus(struct check *c);
void check_memory(struct check *c);
void check_ports(struct check *c);

/* All of it. Returns how many findings block: 0 when the appliance can start. */
unsigned int check_host(const struct config *config);

#endif
