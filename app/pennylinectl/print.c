/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennylinectl/print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "common/aggregates.h"
#include "common/table.h"

static void lost_cell(const json_t *row, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "%.0f",
             json_number_at(row, "counters.lost_tx_full") +
                 json_number_at(row, "counters.lost_no_headroom") +
                 json_number_at(row, "counters.lost_cut"));
}

static void flows_cell(const json_t *row, char out[CELL_BYTES])
{
    double most = json_number_at(row, "flows.most");

    if (!json_has_at(row, "flows"))
        snprintf(out, CELL_BYTES, "-");
    else
        snprintf(out, CELL_BYTES, "%.0f (%.0f %%)", json_number_at(row, "flows.now"),
                 most > 0 ? 100 * json_number_at(row, "flows.now") / most : 0);
}

static void stalled_cell(const json_t *row, char out[CELL_BYTES])
{
    const char *doing = json_string_value(json_object_get(row, "stalled"));

    snprintf(out, CELL_BYTES, "%s%s", doing != NULL ? "hangs: " : "goes on",
             doing != NULL ? doing : "");
}

static const struct column worker_columns[] = {
    {"worker", "worker", NULL, false},
    {"lcore", "lcore", NULL, false},
    {"thread", NULL, stalled_cell, true},
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
                fprintf(out, " %s=%s", key, json_text_at(object, key, text));
        fprintf(out, "\n");
    }
}

static void print_drop_budget(FILE *out, json_t *b)
{
    char text[CELL_BYTES];
    const char *cause;
    json_t *n;

    fprintf(out, "drop budget  %s made within the hour", json_text_at(b, "made", text));
    if (json_has_at(b, "max_per_hour"))
        fprintf(out, " of %s", json_text_at(b, "max_per_hour", text));
    json_object_foreach (json_object_get(b, "made_by"), cause, n)
        if (json_integer_value(n) != 0)
            fprintf(out, ", %lld by %s", (long long)json_integer_value(n), cause);
    fprintf(out, "; %s reserved for tests under way", json_text_at(b, "reserved", text));
    if (json_is_true(json_object_get(b, "awaited")))
        fprintf(out, "; tests wait for it (raise instance.max_drops_per_hour)");
    fprintf(out, "\n");
}

static void print_draining(FILE *out, const json_t *draining)
{
    fprintf(out, "draining     for %.0f s; it ends when no packet came for 10 s (now: for %.1f s)",
            json_number_at(draining, "for_s"), json_number_at(draining, "quiet_s"));
    if (json_has_at(draining, "ends_within_s"))
        fprintf(out, ", in %.0f s at the latest", json_number_at(draining, "ends_within_s"));
    fprintf(out, "\n");
}

void print_status(FILE *out, const json_t *s)
{
    char text[CELL_BYTES];

    fprintf(out, "instance     %s", json_text_at(s, "instance", text));
    fprintf(out, ", pennyline %s\n", json_text_at(s, "version", text));
    print_uptime(out, json_number_at(s, "uptime_s"));
    fprintf(out, "drops        %s\n",
            json_is_true(json_object_get(s, "kill_switch"))
                ? "none: the kill switch is on (pennylinectl kill-switch off)"
            : json_has_at(s, "draining")  ? "none: the box is draining"
            : json_has_at(s, "suspended") ? "suspended"
                                          : "allowed");
    if (json_has_at(s, "draining"))
        print_draining(out, json_object_get(s, "draining"));
    if (json_has_at(s, "suspended"))
        fprintf(out, "suspended    %s\n", json_text_at(s, "suspended", text));
    fprintf(out, "aggregates   %s", json_text_at(s, "n_aggregates", text));
    fprintf(out, " of %s%s\n", json_text_at(s, "max_aggregates", text),
            json_is_true(json_object_get(s, "aggregates_full"))
                ? ", none is free: new sub-prefixes are not tested (raise max_aggregates)"
                : "");
    print_tests(out, json_object_get(s, "tests"));
    print_drop_budget(out, json_object_get(s, "drop_budget"));
    print_objects(out, "port", json_object_get(s, "ports"));
    fprintf(out, "\n");
    table_print(out, worker_columns, json_object_get(s, "workers"));
}

/* Both families, whole. */
static bool is_any(const json_t *prefixes)
{
    const char *first = json_string_value(json_array_get(prefixes, 0));
    const char *second = json_string_value(json_array_get(prefixes, 1));

    return json_array_size(prefixes) == 2 && first != NULL && strcmp(first, "0.0.0.0/0") == 0 &&
           second != NULL && strcmp(second, "::/0") == 0;
}

static void first_of(const json_t *row, const char *list, const char *number, char out[CELL_BYTES])
{
    const json_t *prefixes = json_object_get(row, list);
    const char *first = is_any(prefixes) ? "any" : json_string_value(json_array_get(prefixes, 0));
    double n = is_any(prefixes) ? 1 : json_number_at(row, number);

    snprintf(out, CELL_BYTES, n > 1 ? "%.60s, and %.0f more" : "%.60s", first != NULL ? first : "-",
             n - 1);
}

static void sources_cell(const json_t *row, char out[CELL_BYTES])
{
    first_of(row, "sources", "n_sources", out);
}

static void destinations_cell(const json_t *row, char out[CELL_BYTES])
{
    first_of(row, "destinations", "n_destinations", out);
}

/* Like "any > 443,8000-8100"; any to any is told by a dash. */
static void write_ports(FILE *out, const json_t *row, const char *end)
{
    const json_t *ranges = json_object_get(json_object_get(row, "ports"), end);
    const char *between = "";
    json_t *range;
    size_t i;

    if (json_array_size(ranges) == 0)
        fputs("any", out);
    json_array_foreach (ranges, i, range) {
        fputs(between, out);
        if (json_is_string(range))
            fputs(json_string_value(range), out);
        else
            fprintf(out, "%lld", (long long)json_integer_value(range));
        between = ",";
    }
}

static void ports_cell(const json_t *row, char out[CELL_BYTES])
{
    FILE *file = fmemopen(out, CELL_BYTES - 1, "w");

    out[0] = out[CELL_BYTES - 1] = '\0';
    if (file != NULL) {
        write_ports(file, row, "source");
        fputs(" > ", file);
        write_ports(file, row, "destination");
        fclose(file);
    }
    if (file == NULL || strcmp(out, "any > any") == 0)
        snprintf(out, CELL_BYTES, "-");
}

static const struct column slice_columns[] = {
    {"slice", "slice", NULL, true},
    {"mode", "mode", NULL, true},
    {"start", "start", NULL, true},
    {"rule", "parameters.rule", NULL, true},
    {"most drops", "parameters.max_drops_per_aggregate", NULL, false},
    {"sources", NULL, sources_cell, true},
    {"destinations", NULL, destinations_cell, true},
    {"ports", NULL, ports_cell, true},
    {"mark", "mark", NULL, false},
    {"from", "origin", NULL, true},
    {0},
};

void print_slices(FILE *out, const json_t *result)
{
    table_print(out, slice_columns, json_object_get(result, "slices"));
}

void print_flow_cell(const json_t *row, char out[CELL_BYTES])
{
    char a[CELL_BYTES], b[CELL_BYTES];

    snprintf(out, CELL_BYTES, "%.45s:%.0f > %.45s:%.0f", json_text_at(row, "flow.source", a),
             json_number_at(row, "flow.source_port"), json_text_at(row, "flow.destination", b),
             json_number_at(row, "flow.destination_port"));
}

static void latency_cell(const json_t *row, char out[CELL_BYTES])
{
    if (json_has_at(row, "latency_ms"))
        snprintf(out, CELL_BYTES, "%.1f ms", json_number_at(row, "latency_ms"));
    else
        json_text_at(row, "void_reason", out);
}

static void seconds_cell(const json_t *row, char out[CELL_BYTES])
{
    if (json_has_at(row, "seconds"))
        snprintf(out, CELL_BYTES, "%.3f", json_number_at(row, "seconds"));
    else
        snprintf(out, CELL_BYTES, "-");
}

static const struct column drop_columns[] = {
    {"seconds", NULL, seconds_cell, false},
    {"flow", NULL, print_flow_cell, true},
    {"sequence", "seq", NULL, false},
    {"bytes", "len", NULL, false},
    {"outcome", "state", NULL, true},
    {"after / why", NULL, latency_cell, true},
    {0},
};

static const struct column individual_columns[] = {
    {"flow", NULL, print_flow_cell, true},
    {"dropped", "counts.dropped", NULL, false},
    {"back", "counts.retransmitted", NULL, false},
    {"expired", "counts.expired", NULL, false},
    {"duplicates", "counts.duplicates", NULL, false},
    {"log10 E", "log10_e", NULL, false},
    {0},
};

static void duration_cell(const json_t *row, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "%.3f", json_number_at(row, "duration_s"));
}

static const struct column ended_columns[] = {
    {"flow", NULL, print_flow_cell, true},
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

static void print_loss(FILE *out, const char *where, const json_t *rate)
{
    if (json_has_at(rate, "estimate"))
        fprintf(out, "%s %.2f %% (95 %% interval %.2f to %.2f %%)", where,
                100 * json_number_at(rate, "estimate"), 100 * json_number_at(rate, "low"),
                100 * json_number_at(rate, "high"));
    else
        fprintf(out, "%s unknown", where);
}

static void print_watched(FILE *out, const json_t *passive)
{
    double sampling = json_number_at(passive, "sampling.rate");
    char text[CELL_BYTES];
    json_t *finding;
    size_t i;

    fprintf(out, "\n%.0f flows finished; ", json_number_at(passive, "counters.flows_finished"));
    print_loss(out, "loss before here", json_object_get(passive, "upstream_loss"));
    print_loss(out, ", after here", json_object_get(passive, "downstream_loss"));
    fprintf(out, "\n");
    if (json_number_at(passive, "counters.mirror_copies") > 0)
        fprintf(out,
                "%.0f packets came twice: the mirror copies some more than once; only the first "
                "copy counts\n",
                json_number_at(passive, "counters.mirror_copies"));
    if (sampling > 0 && sampling < 1)
        fprintf(out, "one packet in %.0f comes here (%s): loss cannot be told\n", 1 / sampling,
                json_text_at(passive, "sampling.source", text));
    json_array_foreach (json_object_get(passive, "findings"), i, finding) {
        fprintf(out, "%s", json_text_at(finding, "finding", text));
        fprintf(out, " (%s): ", json_text_at(finding, "severity", text));
        fprintf(out, "%s\n", json_string_value(json_object_get(finding, "words")));
    }
    print_list(out, "Flows that ended", ended_columns, json_object_get(passive, "ended_flows"));
}

void print_aggregate(FILE *out, const json_t *aggregate)
{
    json_t *one = json_pack("[O]", aggregate);

    aggregates_print(out, one);
    json_decref(one);
    if (json_has_at(aggregate, "label"))
        fprintf(out, "\nlabel: %s\n", json_string_at(aggregate, "label"));
    if (aggregates_is_tested(aggregate))
        fprintf(out, "\n%s\n", json_string_at(aggregate, "reason_text"));
    if (json_is_true(json_object_get(aggregate, "mixed")))
        fprintf(
            out,
            "mixed: real senders are there, and not only they, or repairs that take another way\n");
    if (json_has_at(aggregate, "repaired_share"))
        fprintf(out, "%.0f %% of the tested drops came back\n",
                100 * json_number_at(aggregate, "repaired_share"));
    if (json_is_object(json_object_get(aggregate, "passive")))
        print_watched(out, json_object_get(aggregate, "passive"));
    print_list(out, "Single flows", individual_columns, json_at(aggregate, "flows.individual"));
    print_list(out, "Drops", drop_columns, json_object_get(aggregate, "drops"));
}

/* What would change, or has, and what that does to tests. */
static void print_changes(FILE *out, const json_t *result)
{
    static const struct {
        const char *class, *words;
    } meanings[] = {
        {"live", "takes effect at once, and ends no test"},
        {"parameters", "a test of it under way ends as reconfigured"},
        {"traffic", "changes which packets are tested: tests under way that have them end as "
                    "reconfigured"},
        {"restart", "needs a restart"},
    };
    long long n = json_integer_value(json_object_get(result, "n_changes"));
    json_t *changes = json_object_get(result, "changes"), *change;
    size_t i;

    json_array_foreach (changes, i, change) {
        const char *class = json_string_at(change, "class"), *words = class;

        for (size_t k = 0; k < ARRAY_LENGTH(meanings); k++)
            if (strcmp(class, meanings[k].class) == 0)
                words = meanings[k].words;
        fprintf(out, "  %s (%s)\n", json_string_at(change, "change"), words);
    }
    if ((size_t)n > json_array_size(changes))
        fprintf(out, "  and %lld more\n", n - (long long)json_array_size(changes));
}

void print_reload(FILE *out, const json_t *result)
{
    long long n = json_integer_value(json_object_get(result, "n_changes"));

    if (n == 0) {
        fprintf(out, "Nothing differs from what is in force.\n");
        return;
    }
    if (json_is_true(json_object_get(result, "dry_run")))
        fprintf(out, "%lld change%s would be in force (this was a dry run):\n", n,
                n == 1 ? "" : "s");
    else
        fprintf(out, "%lld change%s in force, within %.0f ms:\n", n, n == 1 ? " is" : "s are",
                1000 * json_number_at(result, "took_s"));
    print_changes(out, result);
}

void print_config_diff(FILE *out, const json_t *result)
{
    long long n = json_integer_value(json_object_get(result, "n_changes"));
    json_t *slices = json_object_get(result, "run_time"), *slice;
    size_t i;

    fprintf(out, "%s, beside generation %.0f that is in force: ", json_string_at(result, "file"),
            json_number_at(result, "generation"));
    if (n == 0)
        fprintf(out, "nothing differs.\n");
    else
        fprintf(out, "%lld change%s.\n", n, n == 1 ? "" : "s");
    print_changes(out, result);
    if (json_has_at(result, "refused"))
        fprintf(out, "A reload would be refused: %s\n", json_string_at(result, "refused"));
    if (json_array_size(slices) > 0)
        fprintf(out, "In force, and not of the file:\n");
    json_array_foreach (slices, i, slice) {
        fprintf(out, "  slice \"%s\" (%s)", json_string_at(slice, "slice"),
                strcmp(json_string_at(slice, "origin"), "test") == 0 ? "of a test"
                                                                     : "added at run time");
        if (json_has_at(slice, "displaced"))
            fprintf(out, ": a reload would take it away: %s", json_string_at(slice, "displaced"));
        fprintf(out, "\n");
    }
}

void print_done(FILE *out, const json_t *result)
{
    char text[CELL_BYTES];

    if (json_has_at(result, "test")) {
        fprintf(out, "aggregate %.0f: test %s\n", json_number_at(result, "aggregate"),
                json_text_at(result, "test", text));
        return;
    }
    if (json_has_at(result, "draining")) {
        fprintf(out, "All tests end, and nothing is dropped any more; packets are forwarded.\n");
        print_draining(out, json_object_get(result, "draining"));
        return;
    }
    fprintf(out, json_is_true(json_object_get(result, "kill_switch"))
                     ? "The kill switch is on: nothing is dropped, forwarding goes on.\n"
                     : "The kill switch is off: it forbids no drop any more.\n");
}

void print_asked(FILE *out, const json_t *result)
{
    json_t *test, *name;
    size_t i, k;

    json_array_foreach (json_object_get(result, "tests"), i, test) {
        fprintf(out, "test %.0f of %s: accepted, as slice %s", json_number_at(test, "test"),
                json_string_at(test, "source"), json_string_at(test, "slice"));
        json_array_foreach (json_object_get(test, "kept_by"), k, name)
            fprintf(out, "%s %s", k == 0 ? "; without what these name:" : ",",
                    json_string_value(name));
        fprintf(out, "\n");
    }
}

void print_asked_test(FILE *out, const json_t *test)
{
    fprintf(out, "test %.0f of %s: %s", json_number_at(test, "test"),
            json_string_at(test, "source"), json_string_at(test, "state"));
    if (json_has_at(test, "label"))
        fprintf(out, ", \"%s\"", json_string_at(test, "label"));
    if (json_has_at(test, "reason"))
        fprintf(out, ": %s", json_string_at(test, "reason"));
    fprintf(out, "\n");
    if (json_has_at(test, "report"))
        print_aggregate(out, json_object_get(test, "report"));
}

void print_slice(FILE *out, const json_t *result)
{
    char *text = json_dumps(json_object_get(result, "slice"), JSON_INDENT(2) | JSON_ALL_DIGITS);

    fprintf(out, "from: %s%s\n%s\n", json_string_at(result, "origin"),
            json_is_true(json_object_get(result, "in_force")) ? "" : ", not in force yet",
            text != NULL ? text : "");
    free(text);
}
