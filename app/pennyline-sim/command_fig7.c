/* SPDX-License-Identifier: BSD-3-Clause */
/* fig7: the paper's Figure 7, by enumeration and by the engine itself. */
#include "pennyline-sim/commands.h"
#include "pennyline-sim/exact.h"
#include "pennyline-sim/fig7.h"
#include "pennyline-sim/print.h"

/* The outcomes in the order and by the names of the published table. */
static const struct {
    const char *name;
    enum verdict_outcome outcome;
} columns[] = {
    {"duplicates_exceeded", VERDICT_DUPLICATES_EXCEEDED},
    {"closed_loop", VERDICT_CLOSED_LOOP},
    {"not_closed_loop", VERDICT_NOT_CLOSED_LOOP},
    {"undecided", VERDICT_INCONCLUSIVE},
};
#define N_COLUMNS 4

struct fig7_options {
    struct options common;
    struct fig7 model;
    bool exact, as_published;
};

static void print_exact(const struct fig7_options *o, const struct penny_parameters *parameters,
                        struct print_table *table)
{
    double probability[STUDY_N_OUTCOMES];
    json_t *row =
        json_pack("{sisiss}", "n", (int)o->model.n, "d", (int)o->model.d, "method", "exact");

    fig7_enumerate(&o->model, parameters, probability);
    for (int i = 0; i < N_COLUMNS; i++) {
        double p = probability[columns[i].outcome];
        const struct rate rate = {.share = p, .interval = {p, p}};

        if (table->single)
            json_object_set_new(row, columns[i].name, json_real(p));
        else
            print_rate_into(row, columns[i].name, &rate);
    }
    if (!table->single)
        json_object_set_new(row, "runs", json_null());
    print_table_row(table, row);
}

static int print_simulated(const struct fig7_options *o, const struct penny_parameters *parameters,
                           struct print_table *table)
{
    uint64_t counts[STUDY_N_OUTCOMES] = {0}, n_runs = o->common.study.n_runs;
    uint64_t seed = o->common.study.seed;
    json_t *row;

    if (o->as_published)
        fig7_simulate_as_published(&o->model, parameters, n_runs, seed, counts);
    else if (fig7_simulate(&o->model, parameters, n_runs, seed, counts) != 0)
        return 1;
    row = json_pack("{sisiss}", "n", (int)o->model.n, "d", (int)o->model.d, "method",
                    o->as_published ? "as_published" : "simulation");
    for (int i = 0; i < N_COLUMNS; i++) {
        struct rate rate = rate_of(counts[columns[i].outcome], o->common.study.n_runs);

        print_rate_into(row, columns[i].name, &rate);
    }
    json_object_set_new(row, "runs", json_integer((json_int_t)o->common.study.n_runs));
    print_table_row(table, row);
    return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct fig7_options *o = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->common;
        return 0;
    case 'N':
        o->model.n = (uint32_t)options_number(state, "n", text, 1, 10000);
        return 0;
    case 'D':
        o->model.d = (uint32_t)options_number(state, "d", text, 0, 10000);
        return 0;
    case 'e':
        o->exact = true;
        return 0;
    case 'f':
        o->model.of_all = false;
        return 0;
    case 'P':
        o->as_published = true;
        return 0;
    case 'p':
        o->model.drop_probability = options_number(state, "drop-probability", text, 1e-6, 0.5);
        return 0;
    case ARGP_KEY_END:
        if (o->as_published && (o->common.study.n_runs == 0 || !o->model.of_all))
            argp_error(state, "--as-published wants --runs, and not --field");
        if (o->model.d > o->model.n)
            argp_error(state, "--d %u: no more than --n %u", o->model.d, o->model.n);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int command_fig7(int argc, char **argv)
{
    static const struct argp_option rows[] = {
        {"n", 'N', "N", 0, "Droppable packets (100)", 0},
        {"d", 'D', "D", 0, "The first of them, which are repeated (10)", 0},
        {"exact", 'e', NULL, 0, "By enumeration (the default without --runs)", 0},
        {"field", 'f', NULL, 0,
         "Duplicates over the forwarded packets, U - K, as the rule does in the field; not over "
         "all n, as the published figure",
         0},
        {"as-published", 'P', NULL, 0,
         "With --runs: no engine, and the coins by random(3), as in the published program", 0},
        {"drop-probability", 'p', "P", 0, "(0.05)", 0},
        {0}};
    static const struct argp_child children[] = {{&study_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .options = rows,
        .children = children,
        .parser = parse,
        .doc = "The paper's Figure 7: a blind sender repeats the first d of n droppable packets; "
               "what rule penny says. --runs plays it through the engine."};
    const struct penny_parameters parameters = {.max_duplicate_ratio = 0.15, .p_miss = 0.05};
    struct fig7_options o = {
        .model = {.n = 100, .d = 10, .drop_probability = 0.05, .of_all = true}};
    struct print_table table = {0};
    int error = 0;

    options_default(&o.common);
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    table.output = o.common.output;
    table.single = o.exact != (o.common.study.n_runs != 0) || o.common.study.n_runs == 0;
    if (o.exact || o.common.study.n_runs == 0)
        print_exact(&o, &parameters, &table);
    if (o.common.study.n_runs != 0)
        error = print_simulated(&o, &parameters, &table);
    print_table_end(&table);
    return error;
}
