/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/rows.h"

#include <stdio.h>

#include "json/json.h"

const char *rows_rule_name(enum test_rule rule)
{
    return rule == TEST_RULE_PENNY ? "penny" : "anytime";
}

static void add_real(json_t *row, const char *name, double value)
{
    json_object_set_new(row, name, json_real_or_null(value));
}

static void add_quantiles(json_t *row, const char *name, const struct quantiles *q)
{
    char column[64];

    snprintf(column, sizeof(column), "%s_median", name);
    add_real(row, column, q->median);
    snprintf(column, sizeof(column), "%s_p95", name);
    add_real(row, column, q->p95);
    snprintf(column, sizeof(column), "%s_p99", name);
    add_real(row, column, q->p99);
}

void rows_summary(struct print_table *table, json_t *labels, const struct summary *s)
{
    /* What a closed_loop cost, or if there was none what the other verdicts did. */
    int which = s->outcomes[VERDICT_CLOSED_LOOP].n != 0 ? 0 : 1;

    json_object_set_new(labels, "runs", json_integer((json_int_t)s->n_runs));
    for (int i = VERDICT_CLOSED_LOOP; i < STUDY_N_OUTCOMES; i++)
        print_rate_into(labels, verdict_name_outcome((enum verdict_outcome)i), &s->outcomes[i]);
    print_rate_into(labels, "false_genuine", &s->false_genuine);
    print_rate_into(labels, "false_spoofed", &s->false_spoofed);
    add_real(labels, "mixed", s->mixed.share);
    add_real(labels, "via_flows", s->via_flows.share);
    add_quantiles(labels, "drops", &s->drops[which]);
    add_quantiles(labels, "segments", &s->segments[which]);
    add_quantiles(labels, "seconds", &s->seconds[which]);
    add_quantiles(labels, "repair_ms", &s->repairs_ms);
    add_real(labels, "completion_mean_s", s->mean_completion_s);
    add_real(labels, "completion_p95_s", s->p95_completion_s);
    add_real(labels, "mean_e", s->mean_e);
    add_real(labels, "mean_e_error", s->error_e);
    print_rate_into(labels, "reached_1e2", &s->reached[0]);
    print_rate_into(labels, "reached_1e3", &s->reached[1]);
    print_table_row(table, labels);
}

bool rows_skip(struct print_table *table)
{
    if (table->n_skipped == 0)
        return false;
    table->n_skipped--;
    table->has_header = true;
    return true;
}

int rows_study(struct print_table *table, json_t *labels, const struct scenario *scenario,
               const struct study_options *options)
{
    struct summary summary;
    int error;

    if (rows_skip(table)) {
        json_decref(labels);
        return 0;
    }
    error = study_run(scenario, options, &summary, NULL);
    if (error != 0)
        json_decref(labels);
    else
        rows_summary(table, labels, &summary);
    return error;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = o;
        return 0;
    case 'k':
        o->n_skipped = (uint64_t)options_number(state, "skip", text, 0, 1e6);
        return 0;
    case 'r':
        o->first_rule = o->last_rule = options_rule(state, text);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void rows_parse(int argc, char **argv, const char *doc, uint64_t n_runs, struct options *out)
{
    static const struct argp_child children[] = {{&study_argp, 0, NULL, 0}, {0}};
    static const struct argp_option rows[] = {
        {"skip", 'k', "N", 0, "Leave out the first rows and the header: they are there already", 0},
        {"rule", 'r', "RULE", 0, "Rows of anytime or penny only (both)", 0},
        {0}};
    const struct argp argp = {.options = rows, .children = children, .parser = parse, .doc = doc};

    options_default(out);
    out->study.n_runs = n_runs;
    argp_parse(&argp, argc, argv, 0, NULL, out);
}
