/* SPDX-License-Identifier: BSD-3-Clause */
/* The map: all parts of it that match, in the order that was asked for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/exit_codes.h"
#include "common/map_table.h"
#include "common/why_words.h"
#include "pennylinectl/ctl.h"
#include "json/json.h"

#define PART 500

enum {
    KEY_MAP_INGRESS = 0x300,
    KEY_AS,
    KEY_PREFIX,
    KEY_REALITY,
    KEY_WITHIN,
    KEY_UNEXPECTED,
    KEY_SORT,
    KEY_CSV,
    KEY_HOURS,
    KEY_REMOVE,
};

static const struct argp_option rows[] = {
    {"unexpected", KEY_UNEXPECTED, NULL, 0, "Only where no route leads, or none may come from", 0},
    {"at", KEY_MAP_INGRESS, "INGRESS", 0, "Only what comes in there", 0},
    {"as", KEY_AS, "N", 0, "Only where the route begins with this AS", 0},
    {"prefix", KEY_PREFIX, "CIDR", 0, "Only what lies in it, and what it lies in", 0},
    {"reality", KEY_REALITY, "R", 0, "Only what a test found so: genuine, spoofed, ...", 0},
    {"within", KEY_WITHIN, "S", 0, "Only what sent within S seconds", 0},
    {"sort", KEY_SORT, "KEY", 0, "bytes (default), packets, rate, newest or prefix", 0},
    {"csv", KEY_CSV, NULL, 0, "Print CSV", 0},
    {"hours", KEY_HOURS, "N", 0, "accept: for so long", 0},
    {"remove", KEY_REMOVE, NULL, 0, "accept: no more", 0},
    {0},
};

static void add_number(struct argp_state *state, struct options *o, const char *key,
                       const char *argument)
{
    char *end;
    unsigned long long value = strtoull(argument, &end, 10);

    if (*argument < '0' || *argument > '9' || *end != '\0' || value > UINT32_MAX)
        argp_error(state, "\"%s\"; give a whole number up to 4294967295", argument);
    json_object_set_new(o->request, key, json_integer((json_int_t)value));
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case KEY_UNEXPECTED:
        json_object_set_new(o->request, "unexpected", json_true());
        return 0;
    case KEY_MAP_INGRESS:
        request_text(state, o, "ingress", argument);
        return 0;
    case KEY_AS:
        add_number(state, o, "as", argument);
        return 0;
    case KEY_PREFIX:
        request_text(state, o, "prefix", argument);
        return 0;
    case KEY_REALITY:
        request_text(state, o, "reality", argument);
        return 0;
    case KEY_WITHIN:
        add_number(state, o, "seen_within_s", argument);
        return 0;
    case KEY_SORT:
        o->sort = map_sort_of_name(argument);
        if (o->sort < 0)
            argp_error(state, "--sort: \"%s\"; allowed: bytes, packets, rate, newest, prefix",
                       argument);
        return 0;
    case KEY_CSV:
        o->csv = true;
        return 0;
    case KEY_HOURS:
        add_number(state, o, "hours", argument);
        return 0;
    case KEY_REMOVE:
        json_object_set_new(o->request, "remove", json_true());
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp mapping_argp = {rows, parse, NULL, NULL, NULL, NULL, NULL};

/* Entries come and go meanwhile: each is told at most once, as it was then. */
static json_t *ask_for_parts(struct control_client *c, json_t *request)
{
    json_t *all = json_array(), *part;
    bool more = true;

    json_object_set_new(request, "count", json_integer(PART));
    while (more) {
        part = control_client_ask(c, request);
        if (part == NULL) {
            json_decref(all);
            return NULL;
        }
        json_array_extend(all, json_object_get(part, "entries"));
        more = json_has_at(part, "next");
        json_object_set(request, "after", json_object_get(part, "next"));
        json_decref(part);
    }
    return all;
}

int mapping_run_entries(struct control_client *c, const struct options *o)
{
    json_t *all = ask_for_parts(c, o->request);

    if (all == NULL)
        return fail(c);
    map_table_sort(all, (enum map_sort)o->sort);
    if (o->json)
        show_json(all, false);
    else if (o->csv)
        map_table_csv(stdout, all);
    else
        map_table_print(stdout, all);
    json_decref(all);
    return EXIT_SUCCESS;
}

void mapping_print_summary(FILE *out, const json_t *summary)
{
    map_table_places(out, summary);
    fprintf(out, "\n%.0f of %.0f entries; %.0f packets of them, %.0f of none\n",
            json_number_at(summary, "counters.entries"), json_number_at(summary, "most_entries"),
            json_number_at(summary, "counters.mapped"), json_number_at(summary, "counters.stray"));
    if (json_has_at(summary, "expectation"))
        fprintf(out, "expected: %s, %.0f prefixes%s\n", json_string_at(summary, "file"),
                json_number_at(summary, "expectation.routes"),
                json_number_at(summary, "stale") != 0 ? "; it is old" : "");
    else
        fprintf(out, "nothing is known of what is expected\n");
    if (json_has_at(summary, "refused"))
        fprintf(out, "the latest file was refused: %s\n", json_string_at(summary, "refused"));
}

void mapping_print_why(FILE *out, const json_t *why)
{
    why_words_print(out, why);
}

void mapping_print_alarms(FILE *out, const json_t *answer)
{
    const json_t *alarms = json_object_get(answer, "alarms"), *alarm;
    size_t i;

    if (!json_is_true(json_object_get(answer, "on")))
        fprintf(out, "alarms are off: \"map\": {\"alarms\": true} in the configuration\n");
    else if (json_array_size(alarms) == 0)
        fprintf(out, "no alarm is up\n");
    json_array_foreach (alarms, i, alarm)
        fprintf(out, "%s  %-8s  %-12s  since %s\n    %s: %s\n", json_string_at(alarm, "id"),
                json_string_at(alarm, "severity"), json_string_at(alarm, "state"),
                json_string_at(alarm, "raised"), json_string_at(alarm, "kind"),
                json_string_at(alarm, "text"));
}

void mapping_print_queue(FILE *out, const json_t *queue)
{
    const json_t *waiting = json_object_get(queue, "waiting"), *row, *value;
    const char *name;
    size_t i;

    fprintf(out, "tests are %s; %.0f under way, %.0f drops left now\n",
            json_is_true(json_object_get(queue, "on")) ? "on" : "off",
            json_number_at(queue, "under_way"), json_number_at(queue, "drops_left"));
    json_array_foreach (waiting, i, row)
        fprintf(out, "%-8s  %-20s  %-16s  %-12s  %-12s  %s\n", json_string_at(row, "class"),
                json_string_at(row, "prefix"), json_string_at(row, "ingress"),
                json_string_at(row, "grade"), json_string_at(row, "reality"),
                json_string_at(row, "refused"));
    json_object_foreach (json_object_get(queue, "refused"), name, value)
        if (json_number_value(value) > 0)
            fprintf(out, "refused: %s %.0f times\n", name, json_number_value(value));
}
