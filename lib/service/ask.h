/* SPDX-License-Identifier: BSD-3-Clause */
/* What of a packet a service looks at: who asks, which address and port it asks, and how. Pure, any
 * thread. */
#ifndef SERVICE_ASK_H
#define SERVICE_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "packet/packet.h"

/* What a packet tells beside its addresses. */
enum service_ask_kind {
    SERVICE_ASK_PORTS,    /* TCP or UDP with both ports */
    SERVICE_ASK_FRAGMENT, /* first or later: ports do not count, so that all go the same way */
    SERVICE_ASK_OTHER,    /* a protocol without ports */
};

struct service_ask {
    struct ip_address client, address;
    uint16_t client_port, port; /* of SERVICE_ASK_PORTS; else 0 */
    uint8_t protocol;
    uint8_t kind; /* enum service_ask_kind */
};

/* The packet that `view` was made of, `n_bytes` of which may be read at `data`.
 *
 * An error of ICMP (RFC 792: types 3, 4, 11, 12; RFC 4443: types 1 to 4) is about a packet that the
 * service's address sent, so it is read as that packet's flow: that member has to know of it. One
 * whose inner packet is not from the address that the error came to, or cannot be read, is
 * SERVICE_ASK_OTHER, of ICMP itself. False: it is no IP packet. */
bool service_read_ask(const struct packet_view *view, const uint8_t *data, uint32_t n_bytes,
                      struct service_ask *out);

/* By what flows are kept together. */
enum service_hash {
    SERVICE_HASH_FLOW,          /* addresses, protocol and ports */
    SERVICE_HASH_SOURCE,        /* who asks */
    SERVICE_HASH_SOURCE_PREFIX, /* the prefix of who asks: several boxes behind one router each
                                   have whole prefixes to test */
};

/* The row of an ask. `prefix_bits`: of the client's family, for SERVICE_HASH_SOURCE_PREFIX alone.
 * The same on every box and after every restart; whoever aims its flows at one member by that
 * gains what any large flow has. */
uint16_t service_row(const struct service_ask *ask, enum service_hash hash, uint32_t prefix_bits);

#endif
