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

/* Writes who does, and the remedy, as a clause ("is a port of br0, which ...; \"ip link set eth1
 * nomaster\""). False: nobody is known to. `root` is where /sys and /proc are ("": of the machine).
 * An interface on top of it that was moved to another network namespace (a container's macvlan)
 * cannot be seen from here, nor what tc and nftables do. */
bool netdev_has_second_path(const char *root, const char *interface, char *out, size_t n);

#endif
