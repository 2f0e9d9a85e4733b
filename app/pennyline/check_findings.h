/* SPDX-License-Identifier: BSD-3-Clause */
/* What the preflight looks at, and what it found. */
#ifndef PENNYLINE_CHECK_FINDINGS_H
#define PENNYLINE_CHECK_FINDINGS_H

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

#endif
