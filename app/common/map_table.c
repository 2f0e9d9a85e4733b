/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/map_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "common/table.h"
#include "json/json.h"

static const char *const sort_names[] = {
#define X(suffix, name) name,
    MAP_SORTS(X)
#undef X
};

static const char *const sort_keys[] = {
    [MAP_SORT_BYTES] = "bytes",           [MAP_SORT_PACKETS] = "packets",
    [MAP_SORT_RATE] = "bits_per_s.5_min", [MAP_SORT_NEWEST] = "first_seen_s",
    [MAP_SORT_PREFIX] = "prefix",
};

int map_sort_of_name(const char *name)
{
    for (int i = 0; i < MAP_N_SORTS; i++)
        if (strcmp(sort_names[i], name) == 0)
            return i;
    return -1;
}

struct sortable {
    json_t *row;
    const char *text; /* NULL: by number */
    double number;
    size_t place; /* equal ones stay as they were */
};

static int compare(const void *a, const void *b)
{
    const struct sortable *x = a, *y = b;
    int order = 0;

    if (x->text != NULL)
        order = strcmp(x->text, y->text);
    else if (x->number != y->number)
        order = x->number < y->number ? 1 : -1;
    return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

void map_table_sort(json_t *rows, enum map_sort sort)
{
    const size_t n = json_array_size(rows);
    struct sortable *all = calloc(n + 1, sizeof(*all));

    if (all == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        json_t *row = json_incref(json_array_get(rows, i));

        all[i] =
            (struct sortable){row, sort == MAP_SORT_PREFIX ? json_string_at(row, "prefix") : NULL,
                              json_number_at(row, sort_keys[sort]), i};
    }
    qsort(all, n, sizeof(*all), compare);
    json_array_clear(rows);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, all[i].row);
    free(all);
}

static void scaled_cell(double value, char out[CELL_BYTES])
{
    static const char *const units[] = {"", "k", "M", "G", "T"};
    size_t i = 0;

    while (value >= 999.5 && i + 1 < ARRAY_LENGTH(units)) {
        value /= 1000;
        i++;
    }
    snprintf(out, CELL_BYTES, i == 0 || value >= 99.95 ? "%.0f %s" : "%.1f %s", value, units[i]);
}

static void bytes_cell(const json_t *row, char out[CELL_BYTES])
{
    scaled_cell(json_number_at(row, "bytes"), out);
}

static void rate_cell(const json_t *row, char out[CELL_BYTES])
{
    scaled_cell(json_number_at(row, "bits_per_s.10_s"), out);
}

static void origin_cell(const json_t *row, char out[CELL_BYTES])
{
    if (json_has_at(row, "origin_as"))
        snprintf(out, CELL_BYTES, "AS%.0f", json_number_at(row, "origin_as"));
    else
        snprintf(out, CELL_BYTES, "-");
}

static const struct column entry_columns[] = {
    {"ingress", "ingress", NULL, true},
    {"prefix", "prefix", NULL, true},
    {"origin", NULL, origin_cell, true},
    {"grade", "grade", NULL, true},
    {"reality", "reality.state", NULL, true},
    {"presence", "presence", NULL, true},
    {"packets", "packets", NULL, false},
    {"bytes", NULL, bytes_cell, false},
    {"bit/s", NULL, rate_cell, false},
    {"mostly by", "dominant.ingress", NULL, true},
    {0},
};

void map_table_print(FILE *out, const json_t *rows)
{
    if (json_array_size(rows) > 0)
        table_print(out, entry_columns, rows);
}

static const char *const csv_keys[] = {"ingress",
                                       "prefix",
                                       "origin_as",
                                       "route",
                                       "grade",
                                       "rpki",
                                       "presence",
                                       "reality.state",
                                       "packets",
                                       "bytes",
                                       "first_seen",
                                       "last_seen",
                                       "payload_segments",
                                       "addresses",
                                       "bits_per_s.5_min",
                                       "dominant.ingress"};

/* RFC 4180: quotes around what has a comma, a quote or a line in it. */
static void csv_cell(FILE *out, const json_t *value)
{
    const char *text = json_string_value(value);

    if (json_is_number(value)) {
        fprintf(out, "%.0f", json_number_value(value));
        return;
    }
    if (text == NULL)
        return;
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text != '\0'; text++)
        fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
    fputc('"', out);
}

void map_table_csv(FILE *out, const json_t *rows)
{
    size_t i;
    const json_t *row;

    for (size_t k = 0; k < ARRAY_LENGTH(csv_keys); k++)
        fprintf(out, "%s%s", k > 0 ? "," : "", csv_keys[k]);
    fputs("\r\n", out);
    json_array_foreach (rows, i, row) {
        for (size_t k = 0; k < ARRAY_LENGTH(csv_keys); k++) {
            fputs(k > 0 ? "," : "", out);
            csv_cell(out, json_at(row, csv_keys[k]));
        }
        fputs("\r\n", out);
    }
}

static void finding_cell(const json_t *row, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "%s",
             json_is_true(json_object_get(row, "diffuse")) ? "diffuse_unexpected" : "-");
}

static const struct column place_columns[] = {
    {"ingress", "name", NULL, true},
    {"relation", "relation", NULL, true},
    {"entries", "entries", NULL, false},
    {"unexpected", "unexpected", NULL, false},
    {"other packets", "stray_packets", NULL, false},
    {"other bytes", "stray_bytes", NULL, false},
    {"finding", NULL, finding_cell, true},
    {0},
};

void map_table_places(FILE *out, const json_t *summary)
{
    const json_t *places = json_object_get(summary, "ingresses");

    if (json_array_size(places) > 0)
        table_print(out, place_columns, places);
}
