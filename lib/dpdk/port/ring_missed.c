/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that found the receive ring of AF_PACKET full. The kernel counts them for each socket,
 * and DPDK's driver does not ask; so its sockets are looked for among our descriptors, and asked.
 */
#include <dirent.h>
#include <linux/if_packet.h>
#include <rte_ethdev.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "port/internal.h"

static bool is_ring_of(const struct port *port, int fd)
{
    struct sockaddr_ll address;
    socklen_t n_domain = sizeof(int), n_address = sizeof(address);
    int domain = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n_domain) != 0 || domain != AF_PACKET)
        return false;
    return getsockname(fd, (struct sockaddr *)&address, &n_address) == 0 &&
           address.sll_ifindex == (int)port->interface_index;
}

void port_find_rings(struct port *port)
{
    DIR *directory = opendir("/proc/self/fd");
    struct dirent *entry;

    port->n_rings = 0;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        int fd = atoi(entry->d_name);

        if (port->n_rings < CONFIG_MAX_QUEUES && is_ring_of(port, fd))
            port->rings[port->n_rings++] = fd;
    }
    if (directory != NULL)
        closedir(directory);
}

/* To read the counters sets them to 0. */
void port_poll_missed(struct port *port)
{
    for (uint32_t i = 0; i < port->n_rings; i++) {
        struct tpacket_stats stats;
        socklen_t n = sizeof(stats);

        if (getsockopt(port->rings[i], SOL_PACKET, PACKET_STATISTICS, &stats, &n) == 0)
            port->ring_missed += stats.tp_drops;
    }
}
