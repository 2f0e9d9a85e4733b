/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/study.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/monotonic.h"

/* Trials that a thread takes at once. */
#define N_TAKEN 16

struct work {
    const struct scenario *scenario;
    const struct study_options *options;
    struct trial_result *results;
    _Atomic uint64_t next, n_done;
    _Atomic int error;
};

static void run_some(struct work *w, struct trial *t, uint64_t first)
{
    uint64_t n = w->options->n_runs;

    for (uint64_t i = first; i < first + N_TAKEN && i < n; i++) {
        int error = trial_run(t, w->options->seed, i, &w->results[i]);

        if (error != 0)
            atomic_store(&w->error, error);
        atomic_fetch_add(&w->n_done, 1);
    }
}

static void *run_trials(void *argument)
{
    struct work *w = argument;
    struct trial *t = trial_create(w->scenario);
    uint64_t first;

    if (t == NULL) {
        atomic_store(&w->error, -ENOMEM);
        atomic_store(&w->n_done, w->options->n_runs);
        return NULL;
    }
    while ((first = atomic_fetch_add(&w->next, N_TAKEN)) < w->options->n_runs &&
           atomic_load(&w->error) == 0)
        run_some(w, t, first);
    trial_destroy(t);
    return NULL;
}

static void show_progress(struct work *w, double started_s)
{
    const struct timespec pause = {.tv_nsec = 200000000};
    uint64_t n;

    while ((n = atomic_load(&w->n_done)) < w->options->n_runs && atomic_load(&w->error) == 0) {
        double s = monotonic_s() - started_s;

        fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " trials, %.0f per second ", n,
                w->options->n_runs, s > 0 ? (double)n / s : 0);
        nanosleep(&pause, NULL);
    }
    fprintf(stderr, "\r%60s\r", "");
}

static int run_threads(struct work *w, double started_s)
{
    uint32_t n = w->options->n_threads, n_started;
    pthread_t *threads = calloc(n, sizeof(*threads));

    if (threads == NULL)
        return -ENOMEM;
    for (n_started = 0; n_started < n; n_started++)
        if (pthread_create(&threads[n_started], NULL, run_trials, w) != 0)
            break;
    if (n_started == 0)
        run_trials(w);
    else if (w->options->progress)
        show_progress(w, started_s);
    for (uint32_t i = 0; i < n_started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return atomic_load(&w->error);
}

struct rate rate_of(uint64_t n_hits, uint64_t n_trials)
{
    return (struct rate){
        .n = n_hits,
        .share = n_trials != 0 ? (double)n_hits / (double)n_trials : NAN,
        .interval = interval_clopper_pearson(n_hits, n_trials, STUDY_CONFIDENCE),
    };
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The smallest value that at least the share of all reach. */
static double quantile(const double *sorted, uint64_t n, double share)
{
    uint64_t rank = (uint64_t)ceil(share * (double)n);

    return sorted[rank > 0 ? rank - 1 : 0];
}

static struct quantiles quantiles_of(double *values, uint64_t n)
{
    double sum = 0;

    if (n == 0)
        return (struct quantiles){NAN, NAN, NAN, NAN};
    qsort(values, n, sizeof(*values), compare);
    for (uint64_t i = 0; i < n; i++)
        sum += values[i];
    return (struct quantiles){.median = quantile(values, n, 0.5),
                              .p95 = quantile(values, n, 0.95),
                              .p99 = quantile(values, n, 0.99),
                              .mean = sum / (double)n};
}

static void summarize_costs(const struct trial_result *r, uint64_t n, struct summary *out,
                            double *values)
{
    for (int other = 0; other < 2; other++) {
        uint64_t m = 0;

        for (uint64_t i = 0; i < n; i++)
            if ((r[i].verdict != VERDICT_CLOSED_LOOP) == other)
                values[m++] = r[i].n_dropped;
        out->drops[other] = quantiles_of(values, m);
        m = 0;
        for (uint64_t i = 0; i < n; i++)
            if ((r[i].verdict != VERDICT_CLOSED_LOOP) == other)
                values[m++] = r[i].n_segments;
        out->segments[other] = quantiles_of(values, m);
        m = 0;
        for (uint64_t i = 0; i < n; i++)
            if ((r[i].verdict != VERDICT_CLOSED_LOOP) == other)
                values[m++] = (double)r[i].seconds;
        out->seconds[other] = quantiles_of(values, m);
    }
}

static void summarize_repairs(const struct trial_result *r, uint64_t n, struct summary *out,
                              double *values)
{
    uint64_t m = 0;

    for (uint64_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < r[i].n_repairs; k++)
            values[m++] = (double)r[i].repairs_ms[k];
    out->repairs_ms = quantiles_of(values, m);
}

static void summarize_completion(const struct trial_result *r, uint64_t n, struct summary *out,
                                 double *values)
{
    uint64_t m = 0;
    struct quantiles q;

    for (uint64_t i = 0; i < n; i++)
        if (!isnan(r[i].completion_s))
            values[m++] = (double)r[i].completion_s;
    q = quantiles_of(values, m);
    out->mean_completion_s = q.mean;
    out->p95_completion_s = q.p95;
}

static void summarize_e(const struct trial_result *r, uint64_t n, struct summary *out)
{
    double sum = 0, squares = 0, mean;

    for (uint64_t i = 0; i < n; i++) {
        double e = pow(10, (double)r[i].log10_e_pooled);

        sum += e;
        squares += e * e;
    }
    mean = sum / (double)n;
    out->mean_e = mean;
    /* Of equal values rounding may leave less than nothing. */
    out->error_e = n > 1 ? sqrt(fmax(0, squares / (double)n - mean * mean) / (double)(n - 1)) : NAN;
}

const double study_levels[STUDY_N_LEVELS] = {1e-2, 1e-3, 1e-6};

static void summarize_reached(const struct trial_result *r, uint64_t n, struct summary *out)
{
    for (int level = 0; level < STUDY_N_LEVELS; level++) {
        double threshold = -log10(study_levels[level]);
        uint64_t reached = 0, pooled = 0, kind = 0;

        for (uint64_t i = 0; i < n; i++) {
            reached += (double)r[i].max_log10_e >= threshold;
            pooled += (double)r[i].max_log10_e_pooled >= threshold;
            kind += (double)r[i].max_log10_e_kind >= threshold;
        }
        out->reached[level] = rate_of(reached, n);
        out->reached_pooled[level] = rate_of(pooled, n);
        out->reached_kind[level] = rate_of(kind, n);
    }
}

static int summarize(const struct trial_result *r, uint64_t n, struct summary *out)
{
    uint64_t counts[STUDY_N_OUTCOMES] = {0}, mixed = 0, provisional = 0, via_flows = 0;
    double *values = calloc(n, BOX_MAX_REPAIRS * sizeof(*values));

    if (values == NULL)
        return -ENOMEM;
    for (uint64_t i = 0; i < n; i++) {
        counts[r[i].verdict]++;
        mixed += r[i].mixed;
        provisional += r[i].provisional;
        via_flows += r[i].via == VIA_FLOWS;
    }
    out->n_runs = n;
    for (int i = 0; i < STUDY_N_OUTCOMES; i++)
        out->outcomes[i] = rate_of(counts[i], n);
    out->mixed = rate_of(mixed, n);
    out->provisional = rate_of(provisional, n);
    out->via_flows = rate_of(via_flows, n);
    summarize_costs(r, n, out, values);
    summarize_repairs(r, n, out, values);
    summarize_completion(r, n, out, values);
    summarize_e(r, n, out);
    summarize_reached(r, n, out);
    free(values);
    return 0;
}

static void summarize_errors(const struct scenario *s, struct summary *out)
{
    bool is_genuine = s->genuine.n_flows != 0;
    uint64_t n = out->n_runs;

    out->false_genuine =
        rate_of(is_genuine ? 0 : out->outcomes[VERDICT_CLOSED_LOOP].n, is_genuine ? 0 : n);
    out->false_spoofed =
        rate_of(is_genuine ? out->outcomes[VERDICT_NOT_CLOSED_LOOP].n : 0, is_genuine ? n : 0);
}

int study_run(const struct scenario *scenario, const struct study_options *options,
              struct summary *out, struct trial_result *results)
{
    struct trial_result *own = results != NULL ? NULL : calloc(options->n_runs, sizeof(*own));
    struct work w = {
        .scenario = scenario, .options = options, .results = results != NULL ? results : own};
    double started_s = monotonic_s();
    int error = w.results == NULL ? -ENOMEM : run_threads(&w, started_s);

    if (error == 0)
        error = summarize(w.results, options->n_runs, out);
    if (error == 0)
        summarize_errors(scenario, out);
    out->wall_s = monotonic_s() - started_s;
    out->has_kinds = test_parameters_kinds(&scenario->test) != 0;
    free(own);
    if (error != 0)
        fprintf(stderr, "pennyline-sim: trials failed: %s\n", strerror(-error));
    return error;
}
