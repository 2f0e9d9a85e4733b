/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments that wait for their time: a binary heap by time, first in first out at equal times. */
#ifndef BLIND_SCHEDULE_H
#define BLIND_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One TCP segment as the sender means it; tools/traffic/frame.h makes bytes of it. */
struct segment {
    uint64_t time_ns; /* since the sender's start */
    uint64_t flow;    /* which addresses and ports: see frame_path_tuple() */
    uint32_t seq;
    uint16_t n_bytes; /* of payload */
    uint8_t tcp_flags;
    bool is_repeat; /* some of its bytes were sent before */
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
