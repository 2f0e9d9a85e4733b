/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames that this host sends itself. AF_PACKET sockets are given copies of those, too (packet(7),
 * PACKET_OUTGOING), and DPDK's driver takes them for frames that came in. */
#ifndef NETDEV_SENT_H
#define NETDEV_SENT_H

#include <stdint.h>

/* From now on the AF_PACKET sockets that this process has bound to the interface get only what
 * comes in. Returns how many sockets, or a negative errno. The manager's thread. */
int netdev_ignore_sent(uint32_t interface_index);

#endif
