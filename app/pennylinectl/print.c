/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennylinectl/print.h"

#include <math.h>
#include <string.h>

#include "common/aggregates.h"
#include "common/table.h"

static bool is_there(const json_t *object, const char *key)
{
    const json_t *value = table_find(object, key);

    return value != NULL && !json_is_null(value);
}

static void lost_cell(const json_t *row, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "%.0f",
             table_number(row, "counters.lost_tx_full") +
                 table_number(row, "counters.lost_no_headroom"));
}

static void flows_cell(const json_t *row, char out[CELL_BYTES])
{
    double most = table_number(row, "flows.most");

    if (!is_there(row, "flows"))
        snprintf(out, CELL_BYTES, "-");
    else
        snprintf(out, CELL_BYTES, "%.0f (%.0f %%)", table_number(row, "flows.now"),
                 most > 0 ? 100 * table_number(row, "flows.now") / most : 0);
}

static const struct column worker_columns[] = {
    {"worker", "worker", NULL, false},
    {"lcore", "lcore", NULL, false},
    {"received", "counters.rx_packets", NULL, false},
    {"forwarded", "counters.tx_packets", NULL, false},
    {"dropped", "counters.dropped", NULL, false},
    {"lost", NULL, lost_cell, false},
    {"of slices", "counters.slice_packets", NULL, false},
    {"flows", NULL, flows_cell, false},
    {0},
};

static void print_uptime(FILE *out, double uptime_s)
{
    unsigned long s = (unsigned long)uptime_s;

    fprintf(out, "up           %lu d %02lu:%02lu:%02lu\n", s / 86400, s / 3600 % 24, s / 60 % 60,
            s % 60);
}

static void print_tests(FILE *out, json_t *tests)
{
    const char *state;
    json_t *n;
    const char *between = "";

    fprintf(out, "tests        ");
    json_object_foreach (tests, state, n) {
        if (json_integer_value(n) == 0)
            continue;
        fprintf(out, "%s%lld %s", between, (long long)json_integer_value(n), state);
        between = ", ";
    }
    fprintf(out, "%s\n", *between == '\0' ? "none" : "");
}

/* Ports and memory come as their owners describe them: each object in a line. */
static void print_objects(FILE *out, const char *title, const json_t *list)
{
    json_t *object, *value;
    const char *key;
    size_t i;

    json_array_foreach (list, i, object) {
        char text[CELL_BYTES];

        fprintf(out, "%-12s", title);
        json_object_foreach (object, key, value)
            if (!json_is_object(value) && !json_is_array(value))
                fprintf(out, " %s=%s", key, table_value(object, key, text));
        fprintf(out, "\n");
    }
}

void print_status(FILE *out, const json_t *s)
{
    char text[CELL_BYTES];

    fprintf(out, "instance     %s", table_value(s, "instance", text));
    fprintf(out, ", pennyline %s\n", table_value(s, "version", text));
    print_uptime(out, table_number(s, "uptime_s"));
    fprintf(out, "drops        %s\n",
            json_is_true(json_object_get(s, "kill_switch"))
                ? "none: the kill switch is on (pennylinectl kill-switch off)"
            : is_there(s, "suspended") ? "suspended"
                                       : "allowed");
    if (is_there(s, "suspended"))
        fprintf(out, "suspended    %s\n", table_value(s, "suspended", text));
    fprintf(out, "aggregates   %s\n", table_value(s, "n_aggregates", text));
    print_tests(out, json_object_get(s, "tests"));
    print_objects(out, "port", json_object_get(s, "ports"));
    fprintf(out, "\n");
    table_print(out, worker_columns, json_object_get(s, "workers"));
}

static void flow_cell(const json_t *row, char out[CELL_BYTES])
{
    char a[CELL_BYTES], b[CELL_BYTES];

    snprintf(out, CELL_BYTES, "%.45s:%.0f > %.45s:%.0f", table_value(row, "flow.source", a),
             table_number(row, "flow.source_port"), table_value(row, "flow.destination", b),
             table_number(row, "flow.destination_port"));
}

static void latency_cell(const json_t *row, char out[CELL_BYTES])
{
    if (is_there(row, "latency_ms"))
        snprintf(out, CELL_BYTES, "%.1f ms", table_number(row, "latency_ms"));
    else
        table_value(row, "void_reason", out);
}

static void seconds_cell(const json_t *row, char out[CELL_BYTES])
{
    if (is_there(row, "seconds"))
        snprintf(out, CELL_BYTES, "%.3f", table_number(row, "seconds"));
    else
        snprintf(out, CELL_BYTES, "-");
}

static const struct column drop_columns[] = {
    {"seconds", NULL, seconds_cell, false},
    {"flow", NULL, flow_cell, true},
    {"sequence", "seq", NULL, false},
    {"bytes", "len", NULL, false},
    {"outcome", "state", NULL, true},
    {"after / why", NULL, latency_cell, true},
    {0},
};

static const struct column individual_columns[] = {
    {"flow", NULL, flow_cell, true},
    {"dropped", "counts.dropped", NULL, false},
    {"back", "counts.retransmitted", NULL, false},
    {"expired", "counts.expired", NULL, false},
    {"duplicates", "counts.duplicates", NULL, false},
    {"log10 E", "log10_e", NULL, false},
    {0},
};

static void duration_cell(const json_t *row, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "%.3f", table_number(row, "duration_s"));
}

static const struct column ended_columns[] = {
    {"flow", NULL, flow_cell, true},
    {"start", "start", NULL, true},
    {"end", "end", NULL, true},
    {"seconds", NULL, duration_cell, false},
    {"segments", "segments", NULL, false},
    {"bytes", "bytes", NULL, false},
    {"lost upstream", "lost_upstream", NULL, false},
    {"reordered", "reordered", NULL, false},
    {"repeats", "repeats", NULL, false},
    {"holes open", "holes_open", NULL, false},
    {0},
};

static void print_list(FILE *out, const char *title, const struct column *columns,
                       const json_t *rows)
{
    if (json_array_size(rows) == 0)
        return;
    fprintf(out, "\n%s\n", title);
    table_print(out, columns, rows);
}

/* Why a test stands as it does: longer than a cell of a table. */
static const char *sentence(const json_t *aggregate)
{
    const char *text = json_string_value(json_object_get(aggregate, "reason_text"));

    return text != NULL ? text : "";
}

static void print_loss(FILE *out, const char *where, const json_t *rate)
{
    if (is_there(rate, "estimate"))
        fprintf(out, "%s %.2f %% (95 %% interval %.2f to %.2f %%)", where,
                100 * table_number(rate, "estimate"), 100 * table_number(rate, "low"),
                100 * table_number(rate, "high"));
    else
        fprintf(out, "%s unknown", where);
}

static void print_watched(FILE *out, const json_t *passive)
{
    double sampling = table_number(passive, "sampling.rate");
    char text[CELL_BYTES];
    json_t *finding;
    size_t i;

    fprintf(out, "\n%.0f flows finished; ", table_number(passive, "counters.flows_finished"));
    print_loss(out, "loss before here", json_object_get(passive, "upstream_loss"));
    print_loss(out, ", after here", json_object_get(passive, "downstream_loss"));
    fprintf(out, "\n");
    if (sampling > 0 && sampling < 1)
        fprintf(out, "one packet in %.0f comes here (%s): loss cannot be told\n", 1 / sampling,
                table_value(passive, "sampling.source", text));
    json_array_foreach (json_object_get(passive, "findings"), i, finding) {
        fprintf(out, "%s", table_value(finding, "finding", text));
        fprintf(out, " (%s): ", table_value(finding, "severity", text));
        fprintf(out, "%s\n", json_string_value(json_object_get(finding, "words")));
    }
    print_list(out, "Flows that ended", ended_columns, json_object_get(passive, "ended_flows"));
}

void print_aggregate(FILE *out, const json_t *aggregate)
{
    json_t *one = json_pack("[O]", aggregate);

    aggregates_print(out, one);
    json_decref(one);
    if (aggregates_is_tested(aggregate))
        fprintf(out, "\n%s\n", sentence(aggregate));
    if (is_there(aggregate, "genuine_share"))
        fprintf(out, "%.0f %% of the tested drops came back (95 %% interval %.0f to %.0f %%)\n",
                100 * table_number(aggregate, "genuine_share.estimate"),
                100 * table_number(aggregate, "genuine_share.low"),
                100 * table_number(aggregate, "genuine_share.high"));
    if (json_is_object(json_object_get(aggregate, "passive")))
        print_watched(out, json_object_get(aggregate, "passive"));
    print_list(out, "Single flows", individual_columns, table_find(aggregate, "flows.individual"));
    print_list(out, "Drops", drop_columns, json_object_get(aggregate, "drops"));
}

/* What an event says beyond its kind and aggregate. */
static void print_details(FILE *out, const json_t *event)
{
    char a[CELL_BYTES], b[CELL_BYTES];
    const json_t *drop = json_object_get(event, "drop"), *report = json_object_get(event, "report");

    if (drop != NULL) {
        flow_cell(drop, a);
        fprintf(out, "  %s seq %.0f %s", a, table_number(drop, "seq"),
                table_value(drop, "state", b));
    }
    if (report != NULL) {
        aggregates_verdict_cell(report, a);
        aggregates_evidence_cell(report, b);
        fprintf(out, "  %s, %s. %s", a, b, sentence(report));
    }
    for (const char *const *key = (const char *const[]){"reason", "switch", "count", NULL};
         *key != NULL; key++)
        if (is_there(event, *key))
            fprintf(out, "  %s", table_value(event, *key, a));
}

void print_event(FILE *out, const json_t *event)
{
    char text[CELL_BYTES];

    if (is_there(event, "time"))
        fprintf(out, "%s", table_value(event, "time", text));
    else
        fprintf(out, "%.3f", table_number(event, "monotonic_s"));
    fprintf(out, "  %-15s", table_value(event, "event", text));
    if (is_there(event, "name"))
        fprintf(out, "  %s", table_value(event, "name", text));
    print_details(out, event);
    fprintf(out, "\n");
    fflush(out);
}

void print_done(FILE *out, const json_t *result)
{
    char text[CELL_BYTES];

    if (is_there(result, "test")) {
        fprintf(out, "aggregate %.0f: test %s\n", table_number(result, "aggregate"),
                table_value(result, "test", text));
        return;
    }
    fprintf(out, json_is_true(json_object_get(result, "kill_switch"))
                     ? "The kill switch is on: nothing is dropped, forwarding goes on.\n"
                     : "The kill switch is off: tests may drop again.\n");
}
