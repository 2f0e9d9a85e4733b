/* SPDX-License-Identifier: BSD-3-Clause */
/* An event in a line: all that it has, also of kinds that this program does not know. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "common/aggregates.h"
#include "common/table.h"
#include "pennylinectl/print.h"

#define LONGEST_VALUE 160

static bool is_one_of(const char *key, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* What stands at the beginning of the line, or in what does. */
static bool is_told_already(const json_t *event, const char *key)
{
    static const char *const head[] = {"time",      "monotonic_s", "event", "instance",
                                       "aggregate", "name",        "label"};
    static const char *const in_name[] = {"slice", "prefix"};

    return is_one_of(key, head, ARRAY_LENGTH(head)) ||
           (json_has_at(event, "name") && is_one_of(key, in_name, ARRAY_LENGTH(in_name)));
}

static void print_drop(FILE *out, const json_t *drop)
{
    char flow[CELL_BYTES], state[CELL_BYTES];

    print_flow_cell(drop, flow);
    fprintf(out, "  %s seq %.0f %s", flow, json_number_at(drop, "seq"),
            json_text_at(drop, "state", state));
}

static void print_report(FILE *out, const json_t *report)
{
    char verdict[CELL_BYTES], evidence[CELL_BYTES];

    aggregates_verdict_cell(report, verdict);
    aggregates_evidence_cell(report, evidence);
    fprintf(out, "  %s, %s. %s", verdict, evidence, json_string_at(report, "reason_text"));
}

static void print_finding(FILE *out, const json_t *finding)
{
    fprintf(out, "  %s (%s): %s", json_string_at(finding, "finding"),
            json_string_at(finding, "severity"), json_string_at(finding, "words"));
}

static void print_change_words(FILE *out, const json_t *changes)
{
    json_t *change;
    size_t i;

    json_array_foreach (changes, i, change)
        fprintf(out, "%s %s", i == 0 ? " " : ";", json_string_at(change, "change"));
}

static void print_other(FILE *out, const char *key, const json_t *value)
{
    /* What such a member is, is plain from its value. */
    static const char *const plain[] = {"port",   "trouble", "service", "member",  "cause",
                                        "thread", "reason",  "switch",  "count",   "error",
                                        "slice",  "file",    "text",    "command", "ingress"};
    char *json;

    fprintf(out, "  ");
    if (!is_one_of(key, plain, ARRAY_LENGTH(plain)))
        fprintf(out, "%s=", key);
    if (json_is_string(value)) {
        fprintf(out, "%s", json_string_value(value));
        return;
    }
    json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    fprintf(out, "%.*s%s", LONGEST_VALUE, json != NULL ? json : "",
            json != NULL && strlen(json) > LONGEST_VALUE ? "..." : "");
    free(json);
}

static void print_member(FILE *out, const char *key, const json_t *value)
{
    static const struct {
        const char *key;
        void (*print)(FILE *out, const json_t *value);
    } shaped[] = {
        {"drop", print_drop},
        {"report", print_report},
        {"finding", print_finding},
        {"changes", print_change_words},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(shaped); i++)
        if (strcmp(shaped[i].key, key) == 0) {
            shaped[i].print(out, value);
            return;
        }
    if (strcmp(key, "timeout_s") == 0)
        fprintf(out, "  for %.0f s at most", json_number_value(value));
    else
        print_other(out, key, value);
}

void print_event(FILE *out, const json_t *event)
{
    char text[CELL_BYTES];
    json_t *value;
    const char *key;

    if (json_has_at(event, "time"))
        fprintf(out, "%s", json_text_at(event, "time", text));
    else
        fprintf(out, "%.3f", json_number_at(event, "monotonic_s"));
    fprintf(out, "  %-15s", json_text_at(event, "event", text));
    if (json_has_at(event, "name"))
        fprintf(out, "  %s", json_text_at(event, "name", text));
    if (json_has_at(event, "label"))
        fprintf(out, "  \"%s\"", json_string_at(event, "label"));
    json_object_foreach ((json_t *)(uintptr_t)event, key, value)
        if (!json_is_null(value) && !is_told_already(event, key))
            print_member(out, key, value);
    fprintf(out, "\n");
    fflush(out);
}
