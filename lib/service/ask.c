/* SPDX-License-Identifier: BSD-3-Clause */
#include "service/ask.h"

#include "base/bytes.h"
#include "base/hash.h"

enum {
    PROTOCOL_ICMP = 1,
    PROTOCOL_FRAGMENT = 44, /* of IPv6 */
    PROTOCOL_ICMPV6 = 58,
    ICMP_HEADER_BYTES = 8,
    IPV4_HEADER_BYTES = 20,
    IPV6_HEADER_BYTES = 40,
    PORTS_BYTES = 4,
};

static const uint64_t row_key[2] = {UINT64_C(0xc97c50dd3f84d5b5), UINT64_C(0xb54709179216d5d9)};

static bool is_icmp_error(const struct packet_view *view, uint8_t type)
{
    if (view->is_ipv4)
        return view->protocol == PROTOCOL_ICMP &&
               (type == 3 || type == 4 || type == 11 || type == 12);
    return view->protocol == PROTOCOL_ICMPV6 && type >= 1 && type <= 4;
}

/* A packet in an error, as far as it is there. */
struct inner_packet {
    struct ip_address source, destination;
    uint8_t protocol;
    bool is_later_fragment;
    uint32_t l4_offset; /* from `data` */
};

static bool read_inner_ipv4(const uint8_t *data, uint32_t n, uint32_t at, struct inner_packet *out)
{
    const uint16_t fragment_offset = 0x1fff;
    uint32_t header_bytes;

    if (n < at + IPV4_HEADER_BYTES || data[at] >> 4 != 4)
        return false;
    header_bytes = (data[at] & 0xfu) * 4;
    if (header_bytes < IPV4_HEADER_BYTES)
        return false;
    out->source = ip_address_from_ipv4(data + at + 12);
    out->destination = ip_address_from_ipv4(data + at + 16);
    out->protocol = data[at + 9];
    out->is_later_fragment = (load_be16(data + at + 6) & fragment_offset) != 0;
    out->l4_offset = at + header_bytes;
    return true;
}

/* Extension headers in errors are not looked through: servers send none with TCP and UDP, but for
 * the fragment header, and what was a fragment has no port that can be told. */
static bool read_inner_ipv6(const uint8_t *data, uint32_t n, uint32_t at, struct inner_packet *out)
{
    if (n < at + IPV6_HEADER_BYTES || data[at] >> 4 != 6)
        return false;
    out->source = ip_address_from_ipv6(data + at + 8);
    out->destination = ip_address_from_ipv6(data + at + 24);
    out->protocol = data[at + 6];
    out->l4_offset = at + IPV6_HEADER_BYTES;
    out->is_later_fragment = out->protocol == PROTOCOL_FRAGMENT;
    if (out->is_later_fragment) {
        if (n < out->l4_offset + 1)
            return false;
        out->protocol = data[out->l4_offset];
    }
    return true;
}

static bool has_ports(uint8_t protocol)
{
    return protocol == PACKET_PROTOCOL_TCP || protocol == PACKET_PROTOCOL_UDP;
}

static bool read_icmp_error(const struct packet_view *view, const uint8_t *data, uint32_t n,
                            struct service_ask *out)
{
    const uint32_t at = view->l4_offset;
    struct inner_packet inner;

    if (view->reason != PACKET_NOT_TCP || at == 0 || n < at + ICMP_HEADER_BYTES ||
        !is_icmp_error(view, data[at]))
        return false;
    if (!(view->is_ipv4 ? read_inner_ipv4(data, n, at + ICMP_HEADER_BYTES, &inner)
                        : read_inner_ipv6(data, n, at + ICMP_HEADER_BYTES, &inner)))
        return false;
    if (!ip_address_equal(&inner.source, &view->destination))
        return false;
    *out = (struct service_ask){.client = inner.destination,
                                .address = inner.source,
                                .protocol = inner.protocol,
                                .kind = SERVICE_ASK_OTHER};
    if (!has_ports(inner.protocol))
        return true;
    out->kind = SERVICE_ASK_FRAGMENT;
    if (inner.is_later_fragment || n < inner.l4_offset + PORTS_BYTES)
        return true;
    out->kind = SERVICE_ASK_PORTS;
    out->port = load_be16(data + inner.l4_offset);
    out->client_port = load_be16(data + inner.l4_offset + 2);
    return true;
}

static bool is_extension(uint8_t protocol)
{
    const uint8_t hop_by_hop = 0, routing = 43, destination = 60;

    return protocol == hop_by_hop || protocol == routing || protocol == destination;
}

/* What the fragment header of an IPv6 packet names, which is the same in all of its fragments (RFC
 * 8200 4.5); PROTOCOL_FRAGMENT when it cannot be reached. The view has it of first ones only. */
static uint8_t fragment_protocol_ipv6(const struct packet_view *view, const uint8_t *data,
                                      uint32_t n)
{
    uint32_t at = view->l3_offset + IPV6_HEADER_BYTES;
    uint8_t protocol;

    if (n < at)
        return PROTOCOL_FRAGMENT;
    protocol = data[view->l3_offset + 6];
    for (unsigned int i = 0; i < PACKET_MAX_IPV6_EXTENSIONS && is_extension(protocol); i++) {
        if (n < at + 2)
            return PROTOCOL_FRAGMENT;
        protocol = data[at];
        at += (data[at + 1] + 1u) * 8;
    }
    return protocol == PROTOCOL_FRAGMENT && n >= at + 1 ? data[at] : PROTOCOL_FRAGMENT;
}

bool service_read_ask(const struct packet_view *view, const uint8_t *data, uint32_t n_bytes,
                      struct service_ask *out)
{
    if (!view->has_ip)
        return false;
    if (read_icmp_error(view, data, n_bytes, out))
        return true;
    *out = (struct service_ask){.client = view->source,
                                .address = view->destination,
                                .protocol = view->protocol,
                                .kind = SERVICE_ASK_OTHER};
    if (view->reason == PACKET_IPV6_FRAGMENT)
        out->protocol = fragment_protocol_ipv6(view, data, n_bytes);
    if (view->reason == PACKET_TCP || view->reason == PACKET_UDP) {
        out->kind = SERVICE_ASK_PORTS;
        out->client_port = view->source_port;
        out->port = view->destination_port;
    } else if (has_ports(out->protocol)) {
        /* A segment whose own header is damaged goes where a fragment goes: its ports are no more
         * to be trusted. */
        out->kind = SERVICE_ASK_FRAGMENT;
    }
    return true;
}

uint16_t service_row(const struct service_ask *ask, enum service_hash hash, uint32_t prefix_bits)
{
    struct {
        struct ip_address client, address;
        uint64_t rest;
    } words = {ask->client, {{0}}, 0};

    if (hash == SERVICE_HASH_SOURCE_PREFIX) {
        words.client = ip_prefix_of_address(&ask->client, (uint8_t)prefix_bits).address;
    } else if (hash == SERVICE_HASH_FLOW) {
        words.address = ask->address;
        words.rest = (uint64_t)ask->client_port << 32 | (uint64_t)ask->port << 16 | ask->protocol;
    }
    return (uint16_t)hash_words(&words, sizeof(words) / sizeof(uint64_t), row_key);
}
