/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/check.h"
#include "config/most_packets.h"

#include <stdio.h>
#include <string.h>

/* Stands at $.ARRAY[index].KEY and refuses. */
static int refuse_at(struct option_reader *r, const char *array, size_t index, const char *key,
                     const char *found, const char *allowed)
{
    reader_enter_key(r, array);
    reader_enter_item(r, index);
    reader_enter_key(r, key);
    return reader_refuse(r, found, allowed);
}

static const char *quoted(const char *name, char out[CONFIG_PATH_BYTES + 2])
{
    snprintf(out, CONFIG_PATH_BYTES + 2, "\"%s\"", name);
    return out;
}

static int check_port_device(struct option_reader *r, uint32_t i)
{
    const struct config *c = r->config;
    char found[CONFIG_PATH_BYTES + 64], mine[CONFIG_PATH_BYTES], other[CONFIG_PATH_BYTES];

    config_device_canonical(c->ports[i].device, mine);
    for (uint32_t j = 0; j < i; j++) {
        config_device_canonical(c->ports[j].device, other);
        if (strcmp(mine, other) == 0) {
            snprintf(found, sizeof(found), "\"%.64s\", the device of port \"%s\" too",
                     c->ports[i].device, c->ports[j].name);
            return refuse_at(r, "ports", i, "device", found, "a device of its own");
        }
    }
    if (c->ports[i].driver != PORT_DRIVER_AUTO &&
        config_device_kind(c->ports[i].device) != PORT_DEVICE_INTERFACE)
        return refuse_at(r, "ports", i, "driver", "a driver for what is no kernel interface",
                         "\"auto\"");
    return 0;
}

/* Without a pair a port sends back what it received; a mirror sends nothing. */
static int check_port_pair(struct option_reader *r, uint32_t i)
{
    struct config_port *port = &r->config->ports[i];
    char found[CONFIG_PATH_BYTES + 2];

    if (port->pair == CONFIG_NONE) {
        port->pair = port->role == PORT_ROLE_FORWARD ? (uint16_t)i : CONFIG_NONE;
        return 0;
    }
    quoted(r->config->ports[port->pair].name, found);
    if (port->role == PORT_ROLE_MIRROR)
        return refuse_at(r, "ports", i, "pair", found,
                         "null, since nothing leaves a port of role mirror");
    if (r->config->ports[port->pair].role == PORT_ROLE_MIRROR)
        return refuse_at(r, "ports", i, "pair", found, "a port of role forward");
    return 0;
}

static int check_next_hop(struct option_reader *r, uint32_t i)
{
    const struct config *c = r->config;
    const struct config_port *port = &c->ports[c->next_hops[i].port];
    char found[CONFIG_PATH_BYTES + 2];

    if (port->role == PORT_ROLE_FORWARD)
        return 0;
    return refuse_at(r, "next_hops", i, "port", quoted(port->name, found),
                     "a port of role forward");
}

static int check_parameters(struct option_reader *r, const struct test_parameters *p)
{
    char found[64], allowed[96];

    if (p->min_closed_loop_flows <= p->max_individual_flows)
        return 0;
    reader_enter_key(r, "min_closed_loop_flows");
    snprintf(found, sizeof(found), "%u", p->min_closed_loop_flows);
    snprintf(allowed, sizeof(allowed), "at most max_individual_flows, which is %u",
             p->max_individual_flows);
    return reader_refuse(r, found, allowed);
}

/* A sub-prefix shorter than its source would be an aggregate that reaches out of the slice. */
static int check_granularity(struct option_reader *r, uint32_t i)
{
    const struct slice *s = &r->config->slices[i];

    for (uint32_t k = 0; k < s->n_sources; k++) {
        const struct ip_prefix *source = &s->sources[k];
        uint32_t bits = source->is_ipv4 ? s->granularity.ipv4 : s->granularity.ipv6;
        char found[32], allowed[IP_TEXT_BYTES + 64], text[IP_TEXT_BYTES];

        if (bits == 0 || bits >= source->length)
            continue;
        snprintf(found, sizeof(found), "%u", bits);
        snprintf(allowed, sizeof(allowed), "0, or at least the %u bits of the source %s",
                 source->length, ip_prefix_format(source, text));
        reader_enter_key(r, "slices");
        reader_enter_item(r, i);
        reader_enter_key(r, "granularity");
        reader_enter_key(r, source->is_ipv4 ? "ipv4" : "ipv6");
        return reader_refuse(r, found, allowed);
    }
    return 0;
}

/* A source that no destination can go with would be a line of the file without effect. */
static int check_families(struct option_reader *r, uint32_t i)
{
    const struct slice *s = &r->config->slices[i];

    for (uint32_t k = 0; k < s->n_sources; k++) {
        bool has_partner = false;
        char found[IP_TEXT_BYTES + 2], text[IP_TEXT_BYTES];

        for (uint32_t d = 0; d < s->n_destinations && !has_partner; d++)
            has_partner = s->destinations[d].is_ipv4 == s->sources[k].is_ipv4;
        if (has_partner)
            continue;
        snprintf(found, sizeof(found), "no %s destination for the source %s",
                 s->sources[k].is_ipv4 ? "IPv4" : "IPv6", ip_prefix_format(&s->sources[k], text));
        return refuse_at(r, "slices", i, "destinations", found,
                         "a destination of the family of each source");
    }
    return 0;
}

/* Nothing that is a copy can be dropped. */
static int check_mode(struct option_reader *r, uint32_t i)
{
    const struct config *c = r->config;
    const struct slice *s = &c->slices[i];
    uint32_t n_forward = 0;

    if (s->mode != SLICE_ACTIVE || c->n_ports == 0)
        return 0;
    if (s->ingress.port != SLICE_ANY_PORT)
        n_forward = c->ports[s->ingress.port].role == PORT_ROLE_FORWARD;
    else
        for (uint32_t p = 0; p < c->n_ports; p++)
            n_forward += c->ports[p].role == PORT_ROLE_FORWARD;
    if (n_forward > 0)
        return 0;
    return refuse_at(r, "slices", i, "mode", "\"active\" on ports of role mirror",
                     "\"passive\" or \"off\"");
}

static int check_port_sampling(struct option_reader *r, uint32_t i)
{
    const struct config_port *port = &r->config->ports[i];
    char found[32];

    if (port->sampling <= 1 || port->role == PORT_ROLE_MIRROR)
        return 0;
    snprintf(found, sizeof(found), "%u", port->sampling);
    return refuse_at(r, "ports", i, "sampling", found, "0, since only a mirror samples");
}

/* A slice that does not say how its mirror samples is told by the ports that it sees. */
static int check_sampling(struct option_reader *r, uint32_t i)
{
    const struct config *c = r->config;
    struct slice *s = &c->slices[i];
    const struct config_port *first = NULL;

    if (s->mode != SLICE_PASSIVE || s->parameters.sampling != 0)
        return 0;
    for (uint32_t p = 0; p < c->n_ports; p++) {
        if (s->ingress.port != SLICE_ANY_PORT && s->ingress.port != p)
            continue;
        if (first != NULL && first->sampling != c->ports[p].sampling)
            return refuse_at(r, "slices", i, "sampling", "0, and its ports sample differently",
                             "a number that holds for all of them, or an ingress port");
        first = &c->ports[p];
    }
    if (first != NULL)
        s->parameters.sampling = first->sampling;
    return 0;
}

static int refuse_ingress(struct option_reader *r, uint32_t i, const char *key, const char *found,
                          const char *allowed)
{
    reader_enter_key(r, "slices");
    reader_enter_item(r, i);
    reader_enter_key(r, "ingress");
    reader_enter_key(r, key);
    return reader_refuse(r, found, allowed);
}

static int check_tunnel_id(struct option_reader *r, uint32_t i)
{
    size_t mark = reader_enter_key(r, "slices");
    int error;

    reader_enter_item(r, i);
    reader_enter_key(r, "ingress");
    error = config_check_tunnel_id(r, &r->config->slices[i].ingress);
    if (error == 0)
        reader_leave(r, mark);
    return error;
}

/* A slice that waits for what nobody unwraps would stay empty for ever. */
static int check_tunnel(struct option_reader *r, uint32_t i)
{
    const struct config *c = r->config;
    const struct slice_ingress *in = &c->slices[i].ingress;

    if (in->tunnel == SLICE_ANY_TUNNEL || in->tunnel == SLICE_TUNNEL(PACKET_TUNNEL_NONE) ||
        c->n_ports == 0)
        return 0;
    for (uint32_t p = 0; p < c->n_ports; p++)
        if (config_port_decapsulates(&c->ports[p]) && (in->port == SLICE_ANY_PORT || in->port == p))
            return 0;
    return refuse_ingress(r, i, "tunnel", "a tunnel on ports that do not look into any",
                          "\"any\" or \"none\", or \"decapsulate\": true of the port");
}

static int refuse_escalation(struct option_reader *r, uint32_t i, const char *key,
                             const char *found, const char *allowed)
{
    reader_enter_key(r, "slices");
    reader_enter_item(r, i);
    reader_enter_key(r, "escalate");
    reader_enter_key(r, key);
    return reader_refuse(r, found, allowed);
}

static bool holds(const struct slice *s, const struct ip_prefix *source)
{
    for (uint32_t i = 0; i < s->n_sources; i++)
        if (s->sources[i].is_ipv4 == source->is_ipv4 && s->sources[i].length <= source->length &&
            ip_prefix_contains(&s->sources[i], &source->address))
            return true;
    return false;
}

/* Is every aggregate of the watched slice one of the tested slice, too? */
static bool is_same_traffic(const struct slice *watched, const struct slice *tested)
{
    if (watched->granularity.ipv4 != tested->granularity.ipv4 ||
        watched->granularity.ipv6 != tested->granularity.ipv6)
        return false;
    for (uint32_t i = 0; i < watched->n_sources; i++)
        if (!holds(tested, &watched->sources[i]))
            return false;
    return true;
}

/* Does an item of `sources` count the slice by itself? */
static bool is_counted(const struct config *c, uint32_t slice)
{
    for (uint32_t i = 0; i < c->n_countings; i++)
        for (uint32_t k = 0; k < c->countings[i].n_slices; k++)
            if (c->countings[i].slices[k] == slice)
                return true;
    return false;
}

static int check_escalation_limits(struct option_reader *r, uint32_t i)
{
    const struct slice_escalation *e = &r->config->slices[i].escalation;

    if ((e->when & ESCALATE_ON_VOLUME) != 0 && e->above_bps == 0)
        return refuse_escalation(r, i, "above_bps", "0",
                                 "the volume above which a test starts, since \"when\" has it");
    if ((e->when & ESCALATE_ON_SOURCES) != 0 && e->above_sources == 0)
        return refuse_escalation(r, i, "above_sources", "0",
                                 "the number above which a test starts, since \"when\" has it");
    if ((e->when & ESCALATE_ON_SOURCES) != 0 && !is_counted(r->config, i))
        return refuse_escalation(
            r, i, "when", "sources_above of a slice that nobody counts",
            "it, with an item of \"sources\" that has this slice in \"slices\"");
    return 0;
}

/* What counts sources may start the test of the slice itself, too. */
static bool may_test_itself(const struct slice *s)
{
    return s->mode == SLICE_ACTIVE && s->start == SLICE_START_MANUAL &&
           s->escalation.when == ESCALATE_ON_SOURCES;
}

static int check_escalation(struct option_reader *r, uint32_t i)
{
    const struct slice *s = &r->config->slices[i], *tested;
    char found[CONFIG_PATH_BYTES + 2];

    if (s->escalation.when == 0)
        return 0;
    if (s->mode != SLICE_PASSIVE && !may_test_itself(s))
        return refuse_escalation(r, i, "when", "causes for a slice that is not only watched",
                                 "[], or mode \"passive\"; [\"sources_above\"] also with mode "
                                 "\"active\" and start \"manual\"");
    if (s->escalation.test == SLICE_NONE && !may_test_itself(s))
        return refuse_escalation(r, i, "test", "null", "the name of the active slice to test");
    if (s->escalation.test == SLICE_NONE)
        return check_escalation_limits(r, i);
    tested = &r->config->slices[s->escalation.test];
    quoted(tested->name, found);
    if (tested->mode != SLICE_ACTIVE || tested->start != SLICE_START_MANUAL)
        return refuse_escalation(r, i, "test", found,
                                 "a slice of mode \"active\" and start \"manual\"");
    if (!is_same_traffic(s, tested))
        return refuse_escalation(r, i, "test", found,
                                 "a slice with all its sources and the same granularity");
    return check_escalation_limits(r, i);
}

static int check_slice(struct option_reader *r, uint32_t i)
{
    size_t mark = reader_enter_key(r, "slices");
    int error;

    reader_enter_item(r, i);
    error = check_parameters(r, &r->config->slices[i].parameters);
    if (error == 0 && r->config->slices[i].mode == SLICE_ACTIVE)
        error = config_check_feasible(r, &r->config->slices[i].parameters);
    if (error != 0)
        return error;
    reader_leave(r, mark);
    error = check_mode(r, i);
    if (error == 0)
        error = check_tunnel_id(r, i);
    if (error == 0)
        error = check_tunnel(r, i);
    if (error == 0)
        error = check_sampling(r, i);
    if (error == 0)
        error = check_escalation(r, i);
    if (error == 0)
        error = check_families(r, i);
    return error != 0 ? error : check_granularity(r, i);
}

static int check_each(struct option_reader *r, uint32_t n,
                      int (*check)(struct option_reader *, uint32_t))
{
    for (uint32_t i = 0; i < n; i++) {
        int error = check(r, i);

        if (error != 0)
            return error;
    }
    return 0;
}

static int check_aggregates(struct option_reader *r)
{
    const struct config *c = r->config;
    char found[32], allowed[64];

    if (c->n_slices <= c->instance.max_aggregates)
        return 0;
    snprintf(found, sizeof(found), "%u", c->instance.max_aggregates);
    snprintf(allowed, sizeof(allowed), "at least one for each of the %u slices", c->n_slices);
    reader_enter_key(r, "instance");
    reader_enter_key(r, "max_aggregates");
    return reader_refuse(r, found, allowed);
}

/* A test that can never have all its drops would wait for ever. */
static int check_drop_budget(struct option_reader *r)
{
    const struct config *c = r->config;
    uint32_t max = c->instance.max_drops_per_hour;
    char found[32], allowed[CONFIG_NAME_BYTES + 96];

    for (uint32_t i = 0; max != 0 && i < c->n_slices; i++) {
        uint32_t needed = test_parameters_most_packets(&c->slices[i].parameters);

        if (c->slices[i].mode != SLICE_ACTIVE || needed <= max)
            continue;
        snprintf(found, sizeof(found), "%u", max);
        snprintf(allowed, sizeof(allowed),
                 "0, or at least the %u segments that one test of slice \"%s\" may drop", needed,
                 c->slices[i].name);
        reader_enter_key(r, "instance");
        reader_enter_key(r, "max_drops_per_hour");
        return reader_refuse(r, found, allowed);
    }
    return 0;
}

static int check_counting(struct option_reader *r, uint32_t i)
{
    const struct counting *c = &r->config->countings[i];
    char found[32];

    if (!c->tcp && !c->udp)
        return refuse_at(r, "sources", i, "udp", "false, as \"tcp\" is", "one of both");
    for (uint32_t k = 0; k < c->n_slices; k++)
        if (r->config->slices[c->slices[k]].has_mark)
            return refuse_at(r, "sources", i, "slices", r->config->slices[c->slices[k]].name,
                             "slices without a mark: sources are counted before machines");
    if (c->window_s % SOURCES_WINDOW_STEP_S == 0)
        return 0;
    snprintf(found, sizeof(found), "%u", c->window_s);
    return refuse_at(r, "sources", i, "window_s", found, "a multiple of 10");
}

static int check_defaults(struct option_reader *r)
{
    size_t mark = reader_enter_key(r, "defaults");
    int error = check_parameters(r, &r->config->defaults);

    if (error == 0)
        reader_leave(r, mark);
    return error;
}

int config_check(struct option_reader *r)
{
    const struct config *c = r->config;
    int error;

    if ((error = check_each(r, c->n_ports, check_port_device)) != 0 ||
        (error = check_each(r, c->n_ports, check_port_pair)) != 0 ||
        (error = check_each(r, c->n_ports, check_port_sampling)) != 0 ||
        (error = check_each(r, c->n_next_hops, check_next_hop)) != 0 ||
        (error = config_check_ingresses(r)) != 0 || (error = check_defaults(r)) != 0 ||
        (error = config_check_services(r)) != 0 || (error = config_check_responders(r)) != 0 ||
        (error = config_check_machines(r, c->machines, c->n_machines)) != 0 ||
        (error = check_each(r, c->n_slices, check_slice)) != 0 ||
        (error = check_each(r, c->n_countings, check_counting)) != 0 ||
        (error = check_aggregates(r)) != 0 || (error = check_drop_budget(r)) != 0 ||
        (error = config_check_map(r)) != 0)
        return error;
    error = config_check_overlap(r);
    return error != 0 ? error : check_each(r, c->n_slices, config_check_mark);
}
