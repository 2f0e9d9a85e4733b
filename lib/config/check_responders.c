/* SPDX-License-Identifier: BSD-3-Clause */
/* Responders answer where packets pass, and never for an address of a service. */
#include <stdio.h>

#include "config/check.h"

static bool may_answer_for(const struct config_responder *c, const struct ip_address *a)
{
    for (uint32_t i = 0; i < c->n_rules; i++)
        if (ip_prefix_contains(&c->rules[i].prefix, a))
            return c->rules[i].permit;
    return c->otherwise == OTHERWISE_PERMIT;
}

static int check_port(struct option_reader *r, uint32_t i)
{
    const struct config_responder *c = &r->config->responders[i];
    char found[CONFIG_NAME_BYTES + 2];

    if (c->port == CONFIG_NONE || r->config->ports[c->port].role == PORT_ROLE_FORWARD)
        return 0;
    snprintf(found, sizeof(found), "\"%s\"", r->config->ports[c->port].name);
    reader_enter_key(r, "responders");
    reader_enter_item(r, i);
    reader_enter_key(r, "port");
    return reader_refuse(r, found, "a port of role forward, since a mirror answers nobody");
}

static int check_service(struct option_reader *r, uint32_t i, const struct config_service *s)
{
    char found[CONFIG_NAME_BYTES + IP_TEXT_BYTES + 64], text[IP_TEXT_BYTES];

    for (uint32_t k = 0; k < s->n_addresses; k++) {
        if (!may_answer_for(&r->config->responders[i], &s->addresses[k]))
            continue;
        snprintf(found, sizeof(found), "a permit of %s, an address of service \"%s\"",
                 ip_address_format(&s->addresses[k], text), s->name);
        reader_enter_key(r, "responders");
        reader_enter_item(r, i);
        reader_enter_key(r, "acl");
        return reader_refuse(r, found, "addresses that nobody has");
    }
    return 0;
}

int config_check_responders(struct option_reader *r)
{
    for (uint32_t i = 0; i < r->config->n_responders; i++) {
        int error = check_port(r, i);

        for (uint32_t k = 0; error == 0 && k < r->config->n_services; k++)
            error = check_service(r, i, &r->config->services[k]);
        if (error != 0)
            return error;
    }
    return 0;
}
