/* SPDX-License-Identifier: BSD-3-Clause */
/* What is to happen, in order of time: a binary heap, first in first out at equal times. One
 * thread; memory is kept from one trial to the next. */
#ifndef SIM_EVENTS_H
#define SIM_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum event_kind {
    EVENT_START,       /* a flow begins */
    EVENT_WRITE,       /* its application has data again */
    EVENT_AT_BOX,      /* a segment reaches the box */
    EVENT_AT_RECEIVER, /* a segment reaches its receiver */
    EVENT_ACK,         /* an ACK reaches the sender */
    EVENT_DELAYED_ACK, /* the receiver has waited long enough */
    EVENT_TIMER,       /* the sender's timer may be due */
    EVENT_HANDSHAKE,   /* a handshake, or a first flight, that was not answered */
    EVENT_HELD,        /* the box takes a packet that waited while it stood still */
};

struct event {
    uint64_t key;    /* the heap's: time and order */
    uint64_t bitmap; /* of an ACK; at the box: when it was sent, and its identification */
    uint32_t number; /* of a segment; of a held packet */
    uint16_t flow;
    uint8_t kind;
    uint8_t generation; /* of the flow: what belongs to an earlier one is void */
};

struct events {
    struct event *heap;
    size_t n, n_room;
    uint32_t n_pushed;
};

/* An empty one is all zero. 0, or -ENOMEM. Times are below 2^44 ns (4.8 hours). */
int events_push(struct events *e, uint64_t time_ns, const struct event *event);

/* When the first is due; UINT64_MAX: none. */
uint64_t events_next_ns(const struct events *e);

/* Takes the first one out; there must be one. */
struct event events_pop(struct events *e);

void events_clear(struct events *e);
void events_free(struct events *e);

#endif
