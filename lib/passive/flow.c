/* SPDX-License-Identifier: BSD-3-Clause */
/* How flows begin and end. */
#include <stddef.h>

#include "passive/internal.h"
#include "tcp/flags.h"

/* An RST of the sender itself stands at what it sends next, or where a late acknowledgement of its
 * receiver stood: a window below at most. */
#define RST_BEHIND_BYTES UINT32_C(65536)
/* Smaller by so many bits, or larger by more than a receiver grows it (Linux: from 64 KiB to the 6
 * MiB of tcp_rmem): not the window of this host. */
#define WINDOW_BITS_SMALLER 4
#define WINDOW_BITS_LARGER  8
#define TTL_OFF             1

static const char *const end_names[PASSIVE_N_ENDS] = {
    [PASSIVE_END_FIN] = "fin",           [PASSIVE_END_RST] = "rst",
    [PASSIVE_END_IDLE] = "idle",         [PASSIVE_END_EVICTED] = "evicted",
    [PASSIVE_END_SYN_ONLY] = "syn_only", [PASSIVE_END_STOPPED] = "stopped",
};

const char *passive_end_name(enum passive_end end)
{
    return (unsigned int)end < PASSIVE_N_ENDS ? end_names[end] : NULL;
}

static uint8_t bit_length(uint16_t value)
{
    uint8_t n = 0;

    for (; value != 0; value >>= 1)
        n++;
    return n;
}

void passive_flow_begin(const struct passive_flow *f, const struct passive_packet *p)
{
    const struct packet_view *v = p->view;
    bool is_syn = (v->tcp_flags & TCP_FLAG_SYN) != 0;
    struct packet_detail detail = {0};

    if (p->data != NULL)
        packet_read_detail(p->data, v, &detail);
    f->hot->n_passed = 0;
    f->hot->newest_ticks = p->now_ticks;
    f->hot->rtt_code = 0;
    f->hot->n_turns = 0;
    f->hot->flags = PASSIVE_FLOW | (is_syn ? PASSIVE_HANDSHAKE : PASSIVE_ANSWERED);
    /* Data in a SYN (RFC 7413) stands behind it, and is simply taken as seen. */
    f->hot->snd_max = is_syn ? v->sequence + 1 + v->payload_bytes : v->sequence;
    *f->rare = (struct passive_rare){0};
    *f->line = (struct passive_line){
        .start_sequence = is_syn ? v->sequence + 1 : v->sequence,
        .segment_bytes = 1,
        .start_ticks = p->now_ticks,
        .peer = PASSIVE_NO_PEER,
        .ttl = detail.ttl,
        /* That of a SYN is never scaled, all others may be (RFC 7323 2.2). */
        .window_bits = is_syn ? 0 : bit_length(detail.window),
        .marks = is_syn ? PASSIVE_FROM_SYN : 0,
    };
    /* A server that does not know the cookie takes no data in a SYN, and they are sent again (RFC
     * 7413 4.2.1). */
    if (is_syn && v->payload_bytes > 0) {
        passive_unknown_below(f, f->hot->snd_max);
        f->hot->flags |= PASSIVE_HAS_DATA;
        f->hot->n_passed = 1;
    }
}

void passive_flow_begin_behind_syn(const struct passive_flow *f, const struct passive_packet *p,
                                   uint32_t sequence)
{
    passive_flow_begin(f, p);
    f->line->marks |= PASSIVE_FROM_SYN;
    f->line->start_sequence = f->hot->snd_max = sequence;
}

bool passive_is_same_syn(const struct passive_flow *f, const struct packet_view *view)
{
    return (f->line->marks & PASSIVE_FROM_SYN) != 0 &&
           view->sequence + 1 == f->line->start_sequence;
}

void passive_flow_answered(const struct passive_flow *f, const struct passive_packet *p)
{
    struct flow *hot = f->hot;
    struct packet_detail detail;

    if ((hot->flags & PASSIVE_HANDSHAKE) != 0)
        hot->rtt_code = passive_code_of_ticks(p->now_ticks - hot->newest_ticks);
    if (f->line->window_bits == 0 && p->data != NULL && (p->view->tcp_flags & TCP_FLAG_RST) == 0) {
        packet_read_detail(p->data, p->view, &detail);
        f->line->window_bits = bit_length(detail.window);
    }
    hot->flags = (uint8_t)((hot->flags & (uint8_t)~PASSIVE_HANDSHAKE) | PASSIVE_ANSWERED);
}

static bool is_out_of_line(const struct passive_flow *f, const struct passive_packet *p)
{
    uint32_t behind = f->hot->snd_max - p->view->sequence;
    struct packet_detail detail;
    int off;

    /* One beyond, when a FIN went before it. */
    if (behind > RST_BEHIND_BYTES && behind != UINT32_MAX)
        return true;
    if (p->data == NULL || f->line->ttl == 0)
        return false;
    packet_read_detail(p->data, p->view, &detail);
    off = detail.ttl - f->line->ttl;
    if (off > TTL_OFF || off < -TTL_OFF)
        return true;
    off = bit_length(detail.window) - f->line->window_bits;
    return detail.window != 0 && f->line->window_bits != 0 &&
           (off >= WINDOW_BITS_LARGER || off <= -WINDOW_BITS_SMALLER);
}

void passive_flow_rst(const struct passive_flow *f, const struct passive_packet *p,
                      struct passive_counters *c)
{
    if ((f->hot->flags & PASSIVE_ENDED) != 0)
        return;
    passive_flow_answered(f, p);
    c->resets_out_of_line += is_out_of_line(f, p);
    c->resets_with_open_holes += f->line->n_holes > 0;
    passive_flow_end(f, PASSIVE_END_RST, c);
}

void passive_flow_change_hands(const struct passive_flow *f)
{
    struct open_holes holes;

    holes_load(f, &holes);
    if (holes.n > 0)
        passive_unknown_below(f, holes.list[holes.n - 1].hole.end);
    holes.n = 0;
    holes_store(f, &holes);
    f->line->n_unconfirmed = 0;
    f->line->n_retransmitted = 0;
}

bool passive_is_over(const struct passive_flow *f)
{
    return (f->hot->flags & PASSIVE_ENDED) != 0 || (f->line->marks & PASSIVE_FIN_SEEN) != 0 ||
           (f->hot->flags & PASSIVE_ANSWERED) == 0;
}

static void give_up_holes(const struct passive_flow *f, bool is_known, struct passive_counters *c)
{
    struct open_holes holes;

    holes_load(f, &holes);
    for (unsigned int i = 0; i < holes.n; i++)
        passive_give_up_hole(f, &holes.list[i], is_known, c);
    holes.n = 0;
    holes_store(f, &holes);
}

static void end_holes(const struct passive_flow *f, enum passive_end end,
                      struct passive_counters *c)
{
    if (f->line->n_holes == 0)
        return;
    c->flows_with_open_holes++;
    c->holes_open_at_end += f->line->n_holes;
    c->silences_with_open_holes += end == PASSIVE_END_IDLE;
    give_up_holes(f, end == PASSIVE_END_FIN || end == PASSIVE_END_IDLE, c);
}

static enum passive_end known_better(const struct passive_flow *f, enum passive_end end)
{
    /* It answers nothing but SYNs, and is all that the other direction sent: a port that is closed.
     */
    if (end == PASSIVE_END_RST && (f->hot->flags & PASSIVE_ANSWERED) == 0 &&
        (f->line->marks & PASSIVE_TWO_WAY) == 0)
        return PASSIVE_END_SYN_ONLY;
    if (end != PASSIVE_END_IDLE && end != PASSIVE_END_EVICTED && end != PASSIVE_END_STOPPED)
        return end;
    if ((f->line->marks & PASSIVE_FIN_SEEN) != 0)
        return PASSIVE_END_FIN;
    if (end == PASSIVE_END_STOPPED)
        return end;
    return (f->hot->flags & PASSIVE_ANSWERED) == 0 ? PASSIVE_END_SYN_ONLY : end;
}

enum passive_end passive_flow_end(const struct passive_flow *f, enum passive_end end,
                                  struct passive_counters *c)
{
    end = known_better(f, end);
    if ((f->hot->flags & PASSIVE_ENDED) != 0) {
        give_up_holes(f, false, c);
        return end;
    }
    f->hot->flags |= PASSIVE_ENDED;
    c->flows_finished += end != PASSIVE_END_STOPPED;
    c->flows_stopped += end == PASSIVE_END_STOPPED;
    c->ended_fin += end == PASSIVE_END_FIN;
    c->ended_rst += end == PASSIVE_END_RST;
    c->ended_idle += end == PASSIVE_END_IDLE;
    c->ended_evicted += end == PASSIVE_END_EVICTED;
    c->ended_syn_only += end == PASSIVE_END_SYN_ONLY;
    c->flows_without_data += (f->hot->flags & PASSIVE_HAS_DATA) == 0;
    c->flows_two_way += (f->line->marks & PASSIVE_TWO_WAY) != 0;
    end_holes(f, end, c);
    return end;
}

uint64_t passive_flow_bytes(const struct passive_flow *f)
{
    return ((uint64_t)f->hot->n_turns << 32) + f->hot->snd_max - f->line->start_sequence;
}
