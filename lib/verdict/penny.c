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
 * Which segments f_dup is of. p_open rests on one thing: a dropped segment is like those it is
 * compared with, but for its coin. So U is of the segments whose coin was thrown and would have
 * been obeyed, and of no others. Whatever had no coin is no comparison, and a sender decides what
 * that is: one byte, URG, a flow that waits for the repair of its last drop, one that has had all
 * its drops, all that comes when the budget is spent. In an earlier form of the rule U held all
 * that was in order, and a blind sender was called genuine whenever it liked, by repeating all that
 * can be dropped and sending ten times as much that cannot.
 *
 * D is another matter: to know whether a repeat is of a segment with a coin, the past of each flow
 * would have to be kept. So D counts the repeats of all, and there are two ratios:
 *
 *     D / (U - K)   is too large, if anything: no blind sender can make it less than its share
 *                   of repeats among segments with a coin. closed_loop must hold with this one.
 *     D / (A - K)   of all that is in order, with a coin or without, as the paper has it, where
 *                   every segment has a coin. not_closed_loop must hold with this one, the smaller:
 *                   a genuine sender whose losses behind us fall into the time while one of its
 *                   drops is pending is not to be accused for them.
 *
 * Where every segment has its coin both are the paper's f_dup, and so is the rule. What the first
 * costs: a flow has its coins in a row until one falls, 1/p segments in the mean, then none for as
 * long as the repair takes, so f_dup is the flow's loss behind us times (1/p + segments of that
 * time) / (1/p). Fast flows over long ways with losses behind us end as duplicates_exceeded.
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
#include <stdbool.h>

/* The paper's thresholds on the posterior: both strict. */
static const double closed_above = 0.99, open_below = 0.01;

/* ln(x^n), with 0^0 = 1. */
static double log_power(double x, uint64_t n)
{
    return n == 0 ? 0.0 : (double)n * log(x);
}

/* Among so many segments, the dropped ones with them. */
static double duplicate_ratio(const struct penny_counts *c, uint64_t n_segments)
{
    const uint64_t n_forwarded = n_segments > c->dropped ? n_segments - c->dropped : 1;
    const uint64_t n_duplicates = c->duplicates > 0 ? c->duplicates : 1;

    return (double)n_duplicates / (double)n_forwarded;
}

static double posterior_of(double f_dup, double p_miss, uint64_t n_repaired, uint64_t n_expired)
{
    const double log_closed = log_power(p_miss, n_expired);
    const double log_open = fmin(0.0, log_power(f_dup, n_repaired));

    return 1.0 / (1.0 + exp(log_open - log_closed));
}

static enum verdict_outcome judge(const struct penny_counts *c, const struct penny_parameters *p,
                                  double most)
{
    const double least =
        duplicate_ratio(c, c->in_order > c->droppable ? c->in_order : c->droppable);
    const bool is_exceeded = most > p->max_duplicate_ratio;

    if (!is_exceeded &&
        posterior_of(most, p->p_miss, c->retransmitted, c->expired + c->voided) > closed_above)
        return VERDICT_CLOSED_LOOP;
    if (least <= p->max_duplicate_ratio &&
        posterior_of(least, p->p_miss, c->retransmitted + c->voided, c->expired) < open_below)
        return VERDICT_NOT_CLOSED_LOOP;
    return is_exceeded ? VERDICT_DUPLICATES_EXCEEDED : VERDICT_INCONCLUSIVE;
}

struct penny_result penny_evaluate(const struct penny_counts *counts,
                                   const struct penny_parameters *parameters)
{
    const double f_dup = duplicate_ratio(counts, counts->droppable);

    return (struct penny_result){
        .f_dup = f_dup,
        .p_closed = exp(log_power(parameters->p_miss, counts->expired)),
        .p_open = exp(fmin(0.0, log_power(f_dup, counts->retransmitted))),
        .posterior =
            posterior_of(f_dup, parameters->p_miss, counts->retransmitted, counts->expired),
        .outcome = judge(counts, parameters, f_dup),
    };
}
