/* SPDX-License-Identifier: BSD-3-Clause */
/* A port: an Ethernet device of DPDK, from the configuration's text to packets.
 *
 *   port_open()       finds or makes the device, reads its driver's file of drivers-cfg
 *   port_pool_create() for each NUMA socket that has ports
 *   port_configure()  queues, receive hash, offloads; falls back from AF_XDP to AF_PACKET
 *   port_start(), then workers use `id` with the queues that they were given
 *   port_stop(), port_close()
 *
 * Each worker sends on a transmit queue of its own, so that nothing is shared between workers. All
 * functions belong to the manager's thread. What a person should know goes to `say`, one whole
 * sentence at a time. */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "config/driver.h"
#include "netdev/xdp.h"
#include "stats/ports.h"

#define PORT_ERROR_BYTES 512

struct rte_mempool;

/* Someone who listens to warnings. */
struct port_listener {
    void (*say)(void *context, const char *text);
    void *context;
};

struct port_settings {
    const char *drivers_directory; /* drivers-cfg */
    uint16_t n_workers;            /* transmit queues that are needed */
    bool single_pool; /* all packets come from one pool, which some transmit offloads ask for */
    struct port_listener listener;
};

struct port {
    const struct config_port *config;
    struct port_settings settings;
    struct driver_config driver;
    char device_name[64]; /* DPDK's, of the first device */
    char error[PORT_ERROR_BYTES];
    enum port_driver kernel_driver; /* of a kernel interface: which one is in use */
    uint16_t index;                 /* in config.ports */
    uint16_t id;                    /* DPDK's, of the first device; valid while `is_open` */
    /* Mostly one. An interface whose queues one AF_XDP device cannot take has a device with one
     * queue for each: queue q of the port is queue 0 of device q. */
    uint16_t n_devices;
    uint16_t devices[CONFIG_MAX_QUEUES];
    int socket; /* NUMA, never negative */
    uint16_t n_rx_queues, n_tx_queues, n_rx_descriptors, n_tx_descriptors;
    uint32_t interface_index; /* of a kernel interface, as of opening */
    int probe_socket;         /* to ask the kernel about its interface; -1: none */
    /* Of a port by AF_XDP, once configured: the program that brings it its packets. */
    struct netdev_xdp xdp;
    int xdp_fd; /* keeps it alive; -1: none */
    /* Of a port by AF_PACKET or AF_XDP: its sockets, DPDK's own, and what found their rings full.
     */
    uint32_t n_rings;
    int rings[CONFIG_MAX_QUEUES];
    uint64_t ring_missed;
    const char *trouble; /* why it brings nothing, in words; NULL: it does */
    uint8_t mac[6];
    bool is_kernel_interface, is_open, is_started, is_hotplugged, link_up;
    struct port_statistics base; /* at the start */
    /* Of a port whose device went (port_leave()): the counts of the devices that it had before, how
     * often it came back, and the pool that its present one has alone, or NULL. */
    struct port_statistics earlier;
    bool is_away;
    atomic_bool is_removed; /* the driver said so */
    uint32_t n_returns;
    struct rte_mempool *own_pool;
};

/* Opens the device of `config` (which outlives the port): a kernel interface by AF_XDP or
 * AF_PACKET, a PCI device that EAL has probed, or a vdev. 0, or a negative errno with port->error
 * in words. The port need not be closed after an error. */
int port_open(struct port *port, const struct config_port *config, uint16_t index,
              const struct port_settings *settings);

/* Sets up queues, receive hash and offloads. `pool` is the one of port->socket. When AF_XDP does
 * not work and the configuration leaves the choice, AF_PACKET is taken and the listener told why.
 * 0, or a negative errno with port->error in words. */
int port_configure(struct port *port, struct rte_mempool *pool);

/* A queue of the port, as DPDK knows it. */
struct port_queue {
    uint16_t device, queue;
};

static inline struct port_queue port_queue_of(const struct port *port, uint16_t queue)
{
    return port->n_devices > 1 ? (struct port_queue){.device = port->devices[queue], .queue = 0}
                               : (struct port_queue){.device = port->id, .queue = queue};
}

/* 0, or a negative errno with port->error in words. */
int port_start(struct port *port);

/* No worker uses it any more. Both may be called at any state, again and again. */
void port_stop(struct port *port);
void port_close(struct port *port);

/* Is its device not there any more? An interface of the kernel was deleted, or moved to another
 * network namespace; or the driver said so. What is sent to it and held by it is lost. */
bool port_is_gone(const struct port *port);

/* Closes a port that is gone; no worker uses it any more. `sum` is what workers did with it since
 * the start. What it held is counted: packets not yet taken as missed, packets not yet sent as
 * errors. `may_free_pool`: no transmit ring holds packets that came in by it. */
void port_leave(struct port *port, const struct worker_port *sum, bool may_free_pool);

/* Of a port that left: is there a device again, and is it up? A PCI device is probed for it. */
bool port_may_return(const struct port *port);

/* Opens, configures and starts it again, with queues as before; `shared` is the pool of its NUMA
 * node. 0, or a negative errno with port->error in words: then it is away as before. */
int port_return(struct port *port, struct rte_mempool *shared);

/* Asks what the driver does not: how many packets found the rings of AF_PACKET full. Counted as
 * missed by the next port_read_statistics(). */
void port_poll_missed(struct port *port);

/* 0, or a negative errno. */
int port_read_statistics(const struct port *port, struct port_statistics *out);

/* Reads the link state. True when it changed since the last call; port->link_up says to what. */
bool port_poll_link(struct port *port);

/* Looks whether the XDP program of an AF_XDP port is still there, and attaches it again when it is
 * gone, in the call after the one that found it so: the first is for who is told. True when
 * port->trouble changed since the last call. */
bool port_poll_program(struct port *port);

/* A frame that is longer, and shorter than the packet in it, was cut by the port's receive ring;
 * UINT32_MAX: this driver cuts none. */
uint32_t port_longest_whole_frame(const struct port *port);

/* Driver in a word or two ("af_packet", "mlx5_pci"), for people. */
const char *port_driver_name(const struct port *port);

/* What one pool has to hold for these ports and workers, whatever all rings and caches hold. */
uint32_t port_pool_n_mbufs(const struct port *ports, uint32_t n_ports, uint32_t n_workers,
                           int socket);

/* A pool of one NUMA socket. NULL with rte_errno set. Freed by rte_mempool_free(). */
struct rte_mempool *port_pool_create(const struct port *ports, uint32_t n_ports, uint32_t n_workers,
                                     int socket);

/* Bytes that such a pool takes, for the printed budget. */
uint64_t port_pool_memory_bytes(const struct port *ports, uint32_t n_ports, uint32_t n_workers,
                                int socket);

#endif
