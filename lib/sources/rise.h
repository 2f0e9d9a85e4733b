/* SPDX-License-Identifier: BSD-3-Clause */
/* Has a window many times the sources of the ones before? A moving average of each port, family and
 * transport, in which a window counts for an eighth; one without a packet counts as 0. */
#ifndef SOURCES_RISE_H
#define SOURCES_RISE_H

#include <stdbool.h>
#include <stdint.h>

#include "sources/keeper.h"

/* Windows that must have been before. */
#define SOURCES_RISE_WINDOWS 3

struct sources_rise;

/* NULL when memory is short. One thread. */
struct sources_rise *sources_rise_create(void);
void sources_rise_destroy(struct sources_rise *r);

/* Another window begins to be looked at. */
void sources_rise_next(struct sources_rise *r);

/* Of this window: has the cell `factor` times its average, and at least `least` sources? *average
 * is that of the windows before. Each cell once a window. */
bool sources_rise_look(struct sources_rise *r, const struct sources_cell_count *c, uint32_t factor,
                       uint32_t least, double *average);

#endif
