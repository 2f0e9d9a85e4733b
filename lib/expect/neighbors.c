/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "expect/builder.h"

static int compare(const void *a, const void *b)
{
    const struct expect_neighbor *p = a, *q = b;

    if (p->who.is_as != q->who.is_as)
        return p->who.is_as - q->who.is_as;
    if (p->who.is_as)
        return (p->who.as > q->who.as) - (p->who.as < q->who.as);
    return memcmp(p->who.address.bytes, q->who.address.bytes, sizeof(p->who.address.bytes));
}

int expect_neighbors_create(struct expect_builder *b)
{
    const struct config *c = b->config;
    size_t n = 0;

    for (uint32_t i = 0; i < c->n_ingresses; i++)
        n += c->ingresses[i].n_neighbors;
    b->neighbors = calloc(n + 1, sizeof(*b->neighbors));
    if (b->neighbors == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < c->n_ingresses; i++)
        for (uint32_t k = 0; k < c->ingresses[i].n_neighbors; k++) {
            const struct config_neighbor *who = &c->ingresses[i].neighbors[k];

            b->neighbors[b->n_neighbors++] = (struct expect_neighbor){*who, (uint16_t)i};
            if (who->is_as)
                b->as_filter[(who->as & 0xffff) / 64] |= UINT64_C(1) << (who->as % 64);
        }
    qsort(b->neighbors, b->n_neighbors, sizeof(*b->neighbors), compare);
    return 0;
}

static uint16_t find(const struct expect_builder *b, const struct config_neighbor *who)
{
    const struct expect_neighbor wanted = {*who, 0};
    const struct expect_neighbor *found =
        bsearch(&wanted, b->neighbors, b->n_neighbors, sizeof(wanted), compare);

    return found != NULL ? found->ingress : EXPECT_NO_INGRESS;
}

static uint16_t find_address(const struct expect_builder *b, const struct ip_address *address)
{
    const struct config_neighbor who = {.address = *address};

    return find(b, &who);
}

static uint16_t find_as(const struct expect_builder *b, uint32_t as)
{
    const struct config_neighbor who = {.is_as = true, .as = as};

    if ((b->as_filter[(as & 0xffff) / 64] >> (as % 64) & 1) == 0)
        return EXPECT_NO_INGRESS;
    return find(b, &who);
}

void expect_neighbors_resolve(const struct expect_builder *b, struct expect_sender *sender)
{
    if (sender->has_next_hop) {
        sender->by = EXPECT_BY_NEXT_HOP;
        sender->ingress = find_address(b, &sender->next_hop);
        if (sender->ingress != EXPECT_NO_INGRESS)
            return;
    }
    sender->by = EXPECT_BY_PEER;
    sender->ingress = find_address(b, &sender->peer);
    if (sender->ingress != EXPECT_NO_INGRESS)
        return;
    sender->by = EXPECT_BY_AS;
    sender->ingress = find_as(b, sender->first_as);
    if (sender->ingress == EXPECT_NO_INGRESS)
        sender->ingress = find_as(b, sender->peer_as);
    if (sender->ingress == EXPECT_NO_INGRESS)
        sender->by = EXPECT_BY_NOTHING;
}

uint16_t expect_neighbors_of_as(const struct expect_builder *b, uint32_t as)
{
    uint16_t ingress = find_as(b, as);
    enum ingress_relation relation;

    if (ingress == EXPECT_NO_INGRESS)
        return ingress;
    relation = b->config->ingresses[ingress].relation;
    return relation == INGRESS_CUSTOMER || relation == INGRESS_PEER ? ingress : EXPECT_NO_INGRESS;
}
