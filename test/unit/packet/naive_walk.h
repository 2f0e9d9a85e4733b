/* SPDX-License-Identifier: BSD-3-Clause */
/* How the naive parser's files step through a packet. For them only. */
#ifndef TEST_PACKET_NAIVE_WALK_H
#define TEST_PACKET_NAIVE_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

struct walk {
    const uint8_t *data;
    int64_t captured, frame;
    int64_t at;   /* where the next header starts */
    int64_t end;  /* where the IP packet ends */
    int64_t type; /* EtherType, later protocol number, of the next header */
    struct packet_view *view;
};

enum { CARRY_ON = -1 }; /* otherwise a step gives the final reason */

/* Is the header from `at` to `at + n` complete in what was captured? */
static inline bool have(const struct walk *w, int64_t n)
{
    return w->at + n <= w->captured;
}

static inline int64_t number(const struct walk *w, int64_t offset, int n_bytes)
{
    int64_t value = 0;

    for (int i = 0; i < n_bytes; i++)
        value = value * 256 + w->data[w->at + offset + i];
    return value;
}

static inline bool is_any_of(int64_t value, const int64_t *list)
{
    for (; *list >= 0; list++)
        if (*list == value)
            return true;
    return false;
}

/* What follows an EtherType, `type`, up to and with TCP. */
int naive_from_type(struct walk *w);

#endif
