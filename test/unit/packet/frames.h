/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames for tests, described layer by layer. Type and length fields follow from the layers; what
 * must be wrong is poked in afterwards. */
#ifndef TEST_PACKET_FRAMES_H
#define TEST_PACKET_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"

/* Headers of tunnels that stand in the cases as they are, byte by byte. */
enum frame_header {
    HEADER_GENEVE, /* of Ethernet, with an option of four bytes, VNI 0x1092 */
    HEADER_GENEVE_IPV6,
    HEADER_GENEVE_UNKNOWN, /* neither Ethernet nor IP */
    HEADER_GPE_ETHERNET,   /* without the flag that says what follows */
    HEADER_GPE_IPV4,       /* VNI 9 */
    HEADER_GPE_NSH,
    HEADER_GTP,                 /* TEID 77 */
    HEADER_GTP_EXTENSION,       /* TEID 78, one of four bytes */
    HEADER_GTP_FOUR_EXTENSIONS, /* TEID 79 */
    HEADER_GTP_FIVE_EXTENSIONS,
    HEADER_GTP_ECHO,
    HEADER_TZSP, /* padding and a field of one byte */
    HEADER_TZSP_WITHOUT_END,
    HEADER_ETHERIP,
    HEADER_PPPOE_IPV4, /* session 0x0102 */
    HEADER_PPPOE_IPV6,
    HEADER_PPPOE_MPLS,
    HEADER_PPPOE_LCP,
    HEADER_PBB, /* service 0x030405 */
    HEADER_METADATA,
    HEADER_VN_TAG,
    HEADER_E_TAG,
    HEADER_SNAP,
    HEADER_STP, /* LLC that is not SNAP */
};

enum layer_kind {
    LAYER_END,
    LAYER_ETHERNET,
    LAYER_VLAN,      /* a: TPID, b: tag control information */
    LAYER_MPLS,      /* a: label */
    LAYER_IPV4,      /* a: words of options */
    LAYER_IPV6,      /* */
    LAYER_EXTENSION, /* a: protocol number, b: its length field */
    LAYER_TCP,       /* a: words of options */
    LAYER_GRE,       /* a: protocol type, 0: that of the next layer; b: flags */
    LAYER_UDP,       /* a: destination port */
    LAYER_VXLAN,     /* a: VNI */
    LAYER_ERSPAN_2,  /* a: session */
    LAYER_ERSPAN_3,  /* a: session, b: its last 16 bits: 1 if a platform's subheader follows, frame
                        type times 1024 */
    LAYER_HEADER,    /* a: which of enum frame_header */
    LAYER_OTHER,     /* a: EtherType or protocol number, whichever stands before; b: bytes of it */
    LAYER_DATA,      /* a: bytes of TCP payload */
    LAYER_PADDING,   /* a: bytes behind the IP packet */
};

struct layer {
    enum layer_kind kind;
    uint16_t a, b;
};

enum {
    FRAME_MAX_LAYERS = 16,
    FRAME_MAX_POKES = 7,
    FRAME_MAX_BYTES = 4096,
};

struct poke {
    uint16_t offset;
    uint8_t value;
};

struct frame_case {
    const char *name;
    enum packet_reason reason;
    struct layer layers[FRAME_MAX_LAYERS];
    struct poke pokes[FRAME_MAX_POKES]; /* ended by offset 0, which no case needs */
    uint16_t uncaptured_bytes;          /* how much of the end was on the wire only */
};

struct frame {
    uint8_t bytes[FRAME_MAX_BYTES];
    uint32_t n_bytes; /* captured */
    uint32_t frame_bytes;
    uint32_t ip_offset[FRAME_MAX_LAYERS], n_ips; /* outermost first */
    uint32_t udp_offset[FRAME_MAX_LAYERS], n_udps;
    uint32_t l3_offset, l4_offset, payload_offset, payload_bytes, ip_end;
};

extern const struct frame_case frame_cases[];
extern const size_t n_frame_cases;

/* Packets in tunnels: the reason is that of packet_decapsulate(). */
extern const struct frame_case tunnel_cases[];
extern const size_t n_tunnel_cases;

/* What the builder writes into every frame. */
#define FRAME_IPV4_SOURCE      "192.0.2.1"
#define FRAME_IPV4_DESTINATION "198.51.100.2"
#define FRAME_IPV6_SOURCE      "2001:db8:1::1"
#define FRAME_IPV6_DESTINATION "2001:db8:2::2"
enum {
    FRAME_SOURCE_PORT = 40000,
    FRAME_DESTINATION_PORT = 443,
    FRAME_SEQUENCE = 0x89abcdef,
    FRAME_TCP_FLAGS = 0x18,
    FRAME_ACKNOWLEDGEMENT = 0x13579bdf,
    FRAME_WINDOW = 0xfedc,
    FRAME_TTL = 64,
    FRAME_GRE_KEY = 0x00c0ffee,
};

void frame_build(const struct frame_case *from, struct frame *out);

#endif
