/* SPDX-License-Identifier: BSD-3-Clause */
/* Which service a packet asks: by its destination address, protocol and port.
 *
 * Of a service for one port and one for all ports of the same address, the former takes its port.
 * Fragments show no port, so all of an address and protocol are taken by one service: of those for
 * this protocol alone (if there is none, of those for any) the one for all ports, or else the one
 * with the lowest port. What asks none is not touched.
 *
 * Threads: written by who builds it, then read by any. */
#ifndef SERVICE_DIRECTORY_H
#define SERVICE_DIRECTORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "service/ask.h"

#define SERVICE_ANY_PROTOCOL 0 /* in service_place.protocol: TCP, UDP and all others */
#define SERVICE_ALL_PORTS    0
#define SERVICE_NONE         UINT16_MAX

/* Where a service is asked. */
struct service_place {
    struct ip_address address;
    uint16_t port;    /* SERVICE_ALL_PORTS: all, and what has none where the protocol is any */
    uint8_t protocol; /* PACKET_PROTOCOL_TCP, _UDP, or SERVICE_ANY_PROTOCOL */
    uint16_t service; /* its number */
};

/* Can one packet ask for both by equal right? */
bool service_places_overlap(const struct service_place *a, const struct service_place *b);

struct service_directory;

/* Bytes for so many places; memory aligned to a cache line. */
size_t service_directory_bytes(uint32_t n_places);

/* Makes one inside `memory`, which the caller owns. No two places overlap. `secret`: from
 * getrandom(2), so that nobody can send addresses that make a search long. */
struct service_directory *service_directory_init(void *memory, const struct service_place *places,
                                                 uint32_t n_places, const uint64_t secret[2]);

/* The number of the service, or SERVICE_NONE. */
uint16_t service_find(const struct service_directory *d, const struct service_ask *ask);

#endif
