/* SPDX-License-Identifier: BSD-3-Clause */
/* Who else takes the frames of a kernel interface. By AF_PACKET the kernel still has each frame
 * that pennyline was given a copy of: a bridge, a bond, a macvlan or the kernel's own forwarding
 * sends it on, so that all traffic is doubled, and what was dropped arrives nevertheless.
 *
 * Any thread; reads files only. */
#ifndef NETDEV_SECOND_PATH_H
#define NETDEV_SECOND_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct netdev_addresses {
    bool ipv4, ipv6; /* it has one, so that others can address frames to the machine itself */
};

/* Of an interface of this machine; none when they cannot be read. */
struct netdev_addresses netdev_addresses_of(const char *interface);

/* Writes who does, and the remedy, as a clause ("is a port of br0, which ...; \"ip link set eth1
 * nomaster\""). False: nobody is known to. `root` is where /sys and /proc are ("": of the machine),
 * `addresses_of` mostly the function above; tests have their own. An interface on top of it that
 * was moved to another network namespace (a container's macvlan) cannot be seen from here, nor what
 * tc and nftables do. */
bool netdev_has_second_path(const char *root, const char *interface,
                            struct netdev_addresses (*addresses_of)(const char *interface),
                            char *out, size_t n);

#endif
