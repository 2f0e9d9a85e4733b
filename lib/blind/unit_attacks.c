/* SPDX-License-Identifier: BSD-3-Clause */
/* Attacks by handshakes and first flights of QUIC. Each step is on a flow never used before, so
 * that each is a new unit. `delay_ns` is from a unit to its repeat, and between repeats of repeats.
 */
#include "blind/unit_attacks.h"

#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"

#define STORM_REPEATS 5
#define ECN_BITS      0xc0 /* CWR and ECE, RFC 3168 6.1.1 */

static struct segment new_syn(struct sender *s, uint8_t tcp_flags)
{
    return (struct segment){
        .flow = sender_new_flow(s), .seq = random_u32(&s->random), .tcp_flags = tcp_flags};
}

static struct segment new_datagram(struct sender *s, enum datagram kind)
{
    return (struct segment){.flow = sender_new_flow(s),
                            .seq = random_u32(&s->random),
                            .n_bytes = datagram_bytes(kind),
                            .datagram = (uint8_t)kind};
}

static void send_again(struct sender *s, struct segment segment, uint32_t n)
{
    segment.is_repeat = true;
    for (uint32_t i = 1; i <= n; i++)
        sender_send_unit(s, &segment, i * s->options.delay_ns);
}

static void send_and_repeat(struct sender *s, const struct segment *segment, uint32_t n)
{
    sender_send_unit(s, segment, 0);
    if (sender_coin(s, s->options.duplicate_ratio))
        send_again(s, *segment, n);
}

static void syn_repeats(struct sender *s, uint32_t flow)
{
    const struct segment syn = new_syn(s, TCP_FLAG_SYN);

    (void)flow;
    send_and_repeat(s, &syn, 1);
}

static void synack_repeats(struct sender *s, uint32_t flow)
{
    const struct segment syn = new_syn(s, TCP_FLAG_SYN | TCP_FLAG_ACK);

    (void)flow;
    send_and_repeat(s, &syn, 1);
}

static void syn_storm(struct sender *s, uint32_t flow)
{
    const struct segment syn = new_syn(s, TCP_FLAG_SYN);

    (void)flow;
    send_and_repeat(s, &syn, STORM_REPEATS);
}

static void syn_ecn(struct sender *s, uint32_t flow)
{
    struct segment syn = new_syn(s, TCP_FLAG_SYN | ECN_BITS);

    (void)flow;
    sender_send_unit(s, &syn, 0);
    syn.tcp_flags = TCP_FLAG_SYN;
    if (sender_coin(s, s->options.duplicate_ratio))
        send_again(s, syn, 1);
}

static void syn_sequence(struct sender *s, uint32_t flow)
{
    struct segment syn = new_syn(s, TCP_FLAG_SYN);

    (void)flow;
    sender_send_unit(s, &syn, 0);
    syn.seq++;
    if (sender_coin(s, s->options.duplicate_ratio))
        send_again(s, syn, 1);
}

static void quic_repeats(struct sender *s, uint32_t flow)
{
    const struct segment initial =
        new_datagram(s, s->n_steps % 2 == 0 ? DATAGRAM_INITIAL : DATAGRAM_INITIAL_2);

    (void)flow;
    send_and_repeat(s, &initial, 1);
}

/* Two datagrams at once, and both of them again and again. */
static void quic_storm(struct sender *s, uint32_t flow)
{
    const struct segment initial = new_datagram(s, DATAGRAM_INITIAL);

    (void)flow;
    sender_send_unit(s, &initial, 0);
    send_and_repeat(s, &initial, STORM_REPEATS);
}

/* One connection ID, and each datagram from other ports. */
static void quic_tuples(struct sender *s, uint32_t flow)
{
    struct segment initial = new_datagram(s, DATAGRAM_INITIAL);

    (void)flow;
    initial.seq = 1;
    send_and_repeat(s, &initial, 1);
}

/* What is no first flight, in turn, with one that is among them. */
static void quic_odd(struct sender *s, uint32_t flow)
{
    static const enum datagram kinds[] = {DATAGRAM_SHORT_INITIAL, DATAGRAM_UNKNOWN_VERSION,
                                          DATAGRAM_VERSION_NEGOTIATION, DATAGRAM_0RTT,
                                          DATAGRAM_COALESCED};
    const struct segment odd = new_datagram(s, kinds[s->n_steps % ARRAY_LENGTH(kinds)]);

    (void)flow;
    send_and_repeat(s, &odd, 1);
}

static const struct attack attacks[] = {
    {"syn-repeats", "SYNs of new flows, some sent again 1 s later (--duplicates, --delay-ms)",
     syn_repeats, 0.10, 1000, 0, false},
    {"synack-repeats", "the same with SYN+ACK", synack_repeats, 0.10, 1000, 0, false},
    {"syn-storm", "repeats of repeats: five, each a second after the one before", syn_storm, 0.50,
     1000, 0, false},
    {"syn-ecn", "SYNs with ECE and CWR, sent again without", syn_ecn, 0.10, 1000, 0, false},
    {"syn-sequence", "SYNs sent again with another sequence number", syn_sequence, 1, 1000, 0,
     false},
    {"quic-repeats", "first flights of QUIC, some sent again 1 s later", quic_repeats, 0.10, 1000,
     0, false},
    {"quic-storm", "first flights of two datagrams, some sent again five times", quic_storm, 0.50,
     1000, 0, false},
    {"quic-tuples", "one connection ID from new ports each time", quic_tuples, 1, 1000, 0, false},
    {"quic-odd", "short Initials, other versions, 0-RTT and the like", quic_odd, 0.50, 1000, 0,
     false},
};

const struct attack *unit_attack_by_index(unsigned int index)
{
    return index < ARRAY_LENGTH(attacks) ? &attacks[index] : NULL;
}

const struct attack *any_attack_by_name(const char *name)
{
    for (unsigned int i = 0; i < ARRAY_LENGTH(attacks); i++)
        if (strcmp(attacks[i].name, name) == 0)
            return &attacks[i];
    return attack_by_name(name);
}
