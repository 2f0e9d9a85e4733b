/* SPDX-License-Identifier: BSD-3-Clause */
/* Many trials of one scenario, on several threads, and what they say in sum. The result depends on
 * scenario, seed and number of trials only, not on threads. */
#ifndef SIM_STUDY_H
#define SIM_STUDY_H

#include <stdbool.h>
#include <stdint.h>

#include "pennyline-sim/trial.h"
#include "verdict/interval.h"

#define STUDY_CONFIDENCE 0.95
#define STUDY_N_OUTCOMES (VERDICT_INCONCLUSIVE + 1)

/* Levels of alpha at which the evidence is looked at: 1e-2, 1e-3, 1e-6. */
#define STUDY_N_LEVELS 3
extern const double study_levels[STUDY_N_LEVELS];

struct study_options {
    uint64_t n_runs;
    uint32_t n_threads;
    uint64_t seed;
    bool progress; /* a line on stderr while it runs */
};

struct rate {
    uint64_t n;
    double share;
    struct interval interval; /* Clopper-Pearson */
};

struct quantiles {
    double median, p95, p99, mean;
};

struct summary {
    uint64_t n_runs;
    double wall_s;
    bool has_kinds; /* units beside data segments were tested */
    struct rate outcomes[STUDY_N_OUTCOMES];
    struct rate mixed, provisional, via_flows;
    /* Wrong verdicts. closed_loop when nobody is genuine; not_closed_loop when somebody is. Of no
     * trial (a share of NaN) where the scenario has none that could be wrong so. */
    struct rate false_genuine, false_spoofed;
    /* Of trials with verdict closed_loop, in [1] of those with any other; NaN without any. */
    struct quantiles drops[2], segments[2], seconds[2];
    struct quantiles repairs_ms; /* from a drop to its repair, all trials together */
    double mean_completion_s;
    double p95_completion_s;
    double mean_e, error_e; /* of 10^log10_e_pooled at the end, and its standard error */
    /* Trials whose evidence, or pooled E, was 1/level or more after any epoch; with `watch` only.
     */
    struct rate reached[STUDY_N_LEVELS], reached_pooled[STUDY_N_LEVELS];
    struct rate
        reached_kind[STUDY_N_LEVELS]; /* by E of a kind of units beside data segments alone */
};

/* Runs the trials. results (NULL: none wanted) takes n_runs of them. 0 or a negative errno, then
 * said on stderr. */
int study_run(const struct scenario *scenario, const struct study_options *options,
              struct summary *out, struct trial_result *results);

struct rate rate_of(uint64_t n_hits, uint64_t n_trials);

#endif
