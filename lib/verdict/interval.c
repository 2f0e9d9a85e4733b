/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lower limit is the share at which this many hits or more have probability (1-confidence)/2,
 * the upper one the share at which this many or fewer do. Binomial tails are incomplete beta
 * functions (DLMF 8.17.5), P(X >= k) = I_share(k, n-k+1), which rise with the share, so the limits
 * are found by bisection: 100 halvings end at neighbouring doubles, and nothing here is hot.
 *
 * I_x(a,b) is evaluated by the continued fraction DLMF 8.17.22 with Lentz's method (modified by
 * Thompson and Barnett, J. Comput. Phys. 64, 1986), on the side of the mean where it converges in
 * about sqrt(max(a,b)) steps; the other side by I_x(a,b) = 1 - I_{1-x}(b,a).
 */
#include "verdict/interval.h"

#include <float.h>
#include <math.h>

static double away_from_zero(double x)
{
    return fabs(x) < DBL_MIN ? DBL_MIN : x;
}

/* The m-th pair of coefficients of DLMF 8.17.22: d_2m and d_2m+1. */
static double even_coefficient(double m, double a, double b, double x)
{
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
}

static double odd_coefficient(double m, double a, double b, double x)
{
    return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
}

static double beta_fraction(double a, double b, double x)
{
    const double max_steps = 100.0 + 20.0 * sqrt(fmax(a, b));
    double c = 1.0, d = 1.0 / away_from_zero(1.0 + odd_coefficient(0, a, b, x)), h = d;

    for (double m = 1; m < max_steps; m++) {
        const double even = even_coefficient(m, a, b, x), odd = odd_coefficient(m, a, b, x);

        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        h *= d * c;
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        h *= d * c;
        if (fabs(d * c - 1.0) < DBL_EPSILON)
            break;
    }
    return h;
}

/* I_x(a, b) for a, b >= 1. */
static double incomplete_beta(double a, double b, double x)
{
    if (x <= 0.0)
        return 0.0;
    if (x >= 1.0)
        return 1.0;

    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));

    if (x < (a + 1.0) / (a + b + 2.0))
        return front * beta_fraction(a, b, x) / a;
    return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

double interval_binomial_cdf(uint64_t n_hits, uint64_t n_trials, double share)
{
    if (n_hits >= n_trials)
        return 1.0;
    return incomplete_beta((double)(n_trials - n_hits), (double)n_hits + 1.0, 1.0 - share);
}

/* The x at which I_x(a, b) = target. */
static double inverse_beta(double a, double b, double target)
{
    double low = 0.0, high = 1.0;

    for (int i = 0; i < 100; i++) {
        const double middle = low + (high - low) / 2;

        if (incomplete_beta(a, b, middle) < target)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

struct interval interval_clopper_pearson(uint64_t n_hits, uint64_t n_trials, double confidence)
{
    struct interval limits = {0.0, 1.0};
    const double tail = (1.0 - confidence) / 2;

    if (n_trials == 0 || !(confidence > 0.0 && confidence < 1.0))
        return limits;
    if (n_hits > n_trials)
        n_hits = n_trials;

    const double hits = (double)n_hits, misses = (double)(n_trials - n_hits);

    if (n_hits > 0)
        limits.low = inverse_beta(hits, misses + 1.0, tail);
    if (n_hits < n_trials)
        limits.high = inverse_beta(hits + 1.0, misses, 1.0 - tail);
    return limits;
}
