/* SPDX-License-Identifier: BSD-3-Clause */
/* The first flight of a QUIC client, by what stands in the clear. */
#ifndef PACKET_QUIC_H
#define PACKET_QUIC_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

/* RFC 9000 17.2: a connection ID of version 1, and of version 2 (RFC 9369), has at most 20 bytes;
 * 7.2: the one that a client makes up for its first flight has at least 8. */
#define PACKET_QUIC_LEAST_ID_BYTES 8
#define PACKET_QUIC_MOST_ID_BYTES  20

/* RFC 9000 14.1: a datagram with an Initial that asks for an answer has at least so much payload.
 */
#define PACKET_QUIC_LEAST_BYTES 1200

struct packet_quic_initial {
    uint32_t version;
    uint8_t n_id_bytes;
    uint8_t id[PACKET_QUIC_MOST_ID_BYTES]; /* Destination Connection ID; zeros behind it */
};

/* Does the datagram begin with an Initial of QUIC version 1 or 2 as a client sends it before it
 * heard from the server? `view`, of reason PACKET_UDP (else false), was made of the packet at
 * `data`, of which `captured_bytes` may be read. Only then `out` is written.
 *
 * What is encrypted is not looked at, so anybody can make such a datagram, and the Initials of a
 * server whose client chose a long ID look the same. Any thread. */
bool packet_read_quic_initial(const struct packet_view *view, const uint8_t *data,
                              uint32_t captured_bytes, struct packet_quic_initial *out);

#endif
