/* SPDX-License-Identifier: BSD-3-Clause */
/* Results as text for eyes. */
#ifndef PENNYLINECTL_PRINT_H
#define PENNYLINECTL_PRINT_H

#include <jansson.h>
#include <stdio.h>

#include "json/json.h"

void print_slices(FILE *out, const json_t *result);
void print_services(FILE *out, const json_t *result);
void print_responders(FILE *out, const json_t *result);
/* What became of an order. */
void print_members(FILE *out, const json_t *result);
void print_machines(FILE *out, const json_t *result);
void print_machine(FILE *out, const json_t *result);
void print_machine_set(FILE *out, const json_t *result);
void print_status(FILE *out, const json_t *status);
void print_reload(FILE *out, const json_t *result);
void print_config_diff(FILE *out, const json_t *result);
void print_aggregate(FILE *out, const json_t *aggregate);
void print_event(FILE *out, const json_t *event);
/* The flow of a drop, or of one that was looked at, as a cell of a table. */
void print_flow_cell(const json_t *row, char out[JSON_TEXT_BYTES]);
/* Of test start, test stop, drain and kill-switch. */
void print_done(FILE *out, const json_t *result);

/* Of sources that are counted. */
void print_sources(FILE *out, const json_t *result);
void print_sources_list(FILE *out, const json_t *result);

/* Of tests and slices at run time. */
void print_asked(FILE *out, const json_t *result);
void print_asked_test(FILE *out, const json_t *test);
void print_slice(FILE *out, const json_t *result);

#endif
