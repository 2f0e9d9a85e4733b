/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources that are counted, as text for eyes. */
#include <string.h>

#include "common/table.h"
#include "pennylinectl/print.h"
#include "json/json.h"

static void port_cell(const json_t *row, char out[CELL_BYTES])
{
    if (json_has_at(row, "port"))
        snprintf(out, CELL_BYTES, "%.0f", json_number_at(row, "port"));
    else
        snprintf(out, CELL_BYTES, "other");
}

static void new_cell(const json_t *row, char out[CELL_BYTES])
{
    if (json_has_at(row, "new"))
        snprintf(out, CELL_BYTES, "%.0f", json_number_at(row, "new"));
    else
        snprintf(out, CELL_BYTES, "-");
}

static const struct column count_columns[] = {
    {"network", "network", NULL, true},
    {"transport", "transport", NULL, true},
    {"port", NULL, port_cell, false},
    {"sources", "sources", NULL, false},
    {"new", NULL, new_cell, false},
    {"packets", "packets", NULL, false},
    {0},
};

static const struct column seen_columns[] = {
    {"source", "ip", NULL, true},
    {"transport", "transport", NULL, true},
    {"port", NULL, port_cell, false},
    {0},
};

static void print_window(FILE *out, const json_t *window)
{
    char began[CELL_BYTES], ended[CELL_BYTES];
    const double all = json_number_at(window, "sources_of_all_ports");

    fprintf(out, "%s to %s\n", json_text_at(window, "began", began),
            json_text_at(window, "ended", ended));
    table_print(out, count_columns, json_object_get(window, "counts"));
    if (json_is_true(json_object_get(window, "estimate")))
        fprintf(
            out,
            "numbers of sources are estimates, with a standard error of %.1f %%: there were more "
            "than are held as they are\n",
            100 * json_number_at(window, "standard_error"));
    if (all > 0)
        fprintf(out, "about %.0f sources in all, that sent to %.2f ports each\n", all,
                json_number_at(window, "pairs_of_source_and_port") / all);
}

static void print_counted(FILE *out, const json_t *item)
{
    char name[CELL_BYTES], slice[CELL_BYTES];
    const json_t *window = json_object_get(item, "window");

    fprintf(out, "%s", json_text_at(item, "name", name));
    if (json_has_at(item, "slice"))
        fprintf(out, ", slice %s", json_text_at(item, "slice", slice));
    fprintf(out, ": ");
    if (json_is_object(window))
        print_window(out, window);
    else
        fprintf(out, "no window of %.0f s has ended yet\n", json_number_at(item, "window_s"));
}

void print_sources(FILE *out, const json_t *result)
{
    const json_t *list = json_object_get(result, "sources"), *item;
    size_t i;

    if (json_array_size(list) == 0)
        fprintf(out, "no sources are counted: the configuration has no \"sources\"\n");
    json_array_foreach (list, i, item) {
        if (i > 0)
            fprintf(out, "\n");
        print_counted(out, item);
    }
}

void print_sources_list(FILE *out, const json_t *result)
{
    const double total = json_number_at(result, "total");

    table_print(out, seen_columns, json_object_get(result, "list"));
    fprintf(out, "%.0f of %.0f%s\n", (double)json_array_size(json_object_get(result, "list")),
            total,
            json_is_true(json_object_get(result, "complete"))
                ? ""
                : "; there were more than are held as they are");
}
