/* SPDX-License-Identifier: BSD-3-Clause */
/* Payloads of UDP that look like QUIC, as far as somebody in between can see. */
#ifndef BLIND_DATAGRAM_H
#define BLIND_DATAGRAM_H

#include <stdint.h>

enum datagram {
    DATAGRAM_NONE,                /* no datagram: TCP */
    DATAGRAM_INITIAL,             /* a client's first flight, version 1 (RFC 9000 17.2.2) */
    DATAGRAM_INITIAL_2,           /* version 2 (RFC 9369) */
    DATAGRAM_SHORT_INITIAL,       /* an Initial in fewer than 1,200 bytes (RFC 9000 14.1) */
    DATAGRAM_UNKNOWN_VERSION,     /* a version of nobody's */
    DATAGRAM_VERSION_NEGOTIATION, /* RFC 9000 17.2.1 */
    DATAGRAM_0RTT,                /* RFC 9000 17.2.3 */
    DATAGRAM_COALESCED,           /* an Initial, and a Handshake packet behind it (12.2) */
    DATAGRAM_N_KINDS
};

/* Writes `n_bytes` (at least 32) of it, its Destination Connection ID of 8 bytes made of `id`; the
 * same arguments give the same bytes. Any thread. */
void datagram_write(enum datagram kind, uint32_t id, uint8_t *out, uint16_t n_bytes);

/* How long one of the kind is meant to be. */
uint16_t datagram_bytes(enum datagram kind);

#endif
