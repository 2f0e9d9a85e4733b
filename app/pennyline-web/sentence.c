/* SPDX-License-Identifier: BSD-3-Clause */
/* An event in words, for a chat. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "webhook.h"

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value != NULL ? value : "";
}

static void write_verdict(FILE *out, const json_t *event)
{
    const json_t *report = json_object_get(event, "report");
    const json_t *share = json_object_get(report, "genuine_share");

    fprintf(out, "%s: %s", text(event, "name"), text(report, "verdict"));
    if (json_is_true(json_object_get(report, "provisional")))
        fputs(" (provisional)", out);
    if (json_is_true(json_object_get(report, "mixed")))
        fputs(" (mixed)", out);
    fprintf(out, ". %s", text(report, "reason_text"));
    fprintf(out, " %lld of %lld dropped segments came back",
            (long long)json_integer_value(json_object_get(report, "retransmitted")),
            (long long)json_integer_value(json_object_get(report, "dropped")));
    if (json_is_object(share))
        fprintf(out, "; genuine share %.0f %% (%.0f to %.0f %%)",
                100 * json_number_value(json_object_get(share, "estimate")),
                100 * json_number_value(json_object_get(share, "low")),
                100 * json_number_value(json_object_get(share, "high")));
    fputc('.', out);
}

char *webhook_sentence(const json_t *event)
{
    const char *kind = text(event, "event");
    char *sentence = NULL;
    size_t n;
    FILE *out = open_memstream(&sentence, &n);

    if (out == NULL)
        return NULL;
    if (json_object_get(event, "report") != NULL)
        write_verdict(out, event);
    else if (strcmp(kind, "suspended") == 0)
        fprintf(out, "drops are suspended: %s.", text(event, "reason"));
    else if (strcmp(kind, "resumed") == 0)
        fputs("drops are allowed again.", out);
    else if (strcmp(kind, "kill_switch") == 0)
        fprintf(out, "the kill switch is %s.", text(event, "switch"));
    else if (strcmp(kind, "finding_cleared") == 0)
        fprintf(out, "%s: %s is found no more.", text(event, "name"),
                text(json_object_get(event, "finding"), "finding"));
    else if (json_object_get(event, "finding") != NULL)
        fprintf(out, "%s: %s", text(event, "name"),
                text(json_object_get(event, "finding"), "words"));
    else if (strcmp(kind, "events_lost") == 0)
        fprintf(out, "%lld lines of the event log were lost.",
                (long long)json_integer_value(json_object_get(event, "count")));
    else if (json_object_get(event, "port") != NULL)
        fprintf(out, "%s: port %s.", kind, text(event, "port"));
    else
        fprintf(out, "%s%s%s.", kind, *text(event, "name") != '\0' ? ": " : "",
                text(event, "name"));
    fclose(out);
    return sentence;
}
