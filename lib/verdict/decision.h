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
#include "verdict/outcome.h"

/* The flows phase. */
struct anytime_flows {
    const struct anytime_counts *counts; /* of each chosen flow, from its choice on; NULL if none */
    unsigned n;
    unsigned n_places; /* as in evidence.h */
    /* Who was chosen, and when, says nothing about the coins that count: (3) in anytime.c. If not,
     * E_joint stays 1. */
    bool joint_is_fair;
};

/* Fixed in advance, both in (0, 1). */
struct anytime_levels {
    double alpha; /* P(closed_loop for blind traffic) at most; 1e-6 */
    double beta;  /* P(not_closed_loop for genuine traffic) at most; 1e-4 */
};

struct anytime_decision {
    double log10_e_pooled;        /* of the whole test */
    double log10_e_joint;         /* of the chosen flows together; 0 when none is chosen */
    double log10_e;               /* the evidence, flows included: what is compared with 1/alpha */
    double log10_f;               /* of the whole test */
    enum verdict_outcome outcome; /* undecided, closed_loop or not_closed_loop */
    bool mixed; /* closed_loop while F >= 1/beta: genuine senders are there, and not only they, or
                   more than p_miss of the repairs take another way */
};

/*
 * `pooled` counts all of the test.
 *
 * closed_loop:     evidence >= 1/alpha
 * not_closed_loop: F >= 1/beta while neither E_pooled nor the evidence is above 1
 * undecided:       everything else; that a budget is spent is the caller's to know
 */
struct anytime_decision anytime_decide(const struct anytime *anytime,
                                       const struct anytime_counts *pooled,
                                       const struct anytime_flows *flows,
                                       const struct anytime_levels *levels);

#endif
