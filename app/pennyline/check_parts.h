/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the preflight: check_cpus.c, check_machines.c, check_memory.c, check_owner.c,
 * check_ports.c. */
#ifndef PENNYLINE_CHECK_PARTS_H
#define PENNYLINE_CHECK_PARTS_H

#include "check_findings.h"

void check_cpus(struct check *c);
void check_machines(struct check *c);
void check_memory(struct check *c);
void check_owner(struct check *c);
void check_ports(struct check *c);

#endif
