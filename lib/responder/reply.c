/* SPDX-License-Identifier: BSD-3-Clause */
#include "responder/reply.h"

#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "tcp/flags.h"

enum {
    MAC_BYTES = 6,
    IPV4_BYTES = 20,
    IPV6_BYTES = 40,
    TCP_BYTES = 20,
    MSS_OPTION_BYTES = 4,
    MIN_FRAME_BYTES = 60, /* without FCS: IEEE 802.3 4.2.3.3 */
    PROTOCOL_TCP = 6,
    HOP_LIMIT = 64,
};

const char *responder_silence_name(enum responder_silence silence)
{
    static const char *const names[] = {
#define RESPONDER_SILENCE_NAME(suffix, name, help) name,
        RESPONDER_SILENCES(RESPONDER_SILENCE_NAME)
#undef RESPONDER_SILENCE_NAME
    };

    return names[silence];
}

/* RFC 1122 3.2.1.3, RFC 5735, RFC 4291 2.5: this network, loopback, multicast and beyond; nobody
 * and oneself, multicast. */
static bool may_be_a_host(const struct ip_address *a)
{
    static const struct ip_address nobody,
        loopback = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    const uint8_t *b = a->bytes;

    if (ip_address_is_ipv4(a))
        return b[12] != 0 && b[12] != 127 && b[12] < 224;
    return b[0] != 0xff && !ip_address_equal(a, &nobody) && !ip_address_equal(a, &loopback);
}

static bool is_for_one_host(const struct packet_view *view, const uint8_t *frame)
{
    return view->tunnel == PACKET_TUNNEL_NONE && (frame[0] & 1) == 0 &&
           (frame[MAC_BYTES] & 1) == 0 && may_be_a_host(&view->destination);
}

enum responder_ask responder_read(const struct packet_view *view, const uint8_t *frame,
                                  uint32_t n_bytes, enum responder_silence *silence)
{
    const uint8_t control = view->tcp_flags & (TCP_FLAG_CONTROL | TCP_FLAG_ACK);
    enum packet_checksum checksum;

    *silence = RESPONDER_SILENCE_NOT_TCP;
    if (view->reason != PACKET_TCP)
        return RESPONDER_ASK_NOTHING;
    *silence = RESPONDER_SILENCE_FRAME;
    if (!is_for_one_host(view, frame))
        return RESPONDER_ASK_NOTHING;
    *silence = RESPONDER_SILENCE_SOURCE;
    if (!may_be_a_host(&view->source) || ip_address_equal(&view->source, &view->destination))
        return RESPONDER_ASK_NOTHING;
    *silence = RESPONDER_SILENCE_FLAGS;
    if (control != TCP_FLAG_SYN && control != TCP_FLAG_ACK)
        return RESPONDER_ASK_NOTHING;
    checksum = packet_tcp_checksum(view, frame, n_bytes);
    *silence =
        checksum == PACKET_CHECKSUM_WRONG ? RESPONDER_SILENCE_CHECKSUM : RESPONDER_SILENCE_OPTIONS;
    if (checksum != PACKET_CHECKSUM_RIGHT)
        return RESPONDER_ASK_NOTHING;
    return control == TCP_FLAG_SYN ? RESPONDER_ASK_SYN : RESPONDER_ASK_ACK;
}

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t byte = a[i];

        a[i] = b[i];
        b[i] = byte;
    }
}

static uint32_t sum_of(const uint8_t *at, uint32_t n)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i + 1 < n; i += 2)
        sum += load_be16(at + i);
    return sum;
}

/* RFC 1071. */
static uint16_t checksum_of(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void write_ipv4(uint8_t *ip, uint16_t n_tcp)
{
    const uint16_t dont_fragment = 0x4000;

    swap(ip + 12, ip + 16, 4);
    ip[0] = 0x45;
    ip[1] = 0;
    store_be16(ip + 2, (uint16_t)(IPV4_BYTES + n_tcp));
    store_be16(ip + 4, 0);
    store_be16(ip + 6, dont_fragment);
    ip[8] = HOP_LIMIT;
    ip[9] = PROTOCOL_TCP;
    store_be16(ip + 10, 0);
    store_be16(ip + 10, checksum_of(sum_of(ip, IPV4_BYTES)));
}

static void write_ipv6(uint8_t *ip, uint16_t n_tcp)
{
    swap(ip + 8, ip + 24, 16);
    store_be32(ip, UINT32_C(6) << 28);
    store_be16(ip + 4, n_tcp);
    ip[6] = PROTOCOL_TCP;
    ip[7] = HOP_LIMIT;
}

static void write_tcp(uint8_t *tcp, uint16_t n_tcp, const struct responder_reply *reply)
{
    const uint8_t end_of_header = (uint8_t)(n_tcp / 4 << 4);

    swap(tcp, tcp + 2, 2);
    store_be32(tcp + 4, reply->sequence);
    store_be32(tcp + 8, reply->acknowledgement);
    tcp[12] = end_of_header;
    tcp[13] = reply->flags;
    store_be16(tcp + 14, reply->window);
    store_be32(tcp + 16, 0); /* checksum, urgent pointer */
    if (n_tcp > TCP_BYTES) {
        tcp[20] = 2; /* RFC 9293 3.7.1: maximum segment size */
        tcp[21] = MSS_OPTION_BYTES;
        store_be16(tcp + 22, reply->mss);
    }
}

uint32_t responder_write(uint8_t *frame, uint32_t n_bytes, const struct packet_view *view,
                         const struct responder_reply *reply)
{
    uint8_t *ip = frame + view->l3_offset, *tcp = frame + view->l4_offset;
    const bool has_room = (tcp[12] >> 4) * 4u >= TCP_BYTES + MSS_OPTION_BYTES;
    const uint16_t n_tcp =
        (uint16_t)(TCP_BYTES + (reply->mss != 0 && has_room ? MSS_OPTION_BYTES : 0));
    const uint32_t n_addresses = view->is_ipv4 ? 8 : 32, addresses_at = view->is_ipv4 ? 12 : 8;
    uint32_t n = view->l4_offset + (uint32_t)n_tcp;

    swap(frame, frame + MAC_BYTES, MAC_BYTES);
    if (view->is_ipv4)
        write_ipv4(ip, n_tcp);
    else
        write_ipv6(ip, n_tcp);
    write_tcp(tcp, n_tcp, reply);
    store_be16(tcp + 16, checksum_of(sum_of(ip + addresses_at, n_addresses) + PROTOCOL_TCP + n_tcp +
                                     sum_of(tcp, n_tcp)));
    if (n < MIN_FRAME_BYTES && n < n_bytes) {
        const uint32_t padded = n_bytes < MIN_FRAME_BYTES ? n_bytes : MIN_FRAME_BYTES;

        memset(frame + n, 0, padded - n);
        n = padded;
    }
    return n;
}
