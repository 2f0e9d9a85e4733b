/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of the subcommands, for argp. */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include <argp.h>

#include "pennyline-sim/scenario.h"
#include "pennyline-sim/study.h"

enum output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_CSV };

struct options {
    struct scenario scenario;
    struct study_options study;
    enum output output;
    enum test_rule first_rule, last_rule; /* of a table with both rules side by side */
    uint64_t n_skipped;                   /* rows of a table that an earlier run printed */
};

/* Children for a subcommand's argp; their input is a struct options. */
extern const struct argp study_argp;    /* --runs --threads --seed --json --csv */
extern const struct argp scenario_argp; /* all of a scenario */

void options_default(struct options *o);

/* A number of an option, with "%" when it may not exceed 1. Ends the program by argp_error(). */
double options_number(struct argp_state *state, const char *name, const char *text, double least,
                      double most);

/* anytime or penny; anything else ends the program by argp_error(). */
enum test_rule options_rule(struct argp_state *state, const char *text);

#endif
