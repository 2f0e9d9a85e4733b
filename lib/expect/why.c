/* SPDX-License-Identifier: BSD-3-Clause */
#include "expect/why.h"

#include <stdio.h>
#include <time.h>

const char *expect_time(uint64_t time_s, char out[32])
{
    time_t t = (time_t)time_s;
    struct tm parts;

    if (time_s == 0 || gmtime_r(&t, &parts) == NULL ||
        strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        snprintf(out, 32, "-");
    return out;
}

json_t *expect_text(const char *text)
{
    json_t *value = json_string(text);

    return value != NULL ? value : json_string("?");
}

uint64_t expect_age_s(const struct expect_file *file, uint64_t now_s)
{
    uint64_t time_s = file->written_s != 0 ? file->written_s : file->changed_s;

    return time_s != 0 && time_s < now_s ? now_s - time_s : 0;
}

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
        m->origin != 0 ? json_integer(m->origin) : json_null(), "file", expect_text(file->path),
        "written", expect_time(file->written_s != 0 ? file->written_s : file->changed_s, written),
        "age_s", (json_int_t)expect_age_s(file, now_s));
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
                     expect_text(e->files[row->file].path), "line", (json_int_t)row->line, "until",
                     row->until_s != 0 ? json_string(expect_time(row->until_s, until))
                                       : json_null(),
                     "note", expect_text(row->note));
}

json_t *expect_why(const struct expectation *e, const struct ip_prefix *source, uint16_t ingress,
                   uint64_t now_s)
{
    struct expect_answer a;
    char text[IP_TEXT_BYTES];

    expect_grade(e, source, ingress, now_s, &a);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "prefix",
                     ip_prefix_format(source, text), "ingress", e->ingresses[ingress].name, "grade",
                     expect_grade_name(a.grade), "meaning", expect_grade_meaning(a.grade), "reason",
                     expect_reason_words(a.reason), "rpki",
                     e->n_vrps > 0 && a.route != EXPECT_NONE ? expect_rpki_name(a.rpki) : "unknown",
                     "accept", accept_json(e, &a), "longest_route", route_json(e, a.route, now_s),
                     "route_here", route_json(e, a.here, now_s), "origin_as",
                     a.origin != 0 ? json_integer(a.origin) : json_null());
}
