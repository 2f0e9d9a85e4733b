/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#include "base/bytes.h"

#define IPV4_HEADER_BYTES 20
#define IPV6_HEADER_BYTES 40
#define TCP_HEADER_BYTES  20
#define UDP_HEADER_BYTES  8
#define MTU_BYTES         1500
#define FIRST_PORT        1024
#define N_PORTS           (65536 - FIRST_PORT)
#define MAX_HOST_BITS     16
#define HOP_LIMIT         57
#define WINDOW            64240
#define PROTOCOL_TCP      6
#define PROTOCOL_UDP      17

uint16_t frame_path_max_payload(const struct frame_path *path)
{
    return MTU_BYTES - TCP_HEADER_BYTES -
           (path->sources.is_ipv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES);
}

struct frame_tuple frame_path_tuple(const struct frame_path *path, uint64_t flow)
{
    struct frame_tuple tuple = {.source = path->sources.address};
    unsigned int host_bits = (path->sources.is_ipv4 ? 32 : 128) - path->sources.length;
    uint64_t n_hosts = UINT64_C(1) << (host_bits < MAX_HOST_BITS ? host_bits : MAX_HOST_BITS);

    store_be16(&tuple.source.bytes[14],
               (uint16_t)(load_be16(&tuple.source.bytes[14]) | (flow % n_hosts)));
    tuple.source_port = (uint16_t)(FIRST_PORT + flow / n_hosts % N_PORTS);
    return tuple;
}

/* Ones' complement sum of 16-bit words (RFC 1071); a last odd byte is padded by zero. Whole 32-bit
 * words are added first, which gives the same sum modulo 2^16 - 1. */
static uint64_t sum_words(const uint8_t *bytes, size_t n_bytes, uint64_t sum)
{
    for (; n_bytes >= 4; bytes += 4, n_bytes -= 4)
        sum += load_be32(bytes);
    if (n_bytes >= 2) {
        sum += load_be16(bytes);
        bytes += 2;
        n_bytes -= 2;
    }
    return n_bytes ? sum + ((uint64_t)bytes[0] << 8) : sum;
}

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void fill_payload(uint8_t *to, uint32_t seq, uint16_t n_bytes)
{
    for (uint16_t i = 0; i < n_bytes; i++)
        to[i] = (uint8_t)(((seq + i) * UINT32_C(2654435761)) >> 24);
}

static uint16_t build_ethernet(const struct frame_path *path, uint8_t *out)
{
    uint16_t at = 12;

    memcpy(out, path->destination_mac, 6);
    memcpy(out + 6, path->source_mac, 6);
    if (path->vlan_id) {
        store_be16(out + at, 0x8100);
        store_be16(out + at + 2, path->vlan_id);
        at += 4;
    }
    store_be16(out + at, path->sources.is_ipv4 ? 0x0800 : 0x86dd);
    return at + 2;
}

static void build_ipv4(uint8_t *ip, const struct frame_path *path, const struct ip_address *source,
                       uint8_t protocol, uint16_t l4_bytes, uint16_t packet_id)
{
    memset(ip, 0, IPV4_HEADER_BYTES);
    ip[0] = 0x45;
    store_be16(ip + 2, IPV4_HEADER_BYTES + l4_bytes);
    store_be16(ip + 4, packet_id);
    store_be16(ip + 6, 0x4000); /* do not fragment */
    ip[8] = HOP_LIMIT;
    ip[9] = protocol;
    memcpy(ip + 12, &source->bytes[12], 4);
    memcpy(ip + 16, &path->destination.bytes[12], 4);
    store_be16(ip + 10, fold(sum_words(ip, IPV4_HEADER_BYTES, 0)));
}

static void build_ipv6(uint8_t *ip, const struct frame_path *path, const struct ip_address *source,
                       uint8_t protocol, uint16_t l4_bytes)
{
    store_be32(ip, UINT32_C(6) << 28);
    store_be16(ip + 4, l4_bytes);
    ip[6] = protocol;
    ip[7] = HOP_LIMIT;
    memcpy(ip + 8, source->bytes, 16);
    memcpy(ip + 24, path->destination.bytes, 16);
}

/* The pseudo header (RFC 9293 3.1, RFC 8200 8.1); the ::ffff of a mapped address is no part. */
static uint16_t checksum(const struct frame_path *path, const struct frame_tuple *tuple,
                         uint8_t protocol, const uint8_t *l4, uint16_t n_bytes)
{
    uint64_t sum = protocol + (uint64_t)n_bytes;

    sum = sum_words(tuple->source.bytes + (path->sources.is_ipv4 ? 12 : 0),
                    path->sources.is_ipv4 ? 4 : 16, sum);
    sum = sum_words(path->destination.bytes + (path->sources.is_ipv4 ? 12 : 0),
                    path->sources.is_ipv4 ? 4 : 16, sum);
    return fold(sum_words(l4, n_bytes, sum));
}

static void build_udp(uint8_t *udp, const struct frame_path *path, const struct frame_tuple *tuple,
                      const struct segment *segment)
{
    const uint16_t n_bytes = UDP_HEADER_BYTES + segment->n_bytes;

    store_be16(udp, tuple->source_port);
    store_be16(udp + 2, path->destination_port);
    store_be16(udp + 4, n_bytes);
    store_be16(udp + 6, 0);
    datagram_write(segment->datagram, segment->seq, udp + UDP_HEADER_BYTES, segment->n_bytes);
    store_be16(udp + 6, checksum(path, tuple, PROTOCOL_UDP, udp, n_bytes));
}

static void build_tcp(uint8_t *tcp, const struct frame_path *path, const struct frame_tuple *tuple,
                      const struct segment *segment)
{
    uint16_t tcp_bytes = TCP_HEADER_BYTES + segment->n_bytes;

    memset(tcp, 0, TCP_HEADER_BYTES);
    store_be16(tcp, tuple->source_port);
    store_be16(tcp + 2, path->destination_port);
    store_be32(tcp + 4, segment->seq);
    /* What a blind sender must invent; a SYN acknowledges nothing. */
    if (segment->tcp_flags != 0x02)
        store_be32(tcp + 8, 1);
    tcp[12] = (TCP_HEADER_BYTES / 4) << 4;
    tcp[13] = segment->tcp_flags;
    store_be16(tcp + 14, WINDOW);
    fill_payload(tcp + TCP_HEADER_BYTES, segment->seq, segment->n_bytes);
    store_be16(tcp + 16, checksum(path, tuple, PROTOCOL_TCP, tcp, tcp_bytes));
}

uint16_t frame_build(const struct frame_path *path, const struct segment *segment,
                     uint16_t packet_id, uint8_t out[FRAME_MAX_BYTES])
{
    struct frame_tuple tuple = frame_path_tuple(path, segment->flow);
    const bool is_udp = segment->datagram != DATAGRAM_NONE;
    const uint8_t protocol = is_udp ? PROTOCOL_UDP : PROTOCOL_TCP;
    uint16_t l4_bytes = (is_udp ? UDP_HEADER_BYTES : TCP_HEADER_BYTES) + segment->n_bytes,
             at = build_ethernet(path, out);

    if (path->sources.is_ipv4) {
        build_ipv4(out + at, path, &tuple.source, protocol, l4_bytes, packet_id);
        at += IPV4_HEADER_BYTES;
    } else {
        build_ipv6(out + at, path, &tuple.source, protocol, l4_bytes);
        at += IPV6_HEADER_BYTES;
    }
    if (is_udp)
        build_udp(out + at, path, &tuple, segment);
    else
        build_tcp(out + at, path, &tuple, segment);
    return at + l4_bytes;
}
