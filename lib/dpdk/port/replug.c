/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices that go while the program runs, and come back. */
#include <errno.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/internal.h"

static bool interface_of(const struct port *port, char out[CONFIG_PATH_BYTES])
{
    return config_device_kernel_interface(port->config->device, out);
}

/* What the device had taken from the wire and no worker from the device, was missed; what workers
 * had given it and it had not sent, it failed on. */
static void keep_statistics(struct port *port, const struct worker_port *sum)
{
    struct port_statistics s;

    if (port_read_statistics(port, &s) != 0)
        s = port->earlier;
    if (s.rx_packets > sum->rx)
        s.missed += s.rx_packets - sum->rx;
    s.rx_packets = sum->rx;
    if (sum->tx > s.tx_packets + s.tx_errors)
        s.tx_errors += sum->tx - s.tx_packets - s.tx_errors;
    port->earlier = s;
}

/* A bus forgets a device only when told to. */
static void forget_device(struct port *port)
{
    struct rte_eth_dev_info info;
    struct rte_device *device = NULL;

    if (!port->is_hotplugged && rte_eth_dev_info_get(port->id, &info) == 0)
        device = info.device;
    port_close(port);
    if (device != NULL)
        rte_dev_remove(device);
}

void port_leave(struct port *port, const struct worker_port *sum, bool may_free_pool)
{
    port_poll_missed(port);
    keep_statistics(port, sum);
    forget_device(port);
    port->is_away = true;
    port->link_up = false;
    /* What the driver held of the pool that all ports share is lost with it, and was counted as
     * this port's when that was made. */
    if (port->own_pool != NULL && may_free_pool)
        rte_mempool_free(port->own_pool);
    port->own_pool = NULL;
}

/* AF_XDP cannot be bound to an interface that is down. */
static bool is_up(const char *interface)
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool up;

    if (fd < 0)
        return false;
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%.*s", IF_NAMESIZE - 1, interface);
    up = ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
    close(fd);
    return up;
}

bool port_may_return(const struct port *port)
{
    char interface[CONFIG_PATH_BYTES], name[CONFIG_PATH_BYTES];

    if (interface_of(port, interface))
        return is_up(interface);
    if (config_device_kind(port->config->device) != PORT_DEVICE_PCI)
        return true;
    config_device_canonical(port->config->device, name);
    return rte_eal_hotplug_add("pci", name, "") == 0;
}

static int configure(struct port *port, struct rte_mempool *shared)
{
    struct rte_mempool *pool = shared;
    int error;

    if (port->is_kernel_interface && port->kernel_driver == PORT_DRIVER_AF_XDP) {
        port->own_pool = port_own_pool_create(port);
        if (port->own_pool == NULL)
            return port_fail(port, -ENOMEM,
                             "port %s: no memory for its packets: raise eal.memory_mb, or the "
                             "number of hugepages",
                             port->config->name);
        pool = port->own_pool;
    }
    error = port_configure(port, pool);
    return error != 0 ? error : port_start(port);
}

int port_return(struct port *port, struct rte_mempool *shared)
{
    const struct port before = {.earlier = port->earlier,
                                .n_returns = port->n_returns,
                                .n_rx_queues = port->n_rx_queues,
                                .n_tx_queues = port->n_tx_queues,
                                .socket = port->socket,
                                .settings = port->settings};
    int error = port_open(port, port->config, port->index, &before.settings);

    port->n_returns = before.n_returns + 1;
    if (error == 0 && port->socket != before.socket)
        error =
            port_fail(port, -EXDEV, "port %s: it is on another NUMA node now", port->config->name);
    if (error == 0)
        error = configure(port, shared);
    if (error == 0 &&
        (port->n_rx_queues != before.n_rx_queues || port->n_tx_queues < before.n_tx_queues))
        error = port_fail(port, -ERANGE, "port %s: it has other queues now", port->config->name);
    port->earlier = before.earlier;
    port->is_away = error != 0;
    if (error == 0) {
        port->link_up = false; /* the next look tells that it is up */
        return 0;
    }
    port_close(port);
    rte_mempool_free(port->own_pool);
    port->own_pool = NULL;
    port->n_rx_queues = before.n_rx_queues;
    port->n_tx_queues = before.n_tx_queues;
    port->socket = before.socket;
    return error;
}
