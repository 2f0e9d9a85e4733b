/* SPDX-License-Identifier: BSD-3-Clause */
/* The map of a capture: who enters where in it, with the times of the packets as the clock. */
#ifndef REPLAY_MAPPING_H
#define REPLAY_MAPPING_H

#include <signal.h>

#include "pennyline-replay/capture.h"
#include "pennyline-replay/options.h"

/* Reads the capture, which is open, until its end, the limit or *stop, and prints its map. The exit
 * code. */
int mapping_run(struct capture *capture, const struct options *options,
                const volatile sig_atomic_t *stop);

#endif
