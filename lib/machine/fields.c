/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields of packets: as numbers for rules, as bytes for keys. */
#include "base/bytes.h"
#include "machine/layout.h"

#define PROTOCOL_ICMP   1
#define PROTOCOL_ICMPV6 58

static struct field_value number(uint64_t low)
{
    return (struct field_value){0, low};
}

static uint64_t load_be(const uint8_t *from, unsigned int n)
{
    uint64_t value = 0;

    for (unsigned int i = 0; i < n; i++)
        value = value << 8 | from[i];
    return value;
}

static struct field_value address(const struct ip_address *a)
{
    return (struct field_value){load_be(a->bytes, 8), load_be(a->bytes + 8, 8)};
}

/* Ports stand in whole packets, and in a first fragment. */
static bool has_ports(const struct packet_view *v, uint8_t protocol)
{
    return v->reason == (protocol == PACKET_PROTOCOL_TCP ? PACKET_TCP : PACKET_UDP) ||
           packet_is_first_fragment(v, protocol);
}

static bool has_icmp(const struct machine_packet *packet)
{
    const struct packet_view *v = packet->view;

    return v->has_ip && v->l4_offset != 0 && (uint32_t)v->l4_offset + 2 <= packet->n_data &&
           v->reason == PACKET_NOT_TCP &&
           v->protocol == (v->is_ipv4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6);
}

/* The EtherType behind VLAN tags. */
static bool read_ethertype(const struct machine_packet *packet, struct field_value *out)
{
    uint32_t at = 12;

    while (at + 2 <= packet->n_data && packet_is_vlan_type(load_be16(packet->data + at)))
        at += 4;
    if (at + 2 > packet->n_data)
        return false;
    *out = number(load_be16(packet->data + at));
    return true;
}

/* Of the fixed header of IP. */
static bool read_ip(enum machine_field field, const struct machine_packet *packet,
                    struct field_value *out)
{
    const struct packet_view *v = packet->view;
    const uint8_t *ip = packet->data + v->l3_offset;

    if (!v->has_ip || (uint32_t)v->l3_offset + 20 > packet->n_data)
        return false;
    if (field == MACHINE_IP_TTL)
        *out = number(v->is_ipv4 ? ip[8] : ip[7]);
    else
        *out = number(v->is_ipv4 ? ip[1] >> 2 : (load_be16(ip) >> 6 & 0x3f));
    return true;
}

static bool read_either_port(const struct packet_view *v, uint16_t port, struct field_value *out)
{
    *out = number(port);
    return has_ports(v, PACKET_PROTOCOL_TCP) || has_ports(v, PACKET_PROTOCOL_UDP);
}

static bool read_link(enum machine_field field, const struct machine_packet *packet,
                      struct field_value *out)
{
    if (field == MACHINE_ETH_TYPE)
        return read_ethertype(packet, out);
    if (packet->n_data < 12)
        return false;
    *out = number(load_be(packet->data + (field == MACHINE_ETH_SOURCE ? 6 : 0), 6));
    return true;
}

bool field_read(enum machine_field field, const struct machine_packet *packet,
                struct field_value *out)
{
    const struct packet_view *v = packet->view;

    switch (field) {
    case MACHINE_PORT:
        *out = number(packet->port);
        return true;
    case MACHINE_ETH_SOURCE:
    case MACHINE_ETH_DESTINATION:
    case MACHINE_ETH_TYPE:
        return read_link(field, packet, out);
    case MACHINE_VLAN_ID:
        *out = number(v->vlan_id[0]);
        return v->n_vlans > 0;
    case MACHINE_IP_SOURCE:
        *out = address(&v->source);
        return v->has_ip;
    case MACHINE_IP_DESTINATION:
        *out = address(&v->destination);
        return v->has_ip;
    case MACHINE_IPV4_SOURCE:
        *out = number(load_be32(v->source.bytes + 12));
        return v->has_ip && v->is_ipv4;
    case MACHINE_IPV4_DESTINATION:
        *out = number(load_be32(v->destination.bytes + 12));
        return v->has_ip && v->is_ipv4;
    case MACHINE_IPV6_SOURCE:
        *out = address(&v->source);
        return v->has_ip && !v->is_ipv4;
    case MACHINE_IPV6_DESTINATION:
        *out = address(&v->destination);
        return v->has_ip && !v->is_ipv4;
    case MACHINE_IP_PROTOCOL:
        *out = number(v->protocol);
        return v->has_ip;
    case MACHINE_IP_TTL:
    case MACHINE_IP_DSCP:
        return read_ip(field, packet, out);
    case MACHINE_TCP_SOURCE:
        *out = number(v->source_port);
        return has_ports(v, PACKET_PROTOCOL_TCP);
    case MACHINE_TCP_DESTINATION:
        *out = number(v->destination_port);
        return has_ports(v, PACKET_PROTOCOL_TCP);
    case MACHINE_TCP_FLAGS:
        *out = number(v->tcp_flags);
        return v->reason == PACKET_TCP;
    case MACHINE_UDP_SOURCE:
        *out = number(v->source_port);
        return has_ports(v, PACKET_PROTOCOL_UDP);
    case MACHINE_UDP_DESTINATION:
        *out = number(v->destination_port);
        return has_ports(v, PACKET_PROTOCOL_UDP);
    case MACHINE_L4_SOURCE:
        return read_either_port(v, v->source_port, out);
    case MACHINE_L4_DESTINATION:
        return read_either_port(v, v->destination_port, out);
    case MACHINE_ICMP_TYPE:
    case MACHINE_ICMP_CODE:
        if (!has_icmp(packet))
            return false;
        *out = number(packet->data[v->l4_offset + (field == MACHINE_ICMP_CODE)]);
        return true;
    case MACHINE_FRAME_BYTES:
        *out = number(packet->frame_bytes);
        return true;
    case MACHINE_N_FIELDS:
        break;
    }
    return false;
}

/* In network order; widths are those of MACHINE_FIELDS. */
static inline void append(uint8_t *to, struct field_value v, uint8_t width)
{
    switch (width) {
    case 1:
        to[0] = (uint8_t)v.low;
        return;
    case 2:
        store_be16(to, (uint16_t)v.low);
        return;
    case 6:
        store_be16(to, (uint16_t)(v.low >> 32));
        store_be32(to + 2, (uint32_t)v.low);
        return;
    case 16:
        store_be32(to, (uint32_t)(v.high >> 32));
        store_be32(to + 4, (uint32_t)v.high);
        store_be32(to + 8, (uint32_t)(v.low >> 32));
        to += 12;
        break;
    default: /* 4 */
        break;
    }
    store_be32(to, (uint32_t)v.low);
}

bool scope_read(const struct program_scope *s, const struct machine_packet *packet,
                uint64_t key[MACHINE_KEY_WORDS])
{
    uint8_t *to = (uint8_t *)key;

    memset(key, 0, MACHINE_MAX_KEY_BYTES);
    for (uint8_t i = 0; i < s->n_fields; i++) {
        const struct packet_view *v = packet->view;
        struct field_value value;

        /* Addresses as they lie there. */
        if (s->fields[i] == MACHINE_IP_SOURCE || s->fields[i] == MACHINE_IP_DESTINATION) {
            if (!v->has_ip)
                return false;
            memcpy(to, s->fields[i] == MACHINE_IP_SOURCE ? &v->source : &v->destination, 16);
        } else {
            if (!field_read((enum machine_field)s->fields[i], packet, &value))
                return false;
            append(to, value, s->widths[i]);
        }
        to += s->widths[i];
    }
    return true;
}
