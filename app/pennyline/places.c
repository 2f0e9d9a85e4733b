/* SPDX-License-Identifier: BSD-3-Clause */
#include "places.h"

#include <numa.h>
#include <stdio.h>

#include "host.h"

static uint8_t known(int64_t node)
{
    return node < 0                     ? 0
           : node < HUGEPAGES_MAX_NODES ? (uint8_t)node
                                        : (uint8_t)(HUGEPAGES_MAX_NODES - 1);
}

static uint8_t node_of_lcore(const struct lcores *lcores, unsigned int lcore)
{
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &lcores->cpus[lcore]))
            return known(numa_node_of_cpu(cpu));
    return 0;
}

static uint8_t node_of_port(const struct config_port *port)
{
    char address[CONFIG_PATH_BYTES], path[CONFIG_PATH_BYTES + 64];

    if (config_device_kind(port->device) != PORT_DEVICE_PCI)
        return 0;
    config_device_canonical(port->device, address);
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/numa_node", address);
    return known(host_read_number(path));
}

void places_find(const struct config *config, const struct lcores *lcores, uint32_t n_workers,
                 struct places *out)
{
    *out = (struct places){.manager_node = node_of_lcore(lcores, lcores->main_lcore)};
    for (unsigned int i = 0; i < LCORES_MAX && out->n_workers < n_workers; i++)
        if (lcores->used[i] && i != lcores->main_lcore)
            out->worker_nodes[out->n_workers++] = node_of_lcore(lcores, i);
    for (uint32_t i = 0; i < config->n_ports; i++)
        out->port_nodes[i] = node_of_port(&config->ports[i]);
}
