/* SPDX-License-Identifier: BSD-3-Clause */
#include "naive_parser.h"

#include <string.h>

#include "base/compiler.h"
#include "naive_walk.h"

static int naive_vlans(struct walk *w)
{
    const int64_t tag_types[] = {0x8100, 0x88a8, 0x9100, 0x9200, 0x9300, -1};

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

/* `at` stands behind the fragment's last IP header, `type` says what follows. */
static void naive_first_fragment(struct walk *w)
{
    int64_t header = 0;

    if (w->type == 6)
        header = 20;
    if (w->type == 17)
        header = 8;
    if (header == 0 || w->end - w->at < header || !have(w, header))
        return;
    w->view->protocol = (uint8_t)w->type;
    w->view->l4_offset = (uint16_t)w->at;
    w->view->source_port = (uint16_t)number(w, 0, 2);
    w->view->destination_port = (uint16_t)number(w, 2, 2);
    w->view->sequence = w->type == 6 ? (uint32_t)number(w, 4, 4) : 0;
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
    w->end = w->at + total;
    w->at += header;
    if (fragment == 0x2000)
        naive_first_fragment(w);
    if (fragment != 0)
        return PACKET_IPV4_FRAGMENT;
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
    if (w->type != 44)
        return CARRY_ON;
    if (w->end - w->at >= 8 && have(w, 8) && number(w, 2, 2) / 8 == 0) {
        w->type = number(w, 0, 1);
        w->at += 8;
        naive_first_fragment(w);
    }
    return PACKET_IPV6_FRAGMENT;
}

static int naive_udp(struct walk *w)
{
    int64_t length;

    if (w->end - w->at < 8 || !have(w, 8))
        return PACKET_TRUNCATED_UDP;
    length = number(w, 4, 2);
    if (length < 8 || length > w->end - w->at)
        return PACKET_BAD_UDP_LENGTH;
    w->view->source_port = (uint16_t)number(w, 0, 2);
    w->view->destination_port = (uint16_t)number(w, 2, 2);
    w->view->payload_bytes = (uint32_t)(length - 8);
    return PACKET_UDP;
}

static int naive_transport(struct walk *w)
{
    int64_t header;

    w->view->l4_offset = (uint16_t)w->at;
    if (w->type == 17)
        return naive_udp(w);
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

int naive_from_type(struct walk *w)
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
        w->view->l3_offset = (uint16_t)w->at;
        reason = PACKET_NOT_IP;
    }
    return reason == CARRY_ON ? naive_transport(w) : reason;
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
