/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/why_words.h"

#include <string.h>

#include "json/json.h"

static void print_senders(FILE *out, const json_t *from)
{
    const json_t *s;
    size_t i;

    json_array_foreach (from, i, s) {
        const char *ingress = json_string_value(json_object_get(s, "ingress"));
        const char *hop = json_string_value(json_object_get(s, "next_hop"));
        json_int_t origin = json_integer_value(json_object_get(s, "origin"));

        fprintf(out, "    %s: from %s AS %lld", ingress != NULL ? ingress : "behind no ingress",
                json_string_value(json_object_get(s, "peer")),
                (long long)json_integer_value(json_object_get(s, "peer_as")));
        if (hop != NULL)
            fprintf(out, ", next hop %s", hop);
        if (origin != 0)
            fprintf(out, ", begun by AS %lld", (long long)origin);
        fprintf(out, "; %s, %lld s old\n", json_string_value(json_object_get(s, "file")),
                (long long)json_integer_value(json_object_get(s, "age_s")));
    }
}

static void print_route(FILE *out, const json_t *route, const char *what)
{
    if (!json_is_object(route))
        return;
    fprintf(out, "  %s %s\n", what, json_string_at(route, "prefix"));
    print_senders(out, json_object_get(route, "from"));
}

static void print_accept(FILE *out, const json_t *accept)
{
    const char *note = json_string_at(accept, "note");

    if (!json_is_object(accept))
        return;
    fprintf(out, "  by %s, line %.0f: %s%s%s\n", json_string_at(accept, "file"),
            json_number_at(accept, "line"), json_string_at(accept, "of"), *note != '\0' ? ": " : "",
            note);
}

void why_words_print(FILE *out, const json_t *why)
{
    const json_t *longest = json_object_get(why, "longest_route");
    const json_t *here = json_object_get(why, "route_here");

    fprintf(out, "%s at %s: %s. %s\n", json_string_at(why, "prefix"),
            json_string_at(why, "ingress"), json_string_at(why, "grade"),
            json_string_at(why, "meaning"));
    if (*json_string_at(why, "reason") != '\0')
        fprintf(out, "  because %s\n", json_string_at(why, "reason"));
    print_accept(out, json_object_get(why, "accept"));
    if (json_has_at(why, "origin_as"))
        fprintf(out, "  by AS %.0f\n", json_number_at(why, "origin_as"));
    if (strcmp(json_string_at(why, "rpki"), "unknown") != 0)
        fprintf(out, "  RPKI: %s\n", json_string_at(why, "rpki"));
    print_route(out, longest, "the longest route is");
    if (strcmp(json_string_at(here, "prefix"), json_string_at(longest, "prefix")) != 0)
        print_route(out, here, "here leads");
}
