/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments that wait for their time: a binary heap by time, first in first out at equal times. */
#ifndef BLIND_SCHEDULE_H
#define BLIND_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blind/datagram.h"

/* One TCP segment, or one datagram, as the sender means it; tools/traffic/frame.h makes bytes of
 * it. */
struct segment {
    uint64_t time_ns; /* since the sender's start */
    uint64_t flow;    /* which addresses and ports: see frame_path_tuple() */
    uint32_t seq;     /* of a datagram: what its connection ID is made of */
    uint16_t n_bytes; /* of payload */
    uint8_t tcp_flags;
    uint8_t datagram : 7;  /* enum datagram; DATAGRAM_NONE: TCP */
    uint8_t is_repeat : 1; /* some of its bytes were sent before */
};

struct waiting {
    struct segment segment;
    uint64_t order;
};

struct schedule {
    struct waiting *heap;
    size_t n_waiting;
    size_t n_places;
    uint64_t n_pushed;
};

/* An empty schedule is all zero. 0, or -ENOMEM: the schedule is as before. */
int schedule_push(struct schedule *s, const struct segment *segment);

/* The segment that is due first, or NULL. Valid until the next push or pop. */
const struct segment *schedule_first(const struct schedule *s);

/* Takes the first one out. The schedule must not be empty. */
struct segment schedule_pop(struct schedule *s);

void schedule_free(struct schedule *s);

#endif
