/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/passive.h"

#include <errno.h>

#include "manager/passive.h"
#include "pennyline-sim/trial.h"

/* A finding begins there (manager/findings.c). */
#define LEAST_LOSS   0.0005
#define LEAST_LOSSES 5

void passive_scenario(struct scenario *s, double round_trip_ms)
{
    scenario_default(s);
    s->is_passive = s->to_completion = true;
    s->genuine.timestamps = s->genuine.ip_ids = true;
    s->genuine.n_segments = 400;
    s->genuine.start_ms = 500;
    s->network.delay_upstream_ms = 0.3 * round_trip_ms;
    s->network.delay_downstream_ms = 0.2 * round_trip_ms;
    s->network.delay_back_ms = 0.5 * round_trip_ms;
    s->max_s = 600;
}

static bool is_found(const struct passive_losses *losses)
{
    return passive_sure_losses(losses) >= LEAST_LOSSES &&
           passive_rate_of_losses(losses).low > LEAST_LOSS;
}

static void tally(struct passive_tally *t, const struct network_options *n,
                  const struct passive_counters *c)
{
    const struct passive_losses losses[2] = {passive_upstream(c), passive_downstream(c)};
    const double truth[2] = {n->loss_upstream, n->loss_downstream};

    for (int i = 0; i < 2; i++) {
        struct passive_rate r = passive_rate_of_losses(&losses[i]);

        t->n_false += !(truth[i] > 0) && is_found(&losses[i]);
        t->n_covered[i] += r.low <= truth[i] && truth[i] <= r.high;
        t->mean_estimate[i] += r.n_observations > 0 ? r.rate : 0;
        t->mean_width[i] += r.high - r.low;
    }
    t->n_balanced += c->flows_balanced > 0;
}

int passive_study(const struct scenario *s, uint64_t n_runs, uint64_t seed,
                  struct passive_tally *out)
{
    struct trial *trial = trial_create(s);
    int error = trial != NULL ? 0 : -ENOMEM;

    *out = (struct passive_tally){.n_runs = n_runs};
    for (uint64_t i = 0; i < n_runs && error == 0; i++) {
        struct passive_counters counters;
        struct trial_result result;

        error = trial_run(trial, seed, i, &result);
        trial_passive(trial, &counters);
        tally(out, &s->network, &counters);
    }
    trial_destroy(trial);
    for (int i = 0; i < 2; i++) {
        out->mean_estimate[i] /= (double)n_runs;
        out->mean_width[i] /= (double)n_runs;
    }
    return error;
}
