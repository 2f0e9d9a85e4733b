/* SPDX-License-Identifier: BSD-3-Clause */
/* The paper's Figure 7, played through the engine. */
#ifndef SIM_FIG7_H
#define SIM_FIG7_H

#include "pennyline-sim/exact.h"

/* Adds the outcomes of n_runs runs to counts. 0, or -1: no memory, or a broken identity (said). */
int fig7_simulate(const struct fig7 *f, const struct penny_parameters *parameters, uint64_t n_runs,
                  uint64_t seed, uint64_t counts[STUDY_N_OUTCOMES]);

/* The same without an engine, the coins by random(3) of the C library, as the program behind the
 * published numbers throws them. What it adds up lags by 3 and 31, so of three coins at these
 * distances the third is 1 half of the times that the first two are: drops come in clusters. */
void fig7_simulate_as_published(const struct fig7 *f, const struct penny_parameters *parameters,
                                uint64_t n_runs, uint64_t seed, uint64_t counts[STUDY_N_OUTCOMES]);

#endif
