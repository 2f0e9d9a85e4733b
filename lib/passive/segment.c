/* SPDX-License-Identifier: BSD-3-Clause */
/* What a data segment is, and what it, or a FIN, says about those before it. */
#include <stddef.h>

#include "passive/internal.h"
#include "tcp/coverage.h"
#include "tcp/serial.h"

/* A hole that nobody filled for so long stays one: several retransmission timeouts (RFC 6298 2.4:
 * one second at least, doubled each time) would have passed. */
#define HOLE_TIMEOUT_TICKS passive_ticks(10 * NS_PER_S)
/* When a hole has to make room and no round-trip time is known. */
#define OLD_HOLE_TICKS passive_ticks(200 * NS_PER_MS)
/* A loss shows when new data follows before the sender would probe by sending again: two
 * round-trip times, and not below what stacks take at least, two ticks of their clock (RFC 8985
 * 7.2 has 10 ms; Linux at 1000 Hz takes 2). */
#define SOON_TICKS passive_ticks(2 * NS_PER_MS)
/* More than this is sent by nobody: 400 Gb/s. */
#define MOST_BYTES_PER_TICK (UINT64_C(50) << PASSIVE_TICK_SHIFT)
/* Round-trip times are coded in quarter octaves. */
#define HALF_IN_QUARTER_OCTAVES 4

/* What lies beyond the window behind snd_max would come round again one day, as something new. */
static void give_up_old_holes(const struct passive_flow *f, const struct passive_packet *p,
                              struct open_holes *holes, struct passive_counters *c)
{
    while (holes->n > 0 && (p->now_ticks - holes->list[0].hole.opened_ticks > HOLE_TIMEOUT_TICKS ||
                            f->hot->snd_max - holes->list[0].hole.start > p->window_bytes)) {
        passive_give_up_hole(f, &holes->list[0], true, c);
        holes_drop_lowest(holes);
    }
}

/* Two become one, or the lowest is given up; it is also the oldest, but for halves of one. Was it
 * open long enough to say that nobody was going to fill it? */
static void make_room(const struct passive_flow *f, struct open_holes *holes, uint32_t now_ticks,
                      struct passive_counters *c)
{
    uint32_t rtt_ticks = passive_ticks_of_code(f->hot->rtt_code);
    uint32_t enough = rtt_ticks != 0 ? 4 * rtt_ticks : OLD_HOLE_TICKS;

    while (holes->n > PASSIVE_MAX_HOLES) {
        uint32_t age = now_ticks - holes->list[0].hole.opened_ticks;

        if (holes_merge_lowest(holes)) {
            c->holes_merged++;
            continue;
        }
        passive_give_up_hole(f, &holes->list[0], age >= enough, c);
        holes_drop_lowest(holes);
    }
}

static bool is_soon(const struct flow *hot, uint32_t now_ticks)
{
    uint32_t limit = 2 * passive_ticks_of_code(hot->rtt_code);

    return (hot->flags & PASSIVE_HAS_DATA) != 0 &&
           now_ticks - hot->newest_ticks <= (limit > SOON_TICKS ? limit : SOON_TICKS);
}

/* The newest segment was followed by another packet: had it been lost before us, or, while nothing
 * of the flow is missing, after us, would we know? */
static void observe_newest(const struct flow *hot, uint32_t now_ticks, bool is_whole,
                           struct passive_counters *c)
{
    bool soon = is_soon(hot, now_ticks);

    c->observed += soon;
    c->repeatable += soon && is_whole;
}

/* snd_max moves on. */
static void grow(const struct passive_flow *f, uint32_t end, uint32_t now_ticks)
{
    struct passive_line *line = f->line;

    if (end < f->hot->snd_max && f->hot->n_turns < UINT8_MAX)
        f->hot->n_turns++;
    f->hot->snd_max = end;
    f->hot->newest_ticks = now_ticks;
    /* Far behind, where its numbers would soon come round again. */
    if ((line->marks & PASSIVE_UNKNOWN_BELOW) != 0 && end - line->unknown_below > UINT32_C(1) << 30)
        line->marks &= (uint8_t)~PASSIVE_UNKNOWN_BELOW;
}

/* [snd_max, end) did not come in its turn. */
static void open_hole(const struct passive_flow *f, const struct passive_packet *p, uint32_t end,
                      struct open_holes *holes, struct passive_counters *c)
{
    struct packet_detail detail = {0};

    c->holes_opened++;
    if (passive_fragments_explain(f, f->hot->snd_max, end)) {
        passive_close_fragmented(f, end, c);
        return;
    }
    passive_read_detail(f, p, &detail);
    holes->list[holes->n++] = (struct open_hole){
        .hole = {.start = f->hot->snd_max,
                 .end = end,
                 .opened_ticks = p->now_ticks,
                 .timestamp = (uint16_t)(detail.has_timestamp ? detail.timestamp : 0),
                 .ip_id = detail.ip_id},
        .opener_index = (uint16_t)f->hot->n_passed,
    };
    make_room(f, holes, p->now_ticks, c);
}

/* RFC 4737 4.2.1: how many packets came between the first one that should have come later and this
 * one. */
static void count_extent(uint32_t extent, struct passive_counters *c)
{
    c->extent_1 += extent <= 1;
    c->extent_2 += extent == 2;
    c->extent_3_7 += extent >= 3 && extent < 8;
    c->extent_8_31 += extent >= 8 && extent < 32;
    c->extent_32 += extent >= 32;
}

/* Whoever was told of a loss needed a round trip for that. But a sender may have learnt of it
 * before the hole was opened here, and what only order and delay say may be wrong: the time goes no
 * lower than half of what the handshake said. Identifications that only look like a count may be
 * wrong whatever the delay, and teach nothing. */
static void learn_from_retransmission(const struct passive_flow *f, uint32_t delay_ticks,
                                      enum passive_sent_again evidence)
{
    uint8_t code = passive_code_of_ticks(delay_ticks), known = f->hot->rtt_code, lower;

    if (evidence == PASSIVE_BY_COUNT || (known != 0 && code >= known))
        return;
    if (known == 0) {
        f->hot->rtt_code = code;
        return;
    }
    lower = (uint8_t)(known - code);
    if (lower > HALF_IN_QUARTER_OCTAVES - f->line->rtt_lowered)
        lower = (uint8_t)(HALF_IN_QUARTER_OCTAVES - f->line->rtt_lowered);
    f->line->rtt_lowered = (uint8_t)(f->line->rtt_lowered + lower) & 7;
    f->hot->rtt_code = (uint8_t)(known - lower);
}

/* n_passed counts this segment already, and the index the opener itself. Of a merged hole it is
 * only known that holes were opened behind it. */
static uint32_t extent_of(const struct passive_flow *f, const struct open_hole *hole)
{
    if (hole->is_merged)
        return PASSIVE_MAX_HOLES;
    return (uint16_t)(f->hot->n_passed - hole->opener_index);
}

static enum passive_kind judge_filling(const struct passive_flow *f, const struct passive_packet *p,
                                       const struct holes_filled *filled,
                                       struct passive_counters *c)
{
    const struct passive_hole *hole = &filled->first.hole;
    uint32_t delay_ticks = p->now_ticks - hole->opened_ticks;
    uint32_t extent = extent_of(f, &filled->first);
    struct passive_line *line = f->line;
    struct packet_detail detail = {0};
    enum passive_sent_again evidence;

    passive_read_detail(f, p, &detail);
    if (passive_is_fast_clock(hole, &detail, delay_ticks)) {
        line->marks |= PASSIVE_FAST_CLOCK;
        detail.has_timestamp = false;
    }
    evidence = passive_is_retransmission(hole, &detail, delay_ticks, extent - 1,
                                         passive_ticks_of_code(f->hot->rtt_code));
    if (evidence == PASSIVE_ONLY_LATE) {
        c->reordered++;
        c->observed++;
        c->holes_reordered += filled->n_whole;
        count_extent(extent, c);
        passive_count_some(&line->n_reordered, 1);
        passive_unknown_below(f, f->hot->snd_max);
        return PASSIVE_REORDERED;
    }
    c->lost_upstream_repairs++;
    c->holes_retransmitted += filled->n_whole;
    passive_unknown_below(f, f->hot->snd_max);
    if ((line->marks & PASSIVE_BALANCED) != 0)
        return PASSIVE_RETRANSMITTED;
    /* One, however many segments were lost that the sender puts together now: how long they were,
     * nobody knows. */
    c->lost_upstream++;
    c->observed++;
    passive_count_some(&line->n_retransmitted, 1);
    line->repair_timestamp = (uint16_t)(detail.has_timestamp ? detail.timestamp : 0);
    line->repair_ip_id = detail.ip_id;
    learn_from_retransmission(f, delay_ticks, evidence);
    return PASSIVE_RETRANSMITTED;
}

/* It begins below snd_max. */
static enum passive_kind segment_below(const struct passive_flow *f, const struct passive_packet *p,
                                       struct open_holes *holes, struct passive_counters *c)
{
    uint32_t sequence = p->view->sequence, end = sequence + p->view->payload_bytes;
    uint32_t below = serial_min(end, f->hot->snd_max);
    struct holes_filled filled = holes_fill(holes, sequence, below);
    enum passive_kind kind;

    c->holes_opened += filled.n_split;
    kind =
        filled.n_bytes > 0 ? judge_filling(f, p, &filled, c) : passive_judge_repeat(f, p, holes, c);
    make_room(f, holes, p->now_ticks, c);
    if (serial_before(f->hot->snd_max, end))
        grow(f, end, p->now_ticks);
    return kind;
}

static enum passive_kind segment_of_event(const struct passive_flow *f,
                                          const struct passive_packet *p,
                                          struct passive_counters *c)
{
    const struct packet_view *v = p->view;
    struct flow *hot = f->hot;
    uint32_t end = v->sequence + v->payload_bytes;
    int32_t ahead = serial_distance(hot->snd_max, v->sequence);
    enum passive_kind kind = PASSIVE_FIRST_TIME;
    struct open_holes holes;

    /* Those that a host was captured with may be longer (packet_parse_offloaded()). */
    if (v->payload_bytes > f->line->segment_bytes)
        f->line->segment_bytes =
            v->payload_bytes < UINT16_MAX ? (uint16_t)v->payload_bytes : UINT16_MAX;
    holes_load(f, &holes);
    give_up_old_holes(f, p, &holes, c);
    if (ahead < 0) {
        kind = segment_below(f, p, &holes, c);
    } else {
        c->first_time++;
        observe_newest(hot, p->now_ticks, holes.n == 0, c);
        if (ahead > 0)
            open_hole(f, p, v->sequence, &holes, c);
        grow(f, end, p->now_ticks);
    }
    give_up_old_holes(f, p, &holes, c);
    hot->flags |= PASSIVE_HAS_DATA;
    holes_store(f, &holes);
    if (holes.n == 0 && (f->line->marks & PASSIVE_FIN_SEEN) != 0)
        passive_flow_end(f, PASSIVE_END_FIN, c);
    return kind;
}

/* Nothing but the hot line is touched: the flow has data, is in its middle, and goes on. */
static bool is_plain(const struct flow *hot)
{
    return (hot->flags & (PASSIVE_HAS_DATA | PASSIVE_HANDSHAKE | PASSIVE_ENDED)) ==
           PASSIVE_HAS_DATA;
}

enum passive_kind passive_flow_segment(const struct passive_flow *f, const struct passive_packet *p,
                                       struct passive_counters *c)
{
    const struct packet_view *v = p->view;
    struct flow *hot = f->hot;
    uint32_t ahead = v->sequence - hot->snd_max, behind = hot->snd_max - v->sequence;

    if (likely_true(is_plain(hot)) &&
        likely_true(tcp_coverage_advance(&hot->snd_max, v->sequence, v->payload_bytes))) {
        observe_newest(hot, p->now_ticks, (hot->flags & PASSIVE_HOLES_OPEN) == 0, c);
        hot->newest_ticks = p->now_ticks;
        hot->n_passed++;
        c->passed++;
        c->first_time++;
        c->payload_bytes += v->payload_bytes;
        return PASSIVE_FIRST_TIME;
    }
    if (ahead > p->window_bytes && behind > p->window_bytes)
        return PASSIVE_JUMP;
    if (serial_before(v->sequence, hot->snd_max) && passive_came_just_now(f, p)) {
        c->mirror_copies++;
        return PASSIVE_COPY;
    }
    passive_flow_answered(f, p);
    hot->n_passed++;
    c->passed++;
    c->payload_bytes += v->payload_bytes;
    return segment_of_event(f, p, c);
}

/* It says, like a data segment, what should have come before it. */
bool passive_flow_may_have_gone_on(const struct passive_flow *f, uint32_t sequence,
                                   uint32_t now_ticks)
{
    uint32_t gap_bytes = sequence - f->hot->snd_max;
    uint64_t elapsed_ticks = (uint64_t)(now_ticks - f->hot->newest_ticks) + 1;

    return gap_bytes <= INT32_MAX && gap_bytes <= elapsed_ticks * MOST_BYTES_PER_TICK;
}

void passive_flow_go_on(const struct passive_flow *f, const struct passive_packet *p,
                        uint32_t sequence, struct passive_counters *c)
{
    const struct open_hole gap = {.hole = {.start = f->hot->snd_max, .end = sequence}};
    struct open_holes holes;

    holes_load(f, &holes);
    for (unsigned int i = 0; i < holes.n; i++)
        passive_give_up_hole(f, &holes.list[i], false, c);
    holes.n = 0;
    holes_store(f, &holes);
    c->holes_opened++;
    passive_give_up_hole(f, &gap, true, c);
    /* What was taken for jumps went by. */
    c->payload_bytes += p->view->sequence - sequence;
    grow(f, p->view->sequence, p->now_ticks);
    /* Whether it followed soon, nobody knows. */
    f->hot->flags &= (uint8_t)~PASSIVE_HAS_DATA;
}

void passive_flow_fin(const struct passive_flow *f, const struct passive_packet *p,
                      uint32_t sequence, struct passive_counters *c)
{
    int32_t ahead = serial_distance(f->hot->snd_max, sequence);
    struct open_holes holes;

    if (ahead >= 0 && (uint32_t)ahead <= p->window_bytes) {
        if ((f->line->marks & PASSIVE_FIN_SEEN) == 0)
            observe_newest(f->hot, p->now_ticks, false, c);
        /* A FIN that stands beyond what we saw shows that something is missing. */
        if (ahead > 0) {
            holes_load(f, &holes);
            open_hole(f, p, sequence, &holes, c);
            holes_store(f, &holes);
        }
        grow(f, sequence, p->now_ticks);
    }
    f->line->marks |= PASSIVE_FIN_SEEN;
    if (f->line->n_holes == 0)
        passive_flow_end(f, PASSIVE_END_FIN, c);
}
