/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/table.h"

#include <string.h>

#include "json/json.h"

static void cell_of(const struct column *column, const json_t *row, char out[CELL_BYTES])
{
    if (column->cell != NULL)
        column->cell(row, out);
    else
        json_text_at(row, column->key, out);
}

static void print_cell(FILE *out, const struct column *column, int width, const char *text)
{
    bool last = column[1].title == NULL;

    if (column->left)
        fprintf(out, "%-*s%s", last ? 0 : width, text, last ? "\n" : "  ");
    else
        fprintf(out, "%*s%s", width, text, last ? "\n" : "  ");
}

void table_print(FILE *out, const struct column *columns, const json_t *rows)
{
    size_t widths[TABLE_MAX_COLUMNS], i;
    char text[CELL_BYTES];
    json_t *row;

    for (size_t c = 0; columns[c].title != NULL; c++) {
        widths[c] = strlen(columns[c].title);
        json_array_foreach (rows, i, row) {
            cell_of(&columns[c], row, text);
            widths[c] = strlen(text) > widths[c] ? strlen(text) : widths[c];
        }
    }
    for (size_t c = 0; columns[c].title != NULL; c++)
        print_cell(out, &columns[c], (int)widths[c], columns[c].title);
    json_array_foreach (rows, i, row) {
        for (size_t c = 0; columns[c].title != NULL; c++) {
            cell_of(&columns[c], row, text);
            print_cell(out, &columns[c], (int)widths[c], text);
        }
    }
}
