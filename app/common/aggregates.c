/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/aggregates.h"

#include <string.h>

bool aggregates_is_tested(const json_t *row)
{
    return json_number_at(row, "n_tests") > 0;
}

static bool is_watched(const json_t *row)
{
    return json_is_object(json_object_get(row, "passive"));
}

void aggregates_verdict_cell(const json_t *row, char out[CELL_BYTES])
{
    char verdict[CELL_BYTES];

    snprintf(out, CELL_BYTES, "%.64s%s%s",
             aggregates_is_tested(row) ? json_text_at(row, "verdict", verdict)
             : is_watched(row)         ? "watched"
                                       : "not tested",
             json_is_true(json_object_get(row, "provisional")) ? " (provisional)" : "",
             json_is_true(json_object_get(row, "mixed")) ? " (mixed)" : "");
}

void aggregates_evidence_cell(const json_t *row, char out[CELL_BYTES])
{
    const char *rule = json_string_value(json_object_get(row, "rule"));

    if (!aggregates_is_tested(row) || rule == NULL)
        snprintf(out, CELL_BYTES, "-");
    else if (strcmp(rule, "penny") == 0)
        snprintf(out, CELL_BYTES, "posterior %.4f, f_dup %.3f",
                 json_number_at(row, "penny.posterior"), json_number_at(row, "penny.f_dup"));
    else
        snprintf(out, CELL_BYTES, "E=10^%.1f F=10^%.1f", json_number_at(row, "anytime.log10_e"),
                 json_number_at(row, "anytime.log10_f"));
}

static const struct column columns[] = {
    {"id", "aggregate", NULL, false},
    {"aggregate", "name", NULL, true},
    {"prefix", "prefix", NULL, true},
    {"state", "state", NULL, true},
    {"packets", "packets", NULL, false},
    {"dropped", "dropped", NULL, false},
    {"back", "retransmitted", NULL, false},
    {"expired", "expired", NULL, false},
    {"void", "void", NULL, false},
    {"duplicates", "duplicates", NULL, false},
    {"evidence", NULL, aggregates_evidence_cell, true},
    {"verdict", NULL, aggregates_verdict_cell, true},
    {0},
};

void aggregates_print(FILE *out, const json_t *aggregates)
{
    table_print(out, columns, aggregates);
}
