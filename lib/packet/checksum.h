/* SPDX-License-Identifier: BSD-3-Clause */
/* Is a TCP checksum right? Nothing that is forwarded depends on it: it tells why traffic cannot be
 * tested, since a sender whose checksums are left to a NIC that it does not have gets no answer. */
#ifndef PACKET_CHECKSUM_H
#define PACKET_CHECKSUM_H

#include <stdint.h>

#include "packet/packet.h"

enum packet_checksum {
    PACKET_CHECKSUM_UNKNOWN, /* not all of it is here; or IP options or extension headers, which may
                                name another destination */
    PACKET_CHECKSUM_RIGHT,
    PACKET_CHECKSUM_WRONG,
};

/* RFC 9293 3.1 and RFC 8200 8.1. `view`, of reason PACKET_TCP, was made of the packet at `data`, of
 * which `captured_bytes` may be read. Any thread; reads all of the packet. */
enum packet_checksum packet_tcp_checksum(const struct packet_view *view, const uint8_t *data,
                                         uint32_t captured_bytes);

#endif
