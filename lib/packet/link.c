/* SPDX-License-Identifier: BSD-3-Clause */
/* What may stand between the addresses of an Ethernet frame and IP, beside VLAN tags and labels:
 * tags of switches, PPPoE, a frame within a frame. One table; only where a mirror's wrappings are
 * taken off, since such a packet in transit is not ours to look into. */
#include "base/bytes.h"
#include "base/compiler.h"
#include "packet/internal.h"

enum {
    ETHERTYPE_BYTES = 2,
    MOST_802_3_LENGTH = 1500, /* IEEE 802.3 3.2.6: above it is a type, below a length */
};

enum link_next {
    NEXT_ETHERTYPE, /* in its last two bytes */
    NEXT_PPP,       /* a protocol of PPP there */
    NEXT_FRAME,     /* an Ethernet frame behind it */
};

static const struct link_wrap {
    uint16_t type; /* the EtherType before it; 0: a length of IEEE 802.3 */
    uint8_t bytes;
    uint8_t next;   /* enum link_next */
    uint8_t tunnel; /* NONE: a tag, of which nothing is kept */
    /* Its first word, masked, must be `known`; masked by `id_mask` it is the tunnel's number. */
    uint32_t mask, known, id_mask;
} links[] = {
    /* RFC 2516 4: version 1, type 1, code 0 (session data), a session; RFC 1661 2. */
    {0x8864, 8, NEXT_PPP, PACKET_TUNNEL_PPPOE, 0xffff0000, 0x11000000, 0xffff},
    /* IEEE 802.1Q 9.7: an I-TAG, whose last 24 bits name the service. */
    {0x88e7, 4, NEXT_FRAME, PACKET_TUNNEL_PBB, 0, 0, 0xffffff},
    /* Cisco's metadata (a security group), version 1. */
    {0x8909, 8, NEXT_ETHERTYPE, PACKET_TUNNEL_NONE, 0xff000000, 0x01000000, 0},
    {0x8926, 6, NEXT_ETHERTYPE, PACKET_TUNNEL_NONE, 0, 0, 0}, /* a VN-Tag */
    {0x893f, 8, NEXT_ETHERTYPE, PACKET_TUNNEL_NONE, 0, 0, 0}, /* IEEE 802.1BR: an E-TAG */
    /* IEEE 802.2 and RFC 1042: LLC of SNAP, and the organisation of EtherTypes (its last byte
     * stands in the second word). */
    {0, 8, NEXT_ETHERTYPE, PACKET_TUNNEL_NONE, 0xffffffff, 0xaaaa0300, 0},
};

static const struct link_wrap *find_link(uint16_t type)
{
    uint16_t wanted = type <= MOST_802_3_LENGTH ? 0 : type;

    for (size_t i = 0; i < ARRAY_LENGTH(links); i++)
        if (links[i].type == wanted)
            return &links[i];
    return NULL;
}

/* IANA's numbers of PPP; 0: none that is looked into. */
static uint16_t ethertype_of_ppp(uint16_t protocol)
{
    switch (protocol) {
    case 0x0021:
        return 0x0800;
    case 0x0057:
        return 0x86dd;
    case 0x0281:
        return 0x8847;
    default:
        return 0;
    }
}

/* What the header at `header` says that it carries; false: nothing that is known. */
static bool read_link(const struct link_wrap *w, const uint8_t *header, uint16_t *ethertype)
{
    if ((load_be32(header) & w->mask) != w->known)
        return false;
    if (w->next == NEXT_FRAME)
        return true;
    *ethertype = load_be16(header + w->bytes - ETHERTYPE_BYTES);
    if (w->next == NEXT_PPP)
        *ethertype = ethertype_of_ppp(*ethertype);
    else if (w->type == 0 && load_be16(header + 4) != 0)
        return false;
    return *ethertype != 0;
}

static void leave_link(struct packet_view *view, const struct link_wrap *w, uint32_t id)
{
    const struct packet_view outer = *view;

    *view = packet_nothing_known;
    view->tunnel = outer.tunnel;
    view->tunnel_id = outer.tunnel_id;
    view->n_tunnels = outer.n_tunnels;
    if (w->tunnel != PACKET_TUNNEL_NONE && view->n_tunnels++ == 0) {
        view->tunnel = w->tunnel;
        view->tunnel_id = id;
    }
    if (w->next == NEXT_FRAME)
        return;
    view->n_vlans = outer.n_vlans;
    view->vlan_id[0] = outer.vlan_id[0];
    view->vlan_id[1] = outer.vlan_id[1];
}

bool packet_take_off_link(const uint8_t *data, uint32_t captured_bytes, struct packet_view *view)
{
    uint32_t offset = view->l3_offset;
    const struct link_wrap *w;
    uint16_t ethertype = 0;
    uint32_t id;

    /* Where the type is not among the bytes (raw captures), it was said otherwise. */
    if (offset < ETHERTYPE_BYTES)
        return false;
    w = find_link(load_be16(data + offset - ETHERTYPE_BYTES));
    if (w == NULL)
        return false;
    if (offset + w->bytes > captured_bytes) {
        view->reason = PACKET_TRUNCATED_TUNNEL;
        return false;
    }
    if (!read_link(w, data + offset, &ethertype))
        return false;
    if (w->tunnel != PACKET_TUNNEL_NONE && view->n_tunnels == PACKET_MAX_TUNNELS) {
        view->reason = PACKET_TOO_MANY_TUNNELS;
        return false;
    }
    id = load_be32(data + offset) & w->id_mask;
    leave_link(view, w, id);
    view->reason = (uint8_t)packet_parse_inner(
        w->next == NEXT_FRAME ? PACKET_INNER_ETHERNET : PACKET_INNER_TYPED, ethertype, data,
        captured_bytes, offset + w->bytes, view);
    return true;
}
