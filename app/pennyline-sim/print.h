/* SPDX-License-Identifier: BSD-3-Clause */
/* Results on stdout, as text, JSON or CSV. */
#ifndef SIM_PRINT_H
#define SIM_PRINT_H

#include <jansson.h>

#include "pennyline-sim/options.h"

/* A summary as an object; the caller owns it. */
json_t *print_summary_json(const struct summary *s);

/* One summary in the way asked for. */
void print_summary(const struct summary *s, enum output output);

/* Rows of numbers and names, all with the same columns, one after the other: each call prints
 * one row (CSV; the header before the first), or keeps it until print_table_end() (JSON), or
 * prints aligned text. A row is an object with numbers and strings. */
struct print_table {
    enum output output;
    json_t *rows;
    bool has_header;
    uint64_t n_skipped; /* so many rows are not to be made (rows.h) */
    bool single;        /* JSON: the one row is the document, not a list of one */
};

void print_table_row(struct print_table *t, json_t *row); /* takes the row */
void print_table_end(struct print_table *t);

/* A rate as three columns: NAME, NAME_low, NAME_high. */
void print_rate_into(json_t *row, const char *name, const struct rate *rate);

#endif
