/* SPDX-License-Identifier: BSD-3-Clause */
/* One pass, outermost header first. Each stage checks that its header was captured before it reads
 * it, then checks the lengths that the header states, then hands over to the next stage. The
 * common packet (Ethernet, IP, TCP, nothing between) runs straight down the first branch of each.
 *
 * Stages meet at two places: parse_ethertype() says what follows a link header, parse_transport()
 * what follows IP. Tunnels go back to the former by packet_parse_inner(), see tunnel.c. */
#include "packet/packet.h"

#include <string.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "packet/internal.h"
#include "tcp/serial.h"

enum {
    ETHERNET_BYTES = 14,
    VLAN_TAG_BYTES = 4,
    MPLS_LABEL_BYTES = 4,
    IPV4_BYTES = 20,
    IPV6_BYTES = 40,
    FRAGMENT_HEADER_BYTES = 8,
    TCP_BYTES = 20,
    UDP_BYTES = 8,
};

/* IEEE 802 numbers (IANA registry); for VLANs see packet_is_vlan_type(). */
enum ethertype {
    ETHERTYPE_BY_VERSION = 0,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_MULTICAST = 0x8848,
};

/* Protocol numbers (IANA registry). */
enum protocol {
    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_TCP = PACKET_PROTOCOL_TCP,
    PROTOCOL_UDP = PACKET_PROTOCOL_UDP,
    PROTOCOL_IPV6_ROUTING = 43,
    PROTOCOL_IPV6_FRAGMENT = 44,
    PROTOCOL_AUTHENTICATION = 51,
    PROTOCOL_IPV6_DESTINATION = 60,
};

static const struct {
    const char *name, *help;
} reasons[PACKET_N_REASONS] = {
#define REASON_ROW(suffix, name, help) [PACKET_##suffix] = {name, help},
    PACKET_REASONS(REASON_ROW)
#undef REASON_ROW
};

/* What may be read, and how long it was on the wire. Offsets into it stay below 17 KiB (all
 * headers at their bounds), so no sum below can wrap. */
struct bytes {
    const uint8_t *data;
    uint32_t captured_bytes;
    uint32_t frame_bytes;
    bool is_offloaded; /* an IP length of 0 means: up to the end of the frame */
};

static inline bool is_captured(const struct bytes *in, uint32_t offset, uint32_t n_bytes)
{
    return likely_true(offset + n_bytes <= in->captured_bytes);
}

/* `ip_end`: where the IP packet ends, from its own length. */
static inline enum packet_reason parse_tcp(const struct bytes *in, uint32_t offset, uint32_t ip_end,
                                           struct packet_view *out)
{
    const uint8_t *tcp = in->data + offset;
    uint32_t header_bytes;

    if (likely_false(offset + TCP_BYTES > ip_end) || !is_captured(in, offset, TCP_BYTES))
        return PACKET_TRUNCATED_TCP;
    /* RFC 9293 3.1: the data offset counts 32-bit words and is 5 at least. */
    header_bytes = (tcp[12] >> 4) * 4u;
    if (likely_false(header_bytes < TCP_BYTES || offset + header_bytes > ip_end))
        return PACKET_BAD_TCP_HEADER_LENGTH;

    out->options_cut = !is_captured(in, offset, header_bytes);
    out->source_port = load_be16(tcp);
    out->destination_port = load_be16(tcp + 2);
    out->sequence = load_be32(tcp + 4);
    out->tcp_flags = tcp[13];
    out->payload_bytes = ip_end - offset - header_bytes;
    return PACKET_TCP;
}

static enum packet_reason parse_udp(const struct bytes *in, uint32_t offset, uint32_t ip_end,
                                    struct packet_view *out)
{
    const uint8_t *udp = in->data + offset;
    uint32_t n_bytes;

    if (offset + UDP_BYTES > ip_end || !is_captured(in, offset, UDP_BYTES))
        return PACKET_TRUNCATED_UDP;
    /* RFC 768: header and data. What IP has behind that is no part of the datagram. */
    n_bytes = load_be16(udp + 4);
    if (n_bytes < UDP_BYTES || offset + n_bytes > ip_end)
        return PACKET_BAD_UDP_LENGTH;
    out->source_port = load_be16(udp);
    out->destination_port = load_be16(udp + 2);
    out->payload_bytes = n_bytes - UDP_BYTES;
    return PACKET_UDP;
}

/* A first fragment: whose it is and, of TCP, where it begins. How long its segment is, it does not
 * say. */
static void read_first_fragment(const struct bytes *in, uint8_t protocol, uint32_t offset,
                                uint32_t ip_end, struct packet_view *out)
{
    const uint8_t *header = in->data + offset;
    const uint32_t n_bytes = protocol == PROTOCOL_TCP ? TCP_BYTES : UDP_BYTES;

    if ((protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP) || offset + n_bytes > ip_end ||
        !is_captured(in, offset, n_bytes))
        return;
    out->protocol = protocol;
    out->l4_offset = (uint16_t)offset;
    out->source_port = load_be16(header);
    out->destination_port = load_be16(header + 2);
    if (protocol == PROTOCOL_TCP)
        out->sequence = load_be32(header + 4);
}

static inline enum packet_reason parse_transport(const struct bytes *in, uint32_t offset,
                                                 uint32_t ip_end, struct packet_view *out)
{
    out->l4_offset = (uint16_t)offset;
    if (likely_true(out->protocol == PROTOCOL_TCP))
        return parse_tcp(in, offset, ip_end, out);
    if (out->protocol == PROTOCOL_UDP)
        return parse_udp(in, offset, ip_end, out);
    return PACKET_NOT_TCP;
}

/* RFC 4302 2.2: the length counts 32-bit words, minus 2. What follows is in the clear. */
static enum packet_reason parse_authentication(const struct bytes *in, uint32_t offset,
                                               uint32_t ip_end, struct packet_view *out)
{
    uint32_t n_bytes;

    if (offset + 2 > ip_end || !is_captured(in, offset, 2))
        return PACKET_BAD_AUTHENTICATION_HEADER;
    n_bytes = (in->data[offset + 1] + 2u) * 4;
    if (offset + n_bytes > ip_end || !is_captured(in, offset, n_bytes))
        return PACKET_BAD_AUTHENTICATION_HEADER;
    out->protocol = in->data[offset];
    return parse_transport(in, offset + n_bytes, ip_end, out);
}

/* RFC 791 3.1: the offset is 0 in the first one. */
static enum packet_reason parse_ipv4_fragment(const struct bytes *in, const uint8_t *ip,
                                              uint32_t offset, uint32_t ip_end,
                                              struct packet_view *out)
{
    if ((load_be16(ip + 6) & 0x1fff) == 0)
        read_first_fragment(in, out->protocol, offset, ip_end, out);
    return PACKET_IPV4_FRAGMENT;
}

/* ::ffff:a.b.c.d; the upper half is zero already. */
static inline void map_ipv4(struct ip_address *to, const uint8_t *from)
{
    uint32_t address;
    uint64_t lower;

    memcpy(&address, from, sizeof(address));
    lower = word_of_parts(0, 0xffff, address);
    memcpy(to->bytes + 8, &lower, sizeof(lower));
}

static inline enum packet_reason parse_ipv4(const struct bytes *in, uint32_t offset,
                                            struct packet_view *out)
{
    const uint8_t *ip = in->data + offset;
    uint32_t header_bytes, total_bytes;

    if (!is_captured(in, offset, IPV4_BYTES))
        return PACKET_TRUNCATED_IPV4;
    if (likely_false(ip[0] >> 4 != 4))
        return PACKET_BAD_IPV4_VERSION;
    /* RFC 791 3.1: the header length counts 32-bit words and is 5 at least. */
    header_bytes = (ip[0] & 0xf) * 4u;
    if (likely_false(header_bytes < IPV4_BYTES))
        return PACKET_BAD_IPV4_HEADER_LENGTH;
    if (!is_captured(in, offset, header_bytes))
        return PACKET_TRUNCATED_IPV4;
    /* RFC 791 3.1: the total length counts header and data. A frame may be longer (padding). */
    total_bytes = load_be16(ip + 2);
    out->l3_offset = (uint16_t)offset;
    if (likely_false(total_bytes == 0 && in->is_offloaded))
        total_bytes = in->frame_bytes - offset;
    if (likely_false(total_bytes < header_bytes || offset + total_bytes > in->frame_bytes))
        return PACKET_BAD_IPV4_TOTAL_LENGTH;

    map_ipv4(&out->source, ip + 12);
    map_ipv4(&out->destination, ip + 16);
    out->protocol = ip[9];
    out->is_ipv4 = true;
    out->has_ip = true;
    /* RFC 791 3.1: more fragments, or an offset. */
    if (likely_false((load_be16(ip + 6) & 0x3fff) != 0))
        return parse_ipv4_fragment(in, ip, offset + header_bytes, offset + total_bytes, out);
    if (likely_false(out->protocol == PROTOCOL_AUTHENTICATION))
        return parse_authentication(in, offset + header_bytes, offset + total_bytes, out);
    return parse_transport(in, offset + header_bytes, offset + total_bytes, out);
}

/* Bytes of one extension header; 0 when `protocol` is none that is looked through. */
static uint32_t ipv6_extension_bytes(uint8_t protocol, uint8_t length_field)
{
    switch (protocol) {
    case PROTOCOL_HOP_BY_HOP:
    case PROTOCOL_IPV6_ROUTING:
    case PROTOCOL_IPV6_DESTINATION:
        return (length_field + 1u) * 8; /* RFC 8200 4.3, 4.4, 4.6: the first 8 bytes not counted */
    case PROTOCOL_AUTHENTICATION:
        return (length_field + 2u) * 4; /* RFC 4302 2.2: in 32-bit words, minus 2 */
    default:
        return 0;
    }
}

/* RFC 8200 4.5: what comes next, then an offset of 0 in the first one. A fragment header means a
 * fragment, also when it is the only one (RFC 6946 2, atomic): the next header of such a packet is
 * what an attacker would like to have believed. */
static enum packet_reason parse_ipv6_fragment(const struct bytes *in, uint32_t offset,
                                              uint32_t ip_end, struct packet_view *out)
{
    const uint8_t *header = in->data + offset;

    if (offset + FRAGMENT_HEADER_BYTES <= ip_end &&
        is_captured(in, offset, FRAGMENT_HEADER_BYTES) && (load_be16(header + 2) & 0xfff8) == 0)
        read_first_fragment(in, header[0], offset + FRAGMENT_HEADER_BYTES, ip_end, out);
    return PACKET_IPV6_FRAGMENT;
}

static enum packet_reason parse_ipv6_extensions(const struct bytes *in, uint32_t offset,
                                                uint32_t ip_end, struct packet_view *out)
{
    for (unsigned int n = 0; ipv6_extension_bytes(out->protocol, 0) != 0; n++) {
        uint32_t bytes;

        if (n == PACKET_MAX_IPV6_EXTENSIONS)
            return PACKET_TOO_MANY_IPV6_EXTENSIONS;
        if (offset + 2 > ip_end)
            return PACKET_BAD_IPV6_EXTENSION_LENGTH;
        if (!is_captured(in, offset, 2))
            return PACKET_TRUNCATED_IPV6_EXTENSION;
        bytes = ipv6_extension_bytes(out->protocol, in->data[offset + 1]);
        if (offset + bytes > ip_end)
            return PACKET_BAD_IPV6_EXTENSION_LENGTH;
        if (!is_captured(in, offset, bytes))
            return PACKET_TRUNCATED_IPV6_EXTENSION;
        out->protocol = in->data[offset];
        offset += bytes;
    }
    if (out->protocol == PROTOCOL_IPV6_FRAGMENT)
        return parse_ipv6_fragment(in, offset, ip_end, out);
    return parse_transport(in, offset, ip_end, out);
}

static inline enum packet_reason parse_ipv6(const struct bytes *in, uint32_t offset,
                                            struct packet_view *out)
{
    const uint8_t *ip = in->data + offset;
    struct ip_address source, destination;
    uint32_t payload_bytes;

    if (!is_captured(in, offset, IPV6_BYTES))
        return PACKET_TRUNCATED_IPV6;
    if (likely_false(ip[0] >> 4 != 6))
        return PACKET_BAD_IPV6_VERSION;
    /* RFC 8200 3: the payload length counts all that follows these 40 bytes. */
    payload_bytes = load_be16(ip + 4);
    if (likely_false(payload_bytes == 0 && in->is_offloaded))
        payload_bytes = in->frame_bytes - offset - IPV6_BYTES;
    if (likely_false(offset + IPV6_BYTES + payload_bytes > in->frame_bytes))
        return PACKET_BAD_IPV6_PAYLOAD_LENGTH;

    memcpy(&source, ip + 8, sizeof(source));
    memcpy(&destination, ip + 24, sizeof(destination));
    if (likely_false(ip_address_is_ipv4(&source) || ip_address_is_ipv4(&destination)))
        return PACKET_IPV6_MAPPED_ADDRESS;

    out->source = source;
    out->destination = destination;
    out->l3_offset = (uint16_t)offset;
    out->protocol = ip[6];
    out->has_ip = true;
    offset += IPV6_BYTES;
    if (likely_true(out->protocol == PROTOCOL_TCP))
        return parse_transport(in, offset, offset + payload_bytes, out);
    /* RFC 2675 3: the length is in an option then, and no honest router lets one through. */
    if (payload_bytes == 0 && out->protocol == PROTOCOL_HOP_BY_HOP)
        return PACKET_IPV6_JUMBOGRAM;
    return parse_ipv6_extensions(in, offset, offset + payload_bytes, out);
}

/* No field names what labels carry: the version nibble has to (RFC 4928 3 keeps other payloads
 * away from 4 and 6). A wrong guess fails at the lengths or is not TCP. */
static enum packet_reason parse_mpls(const struct bytes *in, uint32_t offset,
                                     struct packet_view *out)
{
    bool is_bottom = false;

    for (unsigned int n = 0; !is_bottom; n++) {
        if (n == PACKET_MAX_MPLS_LABELS)
            return PACKET_TOO_MANY_MPLS_LABELS;
        if (!is_captured(in, offset, MPLS_LABEL_BYTES))
            return PACKET_TRUNCATED_MPLS;
        is_bottom = in->data[offset + 2] & 1; /* RFC 3032 2.1: the S bit */
        offset += MPLS_LABEL_BYTES;
    }
    if (!is_captured(in, offset, 1))
        return PACKET_TRUNCATED_MPLS;
    switch (in->data[offset] >> 4) {
    case 4:
        return parse_ipv4(in, offset, out);
    case 6:
        return parse_ipv6(in, offset, out);
    default:
        return PACKET_MPLS_PAYLOAD_UNKNOWN;
    }
}

static enum packet_reason parse_by_version(const struct bytes *in, struct packet_view *out)
{
    uint8_t version = in->captured_bytes > 0 ? in->data[0] >> 4 : 0;

    if (version == 4)
        return parse_ipv4(in, 0, out);
    return version == 6 ? parse_ipv6(in, 0, out) : PACKET_NOT_IP;
}

static inline enum packet_reason parse_ethertype(const struct bytes *in, uint16_t ethertype,
                                                 uint32_t offset, struct packet_view *out)
{
    while (packet_is_vlan_type(ethertype)) {
        if (out->n_vlans == PACKET_MAX_VLANS)
            return PACKET_TOO_MANY_VLANS;
        if (!is_captured(in, offset, VLAN_TAG_BYTES))
            return PACKET_TRUNCATED_VLAN;
        /* IEEE 802.1Q 9.6: priority and drop eligibility in the upper four bits. */
        out->vlan_id[out->n_vlans++] = load_be16(in->data + offset) & 0xfff;
        ethertype = load_be16(in->data + offset + 2);
        offset += VLAN_TAG_BYTES;
    }
    if (likely_true(ethertype == ETHERTYPE_IPV4))
        return parse_ipv4(in, offset, out);
    if (likely_true(ethertype == ETHERTYPE_IPV6))
        return parse_ipv6(in, offset, out);
    if (ethertype == ETHERTYPE_MPLS || ethertype == ETHERTYPE_MPLS_MULTICAST)
        return parse_mpls(in, offset, out);
    out->l3_offset = (uint16_t)offset;
    return PACKET_NOT_IP;
}

/* The last stage of the short way: addresses stand in `out` already, and `ip_end` is not beyond the
 * frame. All else is written here, the fields of a word together. */
static inline bool parse_plain_tcp(const struct bytes *in, uint32_t offset, uint32_t ip_end,
                                   bool is_ipv4, struct packet_view *out)
{
    const uint8_t *tcp = in->data + offset;
    uint32_t header_bytes = (tcp[12] >> 4) * 4u;

    if (header_bytes < TCP_BYTES || offset + header_bytes > ip_end ||
        offset + header_bytes > in->captured_bytes)
        return false;
    out->source_port = load_be16(tcp);
    out->destination_port = load_be16(tcp + 2);
    out->sequence = load_be32(tcp + 4);
    out->payload_bytes = ip_end - offset - header_bytes;
    out->l3_offset = ETHERNET_BYTES;
    out->l4_offset = (uint16_t)offset;
    memset(out->vlan_id, 0xff, sizeof(out->vlan_id));
    out->tunnel_id = 0;
    out->tcp_flags = tcp[13];
    out->protocol = PROTOCOL_TCP;
    out->reason = PACKET_TCP;
    out->n_vlans = 0;
    out->is_ipv4 = is_ipv4;
    out->has_ip = true;
    out->tunnel = PACKET_TUNNEL_NONE;
    out->n_tunnels = 0;
    out->options_cut = false;
    return true;
}

/* The short way for nearly every packet: Ethernet, an IP header of the usual length, TCP, nothing
 * between and nothing wrong. False: it is not for this way, and must go the long one, which
 * writes all of `out` anew. */
static inline bool parse_plain_ipv4(const struct bytes *in, struct packet_view *out)
{
    const uint8_t *ip = in->data + ETHERNET_BYTES;
    uint32_t ip_end = ETHERNET_BYTES + (uint32_t)load_be16(ip + 2);

    if (ip[0] != 0x45 || (load_be16(ip + 6) & 0x3fff) != 0 || ip[9] != PROTOCOL_TCP ||
        ip_end > in->frame_bytes)
        return false;
    memset(out->source.bytes, 0, 8);
    map_ipv4(&out->source, ip + 12);
    memset(out->destination.bytes, 0, 8);
    map_ipv4(&out->destination, ip + 16);
    return parse_plain_tcp(in, ETHERNET_BYTES + IPV4_BYTES, ip_end, true, out);
}

static inline bool parse_plain_ipv6(const struct bytes *in, struct packet_view *out)
{
    const uint8_t *ip = in->data + ETHERNET_BYTES;
    uint32_t ip_end = ETHERNET_BYTES + IPV6_BYTES + (uint32_t)load_be16(ip + 4);

    if (ip[0] >> 4 != 6 || ip[6] != PROTOCOL_TCP || ip_end > in->frame_bytes)
        return false;
    memcpy(out->source.bytes, ip + 8, sizeof(out->source));
    memcpy(out->destination.bytes, ip + 24, sizeof(out->destination));
    if (ip_address_is_ipv4(&out->source) || ip_address_is_ipv4(&out->destination))
        return false;
    return parse_plain_tcp(in, ETHERNET_BYTES + IPV6_BYTES, ip_end, false, out);
}

static inline bool parse_plain(const struct bytes *in, struct packet_view *out)
{
    uint16_t ethertype;

    if (in->captured_bytes < ETHERNET_BYTES + IPV4_BYTES + TCP_BYTES)
        return false;
    ethertype = load_be16(in->data + 12);
    if (ethertype == ETHERTYPE_IPV4)
        return parse_plain_ipv4(in, out);
    return ethertype == ETHERTYPE_IPV6 &&
           in->captured_bytes >= ETHERNET_BYTES + IPV6_BYTES + TCP_BYTES &&
           parse_plain_ipv6(in, out);
}

/* Not inlined, so that the short way has no stack frame to set up. */
static never_inlined enum packet_reason parse_any(const struct bytes *in, struct packet_view *out)
{
    enum packet_reason reason = PACKET_TRUNCATED_ETHERNET;

    *out = packet_nothing_known;
    if (is_captured(in, 0, ETHERNET_BYTES))
        reason = parse_ethertype(in, load_be16(in->data + 12), ETHERNET_BYTES, out);
    out->reason = (uint8_t)reason;
    return reason;
}

enum packet_reason packet_parse_ethernet(const uint8_t *data, uint32_t captured_bytes,
                                         uint32_t frame_bytes, struct packet_view *out)
{
    if (likely_true(parse_plain(&(struct bytes){data, captured_bytes, frame_bytes, false}, out)))
        return PACKET_TCP;
    return parse_any(&(struct bytes){data, captured_bytes, frame_bytes, false}, out);
}

enum packet_reason packet_parse_l3(uint16_t ethertype, const uint8_t *data, uint32_t captured_bytes,
                                   uint32_t frame_bytes, struct packet_view *out)
{
    const struct bytes in = {data, captured_bytes, frame_bytes, false};
    enum packet_reason reason;

    *out = packet_nothing_known;
    reason = ethertype == ETHERTYPE_BY_VERSION ? parse_by_version(&in, out)
                                               : parse_ethertype(&in, ethertype, 0, out);
    out->reason = (uint8_t)reason;
    return reason;
}

enum packet_reason packet_parse_inner(enum packet_inner inner, uint16_t ethertype,
                                      const uint8_t *data, uint32_t captured_bytes, uint32_t offset,
                                      struct packet_view *out)
{
    const struct bytes in = {data, captured_bytes, PACKET_FRAME_SLICED, false};

    if (inner == PACKET_INNER_ETHERNET) {
        if (!is_captured(&in, offset, ETHERNET_BYTES))
            return PACKET_TRUNCATED_ETHERNET;
        ethertype = load_be16(data + offset + 12);
        offset += ETHERNET_BYTES;
    }
    return parse_ethertype(&in, ethertype, offset, out);
}

bool packet_is_offloaded(const uint8_t *data, uint32_t captured_bytes,
                         const struct packet_view *view)
{
    const uint8_t *ip = data + view->l3_offset;

    switch (view->reason) {
    case PACKET_BAD_IPV4_TOTAL_LENGTH:
        return load_be16(ip + 2) == 0;
    case PACKET_IPV6_JUMBOGRAM:
        return true;
    case PACKET_TRUNCATED_TCP:
        return !view->is_ipv4 && view->l3_offset + (uint32_t)IPV6_BYTES <= captured_bytes &&
               load_be16(ip + 4) == 0;
    default:
        return false;
    }
}

enum packet_reason packet_parse_offloaded(const uint8_t *data, uint32_t captured_bytes,
                                          uint32_t frame_bytes, struct packet_view *view)
{
    const struct bytes in = {data, captured_bytes, frame_bytes, true};
    enum packet_reason reason = view->reason == PACKET_BAD_IPV4_TOTAL_LENGTH
                                    ? parse_ipv4(&in, view->l3_offset, view)
                                    : parse_ipv6(&in, view->l3_offset, view);

    view->reason = (uint8_t)reason;
    return reason;
}

/* The option of this kind, or NULL. Options that make no sense end the search. */
static const uint8_t *find_option(const uint8_t *data, const struct packet_view *view, uint8_t kind)
{
    enum { END = 0, NO_OPERATION = 1 };
    const uint8_t *tcp = data + view->l4_offset, *options = tcp + TCP_BYTES;
    uint32_t at = 0, n_bytes = view->options_cut ? 0 : (tcp[12] >> 4) * 4u - TCP_BYTES;

    while (at < n_bytes && options[at] != END) {
        if (options[at] == NO_OPERATION) {
            at++;
            continue;
        }
        if (at + 2 > n_bytes || options[at + 1] < 2 || at + options[at + 1] > n_bytes)
            return NULL;
        if (options[at] == kind)
            return options + at;
        at += options[at + 1];
    }
    return NULL;
}

/* RFC 7323 3.2: kind 8, length 10. */
static void read_timestamp(const uint8_t *data, const struct packet_view *view,
                           struct packet_detail *out)
{
    enum { TIMESTAMPS = 8, TIMESTAMPS_BYTES = 10 };
    const uint8_t *option = find_option(data, view, TIMESTAMPS);

    if (option == NULL || option[1] != TIMESTAMPS_BYTES)
        return;
    out->timestamp = load_be32(option + 2);
    out->has_timestamp = true;
}

bool packet_read_duplicate(const uint8_t *data, const struct packet_view *view, uint32_t *start)
{
    /* RFC 2018 3: kind 5, two bytes, and eight for each block. */
    enum { SACK = 5, SACK_BYTES = 2, BLOCK_BYTES = 8 };
    const uint8_t *tcp = data + view->l4_offset, *option = find_option(data, view, SACK);
    uint32_t acknowledgement = load_be32(tcp + 8), from, to;

    if (option == NULL || option[1] < SACK_BYTES + BLOCK_BYTES)
        return false;
    from = load_be32(option + SACK_BYTES);
    to = load_be32(option + SACK_BYTES + 4);
    *start = from;
    if (serial_before(from, acknowledgement))
        return true;
    if (option[1] < SACK_BYTES + 2 * BLOCK_BYTES)
        return false;
    option += SACK_BYTES + BLOCK_BYTES;
    return !serial_before(from, load_be32(option)) && !serial_before(load_be32(option + 4), to);
}

void packet_read_detail(const uint8_t *data, const struct packet_view *view,
                        struct packet_detail *out)
{
    const uint8_t *ip = data + view->l3_offset, *tcp = data + view->l4_offset;

    *out = (struct packet_detail){
        .acknowledgement = load_be32(tcp + 8),
        .window = load_be16(tcp + 14),
        .ip_id = view->is_ipv4 ? load_be16(ip + 4) : 0,
        .ttl = view->is_ipv4 ? ip[8] : ip[7],
    };
    read_timestamp(data, view, out);
}

const char *packet_reason_name(enum packet_reason reason)
{
    return (unsigned int)reason < PACKET_N_REASONS ? reasons[reason].name : NULL;
}

const char *packet_reason_help(enum packet_reason reason)
{
    return (unsigned int)reason < PACKET_N_REASONS ? reasons[reason].help : NULL;
}
