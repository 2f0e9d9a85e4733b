/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of studies: a row is what was varied, and what came of it. */
#ifndef SIM_ROWS_H
#define SIM_ROWS_H

#include "pennyline-sim/print.h"

/* Runs the study and prints the row; `labels` (taken) is how it begins. 0, or the study's error. */
int rows_study(struct print_table *table, json_t *labels, const struct scenario *scenario,
               const struct study_options *options);

/* Is this row one of those to be left out? Each call counts one row. */
bool rows_skip(struct print_table *table);

/* The same from a summary that is there already. */
void rows_summary(struct print_table *table, json_t *labels, const struct summary *summary);

const char *rows_rule_name(enum test_rule rule);

/* Parses --runs and so on, for subcommands without options of their own. */
void rows_parse(int argc, char **argv, const char *doc, uint64_t n_runs, struct options *out);

#endif
