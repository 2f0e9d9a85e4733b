/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rule `anytime`, the decision: from the counts of one consistent epoch to an outcome. May be asked
 * after every epoch; the error promises hold over all of them together.
 */
#ifndef VERDICT_DECISION_H
#define VERDICT_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "verdict/anytime.h"
#include "verdict/evidence.h"
#include "verdict/outcome.h"

/* The flows phase. */
struct anytime_flows {
    /* Of each chosen flow, from its choice on; NULL if none. For E_joint of its span only, which
     * no coin has a say in. */
    const struct anytime_counts *counts, *spans;
    unsigned n;
    unsigned n_places; /* as in evidence.h */
    /* Who was chosen, and when, says nothing about the coins that count: (3) in anytime.c. If not,
     * E_joint stays 1. */
    bool joint_is_fair;
};

/* Evidence beside data segments, of the whole test. Of the counts, R and D matter: silence of a
 * unit is no evidence, since a client may go on by another address or protocol (RFC 8305). */
struct anytime_kinds {
    unsigned on; /* bit enum evidence_kind; constant in a test */
    struct anytime_counts counts[EVIDENCE_N_KINDS];
};

/* Fixed in advance, both in (0, 1). */
struct anytime_levels {
    double alpha; /* P(closed_loop for blind traffic) at most; 1e-6 */
    double beta;  /* P(not_closed_loop for genuine traffic) at most; 1e-4 */
};

struct anytime_decision {
    double log10_e_pooled;                 /* of the whole test */
    double log10_e_joint;                  /* of the chosen flows together; 0 when none is chosen */
    double log10_e_kind[EVIDENCE_N_KINDS]; /* of each kind that is on; 0 of others */
    double log10_e_data;                   /* the evidence of data alone, as if no kind were on */
    double log10_e;               /* the evidence, flows and kinds included: what is compared with
                                     1/alpha */
    double log10_f;               /* of the whole test */
    int strongest_kind;           /* what gives log10_e: enum evidence_kind, or -1: data */
    enum verdict_outcome outcome; /* undecided, closed_loop or not_closed_loop */
    bool mixed; /* closed_loop while F >= 1/beta: genuine senders are there, and not only they, or
                   more than p_miss of the repairs take another way */
};

/*
 * `pooled` counts the data segments of all of the test; `kinds` may be NULL: none is on.
 *
 * closed_loop:     evidence >= 1/alpha
 * not_closed_loop: F >= 1/beta while neither E_pooled, nor the evidence of data, nor the E of any
 *                  kind is above 1
 * undecided:       everything else; that a budget is spent is the caller's to know
 */
struct anytime_decision anytime_decide(const struct anytime *anytime,
                                       const struct anytime_counts *pooled,
                                       const struct anytime_flows *flows,
                                       const struct anytime_kinds *kinds,
                                       const struct anytime_levels *levels);

#endif
