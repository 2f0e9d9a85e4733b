/* SPDX-License-Identifier: BSD-3-Clause */
/* Probabilities by enumeration, to check the simulation by, and where it would take too long. */
#ifndef SIM_EXACT_H
#define SIM_EXACT_H

#include <stdbool.h>
#include <stdint.h>

#include "pennyline-sim/study.h"
#include "verdict/penny.h"

/* The model of the paper's Figure 7: n droppable packets, each dropped with probability p; a blind
 * sender repeats the first d of them at once; rule penny looks at the end. */
struct fig7 {
    uint32_t n, d;
    double drop_probability;
    /* How duplicates are related: over the forwarded droppable packets, U - K, as the rule does in
     * the field; or over all n, as in the published figure. That leaves a last packet that was
     * dropped out of n, but only where the ratio is compared with its limit. */
    bool of_all;
};

/* The rule on one outcome. */
enum verdict_outcome fig7_judge(const struct fig7 *f, const struct penny_parameters *parameters,
                                uint32_t n_retransmitted, uint32_t n_expired, bool last_is_dropped);

/* Probabilities by enum verdict_outcome; of sum 1. */
void fig7_enumerate(const struct fig7 *f, const struct penny_parameters *parameters,
                    double out[STUDY_N_OUTCOMES]);

/* A blind sender repeats each segment with probability `ratio`; rule penny makes `n_drops` drops.
 * Probabilities by enum verdict_outcome. */
void penny_enumerate(double ratio, double drop_probability, uint32_t n_drops,
                     const struct penny_parameters *parameters, double out[STUDY_N_OUTCOMES]);

/* A blind sender repeats each of n segments once. The probability that E of rule anytime ever
 * reaches 1/level, at most `max_drops` being dropped. */
double anytime_enumerate(double drop_probability, double level, uint32_t n, uint32_t max_drops);

/* The same for E_f of one chosen flow, with its own prior. */
double flow_enumerate(double drop_probability, double level, uint32_t n, uint32_t max_drops);

/* The same for E_joint of one or two chosen flows, with no limit on drops: n segments of each come
 * back once, in turn. -1 without memory. */
double joint_enumerate(double drop_probability, double level, uint32_t n, uint32_t n_flows);

#endif
