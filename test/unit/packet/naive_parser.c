/* SPDX-License-Identifier: BSD-3-Clause */
#include "naive_parser.h"

#include <string.h>

#include "base/compiler.h"

struct walk {
    const uint8_t *data;
    int64_t captured, frame;
    int64_t at;   /* where the next header starts */
    int64_t end;  /* where the IP packet ends */
    int64_t type; /* EtherType, later protocol number, of the next header */
    struct packet_view *view;
};

enum { CARRY_ON = -1 }; /* otherwise a step gives the final reason */

/* Is the header from `at` to `at + n` complete in what was captured? */
static bool have(const struct walk *w, int64_t n)
{
    return w->at + n <= w->captured;
}

static int64_t number(const struct walk *w, int64_t offset, int n_bytes)
{
    int64_t value = 0;

    for (int i = 0; i < n_bytes; i++)
        value = value * 256 + w->data[w->at + offset + i];
    return value;
}

static bool is_any_of(int64_t value, const int64_t *list)
{
    for (; *list >= 0; list++)
        if (*list == value)
            return true;
    return false;
}

static int naive_vlans(struct walk *w)
{
    const int64_t tag_types[] = {0x8100, 0x88a8, 0x9100, -1};

    while (is_any_of(w->type, tag_types)) {
        if (w->view->n_vlans >= 2)
            return PACKET_TOO_MANY_VLANS;
        if (!have(w, 4))
            return PACKET_TRUNCATED_VLAN;
        w->view->vlan_id[w->view->n_vlans] = (uint16_t)(number(w, 0, 2) % 4096);
        w->view->n_vlans++;
        w->type = number(w, 2, 2);
        w->at += 4;
    }
    return CARRY_ON;
}

static int naive_labels(struct walk *w)
{
    int labels = 0;
    int64_t entry;

    if (w->type != 0x8847 && w->type != 0x8848)
        return CARRY_ON;
    do {
        if (labels == 8)
            return PACKET_TOO_MANY_MPLS_LABELS;
        if (!have(w, 4))
            return PACKET_TRUNCATED_MPLS;
        entry = number(w, 0, 4);
        w->at += 4;
        labels++;
    } while ((entry / 256) % 2 == 0);
    if (!have(w, 1))
        return PACKET_TRUNCATED_MPLS;
    if (number(w, 0, 1) / 16 == 4)
        w->type = 0x0800;
    else if (number(w, 0, 1) / 16 == 6)
        w->type = 0x86dd;
    else
        return PACKET_MPLS_PAYLOAD_UNKNOWN;
    return CARRY_ON;
}

static int naive_ipv4(struct walk *w)
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
    int64_t header, total, fragment;

    if (!have(w, 20))
        return PACKET_TRUNCATED_IPV4;
    if (number(w, 0, 1) / 16 != 4)
        return PACKET_BAD_IPV4_VERSION;
    header = number(w, 0, 1) % 16 * 4;
    if (header < 20)
        return PACKET_BAD_IPV4_HEADER_LENGTH;
    if (!have(w, header))
        return PACKET_TRUNCATED_IPV4;
    total = number(w, 2, 2);
    w->view->l3_offset = (uint16_t)w->at;
    if (total < header || total > w->frame - w->at)
        return PACKET_BAD_IPV4_TOTAL_LENGTH;
    for (int i = 0; i < 16; i++) {
        w->view->source.bytes[i] = i < 12 ? prefix[i] : w->data[w->at + 12 + i - 12];
        w->view->destination.bytes[i] = i < 12 ? prefix[i] : w->data[w->at + 16 + i - 12];
    }
    w->view->has_ip = w->view->is_ipv4 = true;
    w->type = number(w, 9, 1);
    w->view->protocol = (uint8_t)w->type;
    fragment = number(w, 6, 2) % 0x4000; /* without reserved and do-not-fragment */
    if (fragment != 0)
        return PACKET_IPV4_FRAGMENT;
    w->end = w->at + total;
    w->at += header;
    if (w->type == 51) {
        if (w->end - w->at < 2 || !have(w, 2))
            return PACKET_BAD_AUTHENTICATION_HEADER;
        header = 8 + 4 * number(w, 1, 1);
        if (w->end - w->at < header || !have(w, header))
            return PACKET_BAD_AUTHENTICATION_HEADER;
        w->type = number(w, 0, 1);
        w->view->protocol = (uint8_t)w->type;
        w->at += header;
    }
    return CARRY_ON;
}

static bool naive_is_mapped(const uint8_t *address)
{
    int zeros = 0;

    while (zeros < 10 && address[zeros] == 0)
        zeros++;
    return zeros == 10 && address[10] == 255 && address[11] == 255;
}

static int naive_ipv6(struct walk *w)
{
    int64_t payload;

    if (!have(w, 40))
        return PACKET_TRUNCATED_IPV6;
    if (number(w, 0, 1) / 16 != 6)
        return PACKET_BAD_IPV6_VERSION;
    payload = number(w, 4, 2);
    if (payload > w->frame - w->at - 40)
        return PACKET_BAD_IPV6_PAYLOAD_LENGTH;
    if (naive_is_mapped(w->data + w->at + 8) || naive_is_mapped(w->data + w->at + 24))
        return PACKET_IPV6_MAPPED_ADDRESS;
    for (int i = 0; i < 16; i++) {
        w->view->source.bytes[i] = w->data[w->at + 8 + i];
        w->view->destination.bytes[i] = w->data[w->at + 24 + i];
    }
    w->view->has_ip = true;
    w->view->l3_offset = (uint16_t)w->at;
    w->type = number(w, 6, 1);
    w->view->protocol = (uint8_t)w->type;
    if (w->type == 0 && payload == 0)
        return PACKET_IPV6_JUMBOGRAM;
    w->end = w->at + 40 + payload;
    w->at += 40;
    return CARRY_ON;
}

static int naive_extensions(struct walk *w)
{
    const int64_t looked_through[] = {0, 43, 51, 60, -1};
    int count = 0;

    while (is_any_of(w->type, looked_through)) {
        int64_t bytes;

        if (++count > 8)
            return PACKET_TOO_MANY_IPV6_EXTENSIONS;
        if (w->end - w->at < 2)
            return PACKET_BAD_IPV6_EXTENSION_LENGTH;
        if (!have(w, 2))
            return PACKET_TRUNCATED_IPV6_EXTENSION;
        bytes = w->type == 51 ? 8 + 4 * number(w, 1, 1) : 8 + 8 * number(w, 1, 1);
        if (w->end - w->at < bytes)
            return PACKET_BAD_IPV6_EXTENSION_LENGTH;
        if (!have(w, bytes))
            return PACKET_TRUNCATED_IPV6_EXTENSION;
        w->type = number(w, 0, 1);
        w->view->protocol = (uint8_t)w->type;
        w->at += bytes;
    }
    return w->type == 44 ? (int)PACKET_IPV6_FRAGMENT : (int)CARRY_ON;
}

static int naive_tcp(struct walk *w)
{
    int64_t header;

    w->view->l4_offset = (uint16_t)w->at;
    if (w->type != 6)
        return PACKET_NOT_TCP;
    if (w->end - w->at < 20 || !have(w, 20))
        return PACKET_TRUNCATED_TCP;
    header = number(w, 12, 1) / 16 * 4;
    if (header < 20 || header > w->end - w->at)
        return PACKET_BAD_TCP_HEADER_LENGTH;
    w->view->options_cut = !have(w, header);
    w->view->source_port = (uint16_t)number(w, 0, 2);
    w->view->destination_port = (uint16_t)number(w, 2, 2);
    w->view->sequence = (uint32_t)number(w, 4, 4);
    w->view->tcp_flags = (uint8_t)number(w, 13, 1);
    w->view->payload_bytes = (uint32_t)(w->end - w->at - header);
    return PACKET_TCP;
}

static int naive_from_type(struct walk *w)
{
    int reason = naive_vlans(w);

    if (reason == CARRY_ON)
        reason = naive_labels(w);
    if (reason != CARRY_ON)
        return reason;
    if (w->type == 0x0800) {
        reason = naive_ipv4(w);
    } else if (w->type == 0x86dd) {
        reason = naive_ipv6(w);
        if (reason == CARRY_ON)
            reason = naive_extensions(w);
    } else {
        reason = PACKET_NOT_IP;
    }
    return reason == CARRY_ON ? naive_tcp(w) : reason;
}

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

    if (!have(w, 8))
        return PACKET_TRUNCATED_TUNNEL;
    port = number(w, 2, 2);
    if (!is_any_of(port, ports))
        return PACKET_NOT_TCP;
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
    if (w->view->n_tunnels == 4)
        return PACKET_TOO_MANY_TUNNELS;
    if (w->view->n_tunnels++ == 0) {
        w->view->tunnel = (uint8_t)t.kind;
        w->view->tunnel_id = (uint32_t)t.id;
    }
    naive_forget(w->view, t.ethernet);
    if (t.ethernet) {
        if (!have(w, 14))
            return PACKET_TRUNCATED_ETHERNET;
        w->type = number(w, 12, 2);
        w->at += 14;
    }
    w->frame = INT64_MAX; /* inner packets may have been cut */
    return naive_from_type(w);
}

void naive_decapsulate(const uint8_t *data, uint32_t captured_bytes, struct packet_view *v)
{
    const int64_t carriers[] = {4, 17, 41, 47, 97, -1};
    struct walk w = {.data = data, .captured = captured_bytes, .view = v};

    while (v->reason == PACKET_NOT_TCP && is_any_of(v->protocol, carriers)) {
        int before = v->n_tunnels;
        int64_t length;

        w.at = v->l3_offset;
        length = v->is_ipv4 ? number(&w, 2, 2) : 40 + number(&w, 4, 2);
        if (w.captured > v->l3_offset + length)
            w.captured = v->l3_offset + length;
        if (w.captured > 65535)
            w.captured = 65535;
        w.at = v->l4_offset;
        v->reason = (uint8_t)naive_one_tunnel(&w);
        if (v->n_tunnels == before)
            return;
    }
}

static struct walk naive_start(const uint8_t *data, uint32_t captured_bytes, uint32_t frame_bytes,
                               struct packet_view *out)
{
    memset(out, 0, sizeof(*out));
    out->vlan_id[0] = out->vlan_id[1] = PACKET_VLAN_NONE;
    return (struct walk){
        .data = data, .captured = captured_bytes, .frame = frame_bytes, .view = out};
}

void naive_parse_ethernet(const uint8_t *data, uint32_t captured_bytes, uint32_t frame_bytes,
                          struct packet_view *out)
{
    struct walk w = naive_start(data, captured_bytes, frame_bytes, out);

    if (!have(&w, 14)) {
        out->reason = PACKET_TRUNCATED_ETHERNET;
        return;
    }
    w.type = number(&w, 12, 2);
    w.at = 14;
    out->reason = (uint8_t)naive_from_type(&w);
}

void naive_parse_l3(uint16_t ethertype, const uint8_t *data, uint32_t captured_bytes,
                    uint32_t frame_bytes, struct packet_view *out)
{
    struct walk w = naive_start(data, captured_bytes, frame_bytes, out);

    w.type = ethertype;
    if (w.type == 0 && have(&w, 1)) {
        if (number(&w, 0, 1) / 16 == 4)
            w.type = 0x0800;
        if (number(&w, 0, 1) / 16 == 6)
            w.type = 0x86dd;
    }
    out->reason = (uint8_t)naive_from_type(&w);
}

#define VIEW_FIELDS(X)                                                                             \
    X(source)                                                                                      \
    X(destination)                                                                                 \
    X(source_port)                                                                                 \
    X(destination_port)                                                                            \
    X(sequence)                                                                                    \
    X(payload_bytes)                                                                               \
    X(l3_offset)                                                                                   \
    X(l4_offset)                                                                                   \
    X(vlan_id)                                                                                     \
    X(tcp_flags)                                                                                   \
    X(protocol)                                                                                    \
    X(reason)                                                                                      \
    X(n_vlans)                                                                                     \
    X(tunnel)                                                                                      \
    X(tunnel_id)                                                                                   \
    X(is_ipv4)                                                                                     \
    X(has_ip)

const char *packet_view_difference(const struct packet_view *a, const struct packet_view *b)
{
#define COMPARE_FIELD(field)                                                                       \
    if (memcmp(&a->field, &b->field, sizeof(a->field)) != 0)                                       \
        return #field;
    VIEW_FIELDS(COMPARE_FIELD)
#undef COMPARE_FIELD
    if (a->n_tunnels != b->n_tunnels)
        return "n_tunnels";
    if (a->options_cut != b->options_cut)
        return "options_cut";
    return NULL;
}
