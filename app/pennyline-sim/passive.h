/* SPDX-License-Identifier: BSD-3-Clause */
/* How well mode passive estimates: many trials of one network, of which the truth is known. */
#ifndef SIM_PASSIVE_H
#define SIM_PASSIVE_H

#include "pennyline-sim/scenario.h"

struct passive_tally {
    uint64_t n_runs;
    /* The interval holds the true rate; it says that more than 0.05 % are lost, where none are. */
    uint64_t n_covered, n_false;
    uint64_t n_balanced; /* some flow seems to come here in part only */
    double mean_estimate, mean_width;
};

/* Ten flows of 400 segments each in mode passive, through a network without any harm yet. */
void passive_scenario(struct scenario *s, double round_trip_ms);

/* Runs the trials and tallies them: the rate of loss after the box when there is such a loss, else
 * that before it. 0, or a negative errno. */
int passive_study(const struct scenario *s, uint64_t n_runs, uint64_t seed,
                  struct passive_tally *out);

#endif
