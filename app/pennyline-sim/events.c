/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/events.h"

#include <errno.h>
#include <stdlib.h>

/* Time above, order of pushing below: one comparison decides. A million events later the order
 * wraps; then events of the very same nanosecond may swap, which no result depends on. */
#define ORDER_BITS 20
#define ORDER_MASK ((1u << ORDER_BITS) - 1)

static int make_room(struct events *e)
{
    size_t n_room = e->n_room != 0 ? 2 * e->n_room : 256;
    struct event *heap;

    if (e->n < e->n_room)
        return 0;
    heap = realloc(e->heap, n_room * sizeof(*heap));
    if (heap == NULL)
        return -ENOMEM;
    e->heap = heap;
    e->n_room = n_room;
    return 0;
}

int events_push(struct events *e, uint64_t time_ns, const struct event *event)
{
    uint64_t key = time_ns << ORDER_BITS | (e->n_pushed++ & ORDER_MASK);
    size_t at;
    int error = make_room(e);

    if (error != 0)
        return error;
    for (at = e->n++; at > 0 && key < e->heap[(at - 1) / 2].key; at = (at - 1) / 2)
        e->heap[at] = e->heap[(at - 1) / 2];
    e->heap[at] = *event;
    e->heap[at].key = key;
    return 0;
}

uint64_t events_next_ns(const struct events *e)
{
    return e->n != 0 ? e->heap[0].key >> ORDER_BITS : UINT64_MAX;
}

/* The hole that the first one leaves goes down to the bottom, where the last one nearly always
 * belongs: no comparison on the way is a guess for the branch predictor. */
struct event events_pop(struct events *e)
{
    struct event *heap = e->heap;
    struct event first = heap[0], last = heap[--e->n];
    size_t at = 0, child;

    for (child = 1; child + 1 < e->n; child = 2 * at + 1) {
        child += heap[child + 1].key < heap[child].key;
        heap[at] = heap[child];
        at = child;
    }
    if (child < e->n) {
        heap[at] = heap[child];
        at = child;
    }
    for (; at > 0 && last.key < heap[(at - 1) / 2].key; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = last;
    return first;
}

void events_clear(struct events *e)
{
    e->n = 0;
    e->n_pushed = 0;
}

void events_free(struct events *e)
{
    free(e->heap);
    *e = (struct events){0};
}
