/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rule `anytime`: two likelihood-ratio processes that may be read after every packet.
 *
 *     E  against "every sender is blind": at most p of what comes back is what we dropped
 *     F  against "closed-loop": at most p_miss of the repairs stay unseen
 *
 * P(E ever >= 1/alpha) <= alpha for every blind sender, P(F ever >= 1/beta) <= beta for genuine
 * traffic. The model, the proofs and what they ask of the caller are in anytime.c.
 *
 * Any thread may call, of one with a memo only its own; a struct anytime is written by anytime_init
 * only. Nothing is allocated.
 */
#ifndef VERDICT_ANYTIME_H
#define VERDICT_ANYTIME_H

#include <stdint.h>

#include "verdict/mixture.h"

/* R, D, N and B of one population. R and D must be of the same instant: R fresher than D is not. */
struct anytime_counts {
    uint64_t n_retransmitted; /* R: drops that came back as clean repairs in time */
    uint64_t n_duplicates;    /* D: every repeat that is not a clean repair */
    uint64_t n_expired;       /* N */
    uint64_t n_ambiguous;     /* B: drops void since they came back together with other bytes */
};

enum { ANYTIME_REMEMBERED_FLOWS = 16 };

/* What E_joint is made of, for the first flows and the counts that they had when last asked for.
 * All zero is a fresh one. */
struct anytime_memo {
    struct anytime_remembered {
        struct anytime_counts counts;
        double all[MIXTURE_POINTS], some[MIXTURE_POINTS];
    } flows[ANYTIME_REMEMBERED_FLOWS];
};

/* The precomputed mixtures of one test. p stays constant within a test; so does this. */
struct anytime {
    struct mixture e;       /* base p: of the whole test */
    struct mixture e_flow;  /* base p: of one chosen flow */
    struct mixture e_joint; /* base p: of the chosen flows together */
    struct mixture f;       /* base p_miss */
    /* For E_joint; as the mixtures' own. NULL (anytime_init): nothing is remembered. */
    struct anytime_memo *memo;
};

/*
 * `p` is the coin's real probability, threshold / 2^32, not the configured one: rounding it down
 * would inflate E. A p of 1 or more makes E = 1 for good, likewise F for p_miss.
 */
void anytime_init(struct anytime *anytime, double p, double p_miss);

/*
 * log10 of E for R clean repairs and D repeats that were not. Finite for all counts; 0 at the
 * start; never above 0 while R = 0.
 */
double anytime_log10_e(const struct anytime *anytime, uint64_t n_retransmitted,
                       uint64_t n_duplicates);

/* The same for E_f of one chosen flow. */
double anytime_log10_e_flow(const struct anytime *anytime, uint64_t n_retransmitted,
                            uint64_t n_duplicates);

/*
 * log10 of E_joint: several chosen flows together, of which it is not known how many are genuine. 0
 * without flows.
 */
double anytime_log10_e_joint(const struct anytime *anytime, const struct anytime_counts *flows,
                             unsigned n_flows);

/* log10 of F for drops that were repaired, R and B, and N expired. Finite for all counts; 0 at the
 * start. */
double anytime_log10_f(const struct anytime *anytime, uint64_t n_repaired, uint64_t n_expired);

#endif
