/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The model (paper, section 4): the sender is either closed-loop, and then each of the N drops that
 * did not come back is a retransmission that we missed (p_miss each); or open-loop, and then each
 * of the R drops that came back is a duplicate that happened to be of a dropped segment. How often
 * a blind sender duplicates is read off the segments that we did not drop, f_dup. With even odds
 * before the test, Bayes gives
 *
 *     posterior = p_miss^N / (p_miss^N + f_dup^R)
 *
 * The smallest f_dup is that of one duplicate: with none seen, a rate of zero would make one lucky
 * repair certain proof.
 *
 * Arithmetic. Both likelihoods may underflow (0.05^300), their ratio may not: the posterior comes
 * from the difference of the logarithms, 1 / (1 + exp(R ln f_dup - N ln p_miss)). exp() overflowing
 * to infinity is the right limit, 0.
 *
 * Void drops. The paper has none: a drop comes back or it does not. In the field some end as
 * neither, when their flow is reset or a repeat is ambiguous, and which drops do so a sender may
 * arrange: a blind one that resets its flows makes void whatever it does not repeat in time, and
 * what is left came back, by luck, all of it. So each claim must hold however the void ones are
 * read: closed_loop with all of them expired, not_closed_loop with all of them repaired. A genuine
 * sender still repairs after its FIN, so of its drops hardly any is void.
 *
 * When all droppable segments were dropped (U = K) nothing is known about duplicates. U - K then
 * counts as 1, which gives f_dup >= 1: duplicates_exceeded, the outcome of the formula's limit,
 * with a number that JSON can hold.
 */
#include "verdict/penny.h"

#include <math.h>

/* The paper's thresholds on the posterior: both strict. */
static const double closed_above = 0.99, open_below = 0.01;

/* ln(x^n), with 0^0 = 1. */
static double log_power(double x, uint64_t n)
{
    return n == 0 ? 0.0 : (double)n * log(x);
}

static double duplicate_ratio(const struct penny_counts *c)
{
    const uint64_t n_forwarded = c->droppable > c->dropped ? c->droppable - c->dropped : 1;
    const uint64_t n_duplicates = c->duplicates > 0 ? c->duplicates : 1;

    return (double)n_duplicates / (double)n_forwarded;
}

static double posterior_of(double f_dup, double p_miss, uint64_t n_repaired, uint64_t n_expired)
{
    const double log_closed = log_power(p_miss, n_expired);
    const double log_open = fmin(0.0, log_power(f_dup, n_repaired));

    return 1.0 / (1.0 + exp(log_open - log_closed));
}

static enum verdict_outcome judge(const struct penny_counts *c, double f_dup, double p_miss)
{
    if (posterior_of(f_dup, p_miss, c->retransmitted, c->expired + c->voided) > closed_above)
        return VERDICT_CLOSED_LOOP;
    if (posterior_of(f_dup, p_miss, c->retransmitted + c->voided, c->expired) < open_below)
        return VERDICT_NOT_CLOSED_LOOP;
    return VERDICT_INCONCLUSIVE;
}

struct penny_result penny_evaluate(const struct penny_counts *counts,
                                   const struct penny_parameters *parameters)
{
    const double f_dup = duplicate_ratio(counts);
    struct penny_result result = {
        .f_dup = f_dup,
        .p_closed = exp(log_power(parameters->p_miss, counts->expired)),
        .p_open = exp(fmin(0.0, log_power(f_dup, counts->retransmitted))),
        .posterior =
            posterior_of(f_dup, parameters->p_miss, counts->retransmitted, counts->expired),
    };

    if (f_dup > parameters->max_duplicate_ratio)
        result.outcome = VERDICT_DUPLICATES_EXCEEDED;
    else
        result.outcome = judge(counts, f_dup, parameters->p_miss);
    return result;
}
