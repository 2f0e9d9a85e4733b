/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <string.h>

#include "netdev/sent.h"
#include "port/internal.h"

/* Of so many of the port. */
static uint16_t queues_of_device(const struct port *port, uint16_t n)
{
    return (uint16_t)(n / port->n_devices);
}

static int check_queues(struct port *port, const struct rte_eth_dev_info *info)
{
    if (queues_of_device(port, port->n_rx_queues) > info->max_rx_queues)
        return port_fail(
            port, -ERANGE, "port %s: %u receive queues are asked for, %s has %u; lower \"queues\"",
            port->config->name, port->n_rx_queues, port->device_name, info->max_rx_queues);
    if (queues_of_device(port, port->n_tx_queues) > info->max_tx_queues)
        return port_fail(port, -ERANGE,
                         "port %s: %u workers need a transmit queue each, %s has %u; use fewer "
                         "lcores or queues",
                         port->config->name, port->n_tx_queues, port->device_name,
                         info->max_tx_queues);
    if (port->n_rx_queues > port->config->queues)
        port_say(port,
                 "port %s: takes %u receive queues instead of %u, since each worker needs one to "
                 "send and %s has them in pairs only",
                 port->config->name, port->n_rx_queues, port->config->queues, port->device_name);
    return 0;
}

static int configure_device(struct port *port, uint16_t id, const struct rte_eth_dev_info *info)
{
    uint8_t key[CONFIG_RSS_KEY_BYTES];
    struct rte_eth_conf conf = {.rxmode = {.mtu = port->config->mtu}};
    int error;

    port_set_rss(port, info, &conf, key);
    port_set_offloads(port, info, &conf);
    error = rte_eth_dev_configure(id, queues_of_device(port, port->n_rx_queues),
                                  queues_of_device(port, port->n_tx_queues), &conf);
    if (error != 0)
        return port_fail(port, error,
                         "port %s: %s refuses %u receive and %u transmit queues with MTU %u: %s",
                         port->config->name, port->device_name, port->n_rx_queues,
                         port->n_tx_queues, port->config->mtu, rte_strerror(-error));
    error = rte_eth_dev_adjust_nb_rx_tx_desc(id, &port->n_rx_descriptors, &port->n_tx_descriptors);
    return error != 0 ? port_fail(port, error, "port %s: descriptors: %s", port->config->name,
                                  rte_strerror(-error))
                      : 0;
}

static int configure_queues(struct port *port, struct rte_mempool *pool)
{
    for (uint16_t q = 0; q < port->n_rx_queues; q++) {
        struct port_queue to = port_queue_of(port, q);
        int error = rte_eth_rx_queue_setup(to.device, to.queue, port->n_rx_descriptors,
                                           (unsigned int)port->socket, NULL, pool);

        if (error != 0)
            return port_fail(port, error, "port %s: receive queue %u of %s cannot be set up: %s",
                             port->config->name, q, port->device_name, rte_strerror(-error));
    }
    for (uint16_t q = 0; q < port->n_tx_queues; q++) {
        struct port_queue to = port_queue_of(port, q);
        int error = rte_eth_tx_queue_setup(to.device, to.queue, port->n_tx_descriptors,
                                           (unsigned int)port->socket, NULL);

        if (error != 0)
            return port_fail(port, error, "port %s: transmit queue %u of %s cannot be set up: %s",
                             port->config->name, q, port->device_name, rte_strerror(-error));
    }
    return 0;
}

/* A queue pair whose sending half no worker uses is set up all the same: the driver wants both. */
static void pair_queues(struct port *port)
{
    if (port->is_kernel_interface && port->n_tx_queues < port->n_rx_queues)
        port->n_tx_queues = port->n_rx_queues;
}

static void set_promiscuous(struct port *port, uint16_t id)
{
    int error = port->config->promiscuous ? rte_eth_promiscuous_enable(id)
                                          : rte_eth_promiscuous_disable(id);

    if (error != 0 && error != -ENOTSUP)
        port_say(port, "port %s: promiscuous mode cannot be set: %s", port->config->name,
                 rte_strerror(-error));
}

/* What the driver made of the wish, where it tells. */
static void read_descriptors(struct port *port)
{
    struct rte_eth_rxq_info rx = {.nb_desc = 0};
    struct rte_eth_txq_info tx = {.nb_desc = 0};

    if (rte_eth_rx_queue_info_get(port->id, 0, &rx) == 0 && rx.nb_desc != 0)
        port->n_rx_descriptors = rx.nb_desc;
    if (port->n_tx_queues > 0 && rte_eth_tx_queue_info_get(port->id, 0, &tx) == 0 &&
        tx.nb_desc != 0)
        port->n_tx_descriptors = tx.nb_desc;
}

/* Of a mirror, what this host sends there itself is no copy of anything. */
static void ignore_sent(struct port *port)
{
    int n;

    if (!port->is_kernel_interface || port->kernel_driver != PORT_DRIVER_AF_PACKET ||
        port->config->role != PORT_ROLE_MIRROR)
        return;
    n = netdev_ignore_sent(port->interface_index);
    if (n <= 0)
        port_say(port, "port %s: frames that this host sends there are counted, too: %s",
                 port->config->name, n == 0 ? "no socket of the driver was found" : strerror(-n));
}

static int configure_once(struct port *port, struct rte_mempool *pool)
{
    struct rte_eth_dev_info info;
    int error = rte_eth_dev_info_get(port->id, &info);

    if (error != 0)
        return port_fail(port, error, "port %s: no device information: %s", port->config->name,
                         rte_strerror(-error));
    pair_queues(port);
    error = check_queues(port, &info);
    for (uint16_t i = 0; error == 0 && i < port->n_devices; i++)
        error = configure_device(port, port->devices[i], &info);
    if (error == 0)
        error = configure_queues(port, pool);
    if (error == 0)
        read_descriptors(port);
    for (uint16_t i = 0; error == 0 && i < port->n_devices; i++)
        set_promiscuous(port, port->devices[i]);
    if (error == 0)
        ignore_sent(port);
    return error;
}

static int configure_with_rings(struct port *port, struct rte_mempool *pool)
{
    struct port_sockets before = {.n = 0};
    bool is_xdp = port->is_kernel_interface && port->kernel_driver == PORT_DRIVER_AF_XDP;
    int error;

    if (is_xdp)
        port_find_xdp_sockets(&before);
    error = configure_once(port, pool);
    if (error == 0 && is_xdp)
        port_take_xdp_rings(port, &before);
    return error;
}

int port_configure(struct port *port, struct rte_mempool *pool)
{
    int error = configure_with_rings(port, pool);
    char why[PORT_ERROR_BYTES];

    if (error == 0)
        port_hold_program(port);
    if (error == 0 || port->config->driver != PORT_DRIVER_AUTO || !port->is_kernel_interface ||
        port->kernel_driver != PORT_DRIVER_AF_XDP)
        return error;
    memcpy(why, port->error, sizeof(why));
    port_say(port, "%s; AF_PACKET is used instead, which is slower", why);
    port_close(port);
    error = port_open_device(port, PORT_DRIVER_AF_PACKET);
    return error != 0 ? error : configure_once(port, pool);
}
