/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/checksum.h"

#define IPV4_HEADER_BYTES 20
#define IPV6_HEADER_BYTES 40
#define PROTOCOL_TCP      6

/* The sum of 16-bit words in network order, the last byte padded (RFC 1071). */
static uint64_t sum_of(const uint8_t *at, uint32_t n)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i + 1 < n; i += 2)
        sum += (uint32_t)at[i] << 8 | at[i + 1];
    return n % 2 == 0 ? sum : sum + ((uint32_t)at[n - 1] << 8);
}

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

enum packet_checksum packet_tcp_checksum(const struct packet_view *view, const uint8_t *data,
                                         uint32_t captured_bytes)
{
    const uint32_t l4 = view->l4_offset;
    const uint32_t n_addresses = view->is_ipv4 ? 8 : 32, addresses_at = view->is_ipv4 ? 12 : 8;
    uint32_t n_header, n_tcp;
    uint64_t sum;

    if (l4 - view->l3_offset != (view->is_ipv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES) ||
        captured_bytes < l4 + 13)
        return PACKET_CHECKSUM_UNKNOWN;
    n_header = (uint32_t)(data[l4 + 12] >> 4) * 4;
    n_tcp = n_header + view->payload_bytes;
    if (captured_bytes - l4 < n_tcp)
        return PACKET_CHECKSUM_UNKNOWN;
    sum = sum_of(data + view->l3_offset + addresses_at, n_addresses) + PROTOCOL_TCP + n_tcp +
          sum_of(data + l4, n_tcp);
    return fold(sum) == 0xffff ? PACKET_CHECKSUM_RIGHT : PACKET_CHECKSUM_WRONG;
}
