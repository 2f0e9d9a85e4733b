/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files of lib/dpdk/port only. */
#ifndef PORT_INTERNAL_H
#define PORT_INTERNAL_H

#include <rte_ethdev.h>

#include "port/port.h"

/* Writes port->error and returns `error`. */
__attribute__((format(printf, 3, 4))) int port_fail(struct port *port, int error,
                                                    const char *format, ...);

/* Tells the listener. */
__attribute__((format(printf, 2, 3))) void port_say(const struct port *port, const char *format,
                                                    ...);

/* Opens with one certain driver (kernel interfaces: never AUTO). 0, or as port_open(). */
int port_open_device(struct port *port, enum port_driver driver);

/* Takes all its devices, which are stopped, out of EAL. */
void port_unplug(struct port *port);

/* Receive hash of `conf` by drivers-cfg and configuration, as far as the device has it. `key` backs
 * it and outlives it. */
void port_set_rss(struct port *port, const struct rte_eth_dev_info *info, struct rte_eth_conf *conf,
                  uint8_t key[CONFIG_RSS_KEY_BYTES]);

/* Offloads by drivers-cfg, as far as the device has them. */
void port_set_offloads(const struct port *port, const struct rte_eth_dev_info *info,
                       struct rte_eth_conf *conf);

/* Takes hold of the XDP program that the driver attached, once queues are set up; gives it back. */
void port_hold_program(struct port *port);
void port_release_program(struct port *port);

/* Of a started port: the driver's word that its device went. */
void port_listen_for_removal(struct port *port);
void port_hush_removal(struct port *port);

/* A pool for this port alone. NULL with rte_errno set. */
struct rte_mempool *port_own_pool_create(const struct port *port);

/* Finds the sockets of an AF_PACKET port, which is started. */
void port_find_rings(struct port *port);

/* All AF_XDP sockets of the process: before a port is configured. */
#define PORT_MOST_SOCKETS (CONFIG_MAX_PORTS * CONFIG_MAX_QUEUES)
struct port_sockets {
    uint32_t n;
    int fds[PORT_MOST_SOCKETS];
};
void port_find_xdp_sockets(struct port_sockets *out);
/* After it was: those that came since are the port's. */
void port_take_xdp_rings(struct port *port, const struct port_sockets *before);

/* Flags of a kernel interface (IFF_UP, IFF_RUNNING), or a negative errno. */
int port_kernel_flags(const struct port *port);

#endif
