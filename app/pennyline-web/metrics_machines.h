/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEB_METRICS_MACHINES_H
#define WEB_METRICS_MACHINES_H

#include <jansson.h>
#include <stdio.h>

/* "machines" of the reply to the command of that name. Nothing when there are none. */
void metrics_write_machines(const json_t *machines, FILE *out);

#endif
