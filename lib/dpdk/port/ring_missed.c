/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that found the receive ring of AF_PACKET or AF_XDP full. The kernel counts them for each
 * socket, and DPDK's drivers do not ask (of AF_XDP they ask for the rest: what found no buffer in
 * the fill ring); so the sockets are looked for among our descriptors, and asked.
 *
 * A socket of AF_XDP does not say which interface it is of, but it is made while its port is
 * configured. */
#include <dirent.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <rte_ethdev.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "port/internal.h"

static bool is_of_domain(int fd, int wanted)
{
    socklen_t n = sizeof(int);
    int domain = 0;

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == wanted;
}

static bool is_ring_of(const struct port *port, int fd)
{
    struct sockaddr_ll address;
    socklen_t n = sizeof(address);

    return is_of_domain(fd, AF_PACKET) && getsockname(fd, (struct sockaddr *)&address, &n) == 0 &&
           address.sll_ifindex == (int)port->interface_index;
}

static bool is_among(const struct port_sockets *sockets, int fd)
{
    for (uint32_t i = 0; i < sockets->n; i++)
        if (sockets->fds[i] == fd)
            return true;
    return false;
}

/* The number in an entry's name; -1: none. */
static int next_fd(DIR *directory)
{
    struct dirent *entry = directory != NULL ? readdir(directory) : NULL;

    return entry != NULL ? atoi(entry->d_name) : -1;
}

static void close_directory(DIR *directory)
{
    if (directory != NULL)
        closedir(directory);
}

void port_find_rings(struct port *port)
{
    DIR *directory = opendir("/proc/self/fd");

    port->n_rings = 0;
    for (int fd; (fd = next_fd(directory)) >= 0;)
        if (port->n_rings < CONFIG_MAX_QUEUES && is_ring_of(port, fd))
            port->rings[port->n_rings++] = fd;
    close_directory(directory);
}

void port_find_xdp_sockets(struct port_sockets *out)
{
    DIR *directory = opendir("/proc/self/fd");

    out->n = 0;
    for (int fd; (fd = next_fd(directory)) >= 0;)
        if (out->n < PORT_MOST_SOCKETS && is_of_domain(fd, AF_XDP))
            out->fds[out->n++] = fd;
    close_directory(directory);
}

void port_take_xdp_rings(struct port *port, const struct port_sockets *before)
{
    struct port_sockets now;

    port_find_xdp_sockets(&now);
    port->n_rings = 0;
    for (uint32_t i = 0; i < now.n; i++)
        if (port->n_rings < CONFIG_MAX_QUEUES && !is_among(before, now.fds[i]))
            port->rings[port->n_rings++] = now.fds[i];
}

/* To read the counters sets them to 0. */
static void poll_packet_ring(struct port *port, int fd)
{
    struct tpacket_stats stats;
    socklen_t n = sizeof(stats);

    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &n) == 0)
        port->ring_missed += stats.tp_drops;
}

/* Kernels before 5.9 count them among those that DPDK asks for, and know no other number. */
static uint64_t read_xdp_ring(int fd)
{
    struct xdp_statistics stats = {0};
    socklen_t n = sizeof(stats);

    return getsockopt(fd, SOL_XDP, XDP_STATISTICS, &stats, &n) == 0 ? stats.rx_ring_full : 0;
}

void port_poll_missed(struct port *port)
{
    uint64_t xdp = 0;

    if (!port->is_kernel_interface)
        return;
    for (uint32_t i = 0; i < port->n_rings; i++) {
        if (port->kernel_driver == PORT_DRIVER_AF_PACKET)
            poll_packet_ring(port, port->rings[i]);
        else
            xdp += read_xdp_ring(port->rings[i]);
    }
    if (port->kernel_driver == PORT_DRIVER_AF_XDP)
        port->ring_missed = xdp;
}
