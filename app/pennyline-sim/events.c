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

struct event events_pop(struct events *e)
{
    struct event first = e->heap[0], last = e->heap[--e->n];
    size_t at = 0, child;

    while ((child = 2 * at + 1) < e->n) {
        if (child + 1 < e->n && e->heap[child + 1].key < e->heap[child].key)
            child++;
        if (e->heap[child].key >= last.key)
            break;
        e->heap[at] = e->heap[child];
        at = child;
    }
    e->heap[at] = last;
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
