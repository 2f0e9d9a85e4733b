/* SPDX-License-Identifier: BSD-3-Clause */
#include "frames.h"

#include <string.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "layers.h"

/* Offsets of fields to poke in a frame whose IP header follows Ethernet at once. */
enum {
    AT_IP = 14,
    AT_IPV4_TOTAL = AT_IP + 2,
    AT_IPV4_FRAGMENT = AT_IP + 6,
    AT_IPV6_PAYLOAD = AT_IP + 4,
    AT_IPV6_SOURCE = AT_IP + 8,
    AT_IPV6_DESTINATION = AT_IP + 24,
    AT_IPV6_EXTENSION = AT_IP + 40,
    AT_IPV4_TCP = AT_IP + 20,
    AT_IPV6_TCP = AT_IP + 40,
    AT_TCP_OFFSET = 12, /* from the TCP header */
    AT_UDP_LENGTH = 4,  /* from the UDP header */
};

/* Makes 2001:db8:x::y into ::ffff:0:y. */
#define MAPPED(at)                                                                                 \
    INITIALIZER(at, 0), INITIALIZER((at) + 1, 0), INITIALIZER((at) + 2, 0),                        \
        INITIALIZER((at) + 3, 0), INITIALIZER((at) + 5, 0), INITIALIZER((at) + 10, 0xff),          \
        INITIALIZER((at) + 11, 0xff)

const struct frame_case frame_cases[] = {
    {"IPv4", PACKET_TCP, {ETHERNET, IPV4, TCP, DATA(100)}, {{0}}, 0},
    {"IPv4, pure ACK", PACKET_TCP, {ETHERNET, IPV4, TCP}, {{0}}, 0},
    {"IPv4, pure ACK, padded", PACKET_TCP, {ETHERNET, IPV4, TCP, PADDING(6)}, {{0}}, 0},
    {"AH in IPv4", PACKET_TCP, {ETHERNET, IPV4, AH(4), TCP, DATA(7)}, {{0}}, 0},
    {"half an AH in IPv4", PACKET_BAD_AUTHENTICATION_HEADER, {ETHERNET, IPV4, AH(4)}, {{0}}, 5},
    {"one byte of an AH in IPv4",
     PACKET_BAD_AUTHENTICATION_HEADER,
     {ETHERNET, IPV4, OTHER(51, 1)},
     {{0}},
     0},
    {"AH beyond the IPv4 packet",
     PACKET_BAD_AUTHENTICATION_HEADER,
     {ETHERNET, IPV4, AH(0), TCP},
     {{AT_IPV4_TCP + 1, 6}},
     0},
    {"IPv4, TCP options", PACKET_TCP, {ETHERNET, IPV4, TCP_OPTIONS(10), DATA(9)}, {{0}}, 0},
    {"IPv4 options", PACKET_TCP, {ETHERNET, IPV4_OPTIONS(10), TCP, DATA(3)}, {{0}}, 0},
    {"IPv4, do not fragment",
     PACKET_TCP,
     {ETHERNET, IPV4, TCP, DATA(1)},
     {{AT_IPV4_FRAGMENT, 0x40}},
     0},
    {"IPv4, reserved bit",
     PACKET_TCP,
     {ETHERNET, IPV4, TCP, DATA(1)},
     {{AT_IPV4_FRAGMENT, 0x80}},
     0},
    {"IPv6", PACKET_TCP, {ETHERNET, IPV6, TCP, DATA(100)}, {{0}}, 0},
    {"IPv6, TCP options, padded",
     PACKET_TCP,
     {ETHERNET, IPV6, TCP_OPTIONS(3), PADDING(30)},
     {{0}},
     0},
    {"one VLAN", PACKET_TCP, {ETHERNET, VLAN(0x8100, 0xe064), IPV4, TCP, DATA(8)}, {{0}}, 0},
    {"priority tag", PACKET_TCP, {ETHERNET, VLAN(0x8100, 0x6000), IPV4, TCP}, {{0}}, 0},
    {"QinQ",
     PACKET_TCP,
     {ETHERNET, VLAN(0x88a8, 0x07d0), VLAN(0x8100, 0x1fff), IPV4, TCP, DATA(8)},
     {{0}},
     0},
    {"old QinQ, IPv6",
     PACKET_TCP,
     {ETHERNET, VLAN(0x9100, 1), VLAN(0x9100, 2), IPV6, TCP, DATA(8)},
     {{0}},
     0},
    {"one MPLS label", PACKET_TCP, {ETHERNET, MPLS(16), IPV4, TCP, DATA(5)}, {{0}}, 0},
    {"MPLS stack, IPv6",
     PACKET_TCP,
     {ETHERNET, MPLS(100), MPLS(7), MPLS(2), IPV6, TCP, DATA(5)},
     {{0}},
     0},
    {"most MPLS labels",
     PACKET_TCP,
     {ETHERNET, MPLS(1), MPLS(2), MPLS(3), MPLS(4), MPLS(5), MPLS(6), MPLS(7), MPLS(8), IPV4, TCP},
     {{0}},
     0},
    {"QinQ, MPLS, IPv6 with extensions",
     PACKET_TCP,
     {ETHERNET, VLAN(0x88a8, 4094), VLAN(0x8100, 4095), MPLS(99), IPV6, HOP_BY_HOP(0), AH(4),
      TCP_OPTIONS(5), DATA(33)},
     {{0}},
     0},
    {"each IPv6 extension",
     PACKET_TCP,
     {ETHERNET, IPV6, HOP_BY_HOP(1), DESTINATION(0), ROUTING(2), AH(5), DESTINATION(3), TCP,
      DATA(7)},
     {{0}},
     0},
    {"longest IPv6 extension",
     PACKET_TCP,
     {ETHERNET, IPV6, DESTINATION(255), TCP, DATA(7)},
     {{0}},
     0},
    {"most IPv6 extensions",
     PACKET_TCP,
     {ETHERNET, IPV6, HOP_BY_HOP(0), ROUTING(0), ROUTING(0), ROUTING(0), ROUTING(0), ROUTING(0),
      ROUTING(0), DESTINATION(0), TCP, DATA(7)},
     {{0}},
     0},

    {"half an Ethernet header", PACKET_TRUNCATED_ETHERNET, {ETHERNET}, {{0}}, 7},
    {"half a VLAN tag", PACKET_TRUNCATED_VLAN, {ETHERNET, VLAN(0x8100, 7)}, {{0}}, 2},
    {"three VLAN tags",
     PACKET_TOO_MANY_VLANS,
     {ETHERNET, VLAN(0x88a8, 1), VLAN(0x8100, 2), VLAN(0x8100, 3), IPV4, TCP},
     {{0}},
     0},
    {"half an MPLS label", PACKET_TRUNCATED_MPLS, {ETHERNET, MPLS(7), MPLS(8)}, {{0}}, 2},
    {"nothing behind the labels", PACKET_TRUNCATED_MPLS, {ETHERNET, MPLS(7)}, {{0}}, 0},
    {"nine MPLS labels",
     PACKET_TOO_MANY_MPLS_LABELS,
     {ETHERNET, MPLS(1), MPLS(2), MPLS(3), MPLS(4), MPLS(5), MPLS(6), MPLS(7), MPLS(8), MPLS(9),
      IPV4, TCP},
     {{0}},
     0},
    {"pseudowire", PACKET_MPLS_PAYLOAD_UNKNOWN, {ETHERNET, MPLS(7), OTHER(0, 64)}, {{0}}, 0},
    {"ARP", PACKET_NOT_IP, {ETHERNET, OTHER(0x0806, 46)}, {{0}}, 0},
    {"IEEE 802.3 length", PACKET_NOT_IP, {ETHERNET, OTHER(46, 46)}, {{0}}, 0},
    {"ARP in a VLAN", PACKET_NOT_IP, {ETHERNET, VLAN(0x8100, 5), OTHER(0x0806, 46)}, {{0}}, 0},

    {"half an IPv4 header", PACKET_TRUNCATED_IPV4, {ETHERNET, IPV4}, {{0}}, 1},
    {"half the IPv4 options", PACKET_TRUNCATED_IPV4, {ETHERNET, IPV4_OPTIONS(2)}, {{0}}, 1},
    {"IPv6 announced as IPv4",
     PACKET_BAD_IPV4_VERSION,
     {ETHERNET, IPV4, TCP, DATA(9)},
     {{AT_IP, 0x65}},
     0},
    {"IPv4 header of 16 bytes",
     PACKET_BAD_IPV4_HEADER_LENGTH,
     {ETHERNET, IPV4, TCP, DATA(9)},
     {{AT_IP, 0x44}},
     0},
    {"IPv4 total length below the header",
     PACKET_BAD_IPV4_TOTAL_LENGTH,
     {ETHERNET, IPV4, TCP, DATA(9)},
     {{AT_IPV4_TOTAL + 1, 19}},
     0},
    {"IPv4 total length below the options",
     PACKET_BAD_IPV4_TOTAL_LENGTH,
     {ETHERNET, IPV4_OPTIONS(1), TCP, DATA(9)},
     {{AT_IPV4_TOTAL + 1, 23}},
     0},
    {"IPv4 total length 0",
     PACKET_BAD_IPV4_TOTAL_LENGTH,
     {ETHERNET, IPV4, TCP, DATA(9)},
     {{AT_IPV4_TOTAL + 1, 0}},
     0},
    {"IPv4 total length one beyond the frame",
     PACKET_BAD_IPV4_TOTAL_LENGTH,
     {ETHERNET, IPV4, TCP, DATA(9)},
     {{AT_IPV4_TOTAL + 1, 50}},
     0},
    {"first IPv4 fragment",
     PACKET_IPV4_FRAGMENT,
     {ETHERNET, IPV4, TCP, DATA(9)},
     {{AT_IPV4_FRAGMENT, 0x20}},
     0},
    {"last IPv4 fragment",
     PACKET_IPV4_FRAGMENT,
     {ETHERNET, IPV4, TCP, DATA(9)},
     {{AT_IPV4_FRAGMENT + 1, 1}},
     0},
    {"IPv4 fragment far in, high offset bits",
     PACKET_IPV4_FRAGMENT,
     {ETHERNET, IPV4, TCP, DATA(9)},
     {{AT_IPV4_FRAGMENT, 0x10}},
     0},
    {"first IPv4 fragment of UDP",
     PACKET_IPV4_FRAGMENT,
     {ETHERNET, IPV4, UDP(443), DATA(30)},
     {{AT_IPV4_FRAGMENT, 0x20}},
     0},
    {"last IPv4 fragment of UDP",
     PACKET_IPV4_FRAGMENT,
     {ETHERNET, IPV4, UDP(443), DATA(30)},
     {{AT_IPV4_FRAGMENT + 1, 1}},
     0},
    {"IPv4 fragment of ICMP",
     PACKET_IPV4_FRAGMENT,
     {ETHERNET, IPV4, OTHER(1, 30)},
     {{AT_IPV4_FRAGMENT, 0x20}},
     0},

    {"half an IPv6 header", PACKET_TRUNCATED_IPV6, {ETHERNET, IPV6}, {{0}}, 1},
    {"IPv4 announced as IPv6",
     PACKET_BAD_IPV6_VERSION,
     {ETHERNET, IPV6, TCP, DATA(9)},
     {{AT_IP, 0x45}},
     0},
    {"IPv6 payload length one beyond the frame",
     PACKET_BAD_IPV6_PAYLOAD_LENGTH,
     {ETHERNET, IPV6, TCP, DATA(9)},
     {{AT_IPV6_PAYLOAD + 1, 30}},
     0},
    {"IPv6 jumbogram",
     PACKET_IPV6_JUMBOGRAM,
     {ETHERNET, IPV6, HOP_BY_HOP(0), TCP, DATA(9)},
     {{AT_IPV6_PAYLOAD + 1, 0}, {AT_IPV6_EXTENSION + 2, 0xc2}, {AT_IPV6_EXTENSION + 3, 4}},
     0},
    {"mapped IPv6 source",
     PACKET_IPV6_MAPPED_ADDRESS,
     {ETHERNET, IPV6, OTHER(17, 20), DATA(9)},
     {MAPPED(AT_IPV6_SOURCE)},
     0},
    {"mapped IPv6 destination",
     PACKET_IPV6_MAPPED_ADDRESS,
     {ETHERNET, IPV6, TCP, DATA(9)},
     {MAPPED(AT_IPV6_DESTINATION)},
     0},
    {"half an IPv6 extension header",
     PACKET_TRUNCATED_IPV6_EXTENSION,
     {ETHERNET, IPV6, HOP_BY_HOP(1), TCP},
     {{0}},
     21},
    {"one byte of an IPv6 extension header",
     PACKET_TRUNCATED_IPV6_EXTENSION,
     {ETHERNET, IPV6, HOP_BY_HOP(0), TCP},
     {{0}},
     27},
    {"IPv6 extension header beyond the payload",
     PACKET_BAD_IPV6_EXTENSION_LENGTH,
     {ETHERNET, IPV6, DESTINATION(0), TCP, DATA(9)},
     {{AT_IPV6_EXTENSION + 1, 4}},
     0},
    {"one byte of IPv6 payload for an extension header",
     PACKET_BAD_IPV6_EXTENSION_LENGTH,
     {ETHERNET, IPV6, ROUTING(0), TCP},
     {{AT_IPV6_PAYLOAD + 1, 1}},
     0},
    {"nine IPv6 extension headers",
     PACKET_TOO_MANY_IPV6_EXTENSIONS,
     {ETHERNET, IPV6, HOP_BY_HOP(0), ROUTING(0), ROUTING(0), ROUTING(0), ROUTING(0), ROUTING(0),
      ROUTING(0), DESTINATION(0), DESTINATION(0), TCP},
     {{0}},
     0},
    {"first IPv6 fragment",
     PACKET_IPV6_FRAGMENT,
     {ETHERNET, IPV6, FRAGMENT, TCP, DATA(9)},
     {{AT_IPV6_EXTENSION + 3, 1}},
     0},
    {"later IPv6 fragment",
     PACKET_IPV6_FRAGMENT,
     {ETHERNET, IPV6, FRAGMENT, TCP, DATA(9)},
     {{AT_IPV6_EXTENSION + 3, 8}},
     0},
    {"first IPv6 fragment of UDP",
     PACKET_IPV6_FRAGMENT,
     {ETHERNET, IPV6, FRAGMENT, UDP(443), DATA(30)},
     {{AT_IPV6_EXTENSION + 3, 1}},
     0},
    {"later IPv6 fragment of UDP",
     PACKET_IPV6_FRAGMENT,
     {ETHERNET, IPV6, FRAGMENT, UDP(443), DATA(30)},
     {{AT_IPV6_EXTENSION + 3, 8}},
     0},
    {"IPv6 fragment of ICMPv6",
     PACKET_IPV6_FRAGMENT,
     {ETHERNET, IPV6, FRAGMENT, OTHER(58, 30)},
     {{0}},
     0},
    {"atomic IPv6 fragment", PACKET_IPV6_FRAGMENT, {ETHERNET, IPV6, FRAGMENT, TCP}, {{0}}, 0},
    {"IPv6 fragment behind an extension",
     PACKET_IPV6_FRAGMENT,
     {ETHERNET, IPV6, HOP_BY_HOP(0), FRAGMENT, TCP, DATA(9)},
     {{0}},
     0},

    {"UDP", PACKET_UDP, {ETHERNET, IPV4, UDP(443), DATA(1200)}, {{0}}, 0},
    {"UDP with nothing in it, padded",
     PACKET_UDP,
     {ETHERNET, IPV4, UDP(443), PADDING(18)},
     {{0}},
     0},
    {"UDP behind IPv4 options", PACKET_UDP, {ETHERNET, IPV4_OPTIONS(10), UDP(443)}, {{0}}, 0},
    {"UDP behind AH in IPv4", PACKET_UDP, {ETHERNET, IPV4, AH(4), UDP(443), DATA(5)}, {{0}}, 0},
    {"UDP in IPv6", PACKET_UDP, {ETHERNET, IPV6, UDP(443), DATA(7)}, {{0}}, 0},
    {"UDP in QinQ and MPLS",
     PACKET_UDP,
     {ETHERNET, VLAN(0x88a8, 7), VLAN(0x8100, 8), MPLS(9), IPV6, UDP(443), DATA(7)},
     {{0}},
     0},
    {"UDP length of nothing",
     PACKET_UDP,
     {ETHERNET, IPV4, UDP(443), DATA(9)},
     {{AT_IPV4_TCP + AT_UDP_LENGTH + 1, 8}},
     0},
    {"IPv4 total length ends in the UDP header",
     PACKET_TRUNCATED_UDP,
     {ETHERNET, IPV4, UDP(443), PADDING(9)},
     {{AT_IPV4_TOTAL + 1, 27}},
     0},
    {"half a UDP header", PACKET_TRUNCATED_UDP, {ETHERNET, IPV6, UDP(443)}, {{0}}, 4},
    {"UDP length below its header",
     PACKET_BAD_UDP_LENGTH,
     {ETHERNET, IPV4, UDP(443), DATA(9)},
     {{AT_IPV4_TCP + AT_UDP_LENGTH + 1, 7}},
     0},
    {"UDP length beyond the IP payload",
     PACKET_BAD_UDP_LENGTH,
     {ETHERNET, IPV6, UDP(443), DATA(9), PADDING(9)},
     {{AT_IPV6_TCP + AT_UDP_LENGTH + 1, 18}},
     0},
    {"IPv4 with nothing in it", PACKET_NOT_TCP, {ETHERNET, IPV4, OTHER(1, 0)}, {{0}}, 0},
    {"ICMPv6 in a VLAN",
     PACKET_NOT_TCP,
     {ETHERNET, VLAN(0x8100, 9), IPV6, OTHER(58, 24)},
     {{0}},
     0},
    {"UDP behind IPv6 extensions",
     PACKET_UDP,
     {ETHERNET, IPV6, HOP_BY_HOP(0), DESTINATION(0), UDP(443), DATA(8)},
     {{0}},
     0},
    {"no next header", PACKET_NOT_TCP, {ETHERNET, IPV6, OTHER(59, 0)}, {{0}}, 0},
    {"IPv4 total length ends in the TCP header",
     PACKET_TRUNCATED_TCP,
     {ETHERNET, IPV4, TCP, PADDING(9)},
     {{AT_IPV4_TOTAL + 1, 39}},
     0},
    {"IPv6 payload length ends in the TCP header",
     PACKET_TRUNCATED_TCP,
     {ETHERNET, IPV6, TCP},
     {{AT_IPV6_PAYLOAD + 1, 19}},
     0},
    {"IPv6 payload length 0", PACKET_TRUNCATED_TCP, {ETHERNET, IPV6, OTHER(6, 0)}, {{0}}, 0},
    {"TCP header of 16 bytes",
     PACKET_BAD_TCP_HEADER_LENGTH,
     {ETHERNET, IPV4, TCP, DATA(9)},
     {{AT_IPV4_TCP + AT_TCP_OFFSET, 0x40}},
     0},
    {"TCP header beyond the IP payload",
     PACKET_BAD_TCP_HEADER_LENGTH,
     {ETHERNET, IPV6, TCP, DATA(3), PADDING(9)},
     {{AT_IPV6_TCP + AT_TCP_OFFSET, 0x60}},
     0},
};

const size_t n_frame_cases = ARRAY_LENGTH(frame_cases);

/* Where the next layer writes what it is: two bytes (EtherType) or one (protocol); 0: nowhere. */
struct type_field {
    uint32_t offset;
    unsigned int n_bytes;
};

static void announce(struct frame *f, const struct type_field *field, uint16_t type)
{
    /* IP in IP: a protocol number, not an EtherType. */
    if (field->n_bytes == 1 && type == 0x0800)
        type = 4;
    else if (field->n_bytes == 1 && type == 0x86dd)
        type = 41;
    if (field->n_bytes == 2)
        store_be16(f->bytes + field->offset, type);
    else if (field->n_bytes == 1)
        f->bytes[field->offset] = (uint8_t)type;
}

static void add_ip(struct frame *f, const struct layer *l, struct type_field *next)
{
    uint8_t *ip = f->bytes + f->n_bytes;
    struct ip_address a;

    f->l3_offset = f->n_bytes;
    f->ip_offset[f->n_ips++] = f->n_bytes;
    if (l->kind == LAYER_IPV4) {
        ip[0] = (uint8_t)(0x45 + l->a);
        ip[8] = FRAME_TTL;
        ip_address_parse(FRAME_IPV4_SOURCE, &a);
        memcpy(ip + 12, a.bytes + 12, 4);
        ip_address_parse(FRAME_IPV4_DESTINATION, &a);
        memcpy(ip + 16, a.bytes + 12, 4);
        memset(ip + 20, 1, l->a * 4u); /* no-operation options */
        *next = (struct type_field){f->n_bytes + 9, 1};
        f->n_bytes += 20 + l->a * 4u;
        return;
    }
    ip[0] = 0x60;
    ip[7] = FRAME_TTL;
    ip_address_parse(FRAME_IPV6_SOURCE, &a);
    memcpy(ip + 8, &a, 16);
    ip_address_parse(FRAME_IPV6_DESTINATION, &a);
    memcpy(ip + 24, &a, 16);
    *next = (struct type_field){f->n_bytes + 6, 1};
    f->n_bytes += 40;
}

static void add_tcp(struct frame *f, const struct layer *l)
{
    uint8_t *tcp = f->bytes + f->n_bytes;

    f->l4_offset = f->n_bytes;
    store_be16(tcp, FRAME_SOURCE_PORT);
    store_be16(tcp + 2, FRAME_DESTINATION_PORT);
    store_be32(tcp + 4, FRAME_SEQUENCE);
    store_be32(tcp + 8, FRAME_ACKNOWLEDGEMENT);
    store_be16(tcp + 14, FRAME_WINDOW);
    tcp[12] = (uint8_t)((5 + l->a) << 4);
    tcp[13] = FRAME_TCP_FLAGS;
    memset(tcp + 20, 1, l->a * 4u);
    f->n_bytes += 20 + l->a * 4u;
    f->payload_offset = f->n_bytes;
}

static void add_extension(struct frame *f, const struct layer *l, struct type_field *next)
{
    *next = (struct type_field){f->n_bytes, 1};
    f->bytes[f->n_bytes + 1] = (uint8_t)l->b;
    f->n_bytes += l->a == 51 ? (l->b + 2u) * 4 : (l->b + 1u) * 8;
}

static void add_gre(struct frame *f, const struct layer *l, struct type_field *next)
{
    store_be16(f->bytes + f->n_bytes, l->b);
    store_be16(f->bytes + f->n_bytes + 2, l->a);
    if (l->a == 0)
        *next = (struct type_field){f->n_bytes + 2, 2};
    f->n_bytes += 4 + (l->b & 0x8000 ? 4 : 0);
    if (l->b & 0x2000) {
        store_be32(f->bytes + f->n_bytes, FRAME_GRE_KEY);
        f->n_bytes += 4;
    }
    f->n_bytes += l->b & 0x1000 ? 4 : 0;
}

static void add_tunnel_header(struct frame *f, const struct layer *l)
{
    uint8_t *header = f->bytes + f->n_bytes;

    if (l->kind == LAYER_VXLAN) {
        header[0] = 0x08;
        store_be32(header + 4, (uint32_t)l->a << 8);
        f->n_bytes += 8;
        return;
    }
    store_be16(header + 2, l->a);
    if (l->kind == LAYER_ERSPAN_2) {
        header[0] = 0x10;
        f->n_bytes += 8;
        return;
    }
    header[0] = 0x20;
    store_be16(header + 10, l->b);
    f->n_bytes += l->b & 1 ? 20 : 12;
}

static void add_header(struct frame *f, enum frame_header which)
{
    static const struct {
        uint8_t n_bytes;
        uint8_t bytes[32];
    } headers[] = {
        [HEADER_GENEVE] = {12, {0x01, 0, 0x65, 0x58, 0, 0x10, 0x92, 0}},
        [HEADER_GENEVE_IPV6] = {8, {0x00, 0, 0x86, 0xdd, 0, 0, 1, 0}},
        [HEADER_GENEVE_UNKNOWN] = {8, {0x00, 0, 0x88, 0x99, 0, 0, 1, 0}},
        [HEADER_GPE_ETHERNET] = {8, {0x08, 0, 0, 0, 0, 0, 8, 0}},
        [HEADER_GPE_IPV4] = {8, {0x0c, 0, 0, 1, 0, 0, 9, 0}},
        [HEADER_GPE_NSH] = {8, {0x0c, 0, 0, 4, 0, 0, 9, 0}},
        [HEADER_GTP] = {8, {0x30, 0xff, 0, 0, 0, 0, 0, 77}},
        [HEADER_GTP_EXTENSION] = {16,
                                  {0x34, 0xff, 0, 0, 0, 0, 0, 78, 0, 0, 0, 0x85, 1, 0x10, 9, 0}},
        [HEADER_GTP_FOUR_EXTENSIONS] = {28,
                                        {0x34, 0xff, 0, 0, 0, 0,    0, 79, 0, 0,    0, 0x85, 1, 0,
                                         0,    0x85, 1, 0, 0, 0x85, 1, 0,  0, 0x85, 1, 0,    0, 0}},
        [HEADER_GTP_FIVE_EXTENSIONS] = {32, {0x34, 0xff, 0, 0, 0,    0,    0, 79, 0,    0, 0,
                                             0x85, 1,    0, 0, 0x85, 1,    0, 0,  0x85, 1, 0,
                                             0,    0x85, 1, 0, 0,    0x85, 1, 0,  0,    0}},
        [HEADER_GTP_ECHO] = {12, {0x32, 1, 0, 4}},
        [HEADER_TZSP] = {9, {1, 0, 0, 1, 0, 10, 1, 0xc0, 1}},
        [HEADER_TZSP_WITHOUT_END] = {4, {1, 0, 0, 1}},
        [HEADER_ETHERIP] = {2, {0x30, 0}},
        [HEADER_PPPOE_IPV4] = {8, {0x11, 0, 1, 2, 0, 50, 0, 0x21}},
        [HEADER_PPPOE_IPV6] = {8, {0x11, 0, 1, 3, 0, 50, 0, 0x57}},
        [HEADER_PPPOE_MPLS] = {8, {0x11, 0, 1, 3, 0, 50, 2, 0x81}},
        [HEADER_PPPOE_LCP] = {8, {0x11, 0, 1, 3, 0, 50, 0xc0, 0x21}},
        [HEADER_PBB] = {4, {0, 3, 4, 5}},
        [HEADER_METADATA] = {8, {1, 1, 0, 1, 0, 9, 0x08, 0}},
        [HEADER_VN_TAG] = {6, {0, 1, 0, 2, 0x08, 0}},
        [HEADER_E_TAG] = {8, {0, 1, 0, 2, 0, 0, 0x81, 0}},
        [HEADER_SNAP] = {8, {0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0}},
        [HEADER_STP] = {8, {0x42, 0x42, 3, 0, 0, 0, 0x08, 0}},
    };

    memcpy(f->bytes + f->n_bytes, headers[which].bytes, headers[which].n_bytes);
    f->n_bytes += headers[which].n_bytes;
}

static void set_length(struct frame *f, uint32_t ip_offset, uint32_t end)
{
    uint8_t *ip = f->bytes + ip_offset;

    if (ip[0] >> 4 == 4)
        store_be16(ip + 2, (uint16_t)(end - ip_offset));
    else
        store_be16(ip + 4, (uint16_t)(end - ip_offset - 40));
}

static void add_layer(struct frame *f, const struct layer *l, struct type_field *next)
{
    const struct type_field before = *next;

    *next = (struct type_field){0, 0};
    switch (l->kind) {
    case LAYER_ETHERNET:
        memcpy(f->bytes + f->n_bytes, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
        *next = (struct type_field){f->n_bytes + 12, 2};
        f->n_bytes += 14;
        break;
    case LAYER_VLAN:
        announce(f, &before, l->a);
        store_be16(f->bytes + f->n_bytes, l->b);
        *next = (struct type_field){f->n_bytes + 2, 2};
        f->n_bytes += 4;
        break;
    case LAYER_MPLS:
        announce(f, &before, 0x8847);
        store_be32(f->bytes + f->n_bytes, (uint32_t)l->a << 12 | (l[1].kind != LAYER_MPLS) << 8);
        f->n_bytes += 4;
        break;
    case LAYER_IPV4:
    case LAYER_IPV6:
        announce(f, &before, l->kind == LAYER_IPV4 ? 0x0800 : 0x86dd);
        add_ip(f, l, next);
        break;
    case LAYER_EXTENSION:
        announce(f, &before, l->a);
        add_extension(f, l, next);
        break;
    case LAYER_TCP:
        announce(f, &before, 6);
        add_tcp(f, l);
        break;
    case LAYER_GRE:
        announce(f, &before, 47);
        add_gre(f, l, next);
        break;
    case LAYER_UDP:
        announce(f, &before, 17);
        f->l4_offset = f->n_bytes;
        f->udp_offset[f->n_udps++] = f->n_bytes;
        store_be16(f->bytes + f->n_bytes, FRAME_SOURCE_PORT);
        store_be16(f->bytes + f->n_bytes + 2, l->a);
        f->n_bytes += 8;
        break;
    case LAYER_VXLAN:
    case LAYER_ERSPAN_2:
    case LAYER_ERSPAN_3:
        add_tunnel_header(f, l);
        break;
    case LAYER_HEADER:
        add_header(f, (enum frame_header)l->a);
        break;
    case LAYER_OTHER:
        announce(f, &before, l->a);
        f->n_bytes += l->b;
        break;
    case LAYER_DATA:
        f->payload_bytes = l->a;
        /* fall through */
    case LAYER_PADDING:
        memset(f->bytes + f->n_bytes, l->kind == LAYER_DATA ? 0xda : 0xff, l->a);
        f->n_bytes += l->a;
        break;
    case LAYER_END:
        break;
    }
    if (l->kind != LAYER_PADDING)
        f->ip_end = f->n_bytes;
}

void frame_build(const struct frame_case *from, struct frame *out)
{
    struct type_field next = {0, 0};

    memset(out, 0, sizeof(*out));
    for (const struct layer *l = from->layers; l->kind != LAYER_END; l++)
        add_layer(out, l, &next);

    /* Padding lies within the outer packets, behind the innermost one; so for what is in IP. */
    for (uint32_t i = 0; i < out->n_ips; i++)
        set_length(out, out->ip_offset[i], i + 1 < out->n_ips ? out->n_bytes : out->ip_end);
    for (uint32_t i = 0; i < out->n_udps; i++)
        store_be16(out->bytes + out->udp_offset[i] + 4,
                   (uint16_t)((out->udp_offset[i] > out->l3_offset ? out->ip_end : out->n_bytes) -
                              out->udp_offset[i]));

    for (size_t i = 0; i < FRAME_MAX_POKES && from->pokes[i].offset != 0; i++)
        out->bytes[from->pokes[i].offset] = from->pokes[i].value;
    out->frame_bytes = out->n_bytes;
    out->n_bytes -= from->uncaptured_bytes;
}
