/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting DPDK's environment: arguments from the configuration and the command line, which goes
 * before eal.extra, and that before the other options of eal; hugepages or none; and threads kept
 * off the workers' CPUs. */
#ifndef PENNYLINE_EAL_H
#define PENNYLINE_EAL_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "hugepages.h"
#include "lcores.h"

struct eal_request {
    const struct config *config;
    const char *program;
    char *const *extra;           /* from the command line, behind "--"; ends with NULL */
    const uint64_t *needed_bytes; /* by NUMA node, HUGEPAGES_MAX_NODES of them */
    unsigned int manager_node;
};

/* Which lcores EAL will have; `given` as in struct eal_request, may be NULL. As lcores_parse(). */
int eal_read_lcores(const struct config *config, char *const *given, struct lcores *out,
                    char *error);

/* The file prefix that EAL will take, or NULL: its processes share nothing, so none is. `given` as
 * above. */
const char *eal_read_prefix(const struct config *config, char *const *given);

/* Does EAL know all that is in eal.extra? Its own parser is asked, in a process of its own that
 * ends before anything is touched. True also where that cannot be tried. */
bool eal_takes_extra(const struct config *config);

/* 0, or a negative errno after it said why. Once in a process. */
int eal_start(const struct eal_request *request);
void eal_stop(void);

#endif
