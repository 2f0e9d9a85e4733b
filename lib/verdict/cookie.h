/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Evidence from cookies: a responder answers SYNs to addresses that nobody has with a number that
 * only who receives the answer knows (SYN+ACK, RFC 9293 3.5), and counts the ACKs that have it. The
 * e-process of one aggregate and one hour; what it claims and why, in cookie.c.
 *
 * Pure but for cookie_mixture_init(); any thread.
 */
#ifndef VERDICT_COOKIE_H
#define VERDICT_COOKIE_H

#include <stdint.h>

/* Candidates of one aggregate that may be looked at in one time slot: the proof needs it. Further
 * ones must be let go without a look, whatever they are. */
#define COOKIE_MOST_CANDIDATES_A_SLOT (UINT64_C(1) << 29)

/* A number that is right proves nothing alone: at 10 million blind ACKs a second one comes every
 * few minutes. */
#define COOKIE_LEAST_WITNESSES 2

enum { COOKIE_POINTS = 19 };

/* Written by cookie_mixture_init() only. */
struct cookie_mixture {
    double log_hit[COOKIE_POINTS];  /* ln(q / p0) */
    double log_miss[COOKIE_POINTS]; /* ln((1-q) / (1-p0)) */
};

/* For responders: p0 = 2^-30, q from 2^-10 to 2^-28. */
void cookie_mixture_init(struct cookie_mixture *m);

/* The same for other numbers, for checks: p0 = 2^log2_p0, q from 2^log2_high down by halves, at
 * most until p0; what is left of the points lies on the last one. */
void cookie_mixture_init_with(struct cookie_mixture *m, int log2_p0, int log2_high);

/*
 * log10 of E. `n_witnesses`: 4-tuples of which a candidate had the right number, each once;
 * `n_misses`: candidates that had a wrong one, but for those of 4-tuples that were witnesses
 * already. Exactly 0 without either.
 */
double cookie_log10_e(const struct cookie_mixture *m, uint64_t n_witnesses, uint64_t n_misses);

/* What goes into evidence_log10_with_kinds(): E, or at most 1 with fewer witnesses than
 * COOKIE_LEAST_WITNESSES. */
double cookie_log10_evidence(const struct cookie_mixture *m, uint64_t n_witnesses,
                             uint64_t n_misses);

/* How many witnesses in all bring E to `log10_target` after so many misses, up to `most`; most + 1:
 * more than that. A flood of wrong ACKs raises it: who sees it above what can come says that the
 * flood silences this evidence. */
unsigned cookie_witnesses_needed(const struct cookie_mixture *m, uint64_t n_misses,
                                 double log10_target, unsigned most);

#endif
