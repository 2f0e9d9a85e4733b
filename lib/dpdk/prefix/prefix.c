/* SPDX-License-Identifier: BSD-3-Clause */
#include "prefix/prefix.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "port/dpdk_compat.h"
#include "prefix/node.h"

/* Next hops of the tables: node + 1; 0 is "no source prefix holds it". Two bytes of them suffice
 * nearly always, and halve the memory of the first level (2^24 entries). */
#define SMALL_LIMIT       0x7fff
#define FIRST_LEVEL_SLOTS (1u << 24)
#define SECOND_LEVEL_BITS 8
#define FIRST_LEVEL_DEPTH 24

struct prefix_table {
    struct prefix_nodes nodes;
    struct rte_fib *ipv4;        /* NULL: no slice has an IPv4 source but 0.0.0.0/0 */
    struct rte_fib6 *ipv6;       /* likewise ::/0 */
    uint64_t any_ipv4, any_ipv6; /* next hop of packets that no longer prefix holds */
};

/* What a family's table must hold. */
struct demand {
    uint32_t n_routes;
    uint32_t n_groups; /* of 256 entries below the first level */
};

/* An upper bound: each prefix beyond 24 bits opens a group per started byte. */
static struct demand demand_of(const struct prefix_nodes *nodes, bool is_ipv4)
{
    struct demand d = {.n_groups = 16}; /* the library keeps some aside */

    for (uint32_t i = 0; i < nodes->n_nodes; i++) {
        const struct ip_prefix *p = &nodes->nodes[i].prefix;

        if (p->is_ipv4 != is_ipv4 || p->length == 0)
            continue;
        d.n_routes++;
        if (p->length > FIRST_LEVEL_DEPTH)
            d.n_groups +=
                (p->length - FIRST_LEVEL_DEPTH + SECOND_LEVEL_BITS - 1) / SECOND_LEVEL_BITS;
    }
    return d;
}

static bool fits_small(const struct prefix_nodes *nodes, struct demand d)
{
    return nodes->n_nodes < SMALL_LIMIT && d.n_groups < SMALL_LIMIT;
}

static int create_ipv4(struct prefix_table *t, const char *name, int socket)
{
    struct demand d = demand_of(&t->nodes, true);
    struct rte_fib_conf conf = {
        .type = RTE_FIB_DIR24_8,
        .default_nh = t->any_ipv4,
        .max_routes = (int)d.n_routes,
        .dir24_8 = {.nh_sz = fits_small(&t->nodes, d) ? RTE_FIB_DIR24_8_2B : RTE_FIB_DIR24_8_4B,
                    .num_tbl8 = d.n_groups},
    };

    if (d.n_routes == 0)
        return 0;
    t->ipv4 = rte_fib_create(name, socket, &conf);
    return t->ipv4 != NULL ? 0 : -rte_errno;
}

static int create_ipv6(struct prefix_table *t, const char *name, int socket)
{
    struct demand d = demand_of(&t->nodes, false);
    struct rte_fib6_conf conf = {
        .type = RTE_FIB6_TRIE,
        .default_nh = t->any_ipv6,
        .max_routes = (int)d.n_routes,
        .trie = {.nh_sz = fits_small(&t->nodes, d) ? RTE_FIB6_TRIE_2B : RTE_FIB6_TRIE_4B,
                 .num_tbl8 = d.n_groups},
    };

    if (d.n_routes == 0)
        return 0;
    t->ipv6 = rte_fib6_create(name, socket, &conf);
    return t->ipv6 != NULL ? 0 : -rte_errno;
}

/* The node of 0.0.0.0/0 or ::/0 as a next hop, or 0. */
static uint64_t any_of(const struct prefix_nodes *nodes, bool is_ipv4)
{
    for (uint32_t i = 0; i < nodes->n_nodes; i++)
        if (nodes->nodes[i].prefix.length == 0 && nodes->nodes[i].prefix.is_ipv4 == is_ipv4)
            return i + 1;
    return 0;
}

static int add_routes(struct prefix_table *t)
{
    for (uint32_t i = 0; i < t->nodes.n_nodes; i++) {
        const struct ip_prefix *p = &t->nodes.nodes[i].prefix;
        int error = 0;

        if (p->length == 0)
            continue;
        if (p->is_ipv4) {
            error = rte_fib_add(t->ipv4, load_be32(p->address.bytes + 12), p->length, i + 1);
        } else {
            dpdk_ipv6 a;

            memcpy(&a, p->address.bytes, sizeof(a));
            error = dpdk_fib6_add(t->ipv6, &a, p->length, i + 1);
        }
        if (error != 0)
            return error;
    }
    return 0;
}

static int fill(struct prefix_table *t, const char *name, const struct slice *slices, uint32_t n,
                int socket)
{
    char table_name[32];
    int error = prefix_nodes_build(&t->nodes, slices, n, socket);

    if (error != 0)
        return error;
    t->any_ipv4 = any_of(&t->nodes, true);
    t->any_ipv6 = any_of(&t->nodes, false);
    snprintf(table_name, sizeof(table_name), "%.20s_v4", name);
    error = create_ipv4(t, table_name, socket);
    if (error != 0)
        return error;
    snprintf(table_name, sizeof(table_name), "%.20s_v6", name);
    error = create_ipv6(t, table_name, socket);
    return error != 0 ? error : add_routes(t);
}

struct prefix_table *prefix_table_create(const char *name, const struct slice *slices, uint32_t n,
                                         int socket)
{
    struct prefix_table *t = rte_zmalloc_socket("prefix", sizeof(*t), RTE_CACHE_LINE_SIZE, socket);
    int error = t != NULL ? fill(t, name, slices, n, socket) : -ENOMEM;

    if (error == 0)
        return t;
    prefix_table_destroy(t);
    errno = -error;
    return NULL;
}

void prefix_table_destroy(struct prefix_table *t)
{
    if (t == NULL)
        return;
    rte_fib_free(t->ipv4);
    rte_fib6_free(t->ipv6);
    prefix_nodes_free(&t->nodes);
    rte_free(t);
}

/* The packets of one family, side by side as the tables want them. */
struct lookup {
    uint32_t ipv4[PREFIX_MAX_BURST];
    dpdk_ipv6 ipv6[PREFIX_MAX_BURST];
    uint64_t next_hop4[PREFIX_MAX_BURST], next_hop6[PREFIX_MAX_BURST];
    uint8_t at4[PREFIX_MAX_BURST], at6[PREFIX_MAX_BURST];
    unsigned int n4, n6;
};

static void gather(struct lookup *l, const struct packet_view *views, unsigned int n,
                   int32_t *slices)
{
    for (unsigned int i = 0; i < n; i++) {
        const struct packet_view *v = &views[i];

        slices[i] = PREFIX_NO_SLICE;
        if (!v->has_ip)
            continue;
        if (v->is_ipv4) {
            l->at4[l->n4] = (uint8_t)i;
            l->ipv4[l->n4++] = load_be32(v->source.bytes + 12);
        } else {
            l->at6[l->n6] = (uint8_t)i;
            memcpy(&l->ipv6[l->n6++], v->source.bytes, sizeof(dpdk_ipv6));
        }
    }
}

static void look_up(const struct prefix_table *t, struct lookup *l)
{
    if (t->ipv4 != NULL && l->n4 > 0)
        rte_fib_lookup_bulk(t->ipv4, l->ipv4, l->next_hop4, (int)l->n4);
    for (unsigned int i = 0; t->ipv4 == NULL && i < l->n4; i++)
        l->next_hop4[i] = t->any_ipv4;
    if (t->ipv6 != NULL && l->n6 > 0)
        dpdk_fib6_lookup_bulk(t->ipv6, l->ipv6, l->next_hop6, (int)l->n6);
    for (unsigned int i = 0; t->ipv6 == NULL && i < l->n6; i++)
        l->next_hop6[i] = t->any_ipv6;
}

static never_inlined int32_t match(const struct prefix_table *t, uint32_t node,
                                   const struct packet_view *v, const struct prefix_ways *ways,
                                   unsigned int i)
{
    const uint32_t mark = ways->marks != NULL ? ways->marks[i] : SLICE_NO_MARK;
    const uint16_t number = ways->numbers[i];
    struct ingress own;

    if (likely_true(number != INGRESS_NONE))
        return prefix_nodes_match(&t->nodes, node, v, ingress_table_at(ways->table, number), mark);
    own = ingress_of_packet(v, ways->port);
    return prefix_nodes_match(&t->nodes, node, v, &own, mark);
}

/* Is there a slice? Until then slices[i] says that there is none. */
static inline bool resolve(const struct prefix_table *t, uint64_t next_hop,
                           const struct packet_view *views, const struct prefix_ways *ways,
                           unsigned int i, int32_t *slices)
{
    const struct prefix_node *node;

    if (next_hop == 0)
        return false;
    node = &t->nodes.nodes[next_hop - 1];
    slices[i] = likely_true(node->takes_all >= 0)
                    ? node->takes_all
                    : match(t, (uint32_t)(next_hop - 1), &views[i], ways, i);
    return slices[i] >= 0;
}

unsigned int prefix_classify_bulk(const struct prefix_table *t, const struct packet_view *views,
                                  unsigned int n, const struct prefix_ways *ways, int32_t *slices)
{
    struct lookup l;
    unsigned int n_found = 0;

    l.n4 = l.n6 = 0;
    gather(&l, views, n, slices);
    look_up(t, &l);
    for (unsigned int i = 0; i < l.n4; i++)
        n_found += resolve(t, l.next_hop4[i], views, ways, l.at4[i], slices);
    for (unsigned int i = 0; i < l.n6; i++)
        n_found += resolve(t, l.next_hop6[i], views, ways, l.at6[i], slices);
    return n_found;
}

uint64_t prefix_table_memory_bytes(const struct slice *slices, uint32_t n)
{
    uint64_t n_sources = 0, n_groups = 0;
    bool asks_ports = false;
    bool has_family[2] = {false, false};

    for (uint32_t i = 0; i < n; i++) {
        n_sources += slices[i].n_sources;
        asks_ports |= slice_ports_asks(&slices[i].ports);
        for (uint32_t j = 0; j < slices[i].n_sources; j++) {
            const struct ip_prefix *p = &slices[i].sources[j];

            has_family[p->is_ipv4] |= p->length > 0;
            n_groups += p->length > FIRST_LEVEL_DEPTH ? (p->length - 17u) / SECOND_LEVEL_BITS : 0;
        }
    }
    /* With small next hops; the tables of rules and nodes take about 256 bytes a source. */
    return (uint64_t)(has_family[0] + has_family[1]) * FIRST_LEVEL_SLOTS * 2 + n_groups * 512 +
           n_sources * 256 + (asks_ports ? n * sizeof(struct slice_ports) : 0);
}
