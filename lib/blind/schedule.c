/* SPDX-License-Identifier: BSD-3-Clause */
#include "blind/schedule.h"

#include <errno.h>
#include <stdlib.h>

static bool goes_before(const struct waiting *a, const struct waiting *b)
{
    if (a->segment.time_ns != b->segment.time_ns)
        return a->segment.time_ns < b->segment.time_ns;
    return a->order < b->order;
}

static int make_room(struct schedule *s)
{
    size_t n_places = s->n_places ? s->n_places * 2 : 1024;
    struct waiting *heap;

    if (s->n_waiting < s->n_places)
        return 0;
    heap = realloc(s->heap, n_places * sizeof(*heap));
    if (!heap)
        return -ENOMEM;
    s->heap = heap;
    s->n_places = n_places;
    return 0;
}

int schedule_push(struct schedule *s, const struct segment *segment)
{
    struct waiting new = {.segment = *segment, .order = s->n_pushed};
    size_t at;
    int rc = make_room(s);

    if (rc < 0)
        return rc;
    s->n_pushed++;
    for (at = s->n_waiting++; at > 0; at = (at - 1) / 2) {
        if (!goes_before(&new, &s->heap[(at - 1) / 2]))
            break;
        s->heap[at] = s->heap[(at - 1) / 2];
    }
    s->heap[at] = new;
    return 0;
}

const struct segment *schedule_first(const struct schedule *s)
{
    return s->n_waiting ? &s->heap[0].segment : NULL;
}

struct segment schedule_pop(struct schedule *s)
{
    struct segment first = s->heap[0].segment;
    struct waiting last = s->heap[--s->n_waiting];
    size_t at = 0, child;

    while ((child = 2 * at + 1) < s->n_waiting) {
        if (child + 1 < s->n_waiting && goes_before(&s->heap[child + 1], &s->heap[child]))
            child++;
        if (!goes_before(&s->heap[child], &last))
            break;
        s->heap[at] = s->heap[child];
        at = child;
    }
    s->heap[at] = last;
    return first;
}

void schedule_free(struct schedule *s)
{
    free(s->heap);
    *s = (struct schedule){0};
}
