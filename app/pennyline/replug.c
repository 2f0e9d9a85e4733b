/* SPDX-License-Identifier: BSD-3-Clause */
#include "replug.h"

#include "base/time.h"
#include "claims.h"
#include "events.h"
#include "lanes.h"
#include "manager/manager.h"
#include "policy.h"
#include "say.h"

#define LOOK_NS (100 * NS_PER_MS)
#define TRY_NS  (1 * NS_PER_S)

/* Devices of hardware keep what they are to send, and whose pool that is. */
static bool any_hardware(const struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_ports; i++)
        if (config_device_kind(a->config->ports[i].device) == PORT_DEVICE_PCI)
            return true;
    return false;
}

static void follow_links(struct appliance *a)
{
    for (uint32_t s = 0; s < RTE_MAX_NUMA_NODES; s++)
        if (a->policies[s] != NULL)
            policy_follow_links(a->policies[s], a->ports);
}

static void look(struct appliance *a, uint32_t i, uint64_t now_ns)
{
    struct port *port = &a->ports[i];
    struct appliance_replug *r = &a->replugs[i];

    if (!port_is_gone(port))
        return;
    r->state = REPLUG_LEAVING;
    r->epoch = manager_epoch(a->manager);
    lanes_set_absent(a, port, true);
    port->link_up = false;
    follow_links(a);
    events_port(a, port, true, now_ns);
}

static void leave(struct appliance *a, uint32_t i, uint64_t now_ns)
{
    struct appliance_replug *r = &a->replugs[i];
    struct worker_port sum = lanes_port_sum(a, i);

    if (!manager_is_epoch_over(a->manager, r->epoch))
        return;
    port_leave(&a->ports[i], &sum, !any_hardware(a));
    r->state = REPLUG_AWAY;
    r->try_ns = now_ns + LOOK_NS;
    r->is_told = false;
}

static void come_back(struct appliance *a, uint32_t i, uint64_t now_ns)
{
    struct port *port = &a->ports[i];
    struct appliance_replug *r = &a->replugs[i];
    int error;

    if (now_ns < r->try_ns)
        return;
    r->try_ns = now_ns + TRY_NS;
    if (!port_may_return(port))
        return;
    error = claims_renew(a, i);
    if (error == 0)
        error = port_return(port, a->pools[port->socket]);
    if (error != 0) {
        if (!r->is_told)
            say_warning("port %s cannot be used again yet, and is tried each second: %s",
                        port->config->name, port->error);
        r->is_told = true;
        return;
    }
    claims_note_program(a, i);
    r->state = REPLUG_HERE;
    lanes_set_absent(a, port, false);
    follow_links(a);
    events_port(a, port, false, now_ns);
}

void replug_serve(struct appliance *a, uint64_t now_ns)
{
    static void (*const steps[])(struct appliance * a, uint32_t i, uint64_t now_ns) = {
        [REPLUG_HERE] = look, [REPLUG_LEAVING] = leave, [REPLUG_AWAY] = come_back};

    if (now_ns < a->replug_ns)
        return;
    a->replug_ns = now_ns + LOOK_NS;
    for (uint32_t i = 0; i < a->n_ports; i++)
        steps[a->replugs[i].state](a, i, now_ns);
}

bool replug_is_absent(const struct appliance *a, uint32_t port)
{
    return a->replugs[port].state != REPLUG_HERE;
}
