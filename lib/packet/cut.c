/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/packet.h"

#define ETHERNET_ADDRESSES_BYTES 12
#define IPV4_BYTES               20
#define IPV6_BYTES               40

enum { TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_VLAN = 0x8100, TYPE_SERVICE_VLAN = 0x88a8 };

static uint32_t read_be16(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

bool packet_is_cut(const uint8_t *data, uint32_t captured_bytes, uint32_t frame_bytes)
{
    uint32_t offset = ETHERNET_ADDRESSES_BYTES + 2, type;

    if (captured_bytes < offset)
        return false;
    type = read_be16(data + ETHERNET_ADDRESSES_BYTES);
    for (unsigned int n = 0; n < PACKET_MAX_VLANS; n++) {
        if ((type != TYPE_VLAN && type != TYPE_SERVICE_VLAN) || captured_bytes < offset + 4)
            break;
        type = read_be16(data + offset + 2);
        offset += 4;
    }
    /* RFC 791 3.1: all of the packet; RFC 8200 3: what follows the header. */
    if (type == TYPE_IPV4 && captured_bytes >= offset + IPV4_BYTES && data[offset] >> 4 == 4)
        return offset + read_be16(data + offset + 2) > frame_bytes;
    if (type == TYPE_IPV6 && captured_bytes >= offset + IPV6_BYTES && data[offset] >> 4 == 6)
        return offset + IPV6_BYTES + read_be16(data + offset + 4) > frame_bytes;
    return false;
}
