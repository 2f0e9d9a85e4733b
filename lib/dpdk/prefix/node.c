/* SPDX-License-Identifier: BSD-3-Clause */
#include "prefix/node.h"

#include <errno.h>
#include <rte_malloc.h>
#include <stdlib.h>

/* While building: one source of one slice. */
struct pair {
    struct ip_prefix prefix;
    uint32_t slice;
};

static int compare_prefix(const struct ip_prefix *a, const struct ip_prefix *b)
{
    int by_address = memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));

    if (a->is_ipv4 != b->is_ipv4)
        return a->is_ipv4 ? -1 : 1;
    if (by_address != 0)
        return by_address;
    return (int)a->length - (int)b->length;
}

static int compare_pair(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    int by_prefix = compare_prefix(&a->prefix, &b->prefix);

    if (by_prefix != 0)
        return by_prefix;
    return a->slice < b->slice ? -1 : a->slice > b->slice;
}

static int longest_first(const void *left, const void *right)
{
    const struct ip_prefix *a = left, *b = right;

    return (int)b->length - (int)a->length;
}

static bool is_any(const struct ip_prefix *p)
{
    return p->length == 0;
}

/* Does the slice take every packet of this family whose source it holds? */
static bool asks_for_nothing(const struct slice *s, bool is_ipv4)
{
    if (s->ingress.port != SLICE_ANY_PORT || s->ingress.vlan != SLICE_ANY_VLAN ||
        s->ingress.tunnel != SLICE_ANY_TUNNEL || s->ingress.has_tunnel_id ||
        slice_ports_asks(&s->ports) || s->has_mark)
        return false;
    for (uint32_t i = 0; i < s->n_destinations; i++)
        if (is_any(&s->destinations[i]) && s->destinations[i].is_ipv4 == is_ipv4)
            return true;
    return false;
}

static void *allocate(uint64_t n, size_t bytes, int socket)
{
    return rte_zmalloc_socket("prefix", n > 0 ? n * bytes : 1, RTE_CACHE_LINE_SIZE, socket);
}

static void fill_conditions(struct prefix_nodes *out, const struct slice *slices, uint32_t n)
{
    uint32_t first = 0;

    for (uint32_t i = 0; i < n; i++) {
        const struct slice *s = &slices[i];
        struct ip_prefix *own = out->destinations + first;

        if (!slice_is_present(s))
            continue;
        memcpy(own, s->destinations, s->n_destinations * sizeof(*own));
        qsort(own, s->n_destinations, sizeof(*own), longest_first);
        out->conditions[i] = (struct prefix_condition){
            .first = first,
            .n = s->n_destinations,
            .ingress = s->ingress,
            .asks_ports = slice_ports_asks(&s->ports),
            .has_mark = s->has_mark,
            .mark = s->mark,
        };
        if (out->ports != NULL)
            out->ports[i] = s->ports;
        first += s->n_destinations;
    }
}

/* Pairs are sorted, so a prefix comes right after those around it: climb until one holds it. */
static uint32_t parent_of(const struct prefix_nodes *out, uint32_t node)
{
    const struct ip_prefix *p = &out->nodes[node].prefix;
    uint32_t candidate = node > 0 ? node - 1 : NODE_NONE;

    while (candidate != NODE_NONE &&
           !ip_prefix_contains(&out->nodes[candidate].prefix, &p->address))
        candidate = out->nodes[candidate].parent;
    return candidate;
}

static void fill_nodes(struct prefix_nodes *out, const struct slice *slices,
                       const struct pair *pairs, uint32_t n_pairs)
{
    struct prefix_node *node = NULL;

    for (uint32_t i = 0; i < n_pairs; i++) {
        out->slices[i] = pairs[i].slice;
        if (node == NULL || !ip_prefix_equal(&node->prefix, &pairs[i].prefix)) {
            node = &out->nodes[out->n_nodes++];
            node->prefix = pairs[i].prefix;
            node->first = i;
            node->parent = parent_of(out, out->n_nodes - 1);
        }
        node->n++;
    }
    for (uint32_t i = 0; i < out->n_nodes; i++) {
        uint32_t only = out->slices[out->nodes[i].first];
        bool all = asks_for_nothing(&slices[only], out->nodes[i].prefix.is_ipv4);

        out->nodes[i].takes_all = out->nodes[i].n == 1 && all ? (int32_t)only : -1;
    }
}

/* All sources of all slices, sorted. The caller's, by free(). */
static struct pair *collect_pairs(const struct slice *slices, uint32_t n, uint32_t n_pairs)
{
    struct pair *pairs = calloc((size_t)n_pairs + 1, sizeof(*pairs));
    uint32_t k = 0;

    if (pairs == NULL)
        return NULL;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; slice_is_present(&slices[i]) && j < slices[i].n_sources; j++)
            pairs[k++] = (struct pair){.prefix = slices[i].sources[j], .slice = i};
    qsort(pairs, n_pairs, sizeof(*pairs), compare_pair);
    return pairs;
}

int prefix_nodes_build(struct prefix_nodes *out, const struct slice *slices, uint32_t n, int socket)
{
    uint32_t n_pairs = 0, n_destinations = 0;
    bool asks_ports = false;
    struct pair *pairs;

    for (uint32_t i = 0; i < n; i++) {
        if (!slice_is_present(&slices[i]))
            continue;
        n_pairs += slices[i].n_sources;
        n_destinations += slices[i].n_destinations;
        asks_ports |= slice_ports_asks(&slices[i].ports);
    }
    *out = (struct prefix_nodes){
        .nodes = allocate(n_pairs, sizeof(*out->nodes), socket),
        .slices = allocate(n_pairs, sizeof(*out->slices), socket),
        .conditions = allocate(n, sizeof(*out->conditions), socket),
        .destinations = allocate(n_destinations, sizeof(*out->destinations), socket),
        .ports = asks_ports ? allocate(n, sizeof(*out->ports), socket) : NULL,
    };
    pairs = collect_pairs(slices, n, n_pairs);
    if (pairs == NULL || out->nodes == NULL || out->slices == NULL || out->conditions == NULL ||
        out->destinations == NULL || (asks_ports && out->ports == NULL)) {
        free(pairs);
        prefix_nodes_free(out);
        return -ENOMEM;
    }
    fill_conditions(out, slices, n);
    fill_nodes(out, slices, pairs, n_pairs);
    free(pairs);
    return 0;
}

void prefix_nodes_free(struct prefix_nodes *nodes)
{
    rte_free(nodes->nodes);
    rte_free(nodes->slices);
    rte_free(nodes->conditions);
    rte_free(nodes->destinations);
    rte_free(nodes->ports);
    *nodes = (struct prefix_nodes){0};
}

/* How well the slice fits beyond the source, larger is more; -1 when it does not. The order is that
 * of slice.h. */
static int fitness(const struct prefix_nodes *nodes, uint32_t slice, const struct packet_view *view,
                   const struct ingress *at, uint32_t packet_mark)
{
    const struct prefix_condition *c = &nodes->conditions[slice];
    int ingress = slice_ingress_fits(&c->ingress, at);
    int ports = c->asks_ports ? slice_ports_fit(&nodes->ports[slice], view) : 0;
    int mark = slice_mark_fits(c->has_mark, c->mark, packet_mark);

    if (ingress < 0 || ports < 0 || mark < 0)
        return -1;
    for (uint32_t i = 0; i < c->n; i++) {
        const struct ip_prefix *p = &nodes->destinations[c->first + i];

        if (ip_prefix_contains(p, &view->destination))
            return ((p->length * (SLICE_MOST_SPECIFIC + 1) + ingress) *
                        (SLICE_PORTS_MOST_SPECIFIC + 1) +
                    ports) *
                       2 +
                   mark;
    }
    return -1;
}

int32_t prefix_nodes_match(const struct prefix_nodes *nodes, uint32_t node,
                           const struct packet_view *view, const struct ingress *at, uint32_t mark)
{
    for (; node != NODE_NONE; node = nodes->nodes[node].parent) {
        const struct prefix_node *here = &nodes->nodes[node];
        int32_t best = here->takes_all;
        int best_fitness = -1;

        for (uint32_t i = 0; i < here->n && here->takes_all < 0; i++) {
            uint32_t slice = nodes->slices[here->first + i];
            int f = fitness(nodes, slice, view, at, mark);

            if (f > best_fitness) {
                best = (int32_t)slice;
                best_fitness = f;
            }
        }
        if (best >= 0)
            return best;
    }
    return -1;
}
