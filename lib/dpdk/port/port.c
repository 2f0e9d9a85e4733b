/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/port.h"

#include <errno.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "port/internal.h"

int port_fail(struct port *port, int error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(port->error, sizeof(port->error), format, arguments);
    va_end(arguments);
    return error;
}

void port_say(const struct port *port, const char *format, ...)
{
    char text[PORT_ERROR_BYTES + 256];
    va_list arguments;

    if (port->settings.listener.say == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    port->settings.listener.say(port->settings.listener.context, text);
}

int port_start(struct port *port)
{
    for (uint16_t i = 0; i < port->n_devices; i++) {
        int error = rte_eth_dev_start(port->devices[i]);

        if (error == 0)
            continue;
        while (i-- > 0)
            rte_eth_dev_stop(port->devices[i]);
        return port_fail(port, error, "port %s (%s): cannot be started: %s", port->config->name,
                         port->device_name, rte_strerror(-error));
    }
    port->is_started = true;
    port_listen_for_removal(port);
    if (port->is_kernel_interface && port->kernel_driver == PORT_DRIVER_AF_PACKET)
        port_find_rings(port);
    port_poll_missed(port); /* what was lost before the start is nobody's */
    port->base = (struct port_statistics){0};
    port_read_statistics(port, &port->base);
    port_poll_link(port);
    return 0;
}

void port_stop(struct port *port)
{
    if (port->is_started)
        port_hush_removal(port);
    for (uint16_t i = 0; port->is_started && i < port->n_devices; i++)
        rte_eth_dev_stop(port->devices[i]);
    port->n_rings = 0;
    port->is_started = false;
}

void port_unplug(struct port *port)
{
    char name[RTE_ETH_NAME_MAX_LEN];

    for (uint16_t i = port->n_devices; i-- > 0;)
        if (rte_eth_dev_get_name_by_port(port->devices[i], name) == 0)
            rte_eal_hotplug_remove("vdev", name);
}

void port_close(struct port *port)
{
    if (!port->is_open)
        return;
    port_stop(port);
    if (port->is_hotplugged)
        port_unplug(port);
    else
        rte_eth_dev_close(port->id);
    port_release_program(port);
    port->n_devices = 0;
    if (port->probe_socket >= 0)
        close(port->probe_socket);
    port->probe_socket = -1;
    port->is_open = port->is_hotplugged = false;
}

const char *port_driver_name(const struct port *port)
{
    return port->driver.name;
}

static uint64_t since(uint64_t now, uint64_t base)
{
    return now > base ? now - base : 0;
}

int port_read_statistics(const struct port *port, struct port_statistics *out)
{
    struct port_statistics sum = {0};
    int error = port->is_open ? 0 : -ENODEV;

    if (port->is_away) {
        *out = port->earlier;
        return 0;
    }
    for (uint16_t i = 0; error == 0 && i < port->n_devices; i++) {
        struct rte_eth_stats stats = {0};

        error = rte_eth_stats_get(port->devices[i], &stats);
        sum.rx_packets += stats.ipackets;
        sum.rx_bytes += stats.ibytes;
        sum.tx_packets += stats.opackets;
        sum.tx_bytes += stats.obytes;
        sum.missed += stats.imissed;
        sum.no_buffer += stats.rx_nombuf;
        sum.rx_errors += stats.ierrors;
        sum.tx_errors += stats.oerrors;
    }
    sum.missed += port->ring_missed;
    if (error != 0)
        return error;
    *out = (struct port_statistics){
        .rx_packets = port->earlier.rx_packets + since(sum.rx_packets, port->base.rx_packets),
        .rx_bytes = port->earlier.rx_bytes + since(sum.rx_bytes, port->base.rx_bytes),
        .tx_packets = port->earlier.tx_packets + since(sum.tx_packets, port->base.tx_packets),
        .tx_bytes = port->earlier.tx_bytes + since(sum.tx_bytes, port->base.tx_bytes),
        .missed = port->earlier.missed + since(sum.missed, port->base.missed),
        .no_buffer = port->earlier.no_buffer + since(sum.no_buffer, port->base.no_buffer),
        .rx_errors = port->earlier.rx_errors + since(sum.rx_errors, port->base.rx_errors),
        .tx_errors = port->earlier.tx_errors + since(sum.tx_errors, port->base.tx_errors),
    };
    return 0;
}

int port_kernel_flags(const struct port *port)
{
    struct ifreq request = {0};

    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s",
             config_device_interface(port->config->device));
    if (ioctl(port->probe_socket, SIOCGIFFLAGS, &request) != 0)
        return -errno;
    return (uint16_t)request.ifr_flags;
}

static bool is_running(int flags)
{
    return flags >= 0 && (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0;
}

/* Not every driver of kernel interfaces sees the carrier go, but the kernel does. */
static bool read_link(const struct port *port)
{
    struct rte_eth_link link = {0};

    if (port->is_kernel_interface)
        return is_running(port_kernel_flags(port));
    return rte_eth_link_get_nowait(port->id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

bool port_poll_link(struct port *port)
{
    bool up = read_link(port);
    bool changed = up != port->link_up;

    port->link_up = up;
    return changed;
}
