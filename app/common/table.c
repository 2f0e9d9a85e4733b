/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/table.h"

#include <string.h>

json_t *table_find(const json_t *object, const char *key)
{
    const char *dot;

    while ((dot = strchr(key, '.')) != NULL) {
        object = json_object_getn(object, key, (size_t)(dot - key));
        key = dot + 1;
    }
    return json_object_get(object, key);
}

double table_number(const json_t *object, const char *key)
{
    return json_number_value(table_find(object, key));
}

const char *table_value(const json_t *object, const char *key, char out[CELL_BYTES])
{
    const json_t *value = table_find(object, key);

    if (json_is_string(value))
        snprintf(out, CELL_BYTES, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(out, CELL_BYTES, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(out, CELL_BYTES, "%.4g", json_real_value(value));
    else if (json_is_boolean(value))
        snprintf(out, CELL_BYTES, "%s", json_is_true(value) ? "yes" : "no");
    else
        snprintf(out, CELL_BYTES, "-");
    return out;
}

static void cell_of(const struct column *column, const json_t *row, char out[CELL_BYTES])
{
    if (column->cell != NULL)
        column->cell(row, out);
    else
        table_value(row, column->key, out);
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
