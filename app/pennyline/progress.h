/* SPDX-License-Identifier: BSD-3-Clause */
/* A table on the terminal that follows the tests. */
#ifndef PENNYLINE_PROGRESS_H
#define PENNYLINE_PROGRESS_H

#include "state.h"

/* Draws it anew a few times a second. */
void progress_show(struct progress *p, const struct appliance *a, uint64_t now_ns);
/* Takes it away. */
void progress_end(struct progress *p);

#endif
