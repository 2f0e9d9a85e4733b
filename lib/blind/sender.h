/* SPDX-License-Identifier: BSD-3-Clause */
/* A blind sender: it plays its plan and never hears from a receiver.
 *
 * Time is virtual: segment i of the plan is due at i / segments_per_second, repeats and floods come
 * in addition. The same options give the same segments, to the byte. One thread. */
#ifndef BLIND_SENDER_H
#define BLIND_SENDER_H

#include "base/random.h"
#include "blind/schedule.h"
#include "tcp/flags.h"

struct attack;

/* What the segments are that `undroppable` sends between. */
enum sender_between { SENDER_ONE_BYTE, SENDER_URGENT, SENDER_FIN, SENDER_N_BETWEEN };
/* "one-byte", "urgent", "fin"; NULL behind the last. */
const char *sender_between_name(unsigned int between);

struct sender_options {
    const struct attack *attack;
    const struct attack *also; /* its steps are mixed in, by a coin; NULL: none */
    uint32_t n_flows;
    uint64_t n_segments; /* of the plan: steps of the attack */
    uint64_t segments_per_second;
    uint16_t payload_bytes;
    double duplicate_ratio; /* repeats per segment */
    uint64_t delay_ns;      /* from a segment to its repeat */
    uint32_t n_flood;       /* packets of new flows per step (attacks with a flood) */
    uint32_t n_covered;     /* segments under one packet of `sweep`; 0: SWEEP_SEGMENTS */
    uint32_t n_between;     /* segments of the attack that are never repeated; 0: by the attack */
    enum sender_between between;
    uint64_t period_ns; /* of `pulses`; 0: PULSES_PERIOD_MS */
    uint64_t seed;
    bool handshake;      /* a flow starts with a SYN, else in the middle */
    bool fin;            /* when the plan is over, each flow ends with a FIN */
    uint64_t jitter_ns;  /* what is sent is late by up to this, in order within its flow */
    uint64_t stagger_ns; /* flows begin one after the other, so far apart; 0: all at once */
};

struct sender_flow {
    uint32_t next_seq;
    uint32_t n_segments; /* new ones sent */
    uint64_t last_ns;    /* when its latest packet is due; repeats aside */
};

struct sender {
    struct sender_options options;
    struct sender_flow *flows;
    struct schedule schedule;
    struct random_source random;
    uint64_t now_ns; /* of the step being made */
    uint64_t n_steps;
    bool has_ended;         /* the FINs are sent */
    uint64_t n_flood_flows; /* each took a flow number after those of `flows` */
    int error;
};

/* 0, or -ENOMEM. End it with sender_free(), also after an error. */
int sender_init(struct sender *s, const struct sender_options *options);

/* The next segment in order of time. 1; 0 when the plan is at its end; -ENOMEM. */
int sender_next(struct sender *s, struct segment *out);

void sender_free(struct sender *s);

/* What an attack's step is made of. Each is due at the step's time, repeats `delay_ns` later. */

/* New data of a flow; returns its first sequence number. The SYN goes before, where one is due. */
uint32_t sender_send_new(struct sender *s, uint32_t flow, uint16_t n_bytes);

/* The same with more flags than ACK and PSH. A FIN or SYN takes one sequence number, too. */
uint32_t sender_send_new_flagged(struct sender *s, uint32_t flow, uint16_t n_bytes,
                                 uint8_t tcp_flags);

/* Any bytes of a flow; its `next_seq` stays. */
void sender_send_bytes(struct sender *s, uint32_t flow, uint32_t seq, uint16_t n_bytes,
                       bool is_repeat, uint64_t delay_ns);

/* A packet without data. A FIN takes one sequence number of the flow. */
void sender_send_flags(struct sender *s, uint32_t flow, uint8_t tcp_flags);

/* One packet of a flow never used before: a SYN, or data from the middle. */
void sender_send_flood(struct sender *s, bool syn);

/* A flow number never used before. */
uint64_t sender_new_flow(struct sender *s);

/* A packet as it is, `delay_ns` after the step's time. */
void sender_send_unit(struct sender *s, const struct segment *segment, uint64_t delay_ns);

/* True with the probability, by the sender's own seeded coin. */
bool sender_coin(struct sender *s, double probability);

#endif
