/* SPDX-License-Identifier: BSD-3-Clause */
/* Any packets of one flow in any order, seen in mode passive: its state stays within its lines and
 * keeps its shape, and the counters add up. The input is the flow's first sequence number, and then
 * steps. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/packet.h"
#include "passive/passive.h"
#include "tcp/flags.h"
#include "tcp/serial.h"

enum { IPV4_BYTES = 20, TCP_BYTES = 20, OPTION_BYTES = 12, WINDOW_BYTES = 16 << 20 };

/* `what` of a step: a packet, or one of these. */
enum { DATA, FIN, RST, SYN, REPORTED_TWICE, FRAGMENT, SILENT, EVICTED, STOPPED, N_WHATS };

/* As they lie in memory. */
struct step {
    uint8_t what, ttl;
    int16_t delta;    /* from snd_max; with a timestamp that is odd, in units of 4 KiB */
    uint16_t n_bytes; /* fourfold, where a host was captured before its NIC cut it: ip_id of 3 */
    uint16_t timestamp, ip_id;
    uint16_t wait; /* ms */
};

struct run {
    struct flow hot;
    struct passive_rare rare;
    struct passive_line line;
    struct passive_counters c;
    uint64_t now_ns;
};

struct headers {
    uint8_t bytes[IPV4_BYTES + TCP_BYTES + OPTION_BYTES];
    struct packet_view view;
    struct passive_packet packet;
};

/* Tells the line, as abort() would not. */
#define require(condition) ((condition) ? (void)0 : __builtin_trap())

static struct passive_flow flow_of(struct run *r)
{
    return (struct passive_flow){&r->hot, &r->rare, &r->line};
}

static uint32_t sequence_of(const struct run *r, const struct step *s)
{
    return r->hot.snd_max + (uint32_t)(int32_t)s->delta * ((s->timestamp & 1) != 0 ? 4096u : 1);
}

static void build(struct headers *h, const struct run *r, const struct step *s, uint8_t flags,
                  uint32_t sequence, uint32_t n_bytes)
{
    uint8_t *tcp = h->bytes + IPV4_BYTES;

    memset(h, 0, sizeof(*h));
    h->bytes[0] = 0x45;
    store_be16(h->bytes + 2, sizeof(h->bytes));
    store_be16(h->bytes + 4, s->ip_id);
    h->bytes[8] = s->ttl;
    h->bytes[9] = 6;
    store_be32(tcp + 4, sequence);
    tcp[12] = (TCP_BYTES + OPTION_BYTES) / 4 << 4;
    tcp[13] = flags;
    store_be16(tcp + 14, s->timestamp);
    memcpy(tcp + TCP_BYTES, "\x01\x01\x08\x0a", 4);
    store_be32(tcp + TCP_BYTES + 4, s->timestamp);
    require(packet_parse_l3(0x0800, h->bytes, sizeof(h->bytes), PACKET_FRAME_SLICED, &h->view) ==
            PACKET_TCP);
    h->view.payload_bytes = n_bytes;
    h->packet = (struct passive_packet){.view = &h->view,
                                        .data = h->bytes,
                                        .now_ticks = passive_ticks(r->now_ns),
                                        .window_bytes = WINDOW_BYTES};
}

static void begin(struct run *r, const struct step *s, uint8_t flags, uint32_t sequence)
{
    const struct passive_flow f = flow_of(r);
    struct headers h;

    build(&h, r, s, flags, sequence, 0);
    passive_flow_begin(&f, &h.packet);
}

/* Rising, apart or touching, none empty, all below snd_max. */
static void check_holes(const struct run *r)
{
    uint32_t above = UINT32_MAX; /* distance from snd_max down to the last end */

    require(r->line.n_holes <= PASSIVE_MAX_HOLES);
    for (unsigned int i = 0; i < r->line.n_holes; i++) {
        const struct passive_hole *hole = &r->rare.holes[i];
        uint32_t start = r->hot.snd_max - hole->start, end = r->hot.snd_max - hole->end;

        require(start > end && start <= above);
        above = end;
    }
}

static void check(const struct run *r)
{
    const struct passive_counters *c = &r->c;

    check_holes(r);
    require(passive_counters_check(c) == NULL);
    require(c->holes_opened == c->holes_reordered + c->holes_retransmitted + c->holes_unfilled +
                                   c->holes_unknown + c->holes_merged + c->holes_fragmented +
                                   r->line.n_holes);
    require(c->observed >= c->lost_upstream && c->repeatable >= c->repeats);
    require(c->unknown >= c->maybe_late);
    require(c->lost_upstream <= UINT32_MAX && c->repeats <= UINT32_MAX); /* below zero */
}

static void data(struct run *r, const struct step *s)
{
    const struct passive_flow f = flow_of(r);
    struct headers h;
    uint32_t before = r->hot.snd_max;
    uint32_t n_bytes = s->ip_id == 3 ? 4u * (s->n_bytes + 1u) : 1u + s->n_bytes % 60000u;
    enum passive_kind kind;

    build(&h, r, s, TCP_FLAG_ACK, sequence_of(r, s), n_bytes);
    kind = passive_flow_segment(&f, &h.packet, &r->c);
    require(kind < PASSIVE_N_KINDS);
    if (kind != PASSIVE_FIRST_TIME && kind != PASSIVE_JUMP)
        require(!serial_before(r->hot.snd_max, before));
    if (kind != PASSIVE_JUMP)
        return;
    require(r->hot.snd_max == before);
    /* As if those before it had agreed with it. */
    if (passive_flow_may_have_gone_on(&f, h.view.sequence, h.packet.now_ticks)) {
        passive_flow_go_on(&f, &h.packet, h.view.sequence, &r->c);
        require(passive_flow_segment(&f, &h.packet, &r->c) == PASSIVE_FIRST_TIME);
    }
}

/* The engine gives on those within the window. */
static void fragment(struct run *r, const struct step *s)
{
    const struct passive_flow f = flow_of(r);
    uint32_t sequence = sequence_of(r, s), before = r->hot.snd_max;

    if (sequence - before > WINDOW_BYTES && before - sequence > WINDOW_BYTES)
        return;
    passive_flow_fragment(&f, sequence, &r->c);
    require(r->hot.snd_max == before);
}

static void ends(struct run *r, enum passive_end end)
{
    const struct passive_flow f = flow_of(r);

    require(passive_flow_end(&f, end, &r->c) < PASSIVE_N_ENDS && r->line.n_holes == 0);
    passive_flow_end(&f, PASSIVE_END_STOPPED, &r->c); /* once more is nothing more */
}

static void one_step(struct run *r, const struct step *s)
{
    const struct passive_flow f = flow_of(r);
    static const enum passive_end end_of[N_WHATS] = {[SILENT] = PASSIVE_END_IDLE,
                                                     [EVICTED] = PASSIVE_END_EVICTED,
                                                     [STOPPED] = PASSIVE_END_STOPPED};
    struct headers h;

    r->now_ns += s->wait * NS_PER_MS;
    switch (s->what % N_WHATS) {
    case DATA:
        data(r, s);
        break;
    case FIN:
        build(&h, r, s, TCP_FLAG_FIN | TCP_FLAG_ACK, sequence_of(r, s), 0);
        passive_flow_fin(&f, &h.packet, h.view.sequence, &r->c);
        break;
    case RST:
        build(&h, r, s, TCP_FLAG_RST, sequence_of(r, s), 0);
        passive_flow_rst(&f, &h.packet, &r->c);
        break;
    case SYN:
        ends(r, PASSIVE_END_EVICTED);
        begin(r, s, TCP_FLAG_SYN, sequence_of(r, s));
        break;
    case REPORTED_TWICE:
        passive_flow_duplicate(&f, sequence_of(r, s), &r->c);
        build(&h, r, s, TCP_FLAG_ACK, sequence_of(r, s), 0);
        passive_flow_answered(&f, &h.packet);
        break;
    case FRAGMENT:
        fragment(r, s);
        break;
    default:
        ends(r, end_of[s->what % N_WHATS]);
        begin(r, s, TCP_FLAG_ACK, sequence_of(r, s));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run r;
    struct step step = {.ttl = 64};
    uint32_t start;

    if (size < sizeof(start))
        return 0;
    memcpy(&start, data, sizeof(start));
    memset(&r, 0, sizeof(r));
    begin(&r, &step, TCP_FLAG_SYN, start);
    for (size_t at = sizeof(start); at + sizeof(step) <= size; at += sizeof(step)) {
        memcpy(&step, data + at, sizeof(step));
        one_step(&r, &step);
        check(&r);
    }
    return 0;
}
