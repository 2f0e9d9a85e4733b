/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy_responders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "acl/acl.h"
#include "port/port.h"

static uint32_t ports_of(const struct config *config, const struct config_responder *c)
{
    uint32_t ports = 0;

    for (uint32_t i = 0; i < config->n_ports; i++)
        if (config->ports[i].role == PORT_ROLE_FORWARD && (c->port == CONFIG_NONE || c->port == i))
            ports |= UINT32_C(1) << i;
    return ports;
}

static int fill(struct policy_responder *out, const struct config *config,
                const struct config_responder *c)
{
    *out = (struct policy_responder){.ports = ports_of(config, c),
                                     .number = c->number,
                                     .after_ack = c->after_ack,
                                     .window = (uint16_t)c->window,
                                     .mss = (uint16_t)c->mss,
                                     .has_all_tcp_ports = c->n_tcp_ports == 0};
    for (uint32_t i = 0; i < c->n_tcp_ports; i++)
        out->tcp_ports[c->tcp_ports[i] / 8] |= (uint8_t)(1u << c->tcp_ports[i] % 8);
    return acl_compile(&out->acl, c->rules, c->n_rules, c->otherwise == OTHERWISE_PERMIT);
}

int policy_responders_create(struct policy_responders **out, const struct config *config,
                             const struct port *ports)
{
    struct policy_responders *r;
    int error = 0;

    *out = NULL;
    if (config->n_responders == 0)
        return 0;
    r = calloc(1, sizeof(*r) + config->n_responders * sizeof(r->responders[0]));
    if (r == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < config->n_ports; i++)
        memcpy(r->macs[i], ports[i].mac, sizeof(r->macs[i]));
    for (; r->n < config->n_responders && error == 0; r->n++)
        error = fill(&r->responders[r->n], config, &config->responders[r->n]);
    if (error == 0)
        *out = r;
    else
        policy_responders_destroy(r);
    return error;
}

void policy_responders_destroy(struct policy_responders *r)
{
    if (r == NULL)
        return;
    for (uint32_t i = 0; i < r->n; i++)
        acl_free(r->responders[i].acl);
    free(r);
}

uint32_t policy_responders_ports(const struct policy_responders *r)
{
    uint32_t ports = 0;

    for (uint32_t i = 0; r != NULL && i < r->n; i++)
        ports |= r->responders[i].ports;
    return ports;
}
