/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>

#include "report/internal.h"
#include "report/map.h"
#include "json/json.h"

static const char *place_name(const struct map *m, uint16_t place)
{
    const struct map_places *p = map_places(m);

    return place < p->n ? p->places[place].name : NULL;
}

static json_t *rates_json(const float rates[MAP_N_RATES], double factor)
{
    return json_pack("{s:f, s:f, s:f}", "10_s", rates[MAP_RATE_10_S] * factor, "5_min",
                     rates[MAP_RATE_5_MIN] * factor, "1_h", rates[MAP_RATE_1_H] * factor);
}

static json_t *destinations_json(const struct map_entry *e)
{
    json_t *out = json_object();
    double sum = 0;

    for (int i = 0; i < MAP_N_DESTINATIONS; i++)
        sum += e->destinations[i];
    for (int i = 0; i < MAP_N_DESTINATIONS; i++)
        if (e->destinations[i] > 0)
            json_object_set_new(out, map_destination_name((enum map_destination)i),
                                json_real(e->destinations[i] / sum));
    return out;
}

static json_t *reality_json(const struct map_entry *e, const struct report_clock *clock)
{
    const struct map_reality *r = &e->reality;

    if (r->at_ns == 0)
        return json_pack("{s:s}", "state", map_reality_name((enum map_reality_state)r->state));
    return json_pack(
        "{s:s, s:o, s:o, s:f, s:[f,f], s:I, s:I, s:I}", "state",
        map_reality_name((enum map_reality_state)r->state), "at_s", report_seconds(clock, r->at_ns),
        "at", report_wall(clock, r->at_ns), "log10_evidence", (double)r->log10_evidence,
        "genuine_share", (double)r->genuine_low, (double)r->genuine_high, "drops",
        (json_int_t)r->n_drops, "repaired", (json_int_t)r->n_repaired, "test", (json_int_t)r->test);
}

static json_t *dominant_json(const struct map *m, const struct map_entry *e)
{
    const struct map_prefix *p = map_prefix_of(m, &e->key);

    if (p == NULL || p->dominant.ingress == MAP_NO_INGRESS)
        return json_null();
    return json_pack("{s:s?, s:f, s:I}", "ingress", place_name(m, p->dominant.ingress), "share",
                     (double)p->dominant.share, "bundle", (json_int_t)p->dominant.n_bundle);
}

/* The covering route of an entry, when it is not the entry's own prefix. */
static json_t *route_json(const struct map_entry *e)
{
    char text[IP_TEXT_BYTES];
    struct ip_prefix route;

    if (e->route_length == UINT8_MAX)
        return json_null();
    route = ip_prefix_of_address(&e->key.address, e->route_length);
    return json_string(ip_prefix_format(&route, text));
}

json_t *report_map_entry(const struct map *m, uint32_t slot, const struct report_clock *clock)
{
    const struct map_entry *e = map_at(m, slot);
    const struct ip_prefix prefix = map_key_prefix(&e->key);
    char text[IP_TEXT_BYTES];

    return json_pack(
        "{s:s?, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:I, "
        "s:o, s:o, s:o}",
        "ingress", place_name(m, e->key.ingress), "prefix", ip_prefix_format(&prefix, text),
        "packets", (json_int_t)e->packets, "bytes", (json_int_t)e->bytes, "payload_segments",
        (json_int_t)e->payload_segments, "packets_per_s", rates_json(e->packets_per_s, 1),
        "bits_per_s", rates_json(e->bytes_per_s, 8), "first_seen_s",
        report_seconds(clock, e->first_seen_ns), "first_seen", report_wall(clock, e->first_seen_ns),
        "last_seen_s", report_seconds(clock, e->last_seen_ns), "last_seen",
        report_wall(clock, e->last_seen_ns), "presence",
        map_presence_name((enum map_presence)e->presence), "grade",
        expect_grade_name((enum expect_grade)e->grade), "rpki",
        expect_rpki_name((enum expect_rpki)e->rpki), "origin_as",
        e->origin_as != 0 ? json_integer(e->origin_as) : json_null(), "route", route_json(e),
        "addresses", (json_int_t)lround(map_n_addresses(e)), "destinations", destinations_json(e),
        "reality", reality_json(e, clock), "dominant", dominant_json(m, e));
}

/* What there is of each grade and reality. */
static json_t *stand_json(const struct map_stand *stand)
{
    json_t *out = json_array();

    for (uint32_t g = 0; g < EXPECT_N_GRADES; g++)
        for (uint32_t r = 0; r < MAP_N_REALITIES; r++) {
            const struct map_stood *c = &stand->cells[g][r];

            if (c->entries > 0)
                json_array_append_new(out,
                                      json_pack("{s:s, s:s, s:I, s:f, s:f}", "grade",
                                                expect_grade_name((enum expect_grade)g), "reality",
                                                map_reality_name((enum map_reality_state)r),
                                                "entries", (json_int_t)c->entries, "packets_per_s",
                                                (double)c->packets_per_s, "bits_per_s",
                                                8 * (double)c->bytes_per_s));
        }
    return out;
}

static json_t *place_json(const struct map_place *p, const struct map_stand *stand)
{
    return json_pack("{s:s, s:b, s:s?, s:I, s:I, s:I, s:I, s:b, s:o}", "name", p->name, "named",
                     (int)p->is_named, "relation",
                     p->is_named ? ingress_relation_name((enum ingress_relation)p->relation) : NULL,
                     "entries", (json_int_t)p->n_entries, "unexpected", (json_int_t)p->n_unexpected,
                     "stray_packets", (json_int_t)p->stray_packets, "stray_bytes",
                     (json_int_t)p->stray_bytes, "diffuse", (int)p->is_diffuse, "standing",
                     stand_json(stand));
}

json_t *report_map_places(const struct map *m)
{
    const struct map_places *places = map_places(m);
    json_t *out = json_array();

    for (uint16_t i = 0; i < places->n; i++)
        json_array_append_new(out, place_json(&places->places[i], map_stand_of(m, i)));
    return out;
}

static json_t *expectation_json(const struct map *m)
{
    const struct map_expectation *x = map_expected(m);
    const struct expectation *e;

    if (x == NULL)
        return json_null();
    e = &x->expectation;
    return json_pack("{s:I, s:I, s:I, s:I}", "built_s", (json_int_t)e->header->built_s, "routes",
                     (json_int_t)e->n_routes, "accepts",
                     (json_int_t)e->n_accepts + e->n_accept_ases, "vrps", (json_int_t)e->n_vrps);
}

json_t *report_map_summary(const struct map *m)
{
    const struct map_counters c = map_counters(m);
    const struct map_worker_totals w = map_worker_totals(m);
    json_t *counters = json_object();

#define X(name, help) json_object_set_new(counters, #name, json_integer((json_int_t)c.name));
    MAP_COUNTERS(X)
#undef X
#define X(name, help) json_object_set_new(counters, #name, json_integer((json_int_t)w.name));
    MAP_WORKER_COUNTERS(X)
#undef X
    return json_pack("{s:I, s:o, s:o, s:o}", "most_entries", (json_int_t)map_n_slots(m), "counters",
                     counters, "expectation", expectation_json(m), "ingresses",
                     report_map_places(m));
}

json_t *report_map_change(const struct map *m, const struct map_change *c,
                          const struct report_clock *clock)
{
    const struct ip_prefix prefix = map_key_prefix(&c->key);
    char text[IP_TEXT_BYTES];
    json_t *out = json_pack("{s:s, s:o, s:o, s:s?}", "event", map_change_name(c->kind), "time_s",
                            report_seconds(clock, c->at_ns), "time", report_wall(clock, c->at_ns),
                            "ingress", place_name(m, c->key.ingress));

    if (c->kind == MAP_CHANGE_DOMINANT) {
        json_object_del(out, "ingress");
        json_object_set_new(out, "from", json_text_or_null(place_name(m, c->from.ingress)));
        json_object_set_new(out, "to", json_text_or_null(place_name(m, c->to.ingress)));
        json_object_set_new(out, "share", json_real((double)c->to.share));
        json_object_set_new(out, "bundle", json_integer(c->to.n_bundle));
    }
    if (c->key.length != 0)
        json_object_set_new(out, "prefix", json_string(ip_prefix_format(&prefix, text)));
    return out;
}
