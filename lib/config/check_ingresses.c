/* SPDX-License-Identifier: BSD-3-Clause */
/* Ingresses with a name: no packet and no neighbor may be of two by equal right. Of ingresses whose
 * conditions are of different kinds the more specific one decides, so two tie only when the same
 * conditions are set, to the same values. Sorted, ties are neighbors. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_conditions(const struct named_ingress *a, const struct named_ingress *b)
{
    const struct {
        uint32_t a, b;
    } numbers[] = {
        {a->at.port, b->at.port},
        {a->at.vlan, b->at.vlan},
        {a->inner_vlan, b->inner_vlan},
        {a->at.tunnel, b->at.tunnel},
        {a->at.has_tunnel_id, b->at.has_tunnel_id},
        {a->at.has_tunnel_id ? a->at.tunnel_id : 0, b->at.has_tunnel_id ? b->at.tunnel_id : 0},
        {a->has_source_mac, b->has_source_mac},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        if (numbers[i].a != numbers[i].b)
            return compare_numbers(numbers[i].a, numbers[i].b);
    return a->has_source_mac ? memcmp(a->source_mac, b->source_mac, sizeof(a->source_mac)) : 0;
}

struct place {
    const struct named_ingress *ingress;
    const struct config_neighbor *neighbor; /* NULL while places are compared */
    uint32_t index, neighbor_index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    int order = compare_conditions(p->ingress, q->ingress);

    return order != 0 ? order : compare_numbers(p->index, q->index);
}

static int compare_neighbors(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    int order = option_compare_neighbors(p->neighbor, q->neighbor);

    order = order != 0 ? order : compare_numbers(p->index, q->index);
    return order != 0 ? order : compare_numbers(p->neighbor_index, q->neighbor_index);
}

static int refuse_place(struct option_reader *r, const struct place *first,
                        const struct place *second)
{
    char found[CONFIG_NAME_BYTES + 64];

    snprintf(found, sizeof(found), "where \"%s\" is, too", first->ingress->name);
    reader_enter_key(r, "ingresses");
    reader_enter_item(r, second->index);
    return reader_refuse(r, found, "another port, VLAN, tunnel or source MAC");
}

static int refuse_neighbor(struct option_reader *r, const struct place *first,
                           const struct place *second)
{
    char found[CONFIG_NAME_BYTES + IP_TEXT_BYTES + 64], text[IP_TEXT_BYTES];

    option_neighbor_text(second->neighbor, text);
    if (first->index == second->index)
        snprintf(found, sizeof(found), "%s twice", text);
    else
        snprintf(found, sizeof(found), "%s, a neighbor of \"%s\" too", text, first->ingress->name);
    reader_enter_key(r, "ingresses");
    reader_enter_item(r, second->index);
    reader_enter_key(r, "neighbors");
    reader_enter_item(r, second->neighbor_index);
    return reader_refuse(r, found, "each neighbor at one ingress");
}

static int check_places(struct option_reader *r, struct place *places)
{
    const struct config *c = r->config;

    for (uint32_t i = 0; i < c->n_ingresses; i++)
        places[i] = (struct place){&c->ingresses[i], NULL, i, 0};
    qsort(places, c->n_ingresses, sizeof(*places), compare_places);
    for (uint32_t i = 1; i < c->n_ingresses; i++)
        if (compare_conditions(places[i - 1].ingress, places[i].ingress) == 0)
            return refuse_place(r, &places[i - 1], &places[i]);
    return 0;
}

static int check_neighbors(struct option_reader *r, struct place *places)
{
    const struct config *c = r->config;
    size_t n = 0;

    for (uint32_t i = 0; i < c->n_ingresses; i++)
        for (uint32_t k = 0; k < c->ingresses[i].n_neighbors; k++)
            places[n++] = (struct place){&c->ingresses[i], &c->ingresses[i].neighbors[k], i, k};
    qsort(places, n, sizeof(*places), compare_neighbors);
    for (size_t i = 1; i < n; i++)
        if (option_compare_neighbors(places[i - 1].neighbor, places[i].neighbor) == 0)
            return refuse_neighbor(r, &places[i - 1], &places[i]);
    return 0;
}

static int check_tunnel_ids(struct option_reader *r)
{
    for (uint32_t i = 0; i < r->config->n_ingresses; i++) {
        size_t mark = reader_enter_key(r, "ingresses");
        int error;

        reader_enter_item(r, i);
        error = config_check_tunnel_id(r, &r->config->ingresses[i].at);
        if (error != 0)
            return error;
        reader_leave(r, mark);
    }
    return 0;
}

int config_check_ingresses(struct option_reader *r)
{
    const struct config *c = r->config;
    size_t n = c->n_ingresses;
    struct place *places;
    int error = check_tunnel_ids(r);

    if (error != 0)
        return error;
    for (uint32_t i = 0; i < c->n_ingresses; i++)
        n += c->ingresses[i].n_neighbors;
    places = calloc(n + 1, sizeof(*places));
    if (places == NULL)
        return reader_no_memory(r);
    error = check_places(r, places);
    if (error == 0)
        error = check_neighbors(r, places);
    free(places);
    return error;
}
