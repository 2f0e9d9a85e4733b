/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the device of a port is still there. */
#include <net/if.h>
#include <rte_ethdev.h>

#include "port/internal.h"

/* A thread of EAL's calls it. */
static int on_removal(uint16_t id, enum rte_eth_event_type type, void *context, void *unused)
{
    struct port *port = context;

    (void)id, (void)type, (void)unused;
    atomic_store_explicit(&port->is_removed, true, memory_order_release);
    return 0;
}

void port_listen_for_removal(struct port *port)
{
    for (uint16_t i = 0; i < port->n_devices; i++)
        rte_eth_dev_callback_register(port->devices[i], RTE_ETH_EVENT_INTR_RMV, on_removal, port);
}

void port_hush_removal(struct port *port)
{
    for (uint16_t i = 0; i < port->n_devices; i++)
        rte_eth_dev_callback_unregister(port->devices[i], RTE_ETH_EVENT_INTR_RMV, on_removal, port);
}

/* The kernel never gives a number twice, but a name. */
bool port_is_gone(const struct port *port)
{
    char name[IF_NAMESIZE];

    if (!port->is_open)
        return false;
    if (atomic_load_explicit(&port->is_removed, memory_order_acquire))
        return true;
    return port->interface_index != 0 && if_indextoname(port->interface_index, name) == NULL;
}
