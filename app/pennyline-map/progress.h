/* SPDX-License-Identifier: BSD-3-Clause */
/* How far it is, on one line of a terminal. */
#ifndef PENNYLINE_MAP_PROGRESS_H
#define PENNYLINE_MAP_PROGRESS_H

#include "pennyline-map/input.h"

struct progress {
    bool is_on, is_shown;
    uint64_t n_looks;
    double shown_s;
};

void progress_begin(struct progress *p);
void progress_route(struct progress *p, const struct input *in);
void progress_end(struct progress *p);

#endif
