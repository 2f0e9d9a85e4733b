/* SPDX-License-Identifier: BSD-3-Clause */
/* The appliance: everything that is taken at start, in the order in which it is taken. */
#ifndef PENNYLINE_APPLIANCE_H
#define PENNYLINE_APPLIANCE_H

#include "state.h"

/* Takes every step up; on failure the steps taken are undone, and why was said. 0 or a negative
 * errno. `config` and `options` outlive the appliance. */
int appliance_start(struct appliance *a, const struct config *config,
                    const struct appliance_options *options);

/* Serves until told to stop, or until the tests have ended. */
void appliance_serve(struct appliance *a);

/* Ends tests, settles drops, stops workers, reads the last counters and checks them. After it the
 * counters stand still and may be reported. A worker that hangs is waited for some seconds, or not
 * at all when the second signal came: then a->hangs. */
void appliance_halt(struct appliance *a);

/* Gives everything back. Not when a->hangs. */
void appliance_stop(struct appliance *a);

/* Gives back what no worker holds and outlives the process: socket, log, and what was changed of
 * interfaces. The process has to end at once. */
void appliance_abandon(struct appliance *a);

#endif
