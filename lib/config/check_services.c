/* SPDX-License-Identifier: BSD-3-Clause */
/* Services: each address is one, and no packet asks for two of them by equal right. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/services.h"

/* Where one service is asked. */
struct place {
    const struct config_service *service;
    const struct ip_address *address;
    uint32_t index, address_index;
};

/* The protocol does not count: of a port there are three at most, so those that could meet stand
 * side by side. */
static int compare_places(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    int order = memcmp(p->address->bytes, q->address->bytes, sizeof(p->address->bytes));

    if (order != 0)
        return order;
    if (p->service->port != q->service->port)
        return p->service->port < q->service->port ? -1 : 1;
    return p->index < q->index ? -1 : p->index > q->index;
}

static bool is_same_port(const struct place *a, const struct place *b)
{
    return ip_address_equal(a->address, b->address) && a->service->port == b->service->port;
}

static bool shares_protocol(const struct config_service *a, const struct config_service *b)
{
    return a->protocol == b->protocol || a->protocol == SERVICE_ANY || b->protocol == SERVICE_ANY;
}

static int refuse_place(struct option_reader *r, const struct place *first,
                        const struct place *second)
{
    char found[CONFIG_NAME_BYTES + IP_TEXT_BYTES + 64], text[IP_TEXT_BYTES];

    ip_address_format(second->address, text);
    snprintf(found, sizeof(found), "%s, whose port %u is that of service \"%s\", too", text,
             second->service->port, first->service->name);
    reader_enter_key(r, "services");
    reader_enter_item(r, second->index);
    reader_enter_key(r, "addresses");
    reader_enter_item(r, second->address_index);
    return reader_refuse(r, found, "one service for an address, port and protocol");
}

/* From the place before `i` back to the first of that port: at most two that do not overlap. */
static int check_before(struct option_reader *r, const struct place *places, uint32_t i)
{
    for (uint32_t k = i; k-- > 0 && is_same_port(&places[k], &places[i]);)
        if (shares_protocol(places[k].service, places[i].service))
            return refuse_place(r, &places[k], &places[i]);
    return 0;
}

static int check_places(struct option_reader *r)
{
    const struct config *c = r->config;
    struct place *places;
    uint32_t n = 0;
    int error = 0;

    for (uint32_t i = 0; i < c->n_services; i++)
        n += c->services[i].n_addresses;
    places = calloc(n + 1, sizeof(*places));
    if (places == NULL)
        return reader_no_memory(r);
    n = 0;
    for (uint32_t i = 0; i < c->n_services; i++)
        for (uint32_t k = 0; k < c->services[i].n_addresses; k++)
            places[n++] = (struct place){&c->services[i], &c->services[i].addresses[k], i, k};
    qsort(places, n, sizeof(*places), compare_places);
    for (uint32_t i = 1; i < n && error == 0; i++)
        error = check_before(r, places, i);
    free(places);
    return error;
}

/* Of one host, that is. */
static bool is_unicast(const struct ip_address *a)
{
    static const struct ip_address nobody;

    if (ip_address_is_ipv4(a))
        return a->bytes[12] != 0 && a->bytes[12] < 224;
    return a->bytes[0] != 0xff && !ip_address_equal(a, &nobody);
}

static int check_addresses(struct option_reader *r, uint32_t i)
{
    const struct config_service *s = &r->config->services[i];

    for (uint32_t k = 0; k < s->n_addresses; k++) {
        char text[IP_TEXT_BYTES], found[IP_TEXT_BYTES + 2];

        if (is_unicast(&s->addresses[k]))
            continue;
        snprintf(found, sizeof(found), "\"%s\"", ip_address_format(&s->addresses[k], text));
        reader_enter_key(r, "services");
        reader_enter_item(r, i);
        reader_enter_key(r, "addresses");
        reader_enter_item(r, k);
        return reader_refuse(r, found, "a unicast address like \"192.0.2.1\" or \"2001:db8::1\"");
    }
    return 0;
}

int config_check_services(struct option_reader *r)
{
    for (uint32_t i = 0; i < r->config->n_services; i++) {
        int error = check_addresses(r, i);

        if (error != 0)
            return error;
    }
    return check_places(r);
}
