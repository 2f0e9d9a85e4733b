/* SPDX-License-Identifier: BSD-3-Clause */
/* How well a source fits to an ingress, and what says so. */
#include <stdio.h>
#include <time.h>

#include <jansson.h>

#include "common/exit_codes.h"
#include "expect/expect.h"
#include "pennyline-map/commands.h"
#include "pennyline-map/say.h"
#include "pennyline-map/summary.h"

static const char *const ways[] = {
    [EXPECT_BY_NOTHING] = "nothing",
    [EXPECT_BY_NEXT_HOP] = "next_hop",
    [EXPECT_BY_PEER] = "peer",
    [EXPECT_BY_AS] = "as",
};

static const char *prefix_text(const struct expect_prefix *p, char out[IP_TEXT_BYTES])
{
    struct ip_prefix prefix = expect_ip_prefix(p);

    return ip_prefix_format(&prefix, out);
}

static json_t *sender_json(const struct expectation *e, const struct expect_member *m,
                           uint64_t now_s)
{
    const struct expect_sender *s = &e->senders[m->sender];
    const struct expect_file *file = &e->files[s->file];
    char peer[IP_TEXT_BYTES], hop[IP_TEXT_BYTES], written[32];

    return json_pack(
        "{s:o, s:s, s:s, s:I, s:o, s:o, s:o, s:s, s:I}", "ingress",
        s->ingress != EXPECT_NO_INGRESS ? json_string(e->ingresses[s->ingress].name) : json_null(),
        "by", ways[s->by], "peer", ip_address_format(&s->peer, peer), "peer_as",
        (json_int_t)s->peer_as, "next_hop",
        s->has_next_hop ? json_string(ip_address_format(&s->next_hop, hop)) : json_null(), "origin",
        m->origin != 0 ? json_integer(m->origin) : json_null(), "file", summary_text(file->path),
        "written", summary_time(file->written_s != 0 ? file->written_s : file->changed_s, written),
        "age_s", (json_int_t)summary_age_s(file, now_s));
}

static json_t *route_json(const struct expectation *e, uint32_t route, uint64_t now_s)
{
    json_t *from = json_array();
    char text[IP_TEXT_BYTES];
    uint32_t set;

    if (route == EXPECT_NONE) {
        json_decref(from);
        return json_null();
    }
    set = e->routes[route].set;
    for (uint32_t i = e->set_starts[set]; i < e->set_starts[set + 1]; i++)
        json_array_append_new(from, sender_json(e, &e->members[i], now_s));
    return json_pack("{s:s, s:o}", "prefix", prefix_text(&e->routes[route].prefix, text), "from",
                     from);
}

static json_t *accept_json(const struct expectation *e, const struct expect_answer *a)
{
    const struct expect_accept *row;
    char text[IP_TEXT_BYTES], until[32];

    if (a->accept == EXPECT_NONE)
        return json_null();
    row = a->is_as ? &e->accept_ases[a->accept] : &e->accepts[a->accept];
    if (a->is_as)
        snprintf(text, sizeof(text), "AS%u", row->as);
    else
        prefix_text(&row->prefix, text);
    return json_pack("{s:s, s:o, s:I, s:o, s:o}", "of", text, "file",
                     summary_text(e->files[row->file].path), "line", (json_int_t)row->line, "until",
                     row->until_s != 0 ? json_string(summary_time(row->until_s, until))
                                       : json_null(),
                     "note", summary_text(row->note));
}

static void show_json(const struct expectation *e, const char *source, uint16_t ingress,
                      const struct expect_answer *a, uint64_t now_s)
{
    json_t *out =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "prefix", source, "ingress",
                  e->ingresses[ingress].name, "grade", expect_grade_name(a->grade), "reason",
                  expect_reason_words(a->reason), "rpki",
                  e->n_vrps > 0 && a->route != EXPECT_NONE ? expect_rpki_name(a->rpki) : "unknown",
                  "accept", accept_json(e, a), "longest_route", route_json(e, a->route, now_s),
                  "route_here", route_json(e, a->here, now_s), "origin_as",
                  a->origin != 0 ? json_integer(a->origin) : json_null());

    json_dumpf(out, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(out);
}

static void show_senders(const json_t *from)
{
    const json_t *s;
    size_t i;

    json_array_foreach (from, i, s) {
        const char *ingress = json_string_value(json_object_get(s, "ingress"));
        const char *hop = json_string_value(json_object_get(s, "next_hop"));
        json_int_t origin = json_integer_value(json_object_get(s, "origin"));

        printf("    %s: from %s AS %lld", ingress != NULL ? ingress : "behind no ingress",
               json_string_value(json_object_get(s, "peer")),
               (long long)json_integer_value(json_object_get(s, "peer_as")));
        if (hop != NULL)
            printf(", next hop %s", hop);
        if (origin != 0)
            printf(", begun by AS %lld", (long long)origin);
        printf("; %s, %lld s old\n", json_string_value(json_object_get(s, "file")),
               (long long)json_integer_value(json_object_get(s, "age_s")));
    }
}

static void show_route(const struct expectation *e, uint32_t route, const char *what,
                       uint64_t now_s)
{
    json_t *r = route_json(e, route, now_s);

    if (!json_is_null(r)) {
        printf("  %s %s\n", what, json_string_value(json_object_get(r, "prefix")));
        show_senders(json_object_get(r, "from"));
    }
    json_decref(r);
}

static void show_words(const struct expectation *e, const char *source, uint16_t ingress,
                       const struct expect_answer *a, uint64_t now_s)
{
    json_t *accept = accept_json(e, a);

    printf("%s at %s: %s. %s\n", source, e->ingresses[ingress].name, expect_grade_name(a->grade),
           expect_grade_meaning(a->grade));
    if (a->reason != EXPECT_REASON_PLAIN)
        printf("  because %s\n", expect_reason_words(a->reason));
    if (!json_is_null(accept))
        printf("  by %s, line %lld: %s%s%s\n", json_string_value(json_object_get(accept, "file")),
               (long long)json_integer_value(json_object_get(accept, "line")),
               json_string_value(json_object_get(accept, "of")),
               a->grade == EXPECT_LISTED && *json_string_value(json_object_get(accept, "note"))
                   ? ": "
                   : "",
               json_string_value(json_object_get(accept, "note")));
    json_decref(accept);
    if (a->origin != 0)
        printf("  by AS %u\n", a->origin);
    if (e->n_vrps > 0 && a->route != EXPECT_NONE)
        printf("  RPKI: %s\n", expect_rpki_name(a->rpki));
    show_route(e, a->route, "the longest route is", now_s);
    if (a->here != a->route)
        show_route(e, a->here, "here leads", now_s);
}

static int find(const struct options *o, const struct expectation *e, struct ip_prefix *source,
                uint16_t *ingress)
{
    if (ip_prefix_parse(o->words[0], source) != 0) {
        say("\"%s\"; allowed: a prefix or an address, as 192.0.2.0/24 or 2001:db8::1", o->words[0]);
        return -1;
    }
    *ingress = expect_find_ingress(e, o->words[1]);
    if (*ingress != EXPECT_NO_INGRESS)
        return 0;
    say("\"%s\" is no ingress of %s, which has:", o->words[1], o->expectation);
    for (uint32_t i = 0; i < e->n_ingresses; i++)
        fprintf(stderr, "  %s\n", e->ingresses[i].name);
    return -1;
}

int command_why(const struct options *o)
{
    uint64_t now_s = (uint64_t)time(NULL);
    char error[EXPECT_ERROR_BYTES], text[IP_TEXT_BYTES];
    struct expect_answer answer;
    struct ip_prefix source;
    struct expectation e;
    uint16_t ingress;
    int code = EXIT_USAGE;

    if (expect_open(o->expectation, &e, error) != 0) {
        say("%s: %s", o->expectation, error);
        return EXIT_ERROR;
    }
    if (find(o, &e, &source, &ingress) == 0) {
        ip_prefix_format(&source, text);
        expect_grade(&e, &source, ingress, now_s, &answer);
        (o->json ? show_json : show_words)(&e, text, ingress, &answer, now_s);
        code = EXIT_SUCCESS;
    }
    expect_close(&e);
    return code;
}
