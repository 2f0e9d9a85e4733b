/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/attack_search.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/random.h"

#define MAX_CANDIDATES  160
#define N_DRAWN         16
#define N_GENERATIONS   5
#define N_PARENTS       4
#define N_CHILDREN      8
#define GRID_STEPS      4
#define CHANGE          0.2 /* of a range, one standard deviation */
#define STREAM_OF_DRAWS 7

/* They begin in any phase of the box's epoch. */
#define START_MS 10
/* The plan of a trial: so many segments, or steps at least and at most. A few ms at the highest
 * rate, in which all drops of the pooled phase fall, and a minute at the lowest. */
#define PLAN_SEGMENTS  24000
#define MIN_PLAN_STEPS 1500
#define MAX_PLAN_STEPS 12000

/* What all that repeat may choose: a share of segments, when, how many flows, steps per second. */
#define RATE    .rate = {100, 1e6}
#define REPEATS .ratio = {0.01, 1}, .delay_ms = {0.5, 8000}, .flows = {1, 200}, RATE
/* Names by number, from 1 on, with equal chances as nearly as a logarithm allows. */
#define KINDS .kind = {1, SENDER_N_BETWEEN + 0.99}

static const struct attack_space spaces[] = {
    {"duplicates", REPEATS},
    {"delay", .ratio = {0.01, 1}, .delay_ms = {1000, 8000}, .flows = {1, 200}, RATE},
    {"sweep", .covered = {1, 200}, .delay_ms = {0.5, 8000}, .flows = {1, 200}, RATE},
    {"dilution", REPEATS},
    {"split", REPEATS},
    {"merge", REPEATS},
    {"reset", REPEATS},
    {"concentration", .ratio = {0.01, 1}, .delay_ms = {0.5, 8000}, .flows = {10, 200}, RATE},
    {"tuple-flood", .n_table_flows = 256},
    {"syn-flood", .n_table_flows = 256},
    {"eviction", REPEATS, .flood = {1, 32}, .n_table_flows = 64},
    {"wrap", REPEATS},
    {"jump", REPEATS},
    {"undroppable", REPEATS, .between = {1, 50}, KINDS},
    {"blocked", .ratio = {0.01, 1}, .delay_ms = {0.5, 8000}, .flows = {2, 200}, RATE,
     .between = {1, 200}},
    {"pulses", REPEATS, .period_ms = {0.1, 1000}},
    /* Any two at once. */
    {"mixture", REPEATS, .flood = {1, 8}, .covered = {1, 200}, .between = {1, 50}, KINDS,
     .period_ms = {0.1, 1000}, .n_table_flows = 256, .is_mixture = true},
};

const struct attack_space *attack_space_by_index(unsigned int index)
{
    return index < ARRAY_LENGTH(spaces) ? &spaces[index] : NULL;
}

struct scenario attack_scenario(const struct attack_space *space, enum test_rule rule)
{
    struct scenario s;

    scenario_default(&s);
    s.genuine.n_flows = 0;
    s.blind.attack = attack_by_name(space->is_mixture ? "none" : space->attack);
    s.blind.start_ms = START_MS;
    s.n_table_flows = space->n_table_flows;
    s.test.rule = rule;
    s.watch = true;
    return s;
}

double attack_score(enum test_rule rule, const struct trial_result *result)
{
    if (rule == TEST_RULE_ANYTIME)
        return pow(10, (double)result->max_log10_e / 4);
    /* Above 0.99 all is one. */
    return pow(10, fmin((double)result->log10_odds_penny, 2) / 4);
}

/* A set of parameters, each as a place in its range from 0 to 1, the range's logarithm being
 * evenly spread. */
enum {
    AT_RATIO,
    AT_DELAY,
    AT_FLOWS,
    AT_FLOOD,
    AT_COVERED,
    AT_RATE,
    AT_BETWEEN,
    AT_KIND,
    AT_PERIOD,
    AT_ATTACK,
    AT_ALSO,
    N_PARAMETERS
};

struct candidate {
    double at[N_PARAMETERS];
    double sum;
    uint64_t n_trials;
};

static void list_ranges(const struct attack_space *s, struct range out[N_PARAMETERS])
{
    out[AT_RATIO] = s->ratio;
    out[AT_DELAY] = s->delay_ms;
    out[AT_FLOWS] = s->flows;
    out[AT_FLOOD] = s->flood;
    out[AT_COVERED] = s->covered;
    out[AT_RATE] = s->rate;
    out[AT_BETWEEN] = s->between;
    out[AT_KIND] = s->kind;
    out[AT_PERIOD] = s->period_ms;
    out[AT_ATTACK] = out[AT_ALSO] = (struct range){0, 0}; /* evenly: see attack_at() */
}

static const struct attack *attack_at(double at)
{
    unsigned int n = 0;

    while (attack_by_index(n) != NULL)
        n++;
    return attack_by_index(at < 1 ? (unsigned int)(at * n) : n - 1);
}

/* The more segments a step has, the fewer steps. */
static uint32_t plan_steps(const struct blind_options *b)
{
    double n_between =
        b->attack == attack_by_name("blocked") ? (double)b->n_between / b->n_flows : b->n_between;
    double per_step = 1 + n_between + fmax(b->n_flood, 0);

    return (uint32_t)fmin(fmax(PLAN_SEGMENTS / per_step, MIN_PLAN_STEPS), MAX_PLAN_STEPS);
}

/* Negative: by the attack's row. */
static double value_at(const struct range *r, double at)
{
    return r->most > 0 ? r->least * pow(r->most / r->least, at) : -1;
}

static struct blind_options blind_of(const struct attack_space *space,
                                     const struct blind_options *base, const struct candidate *c)
{
    struct range ranges[N_PARAMETERS];
    struct blind_options blind = *base;
    double value;

    list_ranges(space, ranges);
    blind.duplicate_ratio = value_at(&ranges[AT_RATIO], c->at[AT_RATIO]);
    blind.delay_ms = value_at(&ranges[AT_DELAY], c->at[AT_DELAY]);
    value = value_at(&ranges[AT_FLOWS], c->at[AT_FLOWS]);
    if (value > 0)
        blind.n_flows = (uint32_t)lround(value);
    value = value_at(&ranges[AT_FLOOD], c->at[AT_FLOOD]);
    blind.n_flood = value > 0 ? round(value) : -1;
    value = value_at(&ranges[AT_COVERED], c->at[AT_COVERED]);
    if (value > 0)
        blind.n_covered = (uint32_t)lround(value);
    value = value_at(&ranges[AT_RATE], c->at[AT_RATE]);
    if (value > 0)
        blind.segments_per_second = round(value);
    value = value_at(&ranges[AT_BETWEEN], c->at[AT_BETWEEN]);
    if (value > 0)
        blind.n_between = (uint32_t)lround(value);
    value = value_at(&ranges[AT_KIND], c->at[AT_KIND]);
    if (value > 0)
        blind.between = (enum sender_between)((int)value - 1);
    value = value_at(&ranges[AT_PERIOD], c->at[AT_PERIOD]);
    if (value > 0)
        blind.period_ms = value;
    if (space->is_mixture) {
        blind.attack = attack_at(c->at[AT_ATTACK]);
        blind.also = attack_at(c->at[AT_ALSO]);
    }
    blind.n_steps = plan_steps(&blind);
    return blind;
}

struct search {
    const struct attack_space *space;
    struct scenario scenario;
    struct study_options options;
    struct trial_result *results;
    struct random_source random;
    struct candidate candidates[MAX_CANDIDATES];
    unsigned int n;
};

static double mean(const struct candidate *c)
{
    return c->n_trials != 0 ? c->sum / (double)c->n_trials : 0;
}

static int by_score(const void *a, const void *b)
{
    double x = mean(a), y = mean(b);

    return (x < y) - (x > y);
}

static void add_candidate(struct search *s, const double at[N_PARAMETERS])
{
    struct candidate *c = &s->candidates[s->n];

    if (s->n == MAX_CANDIDATES)
        return;
    s->n++;
    *c = (struct candidate){0};
    for (int i = 0; i < N_PARAMETERS; i++)
        c->at[i] = fmin(fmax(at[i], 0), 1);
}

/* Ratio (or what a sweep covers) and delay by steps, with ten flows or so, at 100, 10^4 and 10^6
 * segments per second in turn; a point between the lower and the upper half of each other range. */
static void add_grid(struct search *s)
{
    for (int i = 0; i < GRID_STEPS; i++)
        for (int k = 0; k < GRID_STEPS; k++) {
            double at[N_PARAMETERS];

            for (int parameter = 0; parameter < N_PARAMETERS; parameter++)
                at[parameter] = 0.5;
            at[AT_FLOWS] = 0.45;
            at[AT_RATE] = (i + k) % 3 / 2.0;
            at[AT_RATIO] = at[AT_COVERED] = (i + 1) / (double)GRID_STEPS;
            at[AT_DELAY] = k / (double)(GRID_STEPS - 1);
            add_candidate(s, at);
        }
}

static void add_draws(struct search *s)
{
    for (int i = 0; i < N_DRAWN; i++) {
        double at[N_PARAMETERS];

        for (int k = 0; k < N_PARAMETERS; k++)
            at[k] = random_unit(&s->random);
        add_candidate(s, at);
    }
}

/* Nearly normal: the sum of twelve, less its mean. */
static double bell(struct random_source *r)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += random_unit(r);
    return sum;
}

static void add_children(struct search *s)
{
    for (unsigned int i = 0; i < N_CHILDREN; i++) {
        const struct candidate *parent = &s->candidates[i % N_PARENTS];
        double at[N_PARAMETERS];

        for (int k = 0; k < N_PARAMETERS; k++)
            at[k] = parent->at[k] + CHANGE * bell(&s->random);
        add_candidate(s, at);
    }
}

static int score_all(struct search *s)
{
    for (unsigned int i = 0; i < s->n; i++) {
        struct candidate *c = &s->candidates[i];
        struct summary summary;
        int error;

        s->scenario.blind = blind_of(s->space, &s->scenario.blind, c);
        error = study_run(&s->scenario, &s->options, &summary, s->results);
        if (error != 0)
            return error;
        for (uint64_t k = 0; k < s->options.n_runs; k++)
            c->sum += attack_score(s->scenario.test.rule, &s->results[k]);
        c->n_trials += s->options.n_runs;
    }
    qsort(s->candidates, s->n, sizeof(*s->candidates), by_score);
    s->options.seed++;
    return 0;
}

static int search(struct search *s, uint32_t *n_sets)
{
    int error;

    add_grid(s);
    add_draws(s);
    *n_sets = s->n;
    error = score_all(s);
    for (int i = 0; i < N_GENERATIONS && error == 0; i++) {
        s->n = N_PARENTS;
        add_children(s);
        *n_sets += N_CHILDREN;
        error = score_all(s);
    }
    /* Once more, so that no child wins by the luck of its one scoring. */
    s->n = N_PARENTS;
    return error != 0 ? error : score_all(s);
}

int attack_search(const struct attack_space *space, const struct scenario *scenario,
                  const struct study_options *options, struct attack_found *out)
{
    struct search *s;
    int error = 0;

    *out = (struct attack_found){.blind = scenario->blind, .score = NAN, .n_sets = 1};
    if (!(space->delay_ms.most > 0))
        return 0; /* nothing to choose */
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return -ENOMEM;
    s->space = space;
    s->scenario = *scenario;
    s->options = *options;
    s->results = calloc(options->n_runs, sizeof(*s->results));
    random_seed_fixed(&s->random, options->seed, STREAM_OF_DRAWS);
    error = s->results == NULL ? -ENOMEM : search(s, &out->n_sets);
    if (error == 0) {
        out->blind = blind_of(space, &scenario->blind, &s->candidates[0]);
        out->score = mean(&s->candidates[0]);
        out->n_trials = s->candidates[0].n_trials;
    }
    free(s->results);
    free(s);
    return error;
}
