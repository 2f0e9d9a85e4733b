/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics_sources.h"

#include <string.h>

#include "base/compiler.h"
#include "metrics_text.h"
#include "json/json.h"

/* Of each network, transport and port. */
static const struct {
    const char *key, *name, *help;
} count_rows[] = {
    {"sources", "active_sources", "Different sources that sent to a port in the last whole window"},
    {"new", "active_sources_new", "Those of them that were not in the window before"},
    {"packets", "active_sources_packets", "Packets that they sent"},
};

/* Of each item, and its window or null. */
static const struct {
    const char *key, *name, *type, *unit, *help;
} item_rows[] = {
    {"window.ended_unix_s", "active_sources_window_end_seconds", "gauge", "seconds",
     "When the last whole window ended, since 1970"},
    {"window.estimate", "active_sources_estimated", "gauge", "",
     "1: numbers of sources are estimates, since there were more than are held as they are"},
    {"window.standard_error", "active_sources_error_ratio", "gauge", "ratio",
     "Standard error of the estimates, as a part of them"},
    {"window.sources_of_all_ports", "active_sources_of_all_ports", "gauge", "",
     "Sources whatever the port: an estimate"},
    {"window.pairs_of_source_and_port", "active_sources_pairs", "gauge", "",
     "Pairs of source and port, an estimate: with many more than sources, somebody scans"},
    {"windows", "active_sources_windows", "counter", "", "Windows that ended"},
    {"short_windows", "active_sources_short_windows", "counter", "",
     "Windows that were shorter: the first one, and where the clock was set"},
    {"late", "active_sources_late_windows", "counter", "",
     "Windows that lasted on, since the one before was not put together yet"},
    {"clock_sets", "active_sources_clock_sets", "counter", "", "Times that the clock was set"},
};

static void write_item_labels(const json_t *item, FILE *out)
{
    metrics_label(out, "sources", json_string_at(item, "name"));
    if (json_has_at(item, "slice")) {
        fputc(',', out);
        metrics_label(out, "slice", json_string_at(item, "slice"));
    }
}

/* What got no place of its own is "other". */
static void write_count_labels(const json_t *count, FILE *out)
{
    char port[16] = "other";

    if (json_has_at(count, "port"))
        snprintf(port, sizeof(port), "%.0f", json_number_at(count, "port"));
    metrics_label(out, "network", json_string_at(count, "network"));
    fputc(',', out);
    metrics_label(out, "transport", json_string_at(count, "transport"));
    fputc(',', out);
    metrics_label(out, "port", port);
}

static json_t *counts_of(const json_t *item)
{
    return json_object_get(json_object_get(item, "window"), "counts");
}

static void write_counts(const struct counted *c, uint32_t n, size_t row, FILE *out)
{
    metrics_family(out, count_rows[row].name, "gauge", "", count_rows[row].help);
    for (uint32_t i = 0; i < n; i++) {
        const json_t *count;
        size_t k;

        json_array_foreach (counts_of(counted_item(c, i)), k, count) {
            if (!json_has_at(count, count_rows[row].key))
                continue;
            fprintf(out, METRICS_PREFIX "%s{", count_rows[row].name);
            write_item_labels(counted_item(c, i), out);
            fputc(',', out);
            write_count_labels(count, out);
            fprintf(out, "} %.0f\n", json_number_at(count, count_rows[row].key));
        }
    }
}

static void write_items(const struct counted *c, uint32_t n, size_t row, FILE *out)
{
    const bool is_counter = strcmp(item_rows[row].type, "counter") == 0;

    metrics_family(out, item_rows[row].name, item_rows[row].type, item_rows[row].unit,
                   item_rows[row].help);
    for (uint32_t i = 0; i < n; i++) {
        const json_t *item = counted_item(c, i);

        if (!json_has_at(item, item_rows[row].key))
            continue;
        fprintf(out, METRICS_PREFIX "%s%s{", item_rows[row].name, is_counter ? "_total" : "");
        write_item_labels(item, out);
        fprintf(out, "} %.15g\n", json_number_at(item, item_rows[row].key));
    }
}

/* As github.com/pooladkhay/xdp-ip-counter names it, but as what it is: a number that goes down. */
static void write_active_users(const struct counted *c, uint32_t n, const char *name, FILE *out)
{
    const json_t *count;
    uint32_t i = 0;
    size_t k;

    fputs("# TYPE active_users gauge\n"
          "# HELP active_users Number of users actively hitting on a specific port.\n",
          out);
    while (i < n && strcmp(json_string_at(counted_item(c, i), "name"), name) != 0)
        i++;
    json_array_foreach (counts_of(i < n ? counted_item(c, i) : NULL), k, count) {
        fputs("active_users{", out);
        write_count_labels(count, out);
        fprintf(out, "} %.0f\n", json_number_at(count, "sources"));
    }
}

void metrics_write_sources(const struct metrics_of_sources *s, FILE *out)
{
    const uint32_t n = counted_begin(s->counted);

    for (size_t row = 0; n > 0 && row < ARRAY_LENGTH(count_rows); row++)
        write_counts(s->counted, n, row, out);
    for (size_t row = 0; n > 0 && row < ARRAY_LENGTH(item_rows); row++)
        write_items(s->counted, n, row, out);
    if (s->active_users != NULL)
        write_active_users(s->counted, n, s->active_users, out);
    counted_end(s->counted);
}
