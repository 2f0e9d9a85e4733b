/* SPDX-License-Identifier: BSD-3-Clause */
/* What mirrors wrap packets in, walked through by hand. */
#include <string.h>

#include "naive_parser.h"
#include "naive_walk.h"

static void naive_forget(struct packet_view *v, bool vlans_too)
{
    struct packet_view kept = *v;

    memset(v, 0, sizeof(*v));
    v->vlan_id[0] = v->vlan_id[1] = PACKET_VLAN_NONE;
    if (!vlans_too) {
        memcpy(v->vlan_id, kept.vlan_id, sizeof(v->vlan_id));
        v->n_vlans = kept.n_vlans;
    }
    v->tunnel = kept.tunnel;
    v->tunnel_id = kept.tunnel_id;
    v->n_tunnels = kept.n_tunnels;
}

/* What one tunnel is, walked through by hand; `at` ends on what it carries. */
struct naive_tunnel {
    int kind;
    int64_t id;
    bool ethernet;
};

static int naive_gre(struct walk *w, struct naive_tunnel *t)
{
    int64_t flags, type, length = 4, session_word;
    bool is_ip = false;

    if (!have(w, 4))
        return PACKET_TRUNCATED_TUNNEL;
    flags = number(w, 0, 2);
    type = number(w, 2, 2);
    if (flags & 0x4000 || flags & 0x0800 || flags & 0x0700 || flags & 7)
        return PACKET_TUNNEL_UNKNOWN;
    if (flags & 0x8000)
        length += 4;
    if (flags & 0x2000) {
        if (!have(w, length + 4))
            return PACKET_TRUNCATED_TUNNEL;
        t->id = number(w, length, 4);
        length += 4;
    }
    if (flags & 0x1000)
        length += 4;
    if (!have(w, length))
        return PACKET_TRUNCATED_TUNNEL;
    w->at += length;
    w->type = type;
    switch (type) {
    case 0x0800:
    case 0x86dd:
    case 0x8847:
    case 0x8848:
        t->kind = PACKET_TUNNEL_GRE;
        return CARRY_ON;
    case 0x6558:
        t->kind = PACKET_TUNNEL_GRETAP;
        break;
    case 0x88be:
        t->kind = flags & 0x1000 ? PACKET_TUNNEL_ERSPAN_2 : PACKET_TUNNEL_ERSPAN_1;
        break;
    case 0x22eb:
        t->kind = PACKET_TUNNEL_ERSPAN_3;
        break;
    default:
        return PACKET_TUNNEL_UNKNOWN;
    }
    t->ethernet = true;
    if (t->kind != PACKET_TUNNEL_ERSPAN_2 && t->kind != PACKET_TUNNEL_ERSPAN_3)
        return CARRY_ON;
    if (w->view->n_tunnels >= 4)
        return PACKET_TOO_MANY_TUNNELS;
    if (!have(w, t->kind == PACKET_TUNNEL_ERSPAN_2 ? 8 : 12))
        return PACKET_TRUNCATED_TUNNEL;
    if (t->kind == PACKET_TUNNEL_ERSPAN_2 && number(w, 0, 1) / 16 == 2)
        t->kind = PACKET_TUNNEL_ERSPAN_3;
    length = t->kind == PACKET_TUNNEL_ERSPAN_2 ? 8 : 12;
    /* Who has neither version is unknown only if there is room for both. */
    if (type == 0x88be && number(w, 0, 1) / 16 != 1 && !have(w, 12))
        return PACKET_TRUNCATED_TUNNEL;
    if (number(w, 0, 1) / 16 != (t->kind == PACKET_TUNNEL_ERSPAN_2 ? 1 : 2))
        return PACKET_TUNNEL_UNKNOWN;
    if (t->kind == PACKET_TUNNEL_ERSPAN_3) {
        int64_t frame_type = number(w, 10, 2) / 1024 % 32;

        if (frame_type != 0 && frame_type != 2)
            return PACKET_TUNNEL_UNKNOWN;
        is_ip = frame_type == 2;
    }
    session_word = number(w, 2, 2);
    t->id = session_word % 1024;
    if (t->kind == PACKET_TUNNEL_ERSPAN_3 && number(w, 11, 1) % 2 == 1)
        length += 8;
    if (!have(w, length))
        return PACKET_TRUNCATED_TUNNEL;
    w->at += length;
    if (is_ip) {
        t->ethernet = false;
        w->type = have(w, 1) && number(w, 0, 1) / 16 == 6 ? 0x86dd : 0x0800;
    }
    return CARRY_ON;
}

static int naive_vxlan(struct walk *w, struct naive_tunnel *t, bool is_gpe)
{
    if (!have(w, 8))
        return PACKET_TRUNCATED_TUNNEL;
    if ((number(w, 0, 1) / 8) % 2 == 0)
        return PACKET_TUNNEL_UNKNOWN;
    t->kind = PACKET_TUNNEL_VXLAN;
    t->id = number(w, 4, 3);
    t->ethernet = true;
    if (is_gpe && (number(w, 0, 1) / 4) % 2 == 1) {
        int64_t next = number(w, 3, 1);

        if (next < 1 || next > 3)
            return PACKET_TUNNEL_UNKNOWN;
        t->ethernet = next == 3;
        w->type = next == 1 ? 0x0800 : 0x86dd;
    }
    w->at += 8;
    return CARRY_ON;
}

static int naive_geneve(struct walk *w, struct naive_tunnel *t)
{
    const int64_t known[] = {0x6558, 0x0800, 0x86dd, 0x8847, -1};
    int64_t length;

    if (!have(w, 8))
        return PACKET_TRUNCATED_TUNNEL;
    w->type = number(w, 2, 2);
    if (number(w, 0, 1) / 64 != 0 || !is_any_of(w->type, known))
        return PACKET_TUNNEL_UNKNOWN;
    t->kind = PACKET_TUNNEL_GENEVE;
    t->id = number(w, 4, 3);
    t->ethernet = w->type == 0x6558;
    length = 8 + number(w, 0, 1) % 64 * 4;
    if (!have(w, length))
        return PACKET_TRUNCATED_TUNNEL;
    w->at += length;
    return CARRY_ON;
}

static int naive_gtp(struct walk *w, struct naive_tunnel *t)
{
    int64_t flags, next = 0;

    if (!have(w, 8))
        return PACKET_TRUNCATED_TUNNEL;
    flags = number(w, 0, 1);
    if (flags / 16 != 3 || number(w, 1, 1) != 255)
        return PACKET_TUNNEL_UNKNOWN;
    t->kind = PACKET_TUNNEL_GTP_U;
    t->id = number(w, 4, 4);
    w->at += 8;
    if (flags % 8 != 0) {
        if (!have(w, 4))
            return PACKET_TRUNCATED_TUNNEL;
        if ((flags / 4) % 2 == 1)
            next = number(w, 3, 1);
        w->at += 4;
    }
    for (int n = 0; next != 0; n++) {
        int64_t words;

        if (!have(w, 1))
            return PACKET_TRUNCATED_TUNNEL;
        words = number(w, 0, 1);
        if (words == 0 || n == 4)
            return PACKET_TUNNEL_UNKNOWN;
        if (!have(w, 4 * words))
            return PACKET_TRUNCATED_TUNNEL;
        next = number(w, 4 * words - 1, 1);
        w->at += 4 * words;
    }
    w->type = have(w, 1) && number(w, 0, 1) / 16 == 6 ? 0x86dd : 0x0800;
    return CARRY_ON;
}

static int naive_tzsp(struct walk *w, struct naive_tunnel *t)
{
    if (!have(w, 4))
        return PACKET_TRUNCATED_TUNNEL;
    if (number(w, 0, 1) != 1 || number(w, 2, 2) != 1)
        return PACKET_TUNNEL_UNKNOWN;
    t->kind = PACKET_TUNNEL_TZSP;
    t->ethernet = true;
    w->at += 4;
    for (int n = 0; n < 32; n++) {
        int64_t tag;

        if (!have(w, 1))
            return PACKET_TRUNCATED_TUNNEL;
        tag = number(w, 0, 1);
        w->at += 1;
        if (tag == 1)
            return CARRY_ON;
        if (tag == 0)
            continue;
        if (!have(w, 1))
            return PACKET_TRUNCATED_TUNNEL;
        w->at += 1 + number(w, 0, 1);
    }
    return PACKET_TUNNEL_UNKNOWN;
}

static int naive_udp(struct walk *w, struct naive_tunnel *t)
{
    const int64_t ports[] = {4789, 8472, 4790, 6081, 2152, 6635, 37008, -1};
    int64_t port;

    port = number(w, 2, 2);
    if (!is_any_of(port, ports))
        return w->view->reason;
    if (w->view->n_tunnels >= 4)
        return PACKET_TOO_MANY_TUNNELS;
    if (w->captured > w->at + number(w, 4, 2))
        w->captured = w->at + number(w, 4, 2);
    w->at += 8;
    switch (port) {
    case 6081:
        return naive_geneve(w, t);
    case 2152:
        return naive_gtp(w, t);
    case 37008:
        return naive_tzsp(w, t);
    case 6635:
        if (!have(w, 0))
            return PACKET_TRUNCATED_TUNNEL;
        t->kind = PACKET_TUNNEL_MPLS_UDP;
        w->type = 0x8847;
        return CARRY_ON;
    default:
        return naive_vxlan(w, t, port == 4790);
    }
}

static int naive_etherip(struct walk *w, struct naive_tunnel *t)
{
    if (w->view->n_tunnels >= 4)
        return PACKET_TOO_MANY_TUNNELS;
    if (!have(w, 2))
        return PACKET_TRUNCATED_TUNNEL;
    if (number(w, 0, 1) / 16 != 3)
        return PACKET_TUNNEL_UNKNOWN;
    t->kind = PACKET_TUNNEL_ETHERIP;
    t->ethernet = true;
    w->at += 2;
    return CARRY_ON;
}

/* Goes on with what it carries. A tag of a link is no tunnel. */
static int naive_enter(struct walk *w, const struct naive_tunnel *t, bool is_tag)
{
    if (!is_tag) {
        if (w->view->n_tunnels == 4)
            return PACKET_TOO_MANY_TUNNELS;
        if (w->view->n_tunnels++ == 0) {
            w->view->tunnel = (uint8_t)t->kind;
            w->view->tunnel_id = (uint32_t)t->id;
        }
    }
    naive_forget(w->view, t->ethernet);
    if (t->ethernet) {
        if (!have(w, 14))
            return PACKET_TRUNCATED_ETHERNET;
        w->type = number(w, 12, 2);
        w->at += 14;
    }
    w->frame = INT64_MAX; /* inner packets may have been cut */
    return naive_from_type(w);
}

static int naive_one_tunnel(struct walk *w)
{
    struct naive_tunnel t = {0};
    int reason = CARRY_ON;

    if (w->view->protocol == 47) {
        reason = naive_gre(w, &t);
    } else if (w->view->protocol == 17) {
        reason = naive_udp(w, &t);
    } else if (w->view->protocol == 97) {
        reason = naive_etherip(w, &t);
    } else {
        t.kind = PACKET_TUNNEL_IP_IN_IP;
        w->type = w->view->protocol == 4 ? 0x0800 : 0x86dd;
    }
    if (reason != CARRY_ON)
        return reason;
    return naive_enter(w, &t, false);
}

/* Walks over what follows an EtherType that is not IP; `at` stands behind that. CARRY_ON: what it
 * carries comes next. */
static int naive_link(struct walk *w, struct naive_tunnel *t, bool *is_tag)
{
    int64_t ppp;

    w->at -= 2;
    w->type = number(w, 0, 2);
    w->at += 2;
    *is_tag = true;
    if (w->type == 0x8864 || w->type == 0x88e7) {
        *is_tag = false;
        if (!have(w, w->type == 0x8864 ? 8 : 4))
            return PACKET_TRUNCATED_TUNNEL;
        if (w->type == 0x88e7) {
            t->kind = PACKET_TUNNEL_PBB;
            t->id = number(w, 1, 3);
            t->ethernet = true;
            w->at += 4;
            return CARRY_ON;
        }
        if (number(w, 0, 1) != 0x11 || number(w, 1, 1) != 0)
            return PACKET_NOT_IP;
        t->kind = PACKET_TUNNEL_PPPOE;
        t->id = number(w, 2, 2);
        ppp = number(w, 6, 2);
        if (ppp != 0x21 && ppp != 0x57 && ppp != 0x281)
            return PACKET_NOT_IP;
        w->type = ppp == 0x21 ? 0x0800 : ppp == 0x57 ? 0x86dd : 0x8847;
        w->at += 8;
        return CARRY_ON;
    }
    if (w->type == 0x8926) {
        if (!have(w, 6))
            return PACKET_TRUNCATED_TUNNEL;
        w->type = number(w, 4, 2);
        w->at += 6;
    } else if (w->type == 0x893f || w->type == 0x8909 || w->type <= 1500) {
        if (!have(w, 8))
            return PACKET_TRUNCATED_TUNNEL;
        if (w->type == 0x8909 && number(w, 0, 1) != 1)
            return PACKET_NOT_IP;
        if (w->type <= 1500 && number(w, 0, 6) != 0xaaaa03000000)
            return PACKET_NOT_IP;
        w->type = number(w, 6, 2);
        w->at += 8;
    } else {
        return PACKET_NOT_IP;
    }
    return w->type == 0 ? (int)PACKET_NOT_IP : (int)CARRY_ON;
}

static int naive_one_link(struct walk *w)
{
    struct naive_tunnel t = {0};
    bool is_tag;
    int reason;

    if (w->at < 2)
        return PACKET_NOT_IP;
    reason = naive_link(w, &t, &is_tag);
    if (reason != CARRY_ON)
        return reason;
    return naive_enter(w, &t, is_tag);
}

static bool naive_carrier(struct walk *w, struct packet_view *v)
{
    const int64_t carriers[] = {4, 17, 41, 47, 97, -1};
    int before = v->n_tunnels;
    int64_t length;

    if (!is_any_of(v->protocol, carriers))
        return false;
    w->at = v->l3_offset;
    length = v->is_ipv4 ? number(w, 2, 2) : 40 + number(w, 4, 2);
    if (w->captured > v->l3_offset + length)
        w->captured = v->l3_offset + length;
    if (w->captured > 65535)
        w->captured = 65535;
    w->at = v->l4_offset;
    v->reason = (uint8_t)naive_one_tunnel(w);
    return v->n_tunnels != before;
}

void naive_decapsulate(const uint8_t *data, uint32_t captured_bytes, struct packet_view *v)
{
    struct walk w = {.data = data, .captured = captured_bytes, .view = v};
    int links = 0;

    while (true) {
        if (v->reason == PACKET_NOT_TCP || v->reason == PACKET_UDP ||
            v->reason == PACKET_BAD_UDP_LENGTH) {
            if (!naive_carrier(&w, v))
                return;
        } else if (v->reason == PACKET_NOT_IP && links++ < 4) {
            uint16_t at = v->l3_offset;

            w.at = at;
            v->reason = (uint8_t)naive_one_link(&w);
            if (v->reason == PACKET_NOT_IP && v->l3_offset == at)
                return;
        } else {
            return;
        }
    }
}
