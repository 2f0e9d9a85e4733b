/* SPDX-License-Identifier: BSD-3-Clause */
#include "blind/sender.h"

#include "base/time.h"
#include "blind/attacks.h"

#include <errno.h>
#include <stdlib.h>

/* So near to 2^32 that every flow wraps after at most this many segments. */
#define WRAP_WITHIN_SEGMENTS 50

static uint32_t initial_seq(struct sender *s)
{
    uint32_t before_wrap = WRAP_WITHIN_SEGMENTS * s->options.payload_bytes;

    if (!s->options.attack->wraps)
        return random_u32(&s->random);
    return UINT32_MAX - random_u32(&s->random) % before_wrap;
}

int sender_init(struct sender *s, const struct sender_options *options)
{
    *s = (struct sender){.options = *options};
    random_seed_fixed(&s->random, options->seed, 0);
    s->flows = calloc(options->n_flows, sizeof(*s->flows));
    if (!s->flows)
        return -ENOMEM;
    for (uint32_t i = 0; i < options->n_flows; i++)
        s->flows[i].next_seq = initial_seq(s);
    return 0;
}

void sender_free(struct sender *s)
{
    free(s->flows);
    schedule_free(&s->schedule);
    *s = (struct sender){0};
}

/* Late by chance, but never before what its flow sent earlier: jitter reorders flows, not segments.
 */
static uint64_t due_with_jitter(struct sender *s, const struct segment *segment)
{
    bool is_flood = segment->flow >= s->options.n_flows;
    struct sender_flow *f = is_flood ? NULL : &s->flows[segment->flow];
    uint64_t due_ns =
        segment->time_ns + (uint64_t)(random_unit(&s->random) * (double)s->options.jitter_ns);

    if (f != NULL && due_ns < f->last_ns)
        due_ns = f->last_ns;
    if (f != NULL && !segment->is_repeat)
        f->last_ns = due_ns;
    return due_ns;
}

static void push(struct sender *s, struct segment segment)
{
    int rc;

    if (s->options.jitter_ns > 0)
        segment.time_ns = due_with_jitter(s, &segment);
    rc = schedule_push(&s->schedule, &segment);

    if (rc < 0)
        s->error = rc;
}

void sender_send_bytes(struct sender *s, uint32_t flow, uint32_t seq, uint16_t n_bytes,
                       bool is_repeat, uint64_t delay_ns)
{
    push(s, (struct segment){.time_ns = s->now_ns + delay_ns,
                             .flow = flow,
                             .seq = seq,
                             .n_bytes = n_bytes,
                             .tcp_flags = TCP_FLAG_ACK | TCP_FLAG_PSH,
                             .is_repeat = is_repeat});
}

void sender_send_flags(struct sender *s, uint32_t flow, uint8_t tcp_flags)
{
    struct sender_flow *f = &s->flows[flow];

    push(s, (struct segment){
                .time_ns = s->now_ns, .flow = flow, .seq = f->next_seq, .tcp_flags = tcp_flags});
    if (tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_FIN))
        f->next_seq++;
}

uint32_t sender_send_new_flagged(struct sender *s, uint32_t flow, uint16_t n_bytes,
                                 uint8_t tcp_flags)
{
    struct sender_flow *f = &s->flows[flow];
    uint32_t seq;

    if (s->options.handshake && f->n_segments == 0)
        sender_send_flags(s, flow, TCP_FLAG_SYN);
    seq = f->next_seq;
    push(s, (struct segment){.time_ns = s->now_ns,
                             .flow = flow,
                             .seq = seq,
                             .n_bytes = n_bytes,
                             .tcp_flags = TCP_FLAG_ACK | TCP_FLAG_PSH | tcp_flags});
    f->next_seq += n_bytes + ((tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_FIN)) != 0);
    f->n_segments++;
    return seq;
}

uint32_t sender_send_new(struct sender *s, uint32_t flow, uint16_t n_bytes)
{
    return sender_send_new_flagged(s, flow, n_bytes, 0);
}

uint64_t sender_new_flow(struct sender *s)
{
    return s->options.n_flows + s->n_flood_flows++;
}

void sender_send_unit(struct sender *s, const struct segment *segment, uint64_t delay_ns)
{
    struct segment later = *segment;

    later.time_ns = s->now_ns + delay_ns;
    push(s, later);
}

void sender_send_flood(struct sender *s, bool syn)
{
    push(s, (struct segment){.time_ns = s->now_ns,
                             .flow = sender_new_flow(s),
                             .seq = random_u32(&s->random),
                             .n_bytes = syn ? 0 : s->options.payload_bytes,
                             .tcp_flags = syn ? TCP_FLAG_SYN : TCP_FLAG_ACK | TCP_FLAG_PSH});
}

bool sender_coin(struct sender *s, double probability)
{
    return random_unit(&s->random) < probability;
}

const char *sender_between_name(unsigned int between)
{
    static const char *const names[SENDER_N_BETWEEN] = {
        [SENDER_ONE_BYTE] = "one-byte", [SENDER_URGENT] = "urgent", [SENDER_FIN] = "fin"};

    return between < SENDER_N_BETWEEN ? names[between] : NULL;
}

static const struct attack *attack_of_step(struct sender *s)
{
    const struct sender_options *o = &s->options;

    return o->also != NULL && sender_coin(s, 0.5) ? o->also : o->attack;
}

/* Of the flows that have begun, each has its turn. */
static uint32_t flow_of_step(const struct sender *s)
{
    uint64_t n = s->options.n_flows;

    if (s->options.stagger_ns > 0 && s->now_ns / s->options.stagger_ns < n)
        n = s->now_ns / s->options.stagger_ns + 1;
    return (uint32_t)(s->n_steps % (n < s->options.n_flows ? n : s->options.n_flows));
}

/* After the last repeat. */
static void send_fins(struct sender *s)
{
    s->has_ended = true;
    s->now_ns = s->n_steps * NS_PER_S / s->options.segments_per_second + s->options.delay_ns;
    for (uint32_t i = 0; i < s->options.n_flows; i++)
        if (s->flows[i].n_segments > 0)
            sender_send_flags(s, i, TCP_FLAG_FIN | TCP_FLAG_ACK);
}

/* Makes steps until the first segment that waits is due before the next step. */
static void make_steps(struct sender *s)
{
    const struct segment *first;
    uint64_t due_ns;

    while (s->n_steps < s->options.n_segments && !s->error) {
        due_ns = s->n_steps * NS_PER_S / s->options.segments_per_second;
        first = schedule_first(&s->schedule);
        if (first && first->time_ns < due_ns)
            return;
        s->now_ns = due_ns;
        attack_of_step(s)->step(s, flow_of_step(s));
        s->n_steps++;
    }
    if (s->options.fin && !s->has_ended && !s->error)
        send_fins(s);
}

int sender_next(struct sender *s, struct segment *out)
{
    make_steps(s);
    if (s->error)
        return s->error;
    if (!schedule_first(&s->schedule))
        return 0;
    *out = schedule_pop(&s->schedule);
    return 1;
}
