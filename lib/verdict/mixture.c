/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Layout. The points are evenly spaced in log-odds from the base to 0.9933 (log-odds 5), plus 1
 * itself: the likelihood of n observations is about 1/sqrt(n q (1-q)) wide in log-odds, so with
 * steps of 0.16 (base 0.05) the grid is dense enough for hundreds of observations, at either end.
 * Each point carries the mass that the prior below gives to its cell, the cells being cut half way
 * in log-odds. The prior, and what speaks for it, is in anytime.c.
 */
#include "verdict/mixture.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

static const double smallest_base = 0x1p-32; /* the smallest coin that a 32-bit threshold gives */
static const double top_log_odds = 5.0;

static double logistic(double log_odds)
{
    return 1.0 / (1.0 + exp(-log_odds));
}

/* The prior's mass on [base, q), without the atom: Beta(4,1) and uniform, both cut off at the base.
 */
static double mass_below_q(const struct mixture_prior *prior, double q, double base)
{
    const double beta = (pow(q, 4) - pow(base, 4)) / (1.0 - pow(base, 4));
    const double flat = (q - base) / (1.0 - base);

    return prior->beta * beta + prior->flat * flat;
}

/* Nothing to reject: all the weight on a ratio of 1. */
static void make_trivial(struct mixture *mixture)
{
    for (int j = 0; j < MIXTURE_POINTS; j++) {
        mixture->q[j] = 1.0;
        mixture->weight[j] = j == 0 ? 1.0 : 0.0;
        mixture->log_weight[j] = j == 0 ? 0.0 : -INFINITY;
        mixture->log_hit[j] = mixture->log_miss[j] = 0.0;
    }
}

void mixture_init(struct mixture *mixture, double base, const struct mixture_prior *prior)
{
    const int last = MIXTURE_POINTS - 1;

    mixture->memo = NULL;
    if (!(base < 1.0)) {
        make_trivial(mixture);
        return;
    }
    base = fmax(base, smallest_base);

    const double low = log(base) - log1p(-base);
    const double step = (fmax(top_log_odds, low + 1.0) - low) / (last - 1);
    double mass_below = 0.0;

    for (int j = 0; j < last; j++) {
        const double edge = j == last - 1 ? 1.0 : logistic(low + step * (j + 0.5));
        const double mass_to_edge = mass_below_q(prior, edge, base);

        mixture->q[j] = j == 0 ? base : logistic(low + step * j);
        mixture->weight[j] = fmax(mass_to_edge - mass_below, DBL_MIN);
        mass_below = mass_to_edge;
    }
    mixture->q[last] = 1.0;
    mixture->weight[last] = prior->at_one;
    for (int j = 0; j <= last; j++) {
        mixture->log_weight[j] = log(mixture->weight[j]);
        mixture->log_hit[j] = log(mixture->q[j] / base);
        mixture->log_miss[j] = j == last ? -INFINITY : log1p(-mixture->q[j]) - log1p(-base);
    }
}

/* A term smaller than the largest by this factor's logarithm is below what a double shows. */
static const double log_negligible = -45.0;

/* ln of sum exp(term[j]), scaled by the largest so that nothing overflows. */
double mixture_log_sum_exp(const double *term, int n_terms)
{
    double largest = term[0], sum = 0.0;

    for (int j = 1; j < n_terms; j++)
        largest = term[j] > largest ? term[j] : largest;
    for (int j = 0; j < n_terms; j++)
        if (term[j] - largest > log_negligible)
            sum += exp(term[j] - largest);
    return largest + log(sum);
}

static double compute_log10(const struct mixture *mixture, uint64_t n_hits, uint64_t n_misses)
{
    const double hits = (double)n_hits, misses = (double)n_misses;
    /* The last point is q = 1, and 0^0 = 1: it is in the sum until the first miss. */
    const int n_terms = n_misses == 0 ? MIXTURE_POINTS : MIXTURE_POINTS - 1;
    double term[MIXTURE_POINTS];

    for (int j = 0; j < n_terms; j++) {
        term[j] = mixture->log_weight[j] + hits * mixture->log_hit[j];
        if (n_misses != 0)
            term[j] += misses * mixture->log_miss[j];
    }
    return mixture_log_sum_exp(term, n_terms) / M_LN10;
}

/* Counts of one test go up one by one, and are asked for in turn with those of others: multiples of
 * a number that is no divisor of the size keep them apart. */
static unsigned place_of(uint64_t n_hits, uint64_t n_misses)
{
    return (unsigned)((31 * n_hits + n_misses) % MIXTURE_REMEMBERED);
}

double mixture_log10(const struct mixture *mixture, uint64_t n_hits, uint64_t n_misses)
{
    const unsigned i = place_of(n_hits, n_misses);
    struct mixture_memo *memo = mixture->memo;

    if (n_hits == 0 && n_misses == 0)
        return 0.0;
    if (memo == NULL)
        return compute_log10(mixture, n_hits, n_misses);
    if (memo->values[i].n_hits != n_hits || memo->values[i].n_misses != n_misses) {
        memo->values[i].log10 = compute_log10(mixture, n_hits, n_misses);
        memo->values[i].n_hits = n_hits;
        memo->values[i].n_misses = n_misses;
    }
    return memo->values[i].log10;
}
