/* SPDX-License-Identifier: BSD-3-Clause */
/* Who a client is, for limits: its IPv4 address, also where it comes in as IPv6 (RFC 4291 section
 * 2.5.5.2), or the network that its IPv6 address lies in, since one host has a whole /64. */
#ifndef WEB_CLIENT_KEY_H
#define WEB_CLIENT_KEY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#define CLIENT_KEY_LOCAL 0
#define CLIENT_KEY_IPV4  4
#define CLIENT_KEY_IPV6  6

struct client_key {
    uint64_t kind; /* CLIENT_KEY_LOCAL: it has no address, as all who come by a UNIX socket */
    uint64_t bits; /* of the address or network, in network order */
};

/* `client` may be NULL. Of IPv6 the first `n_bytes` (1 to 8) count. */
static inline struct client_key client_key_of(const struct sockaddr *client, size_t n_bytes)
{
    struct client_key key = {CLIENT_KEY_LOCAL, 0};
    const struct in6_addr *ipv6;

    if (client != NULL && client->sa_family == AF_INET) {
        key.kind = CLIENT_KEY_IPV4;
        key.bits = ((const struct sockaddr_in *)(const void *)client)->sin_addr.s_addr;
    } else if (client != NULL && client->sa_family == AF_INET6) {
        ipv6 = &((const struct sockaddr_in6 *)(const void *)client)->sin6_addr;
        key.kind = IN6_IS_ADDR_V4MAPPED(ipv6) ? CLIENT_KEY_IPV4 : CLIENT_KEY_IPV6;
        if (key.kind == CLIENT_KEY_IPV4)
            memcpy(&key.bits, &ipv6->s6_addr[12], 4);
        else
            memcpy(&key.bits, ipv6->s6_addr, n_bytes);
    }
    return key;
}

static inline bool client_key_is_equal(const struct client_key *a, const struct client_key *b)
{
    return a->kind == b->kind && a->bits == b->bits;
}

#endif
