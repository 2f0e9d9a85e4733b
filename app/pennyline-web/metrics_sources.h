/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources that are counted, as metrics: of the last whole window, so they are gauges. */
#ifndef WEB_METRICS_SOURCES_H
#define WEB_METRICS_SOURCES_H

#include <stdio.h>

#include "counted.h"

struct metrics_of_sources {
    struct counted *counted;
    const char
        *active_users; /* the item that is also told as xdp-ip-counter tells it; NULL: none */
};

void metrics_write_sources(const struct metrics_of_sources *s, FILE *out);

#endif
