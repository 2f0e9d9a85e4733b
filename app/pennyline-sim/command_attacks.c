/* SPDX-License-Identifier: BSD-3-Clause */
/* attacks: for each attack and rule, the parameters that fool the rule most often, and how often
 * they do. The search tries every combination of a grid with few trials; the best few go on with
 * more; the winner is tried anew with another seed, so that the luck of the search does not count.
 *
 * At alpha 1e-6 rule anytime leaves nothing to see; what is searched for, and shown, is how often
 * its evidence reaches 1e2 and 1e3, which may happen once in 1e2 and 1e3 trials at most. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "pennyline-sim/commands.h"
#include "pennyline-sim/rows.h"

#define MAX_VALUES     8
#define MAX_CANDIDATES 256
#define N_FINALISTS    4

/* What is tried of each parameter; an empty list: the attack's own. */
struct grid {
    const char *attack;
    double ratios[MAX_VALUES], delays_ms[MAX_VALUES], flows[MAX_VALUES], floods[MAX_VALUES];
    uint32_t n_table_flows;
};

static const struct grid grids[] = {
    {"duplicates", {0.05, 0.1, 0.149, 0.2, 0.3, 0.5, 1}, {1, 300, 2500}, {10}, {0}, 0},
    {"delay", {0.149, 1}, {1000, 2500, 2900, 3500, 5500}, {10, 50}, {0}, 0},
    {"sweep", {1}, {1, 2500}, {1, 10}, {0}, 0},
    {"dilution", {0.149, 0.5, 0.8, 1}, {1, 1000}, {10}, {0}, 0},
    {"split", {0.149, 0.5, 1}, {1, 1000}, {10}, {0}, 0},
    {"merge", {0.149, 0.5, 1}, {1, 1000}, {10}, {0}, 0},
    {"reset", {1e-9, 0.149, 0.5, 1}, {1, 50, 1000}, {10}, {0}, 0},
    {"concentration", {0.05, 0.1, 0.149}, {1, 1000}, {10, 50}, {0}, 0},
    {"tuple-flood", {0}, {0}, {10}, {0}, 256},
    {"syn-flood", {0}, {0}, {10}, {0}, 256},
    {"eviction", {0.149, 1}, {500, 1000, 2500}, {10}, {4, 16}, 64},
    {"wrap", {0.1, 0.149, 1}, {1, 1000}, {10}, {0}, 0},
    {"jump", {1e-9, 0.149, 1}, {1, 1000}, {10}, {0}, 0},
};

struct candidate {
    struct blind_options blind;
    double score;
};

static struct scenario scenario_of(const struct grid *g, enum test_rule rule)
{
    struct scenario s;

    scenario_default(&s);
    s.genuine.n_flows = 0;
    s.blind.attack = attack_by_name(g->attack);
    s.blind.segments_per_second = 200;
    s.n_table_flows = g->n_table_flows;
    s.test.rule = rule;
    s.watch = true;
    return s;
}

static unsigned int n_values(const double *values)
{
    unsigned int n = 1;

    while (n < MAX_VALUES && values[n] > 0)
        n++;
    return n;
}

/* Zero stands for the attack's own value. */
static double chosen(double value)
{
    return value > 0 ? value : -1;
}

static unsigned int list_candidates(const struct grid *g, const struct scenario *s,
                                    struct candidate *out)
{
    unsigned int n = 0;

    for (unsigned int r = 0; r < n_values(g->ratios); r++)
        for (unsigned int d = 0; d < n_values(g->delays_ms); d++)
            for (unsigned int f = 0; f < n_values(g->flows); f++)
                for (unsigned int k = 0; k < n_values(g->floods) && n < MAX_CANDIDATES; k++) {
                    out[n].blind = s->blind;
                    out[n].blind.duplicate_ratio = chosen(g->ratios[r]);
                    out[n].blind.delay_ms = chosen(g->delays_ms[d]);
                    out[n].blind.n_flows = (uint32_t)g->flows[f];
                    out[n++].blind.n_flood = chosen(g->floods[k]);
                }
    return n;
}

/* How often it fools the rule; among equals, how near it comes. */
static int score(struct candidate *c, struct scenario *s, const struct study_options *options,
                 struct trial_result *results)
{
    bool anytime = s->test.rule == TEST_RULE_ANYTIME;
    struct summary summary;
    double sum = 0;
    int error;

    s->blind = c->blind;
    error = study_run(s, options, &summary, results);
    for (uint64_t i = 0; i < options->n_runs; i++)
        sum += fmax(-10, (double)results[i].max_log10_e);
    c->score = anytime ? summary.reached[0].share : summary.outcomes[VERDICT_CLOSED_LOOP].share;
    c->score += 1e-6 * sum / (double)options->n_runs;
    return error;
}

static int by_score(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    return (x->score < y->score) - (x->score > y->score);
}

static int search(const struct grid *g, struct scenario *s, const struct study_options *options,
                  struct blind_options *out)
{
    static struct candidate candidates[MAX_CANDIDATES];
    struct study_options few = *options;
    struct trial_result *results = calloc(options->n_runs, sizeof(*results));
    unsigned int n = list_candidates(g, s, candidates);
    int error = results == NULL ? -1 : 0;

    few.n_runs = options->n_runs / 20 + 1;
    for (int stage = 0; stage < 2 && n > 1 && error == 0; stage++) {
        for (unsigned int i = 0; i < n && error == 0; i++)
            error = score(&candidates[i], s, &few, results);
        qsort(candidates, n, sizeof(*candidates), by_score);
        n = n < N_FINALISTS ? n : N_FINALISTS;
        few.n_runs = options->n_runs / 5 + 1;
        few.seed++;
    }
    *out = candidates[0].blind;
    free(results);
    return error;
}

static int try_winner(struct print_table *table, const struct grid *g, struct scenario *s,
                      const struct study_options *options)
{
    const struct blind_options *b = &s->blind;
    const struct attack *a = b->attack;
    struct study_options fresh = *options;
    json_t *labels =
        json_pack("{sssssfsfsisi}", "attack", g->attack, "rule", rows_rule_name(s->test.rule),
                  "duplicates", b->duplicate_ratio < 0 ? a->duplicate_ratio : b->duplicate_ratio,
                  "delay_ms", b->delay_ms < 0 ? (double)a->delay_ms : b->delay_ms, "flows",
                  (int)b->n_flows, "flood", (int)(b->n_flood < 0 ? a->n_flood : b->n_flood));

    fresh.seed += 1000;
    return rows_study(table, labels, s, &fresh);
}

static int run_attack(struct print_table *table, const struct grid *g, const struct options *o)
{
    for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++) {
        struct scenario s = scenario_of(g, (enum test_rule)rule);

        if (search(g, &s, &o->study, &s.blind) != 0 || try_winner(table, g, &s, &o->study) != 0)
            return 1;
    }
    return 0;
}

int command_attacks(int argc, char **argv)
{
    struct print_table table = {0};
    struct options o;
    int error = 0;

    rows_parse(argc, argv,
               "For each attack and rule, the parameters that fool the rule most often, and how "
               "often: closed_loop is wrong in every row.",
               500, &o);
    table.output = o.output;
    for (unsigned int i = 0; i < ARRAY_LENGTH(grids) && error == 0; i++)
        error = run_attack(&table, &grids[i], &o);
    print_table_end(&table);
    return error;
}
