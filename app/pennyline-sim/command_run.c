/* SPDX-License-Identifier: BSD-3-Clause */
/* run: many trials of one scenario. */
#include "pennyline-sim/commands.h"
#include "pennyline-sim/print.h"

static error_t parse(int key, char *text, struct argp_state *state)
{
    (void)text;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->child_inputs[1] = state->input;
    return 0;
}

int command_run(int argc, char **argv)
{
    static const struct argp_child children[] = {
        {&scenario_argp, 0, NULL, 0}, {&study_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .children = children, .parser = parse, .doc = "Many trials of one scenario."};
    struct options o;
    struct summary summary;

    options_default(&o);
    o.study.n_runs = 1000;
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    if (study_run(&o.scenario, &o.study, &summary, NULL) != 0)
        return 1;
    print_summary(&summary, o.output);
    return 0;
}
