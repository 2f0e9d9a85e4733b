/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The exact binomial confidence interval of C. J. Clopper and E. S. Pearson, "The use of confidence
 * or fiducial limits illustrated in the case of the binomial", Biometrika 26 (1934). Used for
 * the rates of mode passive and of the simulator.
 */
#ifndef VERDICT_INTERVAL_H
#define VERDICT_INTERVAL_H

#include <stdint.h>

struct interval {
    double low, high;
};

/*
 * The interval that covers the true share with at least `confidence` (0.95), for n_hits of
 * n_trials. No trials: [0, 1]. More hits than trials count as all. A confidence outside (0, 1): [0,
 * 1].
 */
struct interval interval_clopper_pearson(uint64_t n_hits, uint64_t n_trials, double confidence);

/* P(X <= n_hits) for X binomial(n_trials, share); by the incomplete beta function. */
double interval_binomial_cdf(uint64_t n_hits, uint64_t n_trials, double share);

#endif
