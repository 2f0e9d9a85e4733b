/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WEB_METRICS_MAP_H
#define WEB_METRICS_MAP_H

#include <jansson.h>
#include <stdio.h>

/* The reply to "map summary"; NULL where there is no map, and then nothing is written. */
void metrics_write_map(const json_t *summary, FILE *out);

#endif
