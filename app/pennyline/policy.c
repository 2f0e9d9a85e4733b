/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy.h"

#include <errno.h>
#include <rte_malloc.h>
#include <stdio.h>

#include "base/hash.h"
#include "policy_machines.h"
#include "policy_responders.h"
#include "policy_services.h"
#include "prefix/prefix.h"
#include "stats/stages.h"

/* Two flows that collide share a next hop: no harm, so the key is no secret. */
static const uint64_t flow_hash_key[2] = {UINT64_C(0x2d358dccaa6c78a5),
                                          UINT64_C(0x8bb84b93962eacc9)};

uint64_t policy_flow_hash(const struct packet_view *view)
{
    struct {
        struct ip_address source, destination;
        uint64_t ports;
    } words = {view->source, view->destination, 0};

    if (view->reason == PACKET_TCP)
        words.ports = (uint64_t)view->source_port << 16 | view->destination_port;
    return hash_words(&words, sizeof(words) / sizeof(uint64_t), flow_hash_key);
}

static int fill_slice(struct policy_slice *out, const struct config *config, const struct slice *s,
                      const struct port *ports)
{
    struct next_hop hops[SLICE_MAX_NEXT_HOPS];

    out->may_drop = s->mode == SLICE_ACTIVE;
    out->has_next_hops = s->n_next_hops > 0;
    for (uint32_t i = 0; i < s->n_next_hops; i++)
        hops[i] = policy_hop_of(&config->next_hops[s->next_hops[i]], ports);
    return out->has_next_hops ? nexthop_group_init(&out->next_hops, hops, s->n_next_hops) : 0;
}

static int make_rules(struct policy *policy, const struct policy_plan *plan, int socket)
{
    const struct config *c = plan->config;
    const struct engine_rules_config config = {
        .slices = c->slices,
        .n_slices = c->n_slices,
        .never_drop = &c->never_drop,
        .admissions_per_second = c->instance.flow_admissions_per_second,
        .max_manager_lateness_ms = c->instance.max_manager_lateness_ms,
        .fates = plan->fates,
        .sparing = plan->sparing,
    };
    void *memory = rte_zmalloc_socket("rules", engine_rules_memory_bytes(&config),
                                      RTE_CACHE_LINE_SIZE, socket);

    if (memory == NULL)
        return -ENOMEM;
    policy->rules = engine_rules_init(memory, &config);
    return 0;
}

static void add_machine_stage(struct policy *policy, const struct policy_machine *m)
{
    for (uint32_t i = 0; i < policy->n_ports; i++)
        if ((m->ports >> i & 1) != 0)
            policy->ports[i].stages |= STAGE_BIT(STAGE_MACHINES);
}

static uint32_t stages_of(const struct config *config, uint32_t port)
{
    uint32_t stages = 0;

    for (uint32_t i = 0; i < config->n_countings; i++)
        if (counting_looks_at(&config->countings[i], port))
            stages |= STAGE_BIT(STAGE_SOURCES);
    return stages;
}

/* Two generations are there at a time. */
static int fill(struct policy *policy, const struct policy_plan *plan, int socket)
{
    const struct config *config = plan->config;
    const struct port *ports = plan->ports;
    char name[20];
    int error = make_rules(policy, plan, socket);

    policy->sources = plan->sources;
    if (error != 0)
        return error;
    snprintf(name, sizeof(name), "policy_%d_%u", socket, (unsigned int)(plan->number % 1000000));
    policy->prefixes = prefix_table_create(name, config->slices, config->n_slices, socket);
    if (policy->prefixes == NULL)
        return -errno;
    policy->n_slices = config->n_slices;
    for (uint32_t i = 0; i < config->n_slices && error == 0; i++)
        if (slice_is_present(&config->slices[i]))
            error = fill_slice(&policy->slices[i], config, &config->slices[i], ports);
    policy->n_ports = config->n_ports;
    for (uint32_t i = 0; i < config->n_ports; i++) {
        policy->ports[i].is_mirror = config->ports[i].role == PORT_ROLE_MIRROR;
        policy->ports[i].decapsulates = config_port_decapsulates(&config->ports[i]);
        policy->ports[i].is_plain = !policy->ports[i].is_mirror && !policy->ports[i].decapsulates;
        policy->ports[i].pair = config->ports[i].pair;
        policy->ports[i].stages = config_map_has_port(&config->map, i) ? STAGE_BIT(STAGE_MAP) : 0;
        policy->ports[i].stages |= stages_of(config, i);
        policy->ports[i].longest_whole_frame =
            policy->ports[i].is_mirror ? UINT32_MAX : port_longest_whole_frame(&ports[i]);
        if (config->n_services > 0 && !policy->ports[i].is_mirror)
            policy->ports[i].stages |= STAGE_BIT(STAGE_SERVICES);
    }
    if (error == 0)
        error = policy_services_create(&policy->services, config, ports, socket);
    if (error == 0)
        error = policy_machines_create(&policy->machines, config, plan->machines, ports, socket);
    if (error == 0 && policy->machines != NULL)
        for (uint32_t i = 0; i < config->n_machines; i++)
            add_machine_stage(policy, &policy->machines->machines[i]);
    if (error == 0)
        error = policy_responders_create(&policy->responders, config, ports);
    for (uint32_t i = 0; i < config->n_ports; i++)
        if ((policy_responders_ports(policy->responders) >> i & 1) != 0)
            policy->ports[i].stages |= STAGE_BIT(STAGE_RESPONDER);
    return error;
}

struct policy *policy_create(const struct policy_plan *plan, int socket)
{
    struct policy *policy =
        rte_zmalloc_socket("policy", sizeof(*policy), RTE_CACHE_LINE_SIZE, socket);
    int error = -ENOMEM;

    if (policy != NULL)
        policy->slices =
            rte_zmalloc_socket("policy", (plan->config->n_slices + 1) * sizeof(*policy->slices),
                               RTE_CACHE_LINE_SIZE, socket);
    if (policy != NULL && policy->slices != NULL)
        error = fill(policy, plan, socket);
    if (error == 0)
        return policy;
    policy_destroy(policy);
    errno = -error;
    return NULL;
}

void policy_destroy(struct policy *policy)
{
    if (policy == NULL)
        return;
    prefix_table_destroy(policy->prefixes);
    policy_services_destroy(policy->services);
    policy_machines_destroy(policy->machines);
    policy_responders_destroy(policy->responders);
    rte_free(policy->rules);
    rte_free(policy->slices);
    rte_free(policy);
}

void policy_follow_links(struct policy *policy, const struct port *ports)
{
    for (uint32_t i = 0; i < policy->n_slices; i++) {
        struct next_hop_group *group = &policy->slices[i].next_hops;
        uint32_t usable = 0;

        if (!policy->slices[i].has_next_hops)
            continue;
        for (uint32_t k = 0; k < group->n_members; k++)
            if (ports[group->members[k].port].link_up)
                usable |= UINT32_C(1) << k;
        nexthop_set_usable(group, usable);
    }
}
