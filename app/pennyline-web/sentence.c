/* SPDX-License-Identifier: BSD-3-Clause */
/* An event in words, for a chat. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "webhook.h"
#include "json/json.h"

static void write_drops(FILE *out, const json_t *counts, const char *what)
{
    fprintf(out, " %lld of %lld dropped %s came back.",
            (long long)json_number_at(counts, "retransmitted"),
            (long long)json_number_at(counts, "dropped"), what);
}

static void write_verdict(FILE *out, const json_t *event)
{
    const json_t *report = json_object_get(event, "report");
    const char *kind;
    json_t *units;

    fprintf(out, "%s: %s", json_string_at(event, "name"), json_string_at(report, "verdict"));
    if (strcmp(json_string_at(event, "event"), "provisional_withdrawn") == 0)
        fputs(" (not_closed_loop is withdrawn)", out);
    if (json_is_true(json_object_get(report, "provisional")))
        fputs(" (provisional)", out);
    if (json_is_true(json_object_get(report, "mixed")))
        fputs(" (mixed: not only real senders, or repairs that take another way)", out);
    fprintf(out, ". %s", json_string_at(report, "reason_text"));
    write_drops(out, report, "segments");
    json_object_foreach (json_object_get(report, "units"), kind, units)
        if (json_number_at(units, "dropped") > 0)
            write_drops(out, units, kind);
}

char *webhook_sentence(const json_t *event)
{
    const char *kind = json_string_at(event, "event");
    char *sentence = NULL;
    size_t n;
    FILE *out = open_memstream(&sentence, &n);

    if (out == NULL)
        return NULL;
    if (json_object_get(event, "report") != NULL)
        write_verdict(out, event);
    else if (strcmp(kind, "suspended") == 0)
        fprintf(out, "drops are suspended: %s.", json_string_at(event, "reason"));
    else if (strcmp(kind, "stall") == 0)
        fprintf(out, "%s stood still for %.1f s.", json_string_at(event, "thread"),
                json_number_value(json_object_get(event, "stalled_s")));
    else if (strcmp(kind, "thread_stale") == 0)
        fprintf(out, "%s on lcore %lld hangs: its thread is %s.", json_string_at(event, "thread"),
                (long long)json_integer_value(json_object_get(event, "lcore")),
                json_string_at(event, "doing"));
    else if (strcmp(kind, "thread_recovered") == 0)
        fprintf(out, "%s goes on again.", json_string_at(event, "thread"));
    else if (strcmp(kind, "resumed") == 0)
        fputs("drops are allowed again.", out);
    else if (strcmp(kind, "kill_switch") == 0)
        fprintf(out, "the kill switch is %s.", json_string_at(event, "switch"));
    else if (strcmp(kind, "tracking_shed") == 0)
        fputs("the box cannot keep up: flows are not tracked.", out);
    else if (strcmp(kind, "tracking_resumed") == 0)
        fputs("flows are tracked again.", out);
    else if (strcmp(kind, "draining") == 0)
        fputs("the box is being taken out of the path.", out);
    else if (strcmp(kind, "finding_cleared") == 0)
        fprintf(out, "%s: %s is found no more.", json_string_at(event, "name"),
                json_string_at(json_object_get(event, "finding"), "finding"));
    else if (json_object_get(event, "finding") != NULL)
        fprintf(out, "%s: %s", json_string_at(event, "name"),
                json_string_at(json_object_get(event, "finding"), "words"));
    else if (strcmp(kind, "events_lost") == 0)
        fprintf(out, "%lld lines of the event log were lost.",
                (long long)json_integer_value(json_object_get(event, "count")));
    else if (json_object_get(event, "port") != NULL)
        fprintf(out, "%s: port %s.", kind, json_string_at(event, "port"));
    else
        fprintf(out, "%s%s%s.", kind, *json_string_at(event, "name") != '\0' ? ": " : "",
                json_string_at(event, "name"));
    fclose(out);
    return sentence;
}
