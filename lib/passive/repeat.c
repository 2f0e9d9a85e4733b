/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments that went by before. */
#include <stddef.h>

#include "passive/internal.h"
#include "tcp/serial.h"

/* Was it taken for lost, and its retransmission overtook it? */
static bool is_late(const struct passive_flow *f, const struct packet_detail *detail)
{
    return f->line->n_retransmitted > 0 &&
           passive_is_first_copy(f->line->repair_timestamp, f->line->repair_ip_id, detail);
}

/* Sent in the same tick of the sender's clock as the latest retransmission that filled a hole, and
 * nothing else tells which of them went first: it may be the first copy. */
static bool may_be_late(const struct passive_flow *f, const struct packet_detail *detail)
{
    const struct passive_line *line = f->line;

    return line->n_retransmitted > 0 && detail->has_timestamp && line->repair_timestamp != 0 &&
           line->repair_timestamp == (uint16_t)detail->timestamp &&
           (line->repair_ip_id == 0 || detail->ip_id == 0);
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
    line->marks &= (uint8_t)~PASSIVE_RUN_UNKNOWN;
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

void passive_note_unknown_run(const struct passive_flow *f, uint32_t end)
{
    f->line->repeat_end = end;
    f->line->marks |= PASSIVE_RUN_UNKNOWN;
}

static bool tells_nothing(const struct passive_flow *f, uint32_t sequence)
{
    struct passive_line *line = f->line;
    bool is_below =
        (line->marks & PASSIVE_UNKNOWN_BELOW) != 0 && serial_before(sequence, line->unknown_below);
    bool is_from_before =
        passive_flow_bytes(f) < INT32_MAX && serial_before(sequence, line->start_sequence);

    bool goes_on = (line->marks & PASSIVE_RUN_UNKNOWN) != 0 && sequence == line->repeat_end;

    if (is_below && line->n_unfilled > 0)
        line->n_unfilled--;
    /* A sender that repairs what is missing may repeat more than that (go-back-N). */
    return is_below || is_from_before || goes_on || (f->hot->flags & PASSIVE_HOLES_OPEN) != 0;
}

enum passive_kind passive_judge_repeat(const struct passive_flow *f, const struct passive_packet *p,
                                       struct passive_counters *c)
{
    struct packet_detail detail = {0};

    if (p->data != NULL)
        packet_read_detail(p->data, p->view, &detail);
    if (is_late(f, &detail)) {
        f->line->n_retransmitted--;
        passive_count_some(&f->line->n_reordered, 1);
        passive_unknown_below(f, f->hot->snd_max);
        passive_note_unknown_run(f, p->view->sequence + p->view->payload_bytes);
        c->late++;
        c->lost_upstream--;
        return PASSIVE_LATE;
    }
    if (tells_nothing(f, p->view->sequence) || may_be_late(f, &detail)) {
        passive_note_unknown_run(f, p->view->sequence + p->view->payload_bytes);
        c->unknown++;
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
