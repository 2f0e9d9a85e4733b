/* SPDX-License-Identifier: BSD-3-Clause */
/* Scheduled tests: asked for as a person asks for one, and looked at until they are over. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "deciding_internal.h"
#include "deciding_report.h"
#include "ondemand/ondemand.h"
#include "json/json.h"

#define LABEL          "map"
#define MOST_LENGTH_MS 60000

static const struct named_ingress *named(const struct deciding *d, uint16_t place)
{
    const struct config *c = d->appliance->config;
    const char *name = deciding_place_name(d, place);

    for (uint32_t i = 0; i < c->n_ingresses; i++)
        if (strcmp(c->ingresses[i].name, name) == 0)
            return &c->ingresses[i];
    return NULL;
}

/* A slice knows no second tag and no sender: packets of others would be tested with it. */
static bool is_expressible(const struct named_ingress *in)
{
    return in->at.port != SLICE_ANY_PORT && !in->has_source_mac &&
           in->inner_vlan == SLICE_ANY_VLAN &&
           (in->at.tunnel == SLICE_ANY_TUNNEL || in->at.tunnel == SLICE_TUNNEL(PACKET_TUNNEL_NONE));
}

/* Of an ingress that another one takes packets from, a slice would have those, too. */
static bool shares_packets(const struct config *c, const struct named_ingress *in)
{
    for (uint32_t i = 0; i < c->n_ingresses; i++) {
        const struct slice_ingress *other = &c->ingresses[i].at;

        if (&c->ingresses[i] != in &&
            (other->port == SLICE_ANY_PORT || other->port == in->at.port) &&
            (other->vlan == SLICE_ANY_VLAN || in->at.vlan == SLICE_ANY_VLAN ||
             other->vlan == in->at.vlan))
            return true;
    }
    return false;
}

bool deciding_is_told_apart(const struct deciding *d, const struct named_ingress *in)
{
    return is_expressible(in) && !shares_packets(d->appliance->config, in);
}

bool deciding_is_forwarded(void *deciding, uint16_t place)
{
    const struct deciding *d = deciding;
    const struct named_ingress *in = named(d, place);

    return in != NULL && deciding_is_told_apart(d, in) &&
           d->appliance->config->ports[in->at.port].role == PORT_ROLE_FORWARD;
}

static json_t *ingress_json(const struct deciding *d, const struct named_ingress *in)
{
    json_t *out = json_pack("{s:s}", "port", d->appliance->config->ports[in->at.port].name);

    if (in->at.vlan != SLICE_ANY_VLAN)
        json_object_set_new(out, "vlan", json_integer(in->at.vlan));
    if (in->at.tunnel != SLICE_ANY_TUNNEL)
        json_object_set_new(out, "tunnel", json_string("none"));
    return out;
}

static json_t *request_of(const struct deciding *d, const struct schedule_pick *pick)
{
    const struct named_ingress *in = named(d, pick->candidate.key.ingress);
    const struct ip_prefix prefix = map_key_prefix(&pick->candidate.key);
    char text[IP_TEXT_BYTES];

    if (in == NULL)
        return NULL;
    return json_pack("{s:s, s:o, s:s, s:{s:b, s:f, s:i}}", "source",
                     ip_prefix_format(&prefix, text), "ingress", ingress_json(d, in), "label",
                     LABEL, "set", "fallback_to_individual", (int)pick->with_flows, "alpha",
                     d->alpha, "max_duration_ms", MOST_LENGTH_MS);
}

static void end(struct deciding *d, struct scheduled *s, const struct decide_outcome *outcome,
                uint64_t now_ns)
{
    schedule_end(d->schedule, s->pick.ticket, outcome->state, outcome->n_drops, now_ns);
    decide_take(d->decide, outcome, now_ns);
    map_set_flags(d->map, outcome->slot, outcome->generation, MAP_TESTED, false);
    s->is_taken = false;
}

static void begin(struct deciding *d, const struct schedule_pick *pick, uint64_t now_ns)
{
    struct scheduled *s = &d->running[pick->ticket];
    const struct decide_outcome none = {.slot = pick->candidate.slot,
                                        .generation = pick->candidate.generation,
                                        .state = MAP_UNTESTED};
    json_t *request = request_of(d, pick), *reply = NULL;
    char error[ONDEMAND_ERROR_BYTES] = "";

    *s = (struct scheduled){.is_taken = true, .pick = *pick};
    if (request != NULL)
        reply = ondemand_test(d->appliance->operations.ondemand, request, now_ns, error);
    s->test = (uint32_t)json_integer_value(
        json_object_get(json_array_get(json_object_get(reply, "tests"), 0), "test"));
    if (s->test == 0)
        end(d, s, &none, now_ns);
    else
        map_set_flags(d->map, none.slot, none.generation, MAP_TESTED, true);
    json_decref(request);
    json_decref(reply);
}

static void look_at(struct deciding *d, struct scheduled *s, uint64_t now_ns)
{
    json_t *request = json_pack("{s:I}", "test", (json_int_t)s->test);
    char error[ONDEMAND_ERROR_BYTES];
    json_t *shown = ondemand_show_test(d->appliance->operations.ondemand, request, error);
    const json_t *report = json_object_get(shown, "report");
    const char *state = json_string_at(shown, "state");

    if (strcmp(state, "accepted") != 0 && strcmp(state, "running") != 0) {
        struct decide_outcome outcome = {.slot = s->pick.candidate.slot,
                                         .generation = s->pick.candidate.generation,
                                         .test = s->test};

        deciding_read_report(report, &outcome);
        end(d, s, &outcome, now_ns);
    }
    json_decref(shown);
    json_decref(request);
}

void deciding_tests_serve(struct deciding *d, uint64_t now_ns)
{
    struct schedule_pick pick;

    if (d->appliance->operations.ondemand == NULL)
        return;
    for (uint32_t i = 0; i < SCHEDULE_MOST_TESTS; i++)
        if (d->running[i].is_taken)
            look_at(d, &d->running[i], now_ns);
    /* A pick that could not begin is over: the next one has its turn. */
    for (uint32_t i = 0; i < SCHEDULE_MOST_TESTS && schedule_next(d->schedule, now_ns, &pick); i++)
        begin(d, &pick, now_ns);
}
