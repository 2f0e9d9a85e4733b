/* SPDX-License-Identifier: BSD-3-Clause */
/* How well mode passive estimates: many trials of one network, of which the truth is known. */
#ifndef SIM_PASSIVE_H
#define SIM_PASSIVE_H

#include "pennyline-sim/scenario.h"

struct passive_tally {
    uint64_t n_runs;
    /* Of losses before the box and after it: the interval holds the true rate; what it says. */
    uint64_t n_covered[2];
    double mean_estimate[2], mean_width[2];
    uint64_t n_false;    /* more than 0.05 % are said to be lost where none are */
    uint64_t n_balanced; /* some flow seems to come here in part only */
};

/* Ten flows of 400 segments each in mode passive, through a network without any harm yet. */
void passive_scenario(struct scenario *s, double round_trip_ms);

/* Runs the trials and tallies them. 0, or a negative errno. */
int passive_study(const struct scenario *s, uint64_t n_runs, uint64_t seed,
                  struct passive_tally *out);

#endif
