/* SPDX-License-Identifier: BSD-3-Clause */
/* A line on the terminal that says how far a long replay is. Silent when standard error is none. */
#ifndef REPLAY_PROGRESS_H
#define REPLAY_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "pennyline-replay/capture.h"

struct progress {
    bool is_on, is_shown;
    double started_s, shown_s;
    uint64_t n_steps; /* packets and epochs, when it looked at the clock last */
};

void progress_begin(struct progress *p);

/* After each packet, with the number of epochs so far (silences take time, too); looks at the clock
 * now and then only. */
void progress_packet(struct progress *p, const struct capture *c, uint64_t n_epochs);

/* Takes the line away. */
void progress_end(struct progress *p);

#endif
