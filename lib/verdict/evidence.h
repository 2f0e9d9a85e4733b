/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is compared with 1/alpha: the pooled E of the test, the E of all chosen flows together, and
 * the E of each of them, each with its share of alpha, fixed before the test starts:
 *
 *     evidence = max( 0.65 E_pooled, 0.118 E_joint, 0.232/n_places E_f for each chosen flow f )
 *
 * or E_pooled alone when the test has no places for flows; kinds of evidence beside data take their
 * shares of alpha before (evidence_log10_with_kinds()). P(evidence ever >= 1/alpha) <= alpha:
 * the proof, and why this is the largest part and not the sum, are in evidence.c; what E_joint asks
 * of the choice of flows, in anytime.c.
 */
#ifndef VERDICT_EVIDENCE_H
#define VERDICT_EVIDENCE_H

#include <stdint.h>

#include "verdict/anytime.h"

#define EVIDENCE_POOLED_WEIGHT 0.65
#define EVIDENCE_FLOWS_WEIGHT  0.232
#define EVIDENCE_JOINT_WEIGHT  0.118

/*
 * log10 of the evidence. `log10_joint` is 0 while no flow is chosen; `log10_flows` holds log10 E_f
 * of the n_flows places taken so far (may be NULL when there are none); `n_places` is the test's
 * max_individual_flows, constant in a test. A place not taken has E = 1. More flows than places
 * lower each flow's share rather than break the claim.
 */
double evidence_log10_combined(double log10_pooled, double log10_joint, const double *log10_flows,
                               unsigned n_flows, unsigned n_places);

/* What may speak for a sender beside data segments, each with an e-process of its own: "Kinds of
 * evidence" in evidence.c. */
enum evidence_kind {
    EVIDENCE_HANDSHAKE, /* SYN and SYN+ACK that come again */
    EVIDENCE_QUIC,      /* first flights of QUIC that come again */
    EVIDENCE_COOKIE,    /* answers to a responder's cookies */
    EVIDENCE_N_KINDS
};

struct evidence_of_kinds {
    unsigned on; /* bit enum evidence_kind; constant in a test */
    double log10_e[EVIDENCE_N_KINDS];
};

/* The share of alpha that is left for data segments while the kinds of bit set `kinds_on` are on,
 * and that of a kind that is on. They sum to 1. */
double evidence_share_of_data(unsigned kinds_on);
double evidence_share_of_kind(enum evidence_kind kind);

/*
 * log10 of the evidence of data (evidence_log10_combined()) and of the kinds that are on, each with
 * its share. With none on it is that of data. Data alone reaches a target t among them when it
 * reaches t - log10(evidence_share_of_data()).
 */
double evidence_log10_with_kinds(double log10_data, const struct evidence_of_kinds *kinds);

/*
 * How many more clean repairs, with no further duplicate, bring the evidence to `log10_target`
 * while no flow is chosen. 0 when it is there already, UINT_MAX when no number does. A manager that
 * hands out this many drops less the pending ones makes no drop that could turn out unneeded. The
 * search starts at `guess`: the answer does not depend on it, but an answer of just before is near.
 */
unsigned evidence_repairs_needed(const struct anytime *anytime, uint64_t n_retransmitted,
                                 uint64_t n_duplicates, unsigned n_places, double log10_target,
                                 unsigned guess);

#endif
