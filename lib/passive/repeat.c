/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments that went by before. */
#include <stddef.h>

#include "passive/copies.h"
#include "passive/internal.h"
#include "tcp/serial.h"

bool passive_is_marked(const struct passive_packet *p)
{
    struct packet_detail detail;

    if (p->data == NULL)
        return false;
    packet_read_detail(p->data, p->view, &detail);
    return detail.ip_id != 0 || detail.has_timestamp;
}

bool passive_came_just_now(const struct passive_flow *f, const struct passive_packet *p)
{
    struct packet_detail detail = {0};

    if (p->copies == NULL)
        return false;
    passive_read_detail(f, p, &detail);
    return passive_is_copy(p->copies, p->fingerprint, &detail,
                           passive_ticks_of_code(f->hot->rtt_code), p->now_ticks);
}

/* Was it taken for lost, and its retransmission overtook it? */
static bool is_late(const struct passive_flow *f, const struct packet_detail *detail)
{
    return f->line->n_retransmitted > 0 &&
           passive_is_first_copy(f->line->repair_timestamp, f->line->repair_ip_id, detail);
}

/* A repair of losses begins with one repeat, and goes on as far as had been sent by then. A sender
 * that goes back and repeats all, though little was lost, makes one long run of repeats. */
static void note_repeat(const struct passive_flow *f, const struct packet_view *v,
                        struct passive_counters *c)
{
    struct passive_line *line = f->line;
    bool is_first = line->n_repeats == 0;

    c->repeat_runs += is_first || v->sequence != line->repeat_end;
    line->repeat_end = v->sequence + v->payload_bytes;
    if (is_first || !serial_before(v->sequence, line->episode_end)) {
        line->episode_start = v->sequence;
        line->episode_end = f->hot->snd_max;
        line->n_unconfirmed = 0;
    }
    if (serial_before(v->sequence, line->episode_start))
        line->episode_start = v->sequence;
    passive_count_some(&line->n_unconfirmed, 1);
    passive_count_some(&line->n_repeats, 1);
}

/* Which of the two was sent first, nothing tells: the one that filled the hole may have been the
 * first copy, only late, and this one its retransmission. */
static bool may_be_late(const struct passive_flow *f, const struct packet_detail *detail)
{
    const struct passive_line *line = f->line;
    bool clock_tells = detail->has_timestamp && line->repair_timestamp != 0 &&
                       line->repair_timestamp != (uint16_t)detail->timestamp;

    return line->n_retransmitted > 0 && !clock_tells &&
           (line->repair_ip_id == 0 || detail->ip_id == 0);
}

/* Below the lowest hole the receiver got what went by here and was not lost behind us, and said so:
 * what comes again there, was. Above it a sender that repairs may repeat more than is missing, or
 * goes back and repeats all. The newest segment may come again as a probe (RFC 8985 7). */
static bool tells_nothing(const struct passive_flow *f, const struct open_holes *holes,
                          uint32_t sequence, uint32_t end)
{
    struct passive_line *line = f->line;
    bool is_below =
        (line->marks & PASSIVE_UNKNOWN_BELOW) != 0 && serial_before(sequence, line->unknown_below);
    bool is_from_before =
        passive_flow_bytes(f) < INT32_MAX && serial_before(sequence, line->start_sequence);
    bool is_behind_hole = holes->n > 0 && serial_before(holes->list[0].hole.start, end);

    if (is_below && line->n_unfilled > 0)
        line->n_unfilled--;
    return is_below || is_from_before || is_behind_hole || !serial_before(end, f->hot->snd_max);
}

enum passive_kind passive_judge_repeat(const struct passive_flow *f, const struct passive_packet *p,
                                       const struct open_holes *holes, struct passive_counters *c)
{
    uint32_t sequence = p->view->sequence, end = sequence + p->view->payload_bytes;
    struct packet_detail detail = {0};

    passive_read_detail(f, p, &detail);
    if (is_late(f, &detail)) {
        f->line->n_retransmitted--;
        passive_count_some(&f->line->n_reordered, 1);
        passive_unknown_below(f, f->hot->snd_max);
        c->late++;
        c->lost_upstream--;
        return PASSIVE_LATE;
    }
    if (tells_nothing(f, holes, sequence, end)) {
        c->unknown++;
        c->maybe_late += may_be_late(f, &detail);
        return PASSIVE_UNKNOWN;
    }
    c->repeats++;
    c->repeatable++;
    note_repeat(f, p->view, c);
    return PASSIVE_REPEAT;
}

void passive_flow_duplicate(const struct passive_flow *f, uint32_t start,
                            struct passive_counters *c)
{
    struct passive_line *line = f->line;

    if (line->n_unconfirmed == 0 || serial_before(start, line->episode_start) ||
        !serial_before(start, line->episode_end))
        return;
    line->n_unconfirmed--;
    c->repeats--;
    c->repeatable--;
    c->needless++;
}
