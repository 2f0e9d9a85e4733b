/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy_services.h"

#include <errno.h>
#include <rte_malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "port/port.h"

static_assert(CONFIG_MAX_SERVICE_MEMBERS == SERVICE_MOST_MEMBERS &&
                  CONFIG_MAX_SERVICES <= SERVICE_MOST_SERVICES &&
                  CONFIG_MAX_WEIGHT == SERVICE_MOST_WEIGHT,
              "the configuration promises what services hold");

struct next_hop policy_hop_of(const struct config_next_hop *c, const struct port *ports)
{
    struct next_hop hop = {.port = c->port, .vlan_id = c->vlan, .rewrite_mac = true};

    memcpy(hop.destination_mac, c->destination_mac, sizeof(hop.destination_mac));
    memcpy(hop.source_mac, c->has_source_mac ? c->source_mac : ports[c->port].mac,
           sizeof(hop.source_mac));
    return hop;
}

static uint32_t n_numbers(const struct config *config)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < config->n_services; i++)
        if (config->services[i].number >= n)
            n = config->services[i].number + 1u;
    return n;
}

static uint32_t n_places(const struct config *config)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < config->n_services; i++)
        n += config->services[i].n_addresses;
    return n;
}

uint64_t policy_services_bytes(const struct config *config)
{
    if (config->n_services == 0)
        return 0;
    return sizeof(struct policy_services) + n_numbers(config) * sizeof(struct policy_service) +
           service_set_bytes(n_numbers(config), n_places(config));
}

static enum service_hash hash_of(enum config_service_hash hash)
{
    return hash == SERVICE_BY_FLOW     ? SERVICE_HASH_FLOW
           : hash == SERVICE_BY_SOURCE ? SERVICE_HASH_SOURCE
                                       : SERVICE_HASH_SOURCE_PREFIX;
}

static struct service_plan plan_of(const struct config *config, const struct config_service *s)
{
    struct service_plan plan = {.is_present = true,
                                .identity = service_member_key(s->name),
                                .hash = hash_of(s->hash),
                                .prefix_bits_ipv4 = (uint8_t)s->hash_prefix.ipv4,
                                .prefix_bits_ipv6 = (uint8_t)s->hash_prefix.ipv6,
                                .is_sticky = s->sticky};

    for (uint32_t i = 0; i < s->n_members; i++) {
        const struct config_next_hop *hop = &config->next_hops[s->members[i]];
        uint32_t number = s->member_numbers[i];

        plan.members.keys[number] = service_member_key(hop->name);
        plan.members.weights[number] = hop->weight;
        if (number >= plan.members.n)
            plan.members.n = number + 1;
    }
    return plan;
}

static uint8_t protocol_of(enum config_service_protocol protocol)
{
    return protocol == SERVICE_TCP   ? PACKET_PROTOCOL_TCP
           : protocol == SERVICE_UDP ? PACKET_PROTOCOL_UDP
                                     : SERVICE_ANY_PROTOCOL;
}

static void fill_places(const struct config *config, struct service_place *places)
{
    for (uint32_t i = 0; i < config->n_services; i++) {
        const struct config_service *s = &config->services[i];

        for (uint32_t k = 0; k < s->n_addresses; k++)
            *places++ = (struct service_place){.address = s->addresses[k],
                                               .port = (uint16_t)s->port,
                                               .protocol = protocol_of(s->protocol),
                                               .service = s->number};
    }
}

static int fill(struct policy_services *out, const struct config *config, int socket,
                struct service_plan *plans, struct service_place *places)
{
    struct random_source random;
    uint64_t secret[2];
    void *memory;
    int error = random_seed_from_kernel(&random);

    if (error != 0)
        return error;
    for (unsigned int i = 0; i < 2; i++)
        secret[i] = random_u64(&random);
    for (uint32_t i = 0; i < config->n_services; i++)
        plans[config->services[i].number] = plan_of(config, &config->services[i]);
    fill_places(config, places);
    memory = rte_malloc_socket("services", service_set_bytes(out->n, n_places(config)),
                               RTE_CACHE_LINE_SIZE, socket);
    if (memory == NULL)
        return -ENOMEM;
    out->set = service_set_init(memory, plans, out->n, places, n_places(config), secret);
    if (out->set != NULL)
        return 0;
    rte_free(memory);
    return -ENOMEM;
}

static void fill_hops(struct policy_services *out, const struct config *config,
                      const struct port *ports)
{
    for (uint32_t i = 0; i < config->n_services; i++) {
        const struct config_service *s = &config->services[i];

        out->any_sticky |= s->sticky;
        for (uint32_t k = 0; k < s->n_members; k++)
            out->services[s->number].hops[s->member_numbers[k]] =
                policy_hop_of(&config->next_hops[s->members[k]], ports);
    }
}

int policy_services_create(struct policy_services **out, const struct config *config,
                           const struct port *ports, int socket)
{
    const uint32_t n = n_numbers(config);
    struct service_plan *plans = calloc(n + 1, sizeof(*plans));
    struct service_place *places = calloc(n_places(config) + 1, sizeof(*places));
    struct policy_services *s = NULL;
    int error = plans != NULL && places != NULL ? 0 : -ENOMEM;

    *out = NULL;
    if (error == 0 && n > 0) {
        s = rte_zmalloc_socket("services", sizeof(*s) + n * sizeof(s->services[0]),
                               RTE_CACHE_LINE_SIZE, socket);
        error = s != NULL ? 0 : -ENOMEM;
    }
    if (error == 0 && n > 0) {
        s->n = n;
        fill_hops(s, config, ports);
        error = fill(s, config, socket, plans, places);
    }
    free(plans);
    free(places);
    if (error == 0)
        *out = s;
    else
        policy_services_destroy(s);
    return error;
}

void policy_services_destroy(struct policy_services *s)
{
    if (s == NULL)
        return;
    rte_free(s->set);
    rte_free(s);
}
