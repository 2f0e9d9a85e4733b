/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A finite mixture of likelihood ratios of a coin, against "the coin shows a hit with probability
 * at most `base`":
 *
 *     M(hits, misses) = sum_j w_j (q_j / base)^hits ((1 - q_j) / (1 - base))^misses
 *
 * with every q_j in [base, 1], q_j = 1 among them (0^0 = 1), and fixed weights of sum 1. Rule
 * `anytime` uses it twice; anytime.c says why, and why with these weights.
 */
#ifndef VERDICT_MIXTURE_H
#define VERDICT_MIXTURE_H

#include <stdint.h>

enum { MIXTURE_POINTS = 48, MIXTURE_REMEMBERED = 128 };

/* Values computed before, each in the place that its counts give it. All zero is a fresh one: 0
 * without counts. */
struct mixture_memo {
    struct {
        uint64_t n_hits, n_misses;
        double log10;
    } values[MIXTURE_REMEMBERED];
};

/* Written by mixture_init only; afterwards read-only, shared freely between threads; but with a
 * memo, for one thread only. */
struct mixture {
    double q[MIXTURE_POINTS];      /* ascending; q[0] = base, the last one is exactly 1 */
    double weight[MIXTURE_POINTS]; /* positive, sum 1 */
    double log_weight[MIXTURE_POINTS];
    double log_hit[MIXTURE_POINTS];  /* ln(q / base) >= 0 */
    double log_miss[MIXTURE_POINTS]; /* ln((1-q) / (1-base)) <= 0; unused in the last */
    struct mixture_memo *memo;       /* NULL: every value is computed */
};

/* How the weights lie over [base, 1]; the sum of the three is 1. */
struct mixture_prior {
    double at_one; /* on q = 1 itself */
    double beta;   /* as Beta(4,1), which falls to the low end */
    double flat;   /* evenly */
};

/*
 * Build the mixture for a base in (0, 1). A base at or below 2^-32 counts as 2^-32 (a larger base
 * only weakens the claim, so it stays true). A base of 1 or more, or NaN, leaves nothing to reject:
 * the mixture is then 1 whatever the counts. There is no memo then: the caller, who owns it, sets
 * it afterwards.
 */
void mixture_init(struct mixture *mixture, double base, const struct mixture_prior *prior);

/*
 * log10 of M. Finite for all counts; exactly 0 without counts, never above 0 without a hit; does
 * not decrease with hits, does not increase with misses.
 */
double mixture_log10(const struct mixture *mixture, uint64_t n_hits, uint64_t n_misses);

/* ln of sum exp(term[i]), one of them at least finite. */
double mixture_log_sum_exp(const double *term, int n_terms);

#endif
