/* SPDX-License-Identifier: BSD-3-Clause */
/* Aggregates, as reports have them, in a table for eyes. */
#ifndef COMMON_AGGREGATES_H
#define COMMON_AGGREGATES_H

#include "common/table.h"

/* Was one ever begun? */
bool aggregates_is_tested(const json_t *aggregate);

/* In a few words, for a cell or a line. */
void aggregates_verdict_cell(const json_t *aggregate, char out[CELL_BYTES]);
void aggregates_evidence_cell(const json_t *aggregate, char out[CELL_BYTES]);

/* `aggregates` is a list. */
void aggregates_print(FILE *out, const json_t *aggregates);

#endif
