/* SPDX-License-Identifier: BSD-3-Clause */
/* Rates of loss, with an interval that knows that losses come in runs.
 *
 * Of n segments R were lost, in r runs of neighbours. If the lengths of runs are geometric, the
 * variance of R is that of r Poisson events times E[length^2]: as large as if only n/d segments had
 * been seen, each lost independently, with d = E[length^2]/E[length] = 2R/r - 1. Losses that are
 * independent make runs, too, and give d = (1 + p)/(1 - p); this much is no reason to widen
 * anything. The interval is that of Clopper and Pearson for R/d of n/d.
 *
 * Repeats are different in one thing: of a run of them perhaps only the first was needed, as after
 * a timeout, or when the receiver's acknowledgements were too few to tell what arrived. So their
 * lower end is never above that of r losses among n.
 *
 * A segment that is late by three or more looks lost to its sender (RFC 5681 3.2), which repeats it
 * and others with it. Mostly this is seen for what it is: the first copy comes after its
 * retransmission, or fills its hole late. What is not seen so may be as much again; so as many
 * losses are doubtful, and the interval's lower end is that of the others. */
#include <math.h>

#include "manager/passive_internal.h"
#include "verdict/interval.h"

#define CONFIDENCE 0.95

struct passive_rate passive_rate_of(uint64_t n_hits, uint64_t n_observations)
{
    struct interval i = interval_clopper_pearson(n_hits, n_observations, CONFIDENCE);

    return (struct passive_rate){
        .n_hits = n_hits,
        .n_observations = n_observations,
        .rate = n_observations == 0 ? NAN : (double)n_hits / (double)n_observations,
        .low = i.low,
        .high = i.high,
    };
}

static uint64_t clamp_runs(const struct passive_losses *l)
{
    if (l->n_runs < 1)
        return 1;
    return (uint64_t)l->n_runs < l->n_lost ? (uint64_t)l->n_runs : l->n_lost;
}

static double excess_of_variance(const struct passive_losses *l, double share)
{
    double d = 2 * (double)l->n_lost / (double)clamp_runs(l) - 1;

    return fmax(1, d * (1 - share) / (1 + share));
}

struct passive_rate passive_rate_of_losses(const struct passive_losses *l)
{
    struct passive_rate r = passive_rate_of(l->n_lost, l->n_observations);
    double d;
    uint64_t n;

    if (l->n_lost == 0 || l->n_lost >= l->n_observations)
        return r;
    d = excess_of_variance(l, r.rate);
    n = (uint64_t)((double)l->n_observations / d);
    r.low =
        interval_clopper_pearson((uint64_t)((double)passive_sure_losses(l) / d), n, CONFIDENCE).low;
    r.high = interval_clopper_pearson((uint64_t)ceil((double)l->n_lost / d), n, CONFIDENCE).high;
    if (l->are_repeats)
        r.low =
            fmin(r.low, interval_clopper_pearson(clamp_runs(l), l->n_observations, CONFIDENCE).low);
    return r;
}

static uint64_t late_enough_to_look_lost(const struct passive_counters *c)
{
    return c->late + c->maybe_late + c->extent_3_7 + c->extent_8_31 + c->extent_32;
}

uint64_t passive_sure_losses(const struct passive_losses *l)
{
    return l->n_doubtful < l->n_lost ? l->n_lost - l->n_doubtful : 0;
}

struct passive_losses passive_upstream(const struct passive_counters *c)
{
    return (struct passive_losses){.n_lost = c->lost_upstream,
                                   .n_doubtful = c->late + c->maybe_late,
                                   .n_runs = (int64_t)(c->holes_opened - c->holes_reordered),
                                   .n_observations = c->observed};
}

struct passive_losses passive_downstream(const struct passive_counters *c)
{
    return (struct passive_losses){.n_lost = c->repeats,
                                   .n_doubtful = late_enough_to_look_lost(c),
                                   .n_runs = (int64_t)c->repeat_runs,
                                   .n_observations = c->repeatable,
                                   .are_repeats = true};
}
