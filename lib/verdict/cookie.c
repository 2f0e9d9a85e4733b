/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The claim
 * ---------
 * A sender that does not see the answers to its SYNs (it is not at the addresses that it sends
 * from) gets E >= 1/a in one aggregate and hour with probability at most a, whatever it sends.
 *
 * A candidate is an ACK to an address of the responder with the right checksum. Its cookie is right
 * if ACK - 1 = F(addresses, ports, SEQ - 1, path, slot) for the present slot or the one before; the
 * lowest bit of F is that of the slot, so it says which of the two is meant. The other 31 bits are
 * of a keyed pseudorandom function (SipHash-2-4) whose key nobody knows: to who sees no answer they
 * are uniform, and independent of those of any other addresses, ports, SEQ, path or slot, until
 * guesses uncover something of them.
 *
 * Given all that happened, the next candidate is a guess at one such value, uniform on what earlier
 * guesses at the same place (same addresses, ports, SEQ and path) and slot have left. After n of
 * those it is right with probability at most 1/(2^31 - n). At most 2^29 candidates of an aggregate
 * are looked at in a slot (COOKIE_MOST_CANDIDATES_A_SLOT), and a value may be guessed at in two of
 * them, so n < 2^30 and
 *
 *     P(the next one is right | all before) < 1 / (2^31 - 2^30) = 2^-30 = p0.
 *
 * That bound does not depend on how the sender chooses, so
 *
 *     E = sum over j of w_j (q_j/p0)^S ((1-q_j)/(1-p0))^N,    q_j >= p0, sum of w_j = 1
 *
 * with S right and N wrong candidates is a nonnegative supermartingale of mean at most 1: the mean
 * factor of each part is P q/p0 + (1-P)(1-q)/(1-p0), which grows with P as q >= p0, and is 1 at P =
 * p0. By Ville's inequality it ever reaches 1/a with probability at most a. When the look is taken
 * and when the sender stops does not matter.
 *
 * A 4-tuple counts once: after it was a witness, none of its candidates counts, right or wrong.
 * Whether a candidate counts is known before it is looked at, so the same holds for those that do.
 * This keeps a sender at one address from standing in for many, and whoever overhears one answer
 * from having more than one witness of it.
 *
 * At least two witnesses are asked for. That only takes evidence away.
 *
 * What others know of cookies. A host that really is at an address of the aggregate, and is served
 * by the path that the cookie is bound to, is what the evidence is of. A replay elsewhere fails:
 * source, destination, ports and path are in F. Late it fails: the slot is. A RST bears the number
 * that the SYN's sender chose (RFC 9293 3.10.7.1), so it is no candidate.
 *
 * The points
 * ----------
 * q is the share of right ones among candidates when senders are there. It is near 1 when nobody
 * floods, and as small as a flood of wrong ACKs makes it. Points from 2^-10 down to 2^-28 by
 * halves, of equal weight, lose at most a factor of 19 against the best q of them. With q = 2^-10
 * alone some thousands of wrong ACKs would silence two witnesses; with the mixture, at the target
 * of a share of 0.1 in alpha = 1e-6 (E = 10^7):
 *
 *     witnesses that suffice        2      3       4       6       10
 *     up to so many wrong ACKs   2^16.5  2^21.3  2^23.9  2^26.7  2^29.2
 *
 * (test_cookie.c). A flood beyond what the witnesses of an hour outweigh is said, not hidden.
 */
#include "verdict/cookie.h"

#include <math.h>

#include "verdict/mixture.h"

void cookie_mixture_init_with(struct cookie_mixture *m, int log2_p0, int log2_high)
{
    const double p0 = ldexp(1.0, log2_p0);

    for (int j = 0; j < COOKIE_POINTS; j++) {
        const double q = fmax(ldexp(1.0, log2_high - j), p0);

        m->log_hit[j] = log(q / p0);
        m->log_miss[j] = log1p(-q) - log1p(-p0);
    }
}

void cookie_mixture_init(struct cookie_mixture *m)
{
    cookie_mixture_init_with(m, -30, -10);
}

double cookie_log10_e(const struct cookie_mixture *m, uint64_t n_witnesses, uint64_t n_misses)
{
    double terms[COOKIE_POINTS];

    if (n_witnesses == 0 && n_misses == 0)
        return 0.0;
    for (int j = 0; j < COOKIE_POINTS; j++)
        terms[j] = (double)n_witnesses * m->log_hit[j] + (double)n_misses * m->log_miss[j] -
                   log(COOKIE_POINTS);
    return mixture_log_sum_exp(terms, COOKIE_POINTS) / log(10.0);
}

double cookie_log10_evidence(const struct cookie_mixture *m, uint64_t n_witnesses,
                             uint64_t n_misses)
{
    const double log10_e = cookie_log10_e(m, n_witnesses, n_misses);

    return n_witnesses >= COOKIE_LEAST_WITNESSES ? log10_e : fmin(log10_e, 0.0);
}

unsigned cookie_witnesses_needed(const struct cookie_mixture *m, uint64_t n_misses,
                                 double log10_target, unsigned most)
{
    unsigned n = COOKIE_LEAST_WITNESSES;

    while (n <= most && cookie_log10_e(m, n, n_misses) < log10_target)
        n++;
    return n;
}
