/* SPDX-License-Identifier: BSD-3-Clause */
/* An alarm in one sentence. */
#include <stdio.h>
#include <string.h>

#include "alert/alert.h"
#include "json/json.h"

/* %p: the prefix, %i: the ingress, %f: where it was before, or is expected. */
static const struct {
    const char *kind, *words;
} sentences[] = {
    {"unexpected_genuine", "%p really enters at %i, where no route leads%f"},
    {"unexpected_spoofed", "%i lets spoofed sources of %p in"},
    {"part_of_route_moved", "%p really enters at %i, and the rest of its route does not%f"},
    {"own_prefix_from_outside", "%p is our own, and enters from outside at %i"},
    {"ingress_change", "%p enters at %i now%f"},
    {"ingress_gone", "%p enters at %i no more"},
    {"not_for_us", "%i sends traffic to destinations that are not announced there"},
    {"unknown_neighbor", "somebody unknown sends at %i"},
    {"bogon", "%i lets sources in that no packet may have"},
    {"unrouted", "%i lets sources in that no route leads to"},
    {"diffuse_unexpected", "%i lets many unexpected sources of a few packets each in"},
    {"flapping", "%p comes and goes at %i"},
    {"expectation_stale", "what is expected is old"},
    {"map_pressure", "the map is full: what comes new is not in it"},
};

static void put_from(FILE *out, const json_t *event)
{
    if (!json_has_at(event, "from"))
        return;
    fprintf(out,
            strcmp(json_string_at(event, "kind"), "ingress_change") == 0
                ? ", and came in at %s before"
                : "; it is expected at %s",
            json_string_at(event, "from"));
}

static void put_prefix(FILE *out, const json_t *event)
{
    const json_int_t n = json_integer_value(json_object_get(event, "members_ever"));
    const json_int_t as = json_integer_value(json_object_get(event, "origin_as"));

    fputs(json_has_at(event, "prefix") ? json_string_at(event, "prefix") : "traffic", out);
    if (as > 0)
        fprintf(out, " (AS%lld)", (long long)as);
    if (n > 1)
        fprintf(out, " and %lld more", (long long)(n - 1));
}

static void put_sentence(FILE *out, const char *words, const json_t *event)
{
    for (; *words != '\0'; words++) {
        if (*words != '%') {
            fputc(*words, out);
            continue;
        }
        words++;
        if (*words == 'p')
            put_prefix(out, event);
        else if (*words == 'f')
            put_from(out, event);
        else
            fputs(json_has_at(event, "ingress") ? json_string_at(event, "ingress") : "no ingress",
                  out);
    }
}

static void put_state(FILE *out, const json_t *event)
{
    const char *news = json_string_at(event, "news"), *who = json_string_at(event, "who");
    const double duration_s = json_number_at(event, "duration_s");

    if (strcmp(news, "ended") == 0)
        fprintf(out, ": over after %.0f s, %lld packets", duration_s,
                (long long)json_integer_value(json_object_get(event, "packets")));
    else if (strcmp(news, "goes_on") == 0)
        fprintf(out, ": still so after %.0f min", duration_s / 60);
    else if (strcmp(news, "acknowledged") == 0 || strcmp(news, "accepted") == 0)
        fprintf(out, ": %s%s%s", news, *who != '\0' ? " by " : "", who);
}

const char *alert_words(const json_t *event, char out[ALERT_WORDS_BYTES])
{
    const char *kind = json_string_at(event, "kind"), *words = NULL;
    FILE *stream = fmemopen(out, ALERT_WORDS_BYTES - 1, "w");

    out[0] = out[ALERT_WORDS_BYTES - 1] = '\0';
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
        if (strcmp(sentences[i].kind, kind) == 0)
            words = sentences[i].words;
    if (stream == NULL)
        return out;
    if (words != NULL) {
        put_sentence(stream, words, event);
        put_state(stream, event);
    }
    fclose(stream);
    return out;
}
