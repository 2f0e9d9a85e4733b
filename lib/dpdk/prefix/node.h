/* SPDX-License-Identifier: BSD-3-Clause */
/* The nodes behind the longest source match: plain data, without DPDK's tables. Internal to
 * lib/dpdk/prefix. */
#ifndef PREFIX_NODE_H
#define PREFIX_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/slice.h"

#define NODE_NONE UINT32_MAX

/* One source prefix of at least one slice. */
struct prefix_node {
    struct ip_prefix prefix;
    uint32_t parent;   /* the node of the next shorter prefix around it, or NODE_NONE */
    uint32_t first, n; /* its slices: entries [first, first + n) of prefix_nodes.slices */
    int32_t takes_all; /* its only slice, when that one asks for nothing else; or -1 */
};

/* What a slice asks for beyond the source. */
struct prefix_condition {
    uint32_t first, n; /* destinations, longest first, in prefix_nodes.destinations */
    struct slice_ingress ingress;
    bool asks_ports, has_mark;
    uint32_t mark;
};

struct prefix_nodes {
    struct prefix_node *nodes; /* sorted: family, address, length */
    uint32_t n_nodes;
    uint32_t *slices;
    struct prefix_condition *conditions; /* one for each slice */
    struct ip_prefix *destinations;
    struct slice_ports *ports; /* one for each slice; NULL when none asks for ports */
};

/* Builds them in memory of a NUMA socket. 0 or -ENOMEM. */
int prefix_nodes_build(struct prefix_nodes *out, const struct slice *slices, uint32_t n,
                       int socket);
void prefix_nodes_free(struct prefix_nodes *nodes);

/* The slice that wins, from this node upwards; -1: none. */
int32_t prefix_nodes_match(const struct prefix_nodes *nodes, uint32_t node,
                           const struct packet_view *view, const struct ingress *at, uint32_t mark);

#endif
