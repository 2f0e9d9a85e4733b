/* SPDX-License-Identifier: BSD-3-Clause */
#include "blind/attacks.h"

#include "base/compiler.h"
#include "base/time.h"

#include <string.h>

static void repeat_by_ratio(struct sender *s, uint32_t flow, uint32_t seq, uint16_t n_bytes)
{
    if (sender_coin(s, s->options.duplicate_ratio))
        sender_send_bytes(s, flow, seq, n_bytes, true, s->options.delay_ns);
}

static void send_and_repeat(struct sender *s, uint32_t flow)
{
    uint16_t n_bytes = s->options.payload_bytes;
    uint32_t seq = sender_send_new(s, flow, n_bytes);

    repeat_by_ratio(s, flow, seq, n_bytes);
}

/* Payload is that of the one packet which covers them all. */
static void sweep(struct sender *s, uint32_t flow)
{
    uint32_t n = s->options.n_covered != 0 ? s->options.n_covered : SWEEP_SEGMENTS;
    uint16_t tiny = (uint16_t)(s->options.payload_bytes / n);
    uint32_t seq;

    if (tiny == 0)
        tiny = 1;
    seq = sender_send_new(s, flow, tiny);
    if (s->flows[flow].n_segments % n == 0)
        sender_send_bytes(s, flow, seq + tiny - n * tiny, (uint16_t)(n * tiny), true,
                          s->options.delay_ns);
}

/* Four small holes in a row, a packet after them, perhaps twice, then the four fillings: each is
 * unique, so a test that counts them among what might have been repeated is diluted fivefold. */
static void dilution(struct sender *s, uint32_t flow)
{
    struct sender_flow *f = &s->flows[flow];
    uint16_t n_bytes = s->options.payload_bytes, filling = n_bytes < 4 ? 1 : n_bytes / 4;
    uint32_t holes, seq;

    if (f->n_segments == 0) {
        sender_send_new(s, flow, n_bytes);
        return;
    }
    holes = f->next_seq;
    f->next_seq += 4u * filling;
    seq = sender_send_new(s, flow, n_bytes);
    repeat_by_ratio(s, flow, seq, n_bytes);
    for (uint32_t i = 0; i < 4; i++)
        sender_send_bytes(s, flow, holes + i * filling, filling, false, 0);
}

static void split(struct sender *s, uint32_t flow)
{
    uint16_t n_bytes = s->options.payload_bytes, half = (n_bytes + 1) / 2;
    uint32_t seq = sender_send_new(s, flow, n_bytes);

    if (!sender_coin(s, s->options.duplicate_ratio))
        return;
    sender_send_bytes(s, flow, seq, half, true, s->options.delay_ns);
    if (n_bytes > half)
        sender_send_bytes(s, flow, seq + half, n_bytes - half, true, s->options.delay_ns);
}

/* Payload is that of the merged packet. */
static void merge(struct sender *s, uint32_t flow)
{
    uint16_t half = s->options.payload_bytes < 2 ? 1 : s->options.payload_bytes / 2;
    uint32_t seq = sender_send_new(s, flow, half);

    if (s->flows[flow].n_segments % 2 == 0)
        repeat_by_ratio(s, flow, seq - half, (uint16_t)(2 * half));
}

static void reset(struct sender *s, uint32_t flow)
{
    uint32_t n_sent;

    send_and_repeat(s, flow);
    n_sent = s->flows[flow].n_segments;
    if (n_sent % RESET_BURST_SEGMENTS == 0)
        sender_send_flags(s, flow,
                          n_sent / RESET_BURST_SEGMENTS % 2 ? TCP_FLAG_RST | TCP_FLAG_ACK
                                                            : TCP_FLAG_FIN | TCP_FLAG_ACK);
}

/* The ratio holds over all flows, but one flow of ten carries every repeat. */
static void concentration(struct sender *s, uint32_t flow)
{
    uint16_t n_bytes = s->options.payload_bytes;
    uint32_t n_hot = s->options.n_flows < 10 ? 1 : s->options.n_flows / 10;
    double copies = s->options.duplicate_ratio * s->options.n_flows / n_hot;
    uint32_t seq = sender_send_new(s, flow, n_bytes);

    if (flow >= n_hot)
        return;
    for (; copies >= 1; copies--)
        sender_send_bytes(s, flow, seq, n_bytes, true, s->options.delay_ns);
    if (sender_coin(s, copies))
        sender_send_bytes(s, flow, seq, n_bytes, true, s->options.delay_ns);
}

static void tuple_flood(struct sender *s, uint32_t flow)
{
    (void)flow;
    sender_send_flood(s, false);
}

static void syn_flood(struct sender *s, uint32_t flow)
{
    (void)flow;
    sender_send_flood(s, true);
}

static void eviction(struct sender *s, uint32_t flow)
{
    send_and_repeat(s, flow);
    for (uint32_t i = 0; i < s->options.n_flood; i++)
        sender_send_flood(s, false);
}

static void jump(struct sender *s, uint32_t flow)
{
    uint16_t n_bytes = s->options.payload_bytes;
    uint32_t seq;

    send_and_repeat(s, flow);
    seq = s->flows[flow].next_seq;
    if (s->flows[flow].n_segments % JUMP_EVERY_SEGMENTS == 0)
        sender_send_bytes(s, flow, seq + JUMP_BYTES, n_bytes, false, 0);
}

/* What is repeated is all that can be dropped; what is not, can't be. A FIN ends the flow, so the
 * next step begins it anew. */
static void undroppable(struct sender *s, uint32_t flow)
{
    uint32_t n = s->options.n_between != 0 ? s->options.n_between : UNDROPPABLE_BETWEEN;

    send_and_repeat(s, flow);
    if (s->options.between == SENDER_FIN) {
        sender_send_new_flagged(s, flow, s->options.payload_bytes, TCP_FLAG_FIN);
        sender_send_flags(s, flow, TCP_FLAG_SYN);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        if (s->options.between == SENDER_URGENT)
            sender_send_new_flagged(s, flow, s->options.payload_bytes, TCP_FLAG_URG);
        else
            sender_send_new(s, flow, 1);
}

/* The flow that repeats nothing soon waits for the repair of a drop, and sends on without a coin.
 */
static void blocked(struct sender *s, uint32_t flow)
{
    uint32_t n = s->options.n_between != 0 ? s->options.n_between : BLOCKED_BETWEEN;

    if (flow != s->options.n_flows - 1) {
        send_and_repeat(s, flow);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        sender_send_new(s, flow, s->options.payload_bytes);
}

/* The ratio holds over time, but the first part of each period carries every repeat. */
static void pulses(struct sender *s, uint32_t flow)
{
    uint64_t period_ns =
        s->options.period_ns != 0 ? s->options.period_ns : PULSES_PERIOD_MS * NS_PER_MS;
    uint16_t n_bytes = s->options.payload_bytes;
    uint32_t seq = sender_send_new(s, flow, n_bytes);

    if ((double)(s->now_ns % period_ns) < s->options.duplicate_ratio * (double)period_ns)
        sender_send_bytes(s, flow, seq, n_bytes, true, s->options.delay_ns);
}

static const struct attack attacks[] = {
    {"none", "spoofed segments in order, none repeated", send_and_repeat, 0, 0, 0, false},
    {"duplicates", "repeats some segments (--duplicates, --delay-ms)", send_and_repeat, 0.10, 0, 0,
     false},
    {"delay", "repeats every segment 2.5 s later", send_and_repeat, 1, 2500, 0, false},
    {"sweep", "tiny segments, then one packet over the last 100 of them", sweep, 1, 0, 0, false},
    {"dilution", "four of five segments twice, and four more that fill holes", dilution, 0.80, 0, 0,
     false},
    {"split", "repeats segments as two halves", split, 1, 0, 0, false},
    {"merge", "repeats two segments as one", merge, 1, 0, 0, false},
    {"reset", "RST or FIN after each burst of 10 segments of a flow", reset, 0, 0, 0, false},
    {"concentration", "all repeats in one flow of ten", concentration, 0.10, 0, 0, false},
    {"tuple-flood", "every packet is a new flow", tuple_flood, 0, 0, 0, false},
    {"syn-flood", "every packet is the SYN of a new flow", syn_flood, 0, 0, 0, false},
    {"eviction", "repeats all 1 s later, in a flood of new flows (--flood)", eviction, 1, 1000, 8,
     false},
    {"wrap", "as duplicates, with sequence numbers that wrap at once", send_and_repeat, 0.10, 0, 0,
     true},
    {"jump", "a segment 1 GB ahead after every 100 of a flow", jump, 0, 0, 0, false},
    {"undroppable", "repeats all that can be dropped, with much else (--between)", undroppable, 1,
     5, 0, false},
    {"blocked", "nine of ten flows repeat all, one sends 100 times as much (--between)", blocked, 1,
     5, 0, false},
    {"pulses", "repeats all in the first part of each 10 ms (--duplicates, --period-ms)", pulses,
     0.10, 5, 0, false},
};

const struct attack *attack_by_index(unsigned int index)
{
    return index < ARRAY_LENGTH(attacks) ? &attacks[index] : NULL;
}

const struct attack *attack_by_name(const char *name)
{
    for (unsigned int i = 0; i < ARRAY_LENGTH(attacks); i++)
        if (strcmp(attacks[i].name, name) == 0)
            return &attacks[i];
    return NULL;
}
