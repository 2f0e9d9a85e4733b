/* SPDX-License-Identifier: BSD-3-Clause */
/* The parameters by which an attack comes nearest to fooling a rule.
 *
 * A rate of one in a million cannot be searched by: nearly every set of parameters shows none. So a
 * set is scored by how near each of its trials came, which is smooth (attack_score()). A grid and
 * draws from all ranges at once begin; then those in front are changed, in all parameters together,
 * and tried again beside their children, each time by fresh seeds, until what was luck has
 * averaged out. */
#ifndef SIM_ATTACK_SEARCH_H
#define SIM_ATTACK_SEARCH_H

#include "pennyline-sim/study.h"

/* What may be chosen of each parameter: 0 to 0 is not of this attack. */
struct range {
    double least, most;
};

struct attack_space {
    const char *attack;
    struct range ratio, delay_ms, flows, flood, covered;
    struct range rate, between, kind, period_ms;
    uint32_t n_table_flows; /* 0: room for all */
    bool is_mixture;        /* `attack` is a name only: any two, their steps mixed by a coin */
};

/* Of all attacks that have parameters, and those that have none; NULL after the last. */
const struct attack_space *attack_space_by_index(unsigned int index);

/* The attack's sender alone before the box, its parameters by its row. */
struct scenario attack_scenario(const struct attack_space *space, enum test_rule rule);

/* How near a trial came to fooling its rule: at least 0. The mean over trials is a score.
 * anytime: the fourth root of the greatest evidence x, which for a fair game has a finite variance
 * (P(x >= c) <= 1/c), so that one lucky trial is not all that counts. penny: the fourth root of the
 * posterior's odds after the pooled phase, 0 when there is none; with too many duplicates next to
 * nothing, but the more the fewer they are. */
double attack_score(enum test_rule rule, const struct trial_result *result);

struct attack_found {
    struct blind_options blind;
    double score; /* mean, of all trials of these parameters */
    uint64_t n_trials;
    uint32_t n_sets; /* of parameters that were tried */
};

/* Searches with `options->n_runs` trials for each scoring. 0, or a negative errno. */
int attack_search(const struct attack_space *space, const struct scenario *scenario,
                  const struct study_options *options, struct attack_found *out);

#endif
