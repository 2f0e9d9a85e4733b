/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/destinations.h"

#include <errno.h>
#include <stdlib.h>

#include "config/named_ingress.h"
#include "expect/search.h"

static int compare(const void *a, const void *b)
{
    return expect_compare_prefixes(a, b);
}

int map_own_init(struct map_own *own, const struct ip_prefix *prefixes, uint32_t n)
{
    *own = (struct map_own){.rows = calloc((size_t)n + 1, sizeof(*own->rows)), .n = n};
    if (own->rows == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        own->rows[i] = expect_prefix_of(&prefixes[i]);
    qsort(own->rows, n, sizeof(*own->rows), compare);
    expect_link_parents(own->rows, n, sizeof(*own->rows));
    return 0;
}

void map_own_free(struct map_own *own)
{
    free(own->rows);
    *own = (struct map_own){0};
}

/* The classes are in the order of what counts. */
static enum map_destination class_of(uint32_t relation)
{
    switch ((enum ingress_relation)relation) {
    case INGRESS_INTERNAL:
        return MAP_TO_OWN;
    case INGRESS_CUSTOMER:
        return MAP_TO_CUSTOMER;
    case INGRESS_PEER:
        return MAP_TO_PEER;
    case INGRESS_TRANSIT:
        return MAP_TO_TRANSIT;
    }
    return MAP_TO_OTHER;
}

static enum map_destination class_of_route(const struct expectation *e, uint32_t route)
{
    const uint32_t set = e->routes[route].set;
    enum map_destination best = MAP_TO_OTHER;

    for (uint32_t i = e->set_starts[set]; i < e->set_starts[set + 1]; i++) {
        const uint16_t ingress = e->senders[e->members[i].sender].ingress;
        enum map_destination class;

        if (ingress == EXPECT_NO_INGRESS)
            continue;
        class = class_of(e->ingresses[ingress].relation);
        best = class < best ? class : best;
    }
    return best;
}

enum map_destination map_destination_of(const struct map_own *own, const struct expectation *e,
                                        const struct ip_address *to)
{
    const bool is_ipv4 = ip_address_is_ipv4(to);
    const struct ip_prefix host = {
        .address = *to, .length = is_ipv4 ? 32 : 128, .is_ipv4 = is_ipv4};
    const struct expect_prefix p = expect_prefix_of(&host);
    uint32_t route;

    if (expect_search(own->rows, own->n, sizeof(*own->rows), &p) != EXPECT_NONE)
        return MAP_TO_OWN;
    route = e != NULL ? expect_find_route(e, &host) : EXPECT_NONE;
    return route != EXPECT_NONE ? class_of_route(e, route) : MAP_TO_OTHER;
}
