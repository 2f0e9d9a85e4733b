/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include <string.h>

#include "base/bytes.h"

#define WINDOW_BYTES (16u << 20)

enum { IPV4_BYTES = 20, TCP_BYTES = 20, OPTION_BYTES = 12 };

struct headers {
    uint8_t bytes[IPV4_BYTES + TCP_BYTES + OPTION_BYTES];
    struct packet_view view;
    struct passive_packet packet;
};

static void build(struct headers *h, const struct bench *b, uint8_t flags, uint32_t sequence,
                  uint32_t n_bytes, struct bench_detail detail)
{
    uint8_t *tcp = h->bytes + IPV4_BYTES;
    uint32_t header_bytes = TCP_BYTES + (detail.timestamp != 0 ? OPTION_BYTES : 0);
    uint32_t ip_bytes = IPV4_BYTES + header_bytes;

    memset(h, 0, sizeof(*h));
    h->bytes[0] = 0x45;
    /* One that is too long for the field is of an offload: packet_parse_offloaded(). */
    if (IPV4_BYTES + header_bytes + n_bytes <= UINT16_MAX)
        ip_bytes += n_bytes;
    store_be16(h->bytes + 2, (uint16_t)ip_bytes);
    store_be16(h->bytes + 4, detail.ip_id);
    h->bytes[8] = detail.ttl;
    h->bytes[9] = 6;
    store_be32(tcp + 4, sequence);
    tcp[12] = (uint8_t)(header_bytes / 4 << 4);
    tcp[13] = flags;
    store_be16(tcp + 14, detail.window);
    if (detail.timestamp != 0) {
        memcpy(tcp + TCP_BYTES, "\x01\x01\x08\x0a", 4);
        store_be32(tcp + TCP_BYTES + 4, detail.timestamp);
    }
    assert_int_equal(
        packet_parse_l3(0x0800, h->bytes, IPV4_BYTES + header_bytes, PACKET_FRAME_SLICED, &h->view),
        PACKET_TCP);
    h->view.payload_bytes = n_bytes;
    h->packet = (struct passive_packet){.view = &h->view,
                                        .data = h->bytes,
                                        .now_ticks = passive_ticks(b->now_ns),
                                        .window_bytes = WINDOW_BYTES};
}

struct passive_flow bench_flow(struct bench *b)
{
    return (struct passive_flow){&b->hot, &b->rare, &b->line};
}

static void begin(struct bench *b, uint8_t flags, uint32_t sequence, struct bench_detail detail)
{
    const struct passive_flow f = bench_flow(b);
    struct headers h;

    memset(b, 0, sizeof(*b));
    b->now_ns = 100 * NS_PER_S;
    build(&h, b, flags, sequence, 0, detail);
    passive_flow_begin(&f, &h.packet);
}

void bench_open(struct bench *b, uint32_t sequence)
{
    bench_open_with(b, sequence, (struct bench_detail){.ttl = 60, .window = 1000});
}

void bench_open_with(struct bench *b, uint32_t sequence, struct bench_detail detail)
{
    begin(b, TCP_FLAG_SYN, sequence - 1, detail);
}

void bench_open_middle(struct bench *b, uint32_t sequence)
{
    begin(b, TCP_FLAG_ACK, sequence, (struct bench_detail){.ttl = 60, .window = 1000});
}

void bench_wait_us(struct bench *b, uint64_t us)
{
    b->now_ns += us * NS_PER_US;
}

enum passive_kind bench_data(struct bench *b, uint32_t sequence, uint32_t n_bytes)
{
    return bench_data_with(b, sequence, n_bytes, (struct bench_detail){0});
}

enum passive_kind bench_data_with(struct bench *b, uint32_t sequence, uint32_t n_bytes,
                                  struct bench_detail detail)
{
    const struct passive_flow f = bench_flow(b);
    struct headers h;

    build(&h, b, TCP_FLAG_ACK, sequence, n_bytes, detail);
    return passive_flow_segment(&f, &h.packet, &b->c);
}

uint32_t bench_open_with_hole(struct bench *b, uint32_t start, uint64_t rtt_us)
{
    uint32_t next = start;

    bench_open(b, start);
    bench_wait_us(b, rtt_us);
    for (int i = 0; i < 10; i++, next += BENCH_BYTES)
        assert_int_equal(bench_data(b, next, BENCH_BYTES), PASSIVE_FIRST_TIME);
    assert_int_equal(bench_data(b, next + BENCH_BYTES, BENCH_BYTES), PASSIVE_FIRST_TIME);
    assert_int_equal(b->line.n_holes, 1);
    return next;
}

void bench_fin(struct bench *b, uint32_t sequence)
{
    const struct passive_flow f = bench_flow(b);
    struct headers h;

    build(&h, b, TCP_FLAG_FIN | TCP_FLAG_ACK, sequence, 0, (struct bench_detail){0});
    passive_flow_fin(&f, &h.packet, sequence, &b->c);
}

void bench_rst(struct bench *b, uint32_t sequence, struct bench_detail detail)
{
    const struct passive_flow f = bench_flow(b);
    struct headers h;

    build(&h, b, TCP_FLAG_RST, sequence, 0, detail);
    passive_flow_rst(&f, &h.packet, &b->c);
}

void bench_check(struct bench *b)
{
    const char *broken = passive_counters_check(&b->c);

    if (broken != NULL)
        fail_msg("%s", broken);
    assert_int_equal(b->c.holes_opened, b->c.holes_reordered + b->c.holes_retransmitted +
                                            b->c.holes_unfilled + b->c.holes_unknown +
                                            b->c.holes_merged + b->c.holes_fragmented +
                                            b->line.n_holes);
}
