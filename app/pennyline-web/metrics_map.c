/* SPDX-License-Identifier: BSD-3-Clause */
/* The map by ingress, grade and reality: never a prefix or an AS, of which senders make as many as
 * they like. Ingresses are those of the configuration and what was discovered, 1024 at most, and of
 * their grades and realities only those that some entry has. */
#include "metrics_map.h"

#include "base/compiler.h"
#include "metrics_text.h"
#include "json/json.h"

#define BITS_PER_BYTE 8.0 /* promtool asks for bytes */

static const struct {
    const char *key, *name;
    double divisor;
    const char *help;
} cell_rows[] = {
    {"entries", "map_entries", 1, "Prefixes of the map, by where they come in, and what is known"},
    {"packets_per_s", "map_packets_per_second", 1,
     "What they send, in the mean of some ten seconds"},
    {"bits_per_s", "map_bytes_per_second", BITS_PER_BYTE,
     "What they send, in the mean of some ten seconds"},
};

static const struct {
    const char *key, *name, *type, *help;
} ingress_rows[] = {
    {"stray_packets", "map_stray_packets", "counter", "Packets of no entry"},
    {"stray_bytes", "map_stray_bytes", "counter", "Bytes of no entry"},
    {"diffuse", "map_diffuse_unexpected", "gauge",
     "1: many sources that should not come in there send a few packets each"},
};

/* Of the counters: those that only grow. */
static const struct {
    const char *key, *help;
} counter_rows[] = {
    {"admitted", "Entries that came"},
    {"left", "Entries that left"},
    {"refused_full", "Sources that got no entry: all are taken"},
    {"refused_ingress", "Sources that got no entry: their ingress has its quota"},
    {"refused_route", "Sources that got no entry: unexpected ones of their route have their quota"},
    {"refused_bucket", "Sources that got no entry: both places in the directory are taken"},
};

static void write_cells(const json_t *ingresses, size_t row, FILE *out)
{
    json_t *ingress, *cell;
    size_t i, k;

    metrics_family(out, cell_rows[row].name, "gauge", "", cell_rows[row].help);
    json_array_foreach (ingresses, i, ingress) {
        json_array_foreach (json_object_get(ingress, "standing"), k, cell) {
            fprintf(out, METRICS_PREFIX "%s{", cell_rows[row].name);
            metrics_label(out, "ingress", json_string_at(ingress, "name"));
            fputc(',', out);
            metrics_label(out, "grade", json_string_at(cell, "grade"));
            fputc(',', out);
            metrics_label(out, "reality", json_string_at(cell, "reality"));
            fprintf(out, "} %.15g\n",
                    json_number_at(cell, cell_rows[row].key) / cell_rows[row].divisor);
        }
    }
}

static void write_ingresses(const json_t *ingresses, size_t row, FILE *out)
{
    const bool is_counter = ingress_rows[row].type[0] == 'c';
    json_t *ingress;
    size_t i;

    metrics_family(out, ingress_rows[row].name, ingress_rows[row].type, "", ingress_rows[row].help);
    json_array_foreach (ingresses, i, ingress) {
        fprintf(out, METRICS_PREFIX "%s%s{", ingress_rows[row].name, is_counter ? "_total" : "");
        metrics_label(out, "ingress", json_string_at(ingress, "name"));
        fprintf(out, "} %.15g\n", json_number_at(ingress, ingress_rows[row].key));
    }
}

void metrics_write_map(const json_t *summary, FILE *out)
{
    const json_t *ingresses = json_object_get(summary, "ingresses");
    const json_t *counters = json_object_get(summary, "counters");
    const json_t *expectation = json_object_get(summary, "expectation");
    char name[64];

    if (summary == NULL)
        return;
    for (size_t row = 0; row < ARRAY_LENGTH(cell_rows); row++)
        write_cells(ingresses, row, out);
    for (size_t row = 0; row < ARRAY_LENGTH(ingress_rows); row++)
        write_ingresses(ingresses, row, out);
    for (size_t row = 0; row < ARRAY_LENGTH(counter_rows); row++) {
        snprintf(name, sizeof(name), "map_%s", counter_rows[row].key);
        metrics_single(out, name, "counter", "", counter_rows[row].help,
                       json_number_at(counters, counter_rows[row].key));
    }
    metrics_single(out, "map_entries_limit", "gauge", "", "Entries that there is room for",
                   json_number_at(summary, "most_entries"));
    if (!json_is_object(expectation))
        return;
    metrics_single(out, "map_expectation_built_timestamp_seconds", "gauge", "seconds",
                   "When the file of what is expected was built, since 1970",
                   json_number_at(expectation, "built_s"));
    metrics_single(out, "map_expectation_routes", "gauge", "", "Routes in it",
                   json_number_at(expectation, "routes"));
}
