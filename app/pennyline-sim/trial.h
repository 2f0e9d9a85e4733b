/* SPDX-License-Identifier: BSD-3-Clause */
/* One trial: senders, network and box in virtual time, until the verdict or the end. */
#ifndef SIM_TRIAL_H
#define SIM_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "manager/manager.h"
#include "pennyline-sim/box.h"
#include "pennyline-sim/scenario.h"

struct trial_result {
    uint8_t verdict; /* enum verdict_outcome */
    uint8_t via;     /* enum test_via */
    uint8_t reason;  /* enum test_reason */
    bool mixed;
    bool provisional; /* said not_closed_loop before the flows phase */
    uint32_t n_dropped, n_retransmitted, n_expired, n_void;
    uint32_t n_duplicates;                        /* D */
    uint32_t n_segments;                          /* with payload, at the box, until the verdict */
    float seconds;                                /* to the verdict */
    float log10_e, log10_e_pooled, log10_e_joint; /* at the end */
    float log10_odds_penny;                       /* closed_loop against not, of the pooled phase */
    /* The greatest after any epoch; with `watch` only. */
    float max_log10_e, max_log10_e_pooled, max_log10_e_joint;
    float max_log10_e_kind; /* of any kind of units beside data segments */
    uint32_t n_repairs;
    float repairs_ms[BOX_MAX_REPAIRS]; /* from a drop to its repair */
    float completion_s;                /* mean of the genuine flows that ended; to_completion */
};

struct trial;

/* Memory for one thread's trials of a scenario, which outlives it. NULL: no memory. */
struct trial *trial_create(const struct scenario *scenario);
void trial_destroy(struct trial *t);

/* Trial number `number` of the seed: the same numbers give the same result, on any thread. 0;
 * -ENOMEM; -EIO when an identity of the counters was broken. */
int trial_run(struct trial *t, uint64_t seed, uint64_t number, struct trial_result *out);

/* Of a scenario in mode passive: what the latest trial counted. */
void trial_passive(const struct trial *t, struct passive_counters *out);

#endif
