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
    PROTOCOL_UDP = PACKET_PROTOCOL_UDP,
    PROTOCOL_IPV6 = 41,
    PROTOCOL_GRE = 47,
    PROTOCOL_ETHERIP = 97,
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
    TYPE_MPLS_MULTICAST = 0x8848,
    TYPE_ETHERNET = 0x6558,
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

/* More is no honest packet, and would cost time. */
#define MAX_GTP_EXTENSIONS 4
#define MAX_TZSP_FIELDS    32

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

/* Where a header says what it carries. */
enum next_rule {
    NEXT_IS_FIXED,     /* nowhere: the row says it */
    NEXT_IS_ETHERTYPE, /* an EtherType from its third byte on */
    NEXT_IS_GPE,       /* its fourth byte, if its flag P is set; else an Ethernet frame */
    NEXT_BY_VERSION,   /* IP, of which nothing but its first bits tells the version */
};

/* What may follow a header's fixed bytes. */
enum options_rule {
    NO_OPTIONS,
    OPTIONS_IN_WORDS, /* the low 6 bits of the first byte: their number */
    OPTIONS_OF_GTP,
    OPTIONS_OF_TZSP,
};

struct wrap {
    uint8_t protocol; /* of IP */
    uint16_t type;    /* what the carrier's header says; 0: it has none */
    uint8_t sequence; /* enum sequence_rule: ERSPAN I and II are told apart by it */
    uint8_t tunnel;
    uint8_t inner;      /* enum packet_inner */
    uint16_t ethertype; /* when typed */
    uint8_t next;       /* enum next_rule */
    uint8_t options;    /* enum options_rule */
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

#define ERSPAN_3_HEADER                                                                            \
    .tunnel = PACKET_TUNNEL_ERSPAN_3, .inner = PACKET_INNER_ETHERNET, .bytes = 12, .mask = 0xf0,   \
    .known = 0x20, .optional_at = 11, .optional_bit = 0x01, .optional_bytes = 8, .id_bits = 10,    \
    .kind_at = 10, .kind_mask = 0x7c, .kind_ip = 2 << 2
#define VXLAN_HEADER                                                                               \
    .tunnel = PACKET_TUNNEL_VXLAN, .inner = PACKET_INNER_ETHERNET, .bytes = 8, .mask = 0x08,       \
    .known = 0x08, .id_at = 4, .id_shift = 8, .id_bits = 24

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
     .type = TYPE_MPLS_MULTICAST,
     .tunnel = PACKET_TUNNEL_GRE,
     .ethertype = TYPE_MPLS_MULTICAST},
    {.protocol = PROTOCOL_GRE,
     .type = TYPE_ETHERNET,
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
    {.protocol = PROTOCOL_GRE, .type = 0x22eb, ERSPAN_3_HEADER},
    /* Some exporters keep the type of version 1. */
    {.protocol = PROTOCOL_GRE, .type = 0x88be, .sequence = WITH_SEQUENCE, ERSPAN_3_HEADER},
    /* RFC 7348 5: the I flag, and the VNI in 24 bits from the fifth byte on. */
    {.protocol = PROTOCOL_UDP, .type = 4789, VXLAN_HEADER},
    /* What Linux used before the port was assigned, and overlays still do. */
    {.protocol = PROTOCOL_UDP, .type = 8472, VXLAN_HEADER},
    /* draft-ietf-nvo3-vxlan-gpe 3.1. */
    {.protocol = PROTOCOL_UDP, .type = 4790, .next = NEXT_IS_GPE, VXLAN_HEADER},
    /* RFC 8926 3.4: version 0. */
    {.protocol = PROTOCOL_UDP,
     .type = 6081,
     .tunnel = PACKET_TUNNEL_GENEVE,
     .next = NEXT_IS_ETHERTYPE,
     .options = OPTIONS_IN_WORDS,
     .bytes = 8,
     .mask = 0xc0,
     .known = 0x00,
     .id_at = 4,
     .id_shift = 8,
     .id_bits = 24},
    /* 3GPP TS 29.281 5.1: version 1, protocol type 1; a TEID from the fifth byte on. */
    {.protocol = PROTOCOL_UDP,
     .type = 2152,
     .tunnel = PACKET_TUNNEL_GTP_U,
     .next = NEXT_BY_VERSION,
     .options = OPTIONS_OF_GTP,
     .bytes = 8,
     .mask = 0xf0,
     .known = 0x30,
     .id_at = 4,
     .id_bits = 32},
    /* RFC 7510 3. */
    {.protocol = PROTOCOL_UDP,
     .type = 6635,
     .tunnel = PACKET_TUNNEL_MPLS_UDP,
     .ethertype = TYPE_MPLS},
    /* TaZmen Sniffer Protocol: version 1, type, protocol (1: Ethernet), then tagged fields. */
    {.protocol = PROTOCOL_UDP,
     .type = 37008,
     .tunnel = PACKET_TUNNEL_TZSP,
     .inner = PACKET_INNER_ETHERNET,
     .options = OPTIONS_OF_TZSP,
     .bytes = 4,
     .mask = 0xff,
     .known = 0x01},
    /* RFC 3378 3: version 3, the rest 0. */
    {.protocol = PROTOCOL_ETHERIP,
     .tunnel = PACKET_TUNNEL_ETHERIP,
     .inner = PACKET_INNER_ETHERNET,
     .bytes = 2,
     .mask = 0xf0,
     .known = 0x30},
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

/* The parser saw to it that the header is there. */
static enum packet_reason read_udp(struct cursor *c, struct carried *out)
{
    uint32_t end;

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
    /* What it carries is always something wrapped; UDP without a wrap stays what it was. */
    bool is_tunnel;
} carriers[] = {
    {PROTOCOL_GRE, read_gre, true},         {PROTOCOL_UDP, read_udp, false},
    {PROTOCOL_IPV4, read_nothing, true},    {PROTOCOL_IPV6, read_nothing, true},
    {PROTOCOL_ETHERIP, read_nothing, true},
};

static const struct carrier *find_carrier(uint8_t protocol)
{
    for (size_t i = 0; i < ARRAY_LENGTH(carriers); i++)
        if (carriers[i].protocol == protocol)
            return &carriers[i];
    return NULL;
}

/* The next row behind `last` (NULL: the first one) for what the carrier said. */
static const struct wrap *find_wrap(uint8_t protocol, const struct carried *carried,
                                    const struct wrap *last)
{
    for (const struct wrap *w = last == NULL ? wraps : last + 1; w < wraps + ARRAY_LENGTH(wraps);
         w++) {
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

/* 3GPP TS 29.281 5.1, 5.2: any of three flags brings four bytes, of which the last names an
 * extension header; each says its length in words, and what follows it in its last byte. */
static enum packet_reason skip_gtp(const struct cursor *c, uint32_t *n_bytes)
{
    enum { ANY_OPTION = 0x07, HAS_EXTENSION = 0x04, OPTION_BYTES = 4, USER_DATA = 255 };
    const uint8_t *header = c->data + c->offset;
    uint8_t next;

    if (header[1] != USER_DATA)
        return PACKET_TUNNEL_UNKNOWN;
    if ((header[0] & ANY_OPTION) == 0)
        return PACKET_TCP;
    *n_bytes += OPTION_BYTES;
    if (!may_read(c, *n_bytes))
        return PACKET_TRUNCATED_TUNNEL;
    next = (header[0] & HAS_EXTENSION) != 0 ? header[*n_bytes - 1] : 0;
    for (unsigned int n = 0; next != 0; n++) {
        if (!may_read(c, *n_bytes + 1))
            return PACKET_TRUNCATED_TUNNEL;
        if (header[*n_bytes] == 0 || n == MAX_GTP_EXTENSIONS)
            return PACKET_TUNNEL_UNKNOWN;
        *n_bytes += header[*n_bytes] * 4u;
        if (!may_read(c, *n_bytes))
            return PACKET_TRUNCATED_TUNNEL;
        next = header[*n_bytes - 1];
    }
    return PACKET_TCP;
}

/* Tag, length, value; 0 is padding and 1 the end, both without the rest. */
static enum packet_reason skip_tzsp(const struct cursor *c, uint32_t *n_bytes)
{
    enum { PADDING = 0, END = 1, ETHERNET = 1 };
    const uint8_t *header = c->data + c->offset;

    if (load_be16(header + 2) != ETHERNET)
        return PACKET_TUNNEL_UNKNOWN;
    for (unsigned int n = 0; n < MAX_TZSP_FIELDS; n++) {
        uint8_t tag;

        if (!may_read(c, *n_bytes + 1))
            return PACKET_TRUNCATED_TUNNEL;
        tag = header[(*n_bytes)++];
        if (tag == END)
            return PACKET_TCP;
        if (tag == PADDING)
            continue;
        if (!may_read(c, *n_bytes + 1))
            return PACKET_TRUNCATED_TUNNEL;
        *n_bytes += 1u + header[*n_bytes];
    }
    return PACKET_TUNNEL_UNKNOWN;
}

/* `n_bytes`: of the header before, then with what follows it. */
static enum packet_reason skip_options(const struct cursor *c, enum options_rule rule,
                                       uint32_t *n_bytes)
{
    enum { WORDS = 0x3f };

    switch (rule) {
    case OPTIONS_IN_WORDS:
        *n_bytes += (c->data[c->offset] & WORDS) * 4u;
        return PACKET_TCP;
    case OPTIONS_OF_GTP:
        return skip_gtp(c, n_bytes);
    case OPTIONS_OF_TZSP:
        return skip_tzsp(c, n_bytes);
    case NO_OPTIONS:
        break;
    }
    return PACKET_TCP;
}

/* False: it carries what nobody knows. The version of IP is left to who has skipped the header. */
static bool read_next(const uint8_t *header, const struct wrap *w, struct carried *out)
{
    static const uint16_t types_of_gpe[] = {0, TYPE_IPV4, TYPE_IPV6, TYPE_ETHERNET};
    enum { NEXT_FLAG = 0x04 };
    uint16_t type = TYPE_ETHERNET;

    out->inner = (enum packet_inner)w->inner;
    out->ethertype = w->ethertype;
    if (w->next != NEXT_IS_ETHERTYPE && w->next != NEXT_IS_GPE)
        return true;
    if (w->next == NEXT_IS_ETHERTYPE)
        type = load_be16(header + 2);
    else if ((header[0] & NEXT_FLAG) != 0)
        type = header[3] < ARRAY_LENGTH(types_of_gpe) ? types_of_gpe[header[3]] : 0;
    out->inner = type == TYPE_ETHERNET ? PACKET_INNER_ETHERNET : PACKET_INNER_TYPED;
    out->ethertype = type;
    return type == TYPE_ETHERNET || type == TYPE_IPV4 || type == TYPE_IPV6 || type == TYPE_MPLS;
}

static enum packet_reason read_wrap(struct cursor *c, const struct wrap *w, struct carried *out)
{
    const uint8_t *header = c->data + c->offset;
    uint32_t n_bytes = w->bytes;
    enum packet_reason reason;
    uint8_t kind;

    if (!may_read(c, n_bytes))
        return PACKET_TRUNCATED_TUNNEL;
    if (n_bytes > 0 && (header[0] & w->mask) != w->known)
        return PACKET_TUNNEL_UNKNOWN;
    kind = w->kind_mask != 0 ? header[w->kind_at] & w->kind_mask : 0;
    if ((kind != 0 && kind != w->kind_ip) || !read_next(header, w, out))
        return PACKET_TUNNEL_UNKNOWN;
    if (w->id_bits > 0)
        out->id = (load_be32(header + w->id_at) >> w->id_shift) & (UINT32_MAX >> (32 - w->id_bits));
    if (w->optional_bytes > 0 && (header[w->optional_at] & w->optional_bit) != 0)
        n_bytes += w->optional_bytes;
    reason = skip_options(c, (enum options_rule)w->options, &n_bytes);
    if (reason != PACKET_TCP)
        return reason;
    if (!may_read(c, n_bytes))
        return PACKET_TRUNCATED_TUNNEL;
    c->offset += n_bytes;
    if (kind != 0 || w->next == NEXT_BY_VERSION) {
        out->inner = PACKET_INNER_TYPED;
        out->ethertype = type_by_version(c);
    }
    return PACKET_TCP;
}

/* By the first row that knows the header; *w is it then. */
static enum packet_reason read_any_wrap(struct cursor *c, uint8_t protocol, struct carried *out,
                                        const struct wrap **w)
{
    const struct carried before = *out;
    enum packet_reason reason = read_wrap(c, *w, out);

    while (reason == PACKET_TUNNEL_UNKNOWN) {
        const struct wrap *next = find_wrap(protocol, &before, *w);

        if (next == NULL)
            break;
        *w = next;
        *out = before;
        reason = read_wrap(c, next, out);
    }
    return reason;
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
    w = find_wrap(carrier->protocol, &carried, NULL);
    if (w == NULL)
        return carrier->is_tunnel ? PACKET_TUNNEL_UNKNOWN : (enum packet_reason)view->reason;
    if (view->n_tunnels == PACKET_MAX_TUNNELS)
        return PACKET_TOO_MANY_TUNNELS;
    reason = read_any_wrap(&c, carrier->protocol, &carried, &w);
    if (reason != PACKET_TCP)
        return reason;
    enter(view, w, &carried);
    *end = c.end;
    return packet_parse_inner(carried.inner, carried.ethertype, data, c.end, c.offset, view);
}

/* One carrier and what it carries; false: there is no more to take off. */
static bool take_off_carrier(const uint8_t *data, uint32_t *end, struct packet_view *view)
{
    const struct carrier *carrier = find_carrier(view->protocol);
    uint8_t n_before = view->n_tunnels;

    if (carrier == NULL)
        return false;
    view->reason = (uint8_t)take_off(data, end, carrier, view);
    return view->n_tunnels != n_before;
}

enum packet_reason packet_decapsulate(const uint8_t *data, uint32_t captured_bytes,
                                      struct packet_view *view)
{
    uint32_t end = captured_bytes;
    unsigned int n_links = 0;
    bool goes_on = true;

    while (goes_on) {
        if (view->reason == PACKET_NOT_TCP || view->reason == PACKET_UDP ||
            view->reason == PACKET_BAD_UDP_LENGTH)
            goes_on = take_off_carrier(data, &end, view);
        else
            goes_on = view->reason == PACKET_NOT_IP && n_links++ < PACKET_MAX_TUNNELS &&
                      packet_take_off_link(data, end < UINT16_MAX ? end : UINT16_MAX, view);
    }
    return view->reason;
}
