/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the parser share. Nobody else includes this. */
#ifndef PACKET_INTERNAL_H
#define PACKET_INTERNAL_H

#include "packet/packet.h"

static const struct packet_view packet_nothing_known = {
    .vlan_id = {PACKET_VLAN_NONE, PACKET_VLAN_NONE},
};

enum packet_inner {
    PACKET_INNER_TYPED,    /* what the EtherType says */
    PACKET_INNER_ETHERNET, /* an Ethernet frame */
};

/* What a tunnel carries, from `offset` on. At most UINT16_MAX bytes are captured. `out` knows
 * nothing yet but its tunnel and, unless an Ethernet frame follows, its VLANs. */
enum packet_reason packet_parse_inner(enum packet_inner inner, uint16_t ethertype,
                                      const uint8_t *data, uint32_t captured_bytes, uint32_t offset,
                                      struct packet_view *out);

/* Takes off what `view`, of reason PACKET_NOT_IP, has before its IP header, when the table knows
 * it. False: there is no more to take off; the reason may have become one of a refused header. */
bool packet_take_off_link(const uint8_t *data, uint32_t captured_bytes, struct packet_view *view);

#endif
