/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers need of the configuration, in the shape that they need it: which slice a packet
 * belongs to, what its engine is to do with it, and where it leaves. One for each NUMA socket that
 * has workers, and for each generation of the configuration.
 *
 * Immutable while a worker reads it, but for the usable next hops, which the manager may change at
 * any time. */
#ifndef PENNYLINE_POLICY_H
#define PENNYLINE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "engine/rules.h"
#include "nexthop/nexthop.h"
#include "packet/packet.h"
#include "port/port.h"

struct machine_running;
struct policy_machines;
struct policy_responders;
struct policy_services;
struct prefix_table;

struct policy_slice {
    bool may_drop; /* active: then it must not see mirrored traffic */
    bool has_next_hops;
    struct next_hop_group next_hops;
};

struct policy_port {
    bool is_mirror;
    bool is_plain; /* nothing is cut, and no tunnel is looked into */
    bool decapsulates;
    uint16_t pair;                /* CONFIG_NONE of a mirror */
    uint32_t stages;              /* by bits: enum port_stage */
    uint32_t longest_whole_frame; /* beyond it, a frame may be what its ring left of one */
};

struct worker_sources;

struct policy {
    struct prefix_table *prefixes;
    struct policy_slice *slices; /* as in config.slices */
    struct engine_rules *rules;
    uint32_t n_slices;
    struct policy_port ports[CONFIG_MAX_PORTS];
    uint32_t n_ports;
    struct policy_services *services;     /* NULL: none */
    struct policy_machines *machines;     /* likewise */
    struct policy_responders *responders; /* likewise */
    const struct worker_sources *sources; /* by worker; of the counter set of this generation */
};

/* What it is made of. */
struct policy_plan {
    const struct config *config;             /* not kept */
    const struct port *ports;                /* open */
    struct machine_running *const *machines; /* as in the configuration; NULL: none run */
    uint64_t number;                         /* of the generation */
    const struct worker_sources *sources;    /* likewise */
    const enum slice_fate *fates;            /* NULL: of the first one */
    uint32_t sparing;                        /* as engine_rules_config has it */
};

/* Makes one in memory of a NUMA socket. Its rules know no aggregates yet
 * (engine_rules_find_aggregates()). NULL with errno. Any thread. */
struct policy *policy_create(const struct policy_plan *plan, int socket);
void policy_destroy(struct policy *policy);

/* Which next hops may be used, by the links of their ports. */
void policy_follow_links(struct policy *policy, const struct port *ports);

/* The next hop of a packet of a slice, or NULL: it leaves by the pair of its port, unchanged. */
static inline const struct next_hop *policy_next_hop(const struct policy *policy, int32_t slice,
                                                     const struct packet_view *view);

/* The same for every packet of a flow (of a pair of hosts where there are no ports). */
uint64_t policy_flow_hash(const struct packet_view *view);

static inline const struct next_hop *policy_next_hop(const struct policy *policy, int32_t slice,
                                                     const struct packet_view *view)
{
    const struct policy_slice *s;

    if (slice < 0)
        return NULL;
    s = &policy->slices[slice];
    return s->has_next_hops ? nexthop_choose(&s->next_hops, policy_flow_hash(view)) : NULL;
}

#endif
