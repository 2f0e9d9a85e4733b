/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why the largest part and not the sum
 * ------------------------------------
 * A weighted mean of E-processes is one too, if all of them are supermartingales of one and the
 * same flow of information. Here they are not. The flows phase starts when a budget is spent, and
 * flows are chosen when others have used up theirs: both tell something about coins that are not
 * uncovered yet, and given that, E_pooled is no supermartingale. The smallest example: one drop
 * allowed, one segment that is repeated late, one that is never repeated and whose flow is reset at
 * once. The mean of e when the budget is spent and no drop pending (or else at the end) is
 *
 *     p q/p + (1-p) p + (1-p)^2 (1-q)/(1-p) = 1 + p (q - p) > 1
 *
 * since the phase may start before the first segment's duplicate is in, and does so only if its
 * coin said "forward". Each part alone is safe: E_pooled does not know of phases, and E_f and
 * E_joint count only coins thrown after their flows were chosen (anytime.c). So alpha is shared out
 * beforehand: w alpha to E_pooled, v alpha to E_joint, u alpha / n_places to each place,
 *
 *     P(w E_pooled ever >= 1/alpha) <= w alpha      P(v E_joint ever >= 1/alpha) <= v alpha
 *     P(u/n E_f ever >= 1/alpha) <= u alpha / n     w + v + u = 1
 *
 * and by the union bound P(their maximum ever >= 1/alpha) <= alpha, with no assumption at all on
 * how the parts hang together, when one begins or when one stops. The sum is never more than
 * n_places + 2 times the maximum, in practice less than twice, while one clean repair multiplies by
 * up to 1/p = 20: the price is a fraction of a drop, and none while no flow is chosen.
 *
 * The shares
 * ----------
 * With p = 0.05, alpha = 1e-6, ten places, and M(R) the mean of q^R under each part's mixture:
 *
 *     5 drops that all come back, anywhere:    w 20^5 M(5) >= 1e6       w >= 0.637
 *     6 in one chosen flow:                    u/10 20^6 M(6) >= 1e6    u >= 0.2316
 *     6 in chosen flows, whichever:            v/2 20^6 M(6) >= 1e6     v >= 0.102
 *
 * so 0.65, 0.232 and what is left, 0.118. A place's share is small, 0.0232 alpha, and a flow
 * has few drops: as soon as flows lose segments of their own, E_joint does the work.
 *
 * Kinds of evidence beside data segments
 * --------------------------------------
 * What a sender in a conversation sends again when it is not answered, and only then, can be asked
 * the same question as a data segment. Such a unit has one identity, which all of its repeats bear,
 * and one coin, thrown at its first sight, if one that says drop would be obeyed then; else it has
 * none, and counts for nothing. Of its repeats only the first counts, and only within the time H
 * after its first sight: R if the unit was dropped, else D. A D is counted at once, an R not before
 * H is over.
 *
 * Number the units in the order in which their coins were thrown, or would have been: c_n is the
 * coin of unit n, a_n = 1 if it has one. Let r_n = 1 if it comes again in time. The r_n belong to
 * the schedule, as what is seen first, what passes for the same and how long it is remembered do.
 * a_n may depend on the schedule and on the coins c_1 ... c_n-1, whether they were uncovered or
 * not: on a budget that they and coins of other kinds spent, on a ledger that they filled, on all
 * that a manager knows. Then
 *
 *     I_n = product over k <= n with a_k = r_k = 1 of    q/p            if c_k = 1
 *                                                        (1-q)/(1-p)    if c_k = 0
 *
 * is a martingale that starts at 1: a_n and r_n are given before c_n is thrown, and the mean factor
 * is p q/p + (1-p) (1-q)/(1-p) = 1. Each identity has one coin, and a packet bears one identity, so
 * there is no merged repeat.
 *
 * Read e = (q/p)^R ((1-q)/(1-p))^D at an instant t, and let n be the last unit that was first seen
 * H or more before t. All that units up to n show they have shown: their D are in, and an R is of
 * such a unit, with c = 1. What of D belongs to later units only lowers e, as does a coin that was
 * not obeyed after all (two lcores that reach for the last drop): an R less, a D more. So e <= I_n,
 * at all times at once, and under the same mixture over q, and Ville's inequality holds for e.
 *
 * With several lcores there is no one instant: each tells what it counted when it closes an epoch.
 * Where one is late, an R of its may be read beside another's counts that lack a D, for an epoch.
 * Enumerated games of two lcores make that a factor of two on the share of this kind, 0.1 alpha,
 * where a sender can hold one up; more is not proved.
 *
 * If an R counted at once, coins would be uncovered in the order in which units come again, and a_n
 * would tell of coins that are not uncovered yet. The smallest example: one drop allowed, m units,
 * repeated last to first. After the one that is dropped no unit has a coin, so the first repeat
 * that counts is its R: e reaches q/p with probability 1 - (1-p)^m, where p/q is allowed. The other
 * way out would be to count the repeats of all units, coin or not, as anytime.c does with data
 * segments. These come again after a round trip; units take a second and more, and meanwhile all
 * that is lost behind us would be D: of 600 units a second with 3 % loss 18 a second, and no R.
 *
 * A kind has an e-process of its own, since another share of what comes back may be ours. Kinds are
 * not added up, for the reason above: how the coins of one hang together with when units of the
 * other are looked for is nobody's to say. Their shares of alpha:
 *
 *     each kind that is on     0.1
 *     data                     the rest, shared out among its parts as before
 *
 * again with a sum of 1, so that the union bound holds over all parts. With data alone nothing
 * changes. With one more kind data needs 6 clean repairs instead of 5 (0.9 * 0.65 < 0.637), and as
 * many are enough for the kind: with the mixture of the pooled part 0.1 20^6 M(6) >= 1e6 asks for
 * M(6) >= 0.156, and it is 0.46.
 */
#include "verdict/evidence.h"

#include <limits.h>
#include <math.h>
#include <stddef.h>

/* Of alpha, by enum evidence_kind: the one place where a kind has its share. */
static const double kind_shares[EVIDENCE_N_KINDS] = {
    [EVIDENCE_HANDSHAKE] = 0.1,
    [EVIDENCE_QUIC] = 0.1,
    [EVIDENCE_COOKIE] = 0.1,
};

double evidence_share_of_data(unsigned kinds_on)
{
    double share = 1.0;

    for (unsigned kind = 0; kind < EVIDENCE_N_KINDS; kind++)
        share -= (kinds_on >> kind & 1) != 0 ? kind_shares[kind] : 0.0;
    return share;
}

double evidence_share_of_kind(enum evidence_kind kind)
{
    return kind_shares[kind];
}

double evidence_log10_with_kinds(double log10_data, const struct evidence_of_kinds *kinds)
{
    double log10_e;

    if (kinds->on == 0)
        return log10_data;
    log10_e = log10(evidence_share_of_data(kinds->on)) + log10_data;
    for (unsigned kind = 0; kind < EVIDENCE_N_KINDS; kind++)
        if ((kinds->on >> kind & 1) != 0)
            log10_e = fmax(log10_e, log10(kind_shares[kind]) + kinds->log10_e[kind]);
    return log10_e;
}

double evidence_log10_combined(double log10_pooled, double log10_joint, const double *log10_flows,
                               unsigned n_flows, unsigned n_places)
{
    const unsigned n_shares = n_flows > n_places ? n_flows : n_places;
    double strongest_flow = n_places > n_flows ? 0.0 : -INFINITY;

    if (n_shares == 0)
        return log10_pooled;
    for (unsigned i = 0; i < n_flows; i++)
        strongest_flow = fmax(strongest_flow, log10_flows[i]);
    return fmax(log10(EVIDENCE_POOLED_WEIGHT) + log10_pooled,
                fmax(log10(EVIDENCE_JOINT_WEIGHT) + log10_joint,
                     log10(EVIDENCE_FLOWS_WEIGHT / n_shares) + strongest_flow));
}

static double log10_after_repairs(const struct anytime *anytime, uint64_t n_retransmitted,
                                  uint64_t n_duplicates, unsigned n_places)
{
    const double pooled = anytime_log10_e(anytime, n_retransmitted, n_duplicates);

    return evidence_log10_combined(pooled, 0.0, NULL, 0, n_places);
}

unsigned evidence_repairs_needed(const struct anytime *anytime, uint64_t n_retransmitted,
                                 uint64_t n_duplicates, unsigned n_places, double log10_target,
                                 unsigned guess)
{
    unsigned too_few = 0, enough = guess > 0 && guess <= UINT_MAX / 2 ? guess : 1;

    if (log10_after_repairs(anytime, n_retransmitted, n_duplicates, n_places) >= log10_target)
        return 0;
    while (log10_after_repairs(anytime, n_retransmitted + enough, n_duplicates, n_places) <
           log10_target) {
        if (enough > UINT_MAX / 2)
            return UINT_MAX;
        too_few = enough;
        enough *= 2;
    }
    if (too_few == 0 && enough > 1 &&
        log10_after_repairs(anytime, n_retransmitted + enough - 1, n_duplicates, n_places) <
            log10_target)
        return enough;
    /* The evidence grows with every repair, so halving finds the first that is enough. */
    while (enough - too_few > 1) {
        const unsigned middle = too_few + (enough - too_few) / 2;

        if (log10_after_repairs(anytime, n_retransmitted + middle, n_duplicates, n_places) <
            log10_target)
            too_few = middle;
        else
            enough = middle;
    }
    return enough;
}
