/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel knows of the way to an address: rtnetlink(7). One thread. */
#ifndef TRAFFIC_ROUTE_H
#define TRAFFIC_ROUTE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

struct route {
    char interface[IFNAMSIZ];
    int interface_index;
    bool is_own; /* the address is one of this host */
    bool has_gateway;
    struct ip_address gateway; /* else the address itself is on the link */
};

/* 0; -ENETUNREACH and the like when there is none; what the socket says. */
int route_find(const struct ip_address *to, struct route *out);

/* The MAC address of who takes frames for `to` by this route, from the kernel's table of neighbors.
 * 0; -ENOENT when the table has none that is known to be good. */
int route_neighbor(const struct route *route, const struct ip_address *to, uint8_t mac[6]);

/* Makes the kernel ask for it: an empty datagram from its own address to the next hop's discard
 * port (RFC 863), and waits up to `wait_ms` for the answer. 0, or as route_neighbor(). */
int route_ask_neighbor(const struct route *route, const struct ip_address *to, unsigned int wait_ms,
                       uint8_t mac[6]);

#endif
