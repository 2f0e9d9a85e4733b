/* SPDX-License-Identifier: BSD-3-Clause */
/* From bytes to `struct packet_view`: the one parser of the appliance, the replay and the
 * simulator.
 *
 * What it walks through, in this order: Ethernet, up to two VLAN tags (IEEE 802.1Q and 802.1ad),
 * an MPLS label stack (RFC 3032), IPv4 with options (RFC 791) or IPv6 with extension headers
 * (RFC 8200), TCP (RFC 9293) or UDP (RFC 768). Whatever it does not understand is no error: it has
 * a reason with a name, and the caller forwards the packet and counts the reason. What mirrors wrap
 * packets in is taken off by a second step, only where it is asked for: packet_decapsulate().
 *
 * All functions are pure, allocate nothing, and may be called from any thread. */
#ifndef PACKET_PACKET_H
#define PACKET_PACKET_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

/* X(enum suffix, name, help): what a packet is, or why it is not a TCP packet of a flow. */
#define PACKET_REASONS(X)                                                                          \
    X(TCP, "tcp", "unfragmented TCP packet with well-formed headers")                              \
    X(UDP, "udp", "unfragmented UDP datagram with well-formed headers")                            \
    X(TRUNCATED_ETHERNET, "truncated_ethernet", "frame ends inside the Ethernet header")           \
    X(TRUNCATED_VLAN, "truncated_vlan", "frame ends inside a VLAN tag")                            \
    X(TOO_MANY_VLANS, "too_many_vlans", "more than two VLAN tags")                                 \
    X(TRUNCATED_MPLS, "truncated_mpls", "frame ends inside or right after the MPLS label stack")   \
    X(TOO_MANY_MPLS_LABELS, "too_many_mpls_labels", "more MPLS labels than are looked through")    \
    X(MPLS_PAYLOAD_UNKNOWN, "mpls_payload_unknown", "what follows the MPLS labels is not IP")      \
    X(NOT_IP, "not_ip", "neither IPv4 nor IPv6, as ARP or LLDP")                                   \
    X(TRUNCATED_IPV4, "truncated_ipv4", "frame ends inside the IPv4 header")                       \
    X(BAD_IPV4_VERSION, "bad_ipv4_version", "announced as IPv4, but its version is not 4")         \
    X(BAD_IPV4_HEADER_LENGTH, "bad_ipv4_header_length", "IPv4 header shorter than 20 bytes")       \
    X(BAD_IPV4_TOTAL_LENGTH, "bad_ipv4_total_length",                                              \
      "IPv4 total length shorter than the header or longer than the frame")                        \
    X(IPV4_FRAGMENT, "ipv4_fragment", "IPv4 fragment, first or later")                             \
    X(BAD_AUTHENTICATION_HEADER, "bad_authentication_header",                                      \
      "IPv4 packet or frame ends inside the authentication header")                                \
    X(TRUNCATED_IPV6, "truncated_ipv6", "frame ends inside the IPv6 header")                       \
    X(BAD_IPV6_VERSION, "bad_ipv6_version", "announced as IPv6, but its version is not 6")         \
    X(BAD_IPV6_PAYLOAD_LENGTH, "bad_ipv6_payload_length",                                          \
      "IPv6 payload length longer than the frame")                                                 \
    X(IPV6_JUMBOGRAM, "ipv6_jumbogram", "IPv6 payload length 0 with hop-by-hop options")           \
    X(IPV6_MAPPED_ADDRESS, "ipv6_mapped_address", "IPv6 packet from or to ::ffff:0:0/96")          \
    X(TRUNCATED_IPV6_EXTENSION, "truncated_ipv6_extension",                                        \
      "frame ends inside an IPv6 extension header")                                                \
    X(BAD_IPV6_EXTENSION_LENGTH, "bad_ipv6_extension_length",                                      \
      "IPv6 extension header longer than the IPv6 payload")                                        \
    X(TOO_MANY_IPV6_EXTENSIONS, "too_many_ipv6_extensions",                                        \
      "more IPv6 extension headers than are looked through")                                       \
    X(IPV6_FRAGMENT, "ipv6_fragment", "IPv6 packet with a fragment header")                        \
    X(NOT_TCP, "not_tcp", "IP packet of a protocol other than TCP and UDP")                        \
    X(TRUNCATED_TCP, "truncated_tcp", "frame or IP payload ends inside the TCP header")            \
    X(BAD_TCP_HEADER_LENGTH, "bad_tcp_header_length",                                              \
      "TCP header shorter than 20 bytes or longer than the IP payload")                            \
    X(TRUNCATED_UDP, "truncated_udp", "frame or IP payload ends inside the UDP header")            \
    X(BAD_UDP_LENGTH, "bad_udp_length",                                                            \
      "UDP length shorter than its header or longer than the IP payload")                          \
    X(TRUNCATED_TUNNEL, "truncated_tunnel", "packet ends inside the header of a tunnel")           \
    X(TUNNEL_UNKNOWN, "tunnel_unknown", "tunnel of a version or with contents that are not known") \
    X(TOO_MANY_TUNNELS, "too_many_tunnels", "more tunnels in each other than are looked through")

enum packet_reason {
#define PACKET_REASON_ENUM(suffix, name, help) PACKET_##suffix,
    PACKET_REASONS(PACKET_REASON_ENUM)
#undef PACKET_REASON_ENUM
        PACKET_N_REASONS
};

/* Headers of one kind that are looked through. The bounds keep the cost of a hostile packet small;
 * real traffic has one to four labels and at most two extension headers. */
#define PACKET_MAX_VLANS           2
#define PACKET_MAX_MPLS_LABELS     8
#define PACKET_MAX_IPV6_EXTENSIONS 8
#define PACKET_MAX_TUNNELS         4

/* In `vlan_id`: there is no such tag. */
#define PACKET_VLAN_NONE 0xffff

/* As `frame_bytes`: the frame is a copy that may have been cut (a sliced mirror), so its headers
 * alone say how long the packet was. */
#define PACKET_FRAME_SLICED (UINT32_C(1) << 24)

/* X(enum suffix, name): what a packet came in, by its outermost header. */
#define PACKET_TUNNELS(X)                                                                          \
    X(NONE, "none")         /* */                                                                  \
    X(IP_IN_IP, "ip_in_ip") /* either version in either: RFC 2003, RFC 4213, RFC 2473 */           \
    X(GRE, "gre")           /* IP or MPLS in GRE: RFC 2784, RFC 2890 */                            \
    X(GRETAP, "gretap")     /* Ethernet in GRE (NVGRE: RFC 7637) */                                \
    X(ERSPAN_1, "erspan_1") /* draft-foschiano-erspan-03, all three */                             \
    X(ERSPAN_2, "erspan_2")                                                                        \
    X(ERSPAN_3, "erspan_3")                                                                        \
    X(VXLAN, "vxlan")       /* RFC 7348, draft-ietf-nvo3-vxlan-gpe */                              \
    X(GENEVE, "geneve")     /* RFC 8926 */                                                         \
    X(GTP_U, "gtp_u")       /* 3GPP TS 29.281 */                                                   \
    X(MPLS_UDP, "mpls_udp") /* RFC 7510 */                                                         \
    X(ETHERIP, "etherip")   /* RFC 3378 */                                                         \
    X(TZSP, "tzsp")         /* a mirror of MikroTik's and of access points */                      \
    X(PPPOE, "pppoe")       /* RFC 2516 */                                                         \
    X(PBB, "pbb")           /* IEEE 802.1Q 9.7: a backbone's I-TAG */

enum packet_tunnel {
#define PACKET_TUNNEL_ENUM(suffix, name) PACKET_TUNNEL_##suffix,
    PACKET_TUNNELS(PACKET_TUNNEL_ENUM)
#undef PACKET_TUNNEL_ENUM
        PACKET_N_TUNNELS
};

/* One packet. Every field is always set: to zero (VLANs: to PACKET_VLAN_NONE) when the packet does
 * not have it. The view holds no pointer into the packet. */
struct packet_view {
    /* Valid when has_ip. IPv4 is held mapped, see base/address.h. */
    _Alignas(16) struct ip_address source;
    struct ip_address destination;
    /* Host order, like all below. Valid when reason is PACKET_TCP, as are sequence,
     * payload_bytes and tcp_flags; ports and payload_bytes also when it is PACKET_UDP; ports and,
     * of TCP, sequence also of a first fragment, see packet_is_first_fragment(). */
    uint16_t source_port;
    uint16_t destination_port;
    uint32_t sequence;
    /* From the IP length or that of UDP, never from the frame: Ethernet padding is no data. */
    uint32_t payload_bytes;
    /* Bytes from the start of `data` to the IP header, and to what follows IP and its extensions.
     * 0 when that was not reached. The former also stands when the IP length alone is wrong, and at
     * what follows the EtherType when that is none of IP (PACKET_NOT_IP). */
    uint16_t l3_offset;
    uint16_t l4_offset;
    /* Outermost first: the 12-bit VLAN id. 0 is a priority tag, which names no VLAN. */
    uint16_t vlan_id[PACKET_MAX_VLANS];
    /* What names the outermost tunnel that was taken off: the session of ERSPAN, the VNI of VXLAN
     * and GENEVE, the TEID of GTP-U, the key of GRE, the session of PPPoE, the I-SID of a backbone;
     * 0 when it has none. */
    uint32_t tunnel_id;
    /* The eight flags of RFC 9293 3.1: CWR ECE URG ACK PSH RST SYN FIN, FIN lowest. */
    uint8_t tcp_flags;
    /* Valid when has_ip: the innermost protocol number that was reached. */
    uint8_t protocol;
    uint8_t reason; /* enum packet_reason */
    uint8_t n_vlans;
    bool is_ipv4; /* valid when has_ip */
    /* The fixed IP header is sound, so the addresses can be counted whatever the reason is. */
    bool has_ip;
    uint8_t tunnel;        /* enum packet_tunnel: the outermost one that was taken off */
    uint8_t n_tunnels : 7; /* taken off */
    /* The capture ends inside the TCP options: they are not known. The rest is. */
    uint8_t options_cut : 1;
};

static_assert(sizeof(struct packet_view) == 64, "a burst of views must be one cache line each");

/* In `protocol` (IANA registry). */
#define PACKET_PROTOCOL_TCP 6
#define PACKET_PROTOCOL_UDP 17

/* Is it the first fragment of a packet of this protocol, PACKET_PROTOCOL_TCP or _UDP, with the 20
 * or 8 bytes of its header in it? Also of one that is the only one, in IPv6. */
static inline bool packet_is_first_fragment(const struct packet_view *view, uint8_t protocol)
{
    return (view->reason == PACKET_IPV4_FRAGMENT || view->reason == PACKET_IPV6_FRAGMENT) &&
           view->l4_offset != 0 && view->protocol == protocol;
}

/* Does a VLAN tag follow this EtherType? 0x9100 to 0x9300 are what QinQ had before IEEE 802.1ad. */
static inline bool packet_is_vlan_type(uint16_t ethertype)
{
    return ethertype == 0x8100 || ethertype == 0x88a8 || ethertype == 0x9100 ||
           ethertype == 0x9200 || ethertype == 0x9300;
}

/* Parses an Ethernet frame (without preamble; a trailing FCS does no harm).
 *
 * `captured_bytes` may be read at `data`, not one byte more; `frame_bytes`, at least as many, is
 * the length on the wire. They differ when a capture has a snap length and when an mbuf has
 * several segments. Every header must lie in the captured bytes, but for the options of TCP; the
 * payload need not.
 *
 * Writes all of `out` and returns out->reason. */
enum packet_reason packet_parse_ethernet(const uint8_t *data, uint32_t captured_bytes,
                                         uint32_t frame_bytes, struct packet_view *out);

/* The same from where an EtherType has been read already: raw IP captures, and Linux cooked
 * captures after their header. `ethertype` (host order) says what `data` starts with: IPv4, IPv6,
 * MPLS, or a VLAN type with its tag next; 0: the version nibble says which IP it is. Lengths count
 * from `data`, and so do the offsets in `out`. */
enum packet_reason packet_parse_l3(uint16_t ethertype, const uint8_t *data, uint32_t captured_bytes,
                                   uint32_t frame_bytes, struct packet_view *out);

/* May the packet be one that a host handed to its NIC to be cut into segments (TSO, BIG TCP)? A
 * capture on that host has it with an IP length of 0, in one of which packet_parse_offloaded() can
 * make sense. `data` is what `view` was made of. */
bool packet_is_offloaded(const uint8_t *data, uint32_t captured_bytes,
                         const struct packet_view *view);

/* Parses it again, with an IP length of 0 read as "up to the end of the frame". For captures only:
 * a wire carries no such packet. `view` is of one of the functions above and of the same `data`;
 * `frame_bytes` as there, never PACKET_FRAME_SLICED. */
enum packet_reason packet_parse_offloaded(const uint8_t *data, uint32_t captured_bytes,
                                          uint32_t frame_bytes, struct packet_view *view);

/* Takes off what `view` came in, when that is a tunnel: up to PACKET_MAX_TUNNELS of them, whatever
 * they are nested in, and as many tags of a link. `view` is what one of the functions above made of
 * the same `data`, with reason PACKET_NOT_TCP, PACKET_UDP, PACKET_BAD_UDP_LENGTH or PACKET_NOT_IP
 * (else nothing is done). Afterwards it describes the innermost packet: addresses, offsets (still
 * from `data`), reason; its VLANs are those of the innermost Ethernet frame. A packet that is in no
 * tunnel stays as it is; a tunnel whose own header is refused gives that reason, with the addresses
 * outside it.
 *
 * What is inside may have been cut before it was wrapped, so its headers say how long it was, as
 * with PACKET_FRAME_SLICED. Not for traffic in transit, whose inner packets are not ours to look at
 * unless somebody said so. */
enum packet_reason packet_decapsulate(const uint8_t *data, uint32_t captured_bytes,
                                      struct packet_view *view);

/* What else mode passive wants of a TCP packet. */
struct packet_detail {
    uint32_t acknowledgement; /* valid with the flag ACK */
    uint16_t window;          /* as it stands there, unscaled */
    uint16_t ip_id;           /* 0 with IPv6 */
    uint32_t timestamp;       /* TSval of RFC 7323, valid when has_timestamp */
    uint8_t ttl;              /* or hop limit */
    bool has_timestamp;
};

/* Reads it from the packet that `view`, of reason PACKET_TCP, was made of. Options that were cut
 * count as none. */
void packet_read_detail(const uint8_t *data, const struct packet_view *view,
                        struct packet_detail *out);

/* Does this acknowledgement report bytes that came twice? They are its first SACK block when that
 * lies below what it acknowledges, or within the second block (RFC 2883 4). *start: the first of
 * them. As packet_read_detail(). */
bool packet_read_duplicate(const uint8_t *data, const struct packet_view *view, uint32_t *start);

/* "none", "gre" ...; NULL when it is none of the list. */
const char *packet_tunnel_name(enum packet_tunnel tunnel);

/* Is the frame shorter than the IP packet in it, by EtherType and behind VLAN tags alone? For
 * frames that came the wire whole and may have been cut since; false where that cannot be told.
 * Nothing is guessed, as behind MPLS labels. */
bool packet_is_cut(const uint8_t *data, uint32_t captured_bytes, uint32_t frame_bytes);

/* The name as in counters, and a sentence about it. NULL when `reason` is none. */
const char *packet_reason_name(enum packet_reason reason);
const char *packet_reason_help(enum packet_reason reason);

#endif
