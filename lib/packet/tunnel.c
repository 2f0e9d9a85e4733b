/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking packets out of what mirrors wrap them in. One loop over two tables: a carrier is the
 * protocol above IP (its header has options, hence code), a wrap is what the carrier says that it
 * carries (plain rows). A new encapsulation over GRE or UDP is one more row. */
#include "packet/packet.h"

#include <stddef.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "packet/internal.h"

enum {
    PROTOCOL_IPV4 = 4,
    PROTOCOL_UDP = 17,
    PROTOCOL_IPV6 = 41,
    PROTOCOL_GRE = 47,
    IPV6_BYTES = 40,
    UDP_BYTES = 8,
    GRE_BYTES = 4,
    GRE_FIELD_BYTES = 4,
    GRE_CHECKSUM = 0x8000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    /* RFC 2784 2.3: routing, recursion control and version have to be 0 (version 1 is PPTP). */
    GRE_UNKNOWN = 0x4f07,
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    TYPE_MPLS = 0x8847,
};

static const char *const tunnel_names[PACKET_N_TUNNELS] = {
#define TUNNEL_NAME(suffix, name) [PACKET_TUNNEL_##suffix] = name,
    PACKET_TUNNELS(TUNNEL_NAME)
#undef TUNNEL_NAME
};

const char *packet_tunnel_name(enum packet_tunnel tunnel)
{
    return (unsigned int)tunnel < PACKET_N_TUNNELS ? tunnel_names[tunnel] : NULL;
}

/* The packet between two layers: `offset` is where the next header starts. */
struct cursor {
    const uint8_t *data;
    uint32_t offset;
    uint32_t end; /* of what may be read of the IP packet around it */
};

/* What the headers of a tunnel said. */
struct carried {
    uint16_t type; /* of the carrier: EtherType, or destination port */
    bool has_sequence;
    uint32_t id;
    enum packet_inner inner;
    uint16_t ethertype; /* when typed */
};

enum sequence_rule { ANY_SEQUENCE, WITHOUT_SEQUENCE, WITH_SEQUENCE };

struct wrap {
    uint8_t protocol; /* of IP */
    uint16_t type;    /* what the carrier's header says; 0: it has none */
    uint8_t sequence; /* enum sequence_rule: ERSPAN I and II are told apart by it */
    uint8_t tunnel;
    uint8_t inner;      /* enum packet_inner */
    uint16_t ethertype; /* when typed */
    /* Its own header between the carrier's and what it carries: the first byte, masked, must be
     * `known`. A bit of another byte may say that further bytes follow. */
    uint8_t bytes, mask, known;
    uint8_t optional_at, optional_bit, optional_bytes;
    /* Where the header has an id: a big-endian word of which `id_bits` above `id_shift` count. 0
     * bits: the carrier's id. */
    uint8_t id_at, id_shift, id_bits;
    /* A byte, masked, may say that it carries an IP packet instead (`kind_ip`), or what nobody
     * knows (all but 0). 0: it says nothing. */
    uint8_t kind_at, kind_mask, kind_ip;
};

static const struct wrap wraps[] = {
    {.protocol = PROTOCOL_IPV4, .tunnel = PACKET_TUNNEL_IP_IN_IP, .ethertype = TYPE_IPV4},
    {.protocol = PROTOCOL_IPV6, .tunnel = PACKET_TUNNEL_IP_IN_IP, .ethertype = TYPE_IPV6},
    {.protocol = PROTOCOL_GRE,
     .type = TYPE_IPV4,
     .tunnel = PACKET_TUNNEL_GRE,
     .ethertype = TYPE_IPV4},
    {.protocol = PROTOCOL_GRE,
     .type = TYPE_IPV6,
     .tunnel = PACKET_TUNNEL_GRE,
     .ethertype = TYPE_IPV6},
    {.protocol = PROTOCOL_GRE,
     .type = TYPE_MPLS,
     .tunnel = PACKET_TUNNEL_GRE,
     .ethertype = TYPE_MPLS},
    {.protocol = PROTOCOL_GRE,
     .type = 0x6558,
     .tunnel = PACKET_TUNNEL_GRETAP,
     .inner = PACKET_INNER_ETHERNET},
    {.protocol = PROTOCOL_GRE,
     .type = 0x88be,
     .sequence = WITHOUT_SEQUENCE,
     .tunnel = PACKET_TUNNEL_ERSPAN_1,
     .inner = PACKET_INNER_ETHERNET},
    /* draft-foschiano-erspan-03 4.1: version 1, session in the low 10 bits of the first word. */
    {.protocol = PROTOCOL_GRE,
     .type = 0x88be,
     .sequence = WITH_SEQUENCE,
     .tunnel = PACKET_TUNNEL_ERSPAN_2,
     .inner = PACKET_INNER_ETHERNET,
     .bytes = 8,
     .mask = 0xf0,
     .known = 0x10,
     .id_bits = 10},
    /* 4.2: version 2; five bits say whether a frame or an IP packet was copied, and the last
     * one that a platform's subheader of 8 bytes follows. */
    {.protocol = PROTOCOL_GRE,
     .type = 0x22eb,
     .tunnel = PACKET_TUNNEL_ERSPAN_3,
     .inner = PACKET_INNER_ETHERNET,
     .bytes = 12,
     .mask = 0xf0,
     .known = 0x20,
     .optional_at = 11,
     .optional_bit = 0x01,
     .optional_bytes = 8,
     .id_bits = 10,
     .kind_at = 10,
     .kind_mask = 0x7c,
     .kind_ip = 2 << 2},
    /* RFC 7348 5: the I flag, and the VNI in 24 bits from the fifth byte on. */
    {.protocol = PROTOCOL_UDP,
     .type = 4789,
     .tunnel = PACKET_TUNNEL_VXLAN,
     .inner = PACKET_INNER_ETHERNET,
     .bytes = 8,
     .mask = 0x08,
     .known = 0x08,
     .id_at = 4,
     .id_shift = 8,
     .id_bits = 24},
};

static bool may_read(const struct cursor *c, uint32_t n_bytes)
{
    return c->offset + n_bytes <= c->end;
}

static enum packet_reason read_gre(struct cursor *c, struct carried *out)
{
    uint16_t flags;
    uint32_t n_bytes = GRE_BYTES, key_offset;

    if (!may_read(c, GRE_BYTES))
        return PACKET_TRUNCATED_TUNNEL;
    flags = load_be16(c->data + c->offset);
    if ((flags & GRE_UNKNOWN) != 0)
        return PACKET_TUNNEL_UNKNOWN;
    /* RFC 2890 2: checksum, key, sequence number, each only if its bit says so. */
    n_bytes += (flags & GRE_CHECKSUM) != 0 ? GRE_FIELD_BYTES : 0;
    key_offset = c->offset + n_bytes;
    n_bytes += (flags & GRE_KEY) != 0 ? GRE_FIELD_BYTES : 0;
    n_bytes += (flags & GRE_SEQUENCE) != 0 ? GRE_FIELD_BYTES : 0;
    if (!may_read(c, n_bytes))
        return PACKET_TRUNCATED_TUNNEL;
    out->type = load_be16(c->data + c->offset + 2);
    out->has_sequence = (flags & GRE_SEQUENCE) != 0;
    out->id = (flags & GRE_KEY) != 0 ? load_be32(c->data + key_offset) : 0;
    c->offset += n_bytes;
    return PACKET_TCP;
}

static enum packet_reason read_udp(struct cursor *c, struct carried *out)
{
    uint32_t end;

    if (!may_read(c, UDP_BYTES))
        return PACKET_TRUNCATED_TUNNEL;
    out->type = load_be16(c->data + c->offset + 2);
    /* RFC 768: the length counts this header, too. What is behind it is not part of the packet; a
     * longer one than there are bytes is that of a packet that was cut. */
    end = c->offset + load_be16(c->data + c->offset + 4);
    if (end < c->end)
        c->end = end;
    c->offset += UDP_BYTES;
    return PACKET_TCP;
}

static enum packet_reason read_nothing(struct cursor *c, struct carried *out)
{
    (void)c;
    (void)out;
    return PACKET_TCP;
}

static const struct carrier {
    uint8_t protocol;
    enum packet_reason (*read)(struct cursor *c, struct carried *out);
    /* What it is when no wrap fits: any UDP packet is none of ours. */
    enum packet_reason otherwise;
} carriers[] = {
    {PROTOCOL_GRE, read_gre, PACKET_TUNNEL_UNKNOWN},
    {PROTOCOL_UDP, read_udp, PACKET_NOT_TCP},
    {PROTOCOL_IPV4, read_nothing, PACKET_TUNNEL_UNKNOWN},
    {PROTOCOL_IPV6, read_nothing, PACKET_TUNNEL_UNKNOWN},
};

static const struct carrier *find_carrier(uint8_t protocol)
{
    for (size_t i = 0; i < ARRAY_LENGTH(carriers); i++)
        if (carriers[i].protocol == protocol)
            return &carriers[i];
    return NULL;
}

static const struct wrap *find_wrap(uint8_t protocol, const struct carried *carried)
{
    for (size_t i = 0; i < ARRAY_LENGTH(wraps); i++) {
        const struct wrap *w = &wraps[i];

        if (w->protocol == protocol && w->type == carried->type &&
            (w->sequence == ANY_SEQUENCE ||
             (w->sequence == WITH_SEQUENCE) == carried->has_sequence))
            return w;
    }
    return NULL;
}

/* Nothing but its first bits says which IP it is. */
static uint16_t type_by_version(const struct cursor *c)
{
    return may_read(c, 1) && c->data[c->offset] >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4;
}

static enum packet_reason read_wrap(struct cursor *c, const struct wrap *w, struct carried *out)
{
    const uint8_t *header = c->data + c->offset;
    uint32_t n_bytes = w->bytes;
    uint8_t kind;

    if (!may_read(c, n_bytes))
        return PACKET_TRUNCATED_TUNNEL;
    if (n_bytes > 0 && (header[0] & w->mask) != w->known)
        return PACKET_TUNNEL_UNKNOWN;
    kind = w->kind_mask != 0 ? header[w->kind_at] & w->kind_mask : 0;
    if (kind != 0 && kind != w->kind_ip)
        return PACKET_TUNNEL_UNKNOWN;
    if (w->id_bits > 0)
        out->id = (load_be32(header + w->id_at) >> w->id_shift) & ((UINT32_C(1) << w->id_bits) - 1);
    if (w->optional_bytes > 0 && (header[w->optional_at] & w->optional_bit) != 0)
        n_bytes += w->optional_bytes;
    if (!may_read(c, n_bytes))
        return PACKET_TRUNCATED_TUNNEL;
    c->offset += n_bytes;
    out->inner = kind != 0 ? PACKET_INNER_TYPED : w->inner;
    out->ethertype = kind != 0 ? type_by_version(c) : w->ethertype;
    return PACKET_TCP;
}

/* Behind the IP header that `view` found. Bytes after its end are padding, not contents. */
static struct cursor behind_ip(const uint8_t *data, uint32_t captured_bytes,
                               const struct packet_view *view)
{
    const uint8_t *ip = data + view->l3_offset;
    uint32_t ip_end =
        view->l3_offset + (view->is_ipv4 ? load_be16(ip + 2) : IPV6_BYTES + load_be16(ip + 4));
    uint32_t end = captured_bytes < ip_end ? captured_bytes : ip_end;

    /* So that no offset outgrows its field. */
    return (struct cursor){data, view->l4_offset, end < UINT16_MAX ? end : UINT16_MAX};
}

static void enter(struct packet_view *view, const struct wrap *w, const struct carried *carried)
{
    const struct packet_view outer = *view;

    *view = packet_nothing_known;
    view->n_tunnels = (uint8_t)(outer.n_tunnels + 1);
    view->tunnel = outer.n_tunnels == 0 ? w->tunnel : outer.tunnel;
    view->tunnel_id = outer.n_tunnels == 0 ? carried->id : outer.tunnel_id;
    if (carried->inner == PACKET_INNER_ETHERNET)
        return;
    view->n_vlans = outer.n_vlans;
    view->vlan_id[0] = outer.vlan_id[0];
    view->vlan_id[1] = outer.vlan_id[1];
}

/* `end`: of what may be read of the packets around this one. */
static enum packet_reason take_off(const uint8_t *data, uint32_t *end,
                                   const struct carrier *carrier, struct packet_view *view)
{
    struct cursor c = behind_ip(data, *end, view);
    struct carried carried = {0};
    enum packet_reason reason = carrier->read(&c, &carried);
    const struct wrap *w;

    if (reason != PACKET_TCP)
        return reason;
    w = find_wrap(carrier->protocol, &carried);
    if (w == NULL)
        return carrier->otherwise;
    if (view->n_tunnels == PACKET_MAX_TUNNELS)
        return PACKET_TOO_MANY_TUNNELS;
    reason = read_wrap(&c, w, &carried);
    if (reason != PACKET_TCP)
        return reason;
    enter(view, w, &carried);
    *end = c.end;
    return packet_parse_inner(carried.inner, carried.ethertype, data, c.end, c.offset, view);
}

enum packet_reason packet_decapsulate(const uint8_t *data, uint32_t captured_bytes,
                                      struct packet_view *view)
{
    const struct carrier *carrier;
    uint32_t end = captured_bytes;

    while (view->reason == PACKET_NOT_TCP && (carrier = find_carrier(view->protocol)) != NULL) {
        uint8_t n_before = view->n_tunnels;

        view->reason = (uint8_t)take_off(data, &end, carrier, view);
        if (view->n_tunnels == n_before)
            break;
    }
    return view->reason;
}
