/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy_machines.h"

#include <errno.h>
#include <rte_malloc.h>
#include <string.h>

#include "policy_services.h"

static struct next_hop straight_to(uint16_t port)
{
    return (struct next_hop){.port = port, .vlan_id = NEXTHOP_VLAN_KEEP};
}

static void fill_machine(struct policy_machine *out, const struct policy_machines *all,
                         const struct machine *m, const struct config *config,
                         const struct port *ports)
{
    out->fails_open = m->fail == MACHINE_FAIL_OPEN;
    out->tells_changes = m->change_events;
    out->ports = (m->ports != 0 ? m->ports : UINT32_MAX) & all->forwarding;
    for (uint32_t i = 0; i < m->n_targets; i++)
        out->targets[i] = m->targets[i].is_next_hop
                              ? policy_hop_of(&config->next_hops[m->targets[i].number], ports)
                              : straight_to(m->targets[i].number);
}

int policy_machines_create(struct policy_machines **out, const struct config *config,
                           struct machine_running *const *running, const struct port *ports,
                           int socket)
{
    struct policy_machines *all;

    *out = NULL;
    if (running == NULL || config->n_machines == 0)
        return 0;
    all = rte_zmalloc_socket("machines", sizeof(*all), RTE_CACHE_LINE_SIZE, socket);
    if (all == NULL)
        return -ENOMEM;
    for (uint16_t i = 0; i < config->n_ports; i++) {
        all->straight[i] = straight_to(i);
        if (config->ports[i].role == PORT_ROLE_FORWARD)
            all->forwarding |= UINT32_C(1) << i;
    }
    all->n = config->n_machines;
    for (uint32_t i = 0; i < all->n; i++) {
        all->machines[i].running = running[i];
        fill_machine(&all->machines[i], all, &config->machines[i], config, ports);
    }
    *out = all;
    return 0;
}

void policy_machines_destroy(struct policy_machines *m)
{
    rte_free(m);
}
