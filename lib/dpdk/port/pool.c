/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools of packet buffers: one for each NUMA socket, big enough that it never runs dry. */
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <stdio.h>

#include "port/internal.h"

#define CACHE_MBUFS 256
#define BURST_MBUFS 64
/* rte_mempool lets a cache grow to one and a half of its size before it gives back. */
#define CACHE_MOST_MBUFS (CACHE_MBUFS + CACHE_MBUFS / 2)
/* AF_XDP fills a ring of twice the receive descriptors. */
#define RX_FACTOR 2

/* Ethernet, two VLAN tags, FCS. */
#define L2_BYTES (14 + 2 * 4 + 4)
/* tpacket2_hdr and sockaddr_ll, aligned: below this. */
#define TPACKET_HEADER_BYTES 128

uint32_t port_pool_n_mbufs(const struct port *ports, uint32_t n_ports, uint32_t n_workers,
                           int socket)
{
    /* Packets of this pool lie in the transmit rings of all ports. */
    uint32_t n = (n_workers + 1) * CACHE_MOST_MBUFS;

    for (uint32_t i = 0; i < n_ports; i++) {
        const struct port *p = &ports[i];

        if (p->socket == socket)
            n += (uint32_t)p->n_rx_queues * (p->n_rx_descriptors * RX_FACTOR + BURST_MBUFS);
        n += (uint32_t)p->n_tx_queues * (p->n_tx_descriptors + BURST_MBUFS);
    }
    /* rte_mempool is most compact just below a power of two. */
    return rte_align32pow2(n + 1) - 1;
}

/* AF_PACKET wants room for a whole frame of its ring: a power of two with TPACKET's header in it.
 */
static uint32_t frame_bytes(const struct port *port)
{
    uint32_t n = port->config->mtu + L2_BYTES;

    if (!port->is_kernel_interface)
        return RTE_ALIGN_CEIL(n, RTE_CACHE_LINE_SIZE);
    return rte_align32pow2(n + TPACKET_HEADER_BYTES);
}

/* The ring of AF_PACKET holds more than a frame of the port's MTU, and DPDK does not say what it
 * cut. A shorter one that is not whole came so from the wire. */
uint32_t port_longest_whole_frame(const struct port *port)
{
    bool cuts = strcmp(port->driver.name, "af_packet") == 0;

    return cuts ? port->config->mtu + L2_BYTES : UINT32_MAX;
}

static uint16_t room_bytes(const struct port *ports, uint32_t n_ports)
{
    uint32_t most = RTE_MBUF_DEFAULT_BUF_SIZE;

    for (uint32_t i = 0; i < n_ports; i++)
        most = RTE_MAX(most, frame_bytes(&ports[i]) + RTE_PKTMBUF_HEADROOM);
    return (uint16_t)most;
}

struct rte_mempool *port_pool_create(const struct port *ports, uint32_t n_ports, uint32_t n_workers,
                                     int socket)
{
    char name[RTE_MEMPOOL_NAMESIZE];

    snprintf(name, sizeof(name), "packets_%d", socket);
    return rte_pktmbuf_pool_create(name, port_pool_n_mbufs(ports, n_ports, n_workers, socket),
                                   CACHE_MBUFS, 0, room_bytes(ports, n_ports), socket);
}

struct rte_mempool *port_own_pool_create(const struct port *port)
{
    uint32_t n = port_pool_n_mbufs(port, 1, port->settings.n_workers, port->socket);
    char name[RTE_MEMPOOL_NAMESIZE];

    snprintf(name, sizeof(name), "packets_p%u_%u", port->index, port->n_returns);
    return rte_pktmbuf_pool_create(name, n, CACHE_MBUFS, 0, room_bytes(port, 1), port->socket);
}

uint64_t port_pool_memory_bytes(const struct port *ports, uint32_t n_ports, uint32_t n_workers,
                                int socket)
{
    uint32_t element = sizeof(struct rte_mbuf) + room_bytes(ports, n_ports);
    uint32_t total = rte_mempool_calc_obj_size(element, 0, NULL);

    return (uint64_t)port_pool_n_mbufs(ports, n_ports, n_workers, socket) * total;
}
