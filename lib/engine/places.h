/* SPDX-License-Identifier: BSD-3-Clause */
/* Places: the flows of this lcore that are tested one by one, with the counts that each earned
 * since it took its place. Used by its lcore only. A place lasts until its test is over, since
 * duplicates count as long (lib/verdict/anytime.c), and is given back once the manager has its last
 * counts.
 *
 * Of a place the first segments in order are its span: so many that the flow makes its drops among
 * them. They alone count in E_joint. How many they are is known when the place is taken; which
 * they are says the sender, and no coin. */
#ifndef ENGINE_PLACES_H
#define ENGINE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/message.h"
#include "flow/flow.h"
#include "tcp/serial.h"

struct place {
    struct flow_key key;
    struct flow_counts counts;
    uint32_t aggregate;
    uint32_t population_end; /* valid when frozen */
    uint32_t span_left;      /* segments that the span lacks */
    uint32_t span_end;       /* valid when it lacks none */
    uint16_t next;           /* in the free list, or the list of changed ones */
    uint8_t test_id;
    bool frozen;            /* its last drop is made: the population of rule penny is complete */
    bool ended;             /* nothing more will count */
    bool changed;           /* in the list of those to post */
    bool is_latest_of_span; /* the segment in order that was counted last */
};

struct places {
    struct place *places;
    uint16_t n_places, free, first_changed;
};

size_t places_memory_bytes(uint16_t n_places);
void places_init(struct places *p, void *memory, uint16_t n_places);

/* A zeroed place for the flow, but for a span of `n_span` segments, or FLOW_NO_PLACE when all are
 * taken. */
uint16_t places_take(struct places *p, const struct flow *flow, uint8_t test_id, uint32_t n_span);

/* A segment in order that ends at `end` belongs to the flow. */
static inline void place_count_in_order(struct place *place, uint32_t end)
{
    place->is_latest_of_span = place->span_left != 0;
    if (place->span_left != 0 && --place->span_left == 0)
        place->span_end = end;
}

/* May a repeat that begins there touch the span? Of what is older than the place yes, too: whoever
 * repeats that may repeat the span in the same packet. Sequence numbers come round, so of what
 * lies 2^31 bytes behind the span yes as well: a duplicate too many. Whether a segment that was
 * dropped is of the span is therefore not asked here, but noted when it is dropped: one that a
 * repeat covers from before must not be when that repeat is not. */
static inline bool place_is_in_span(const struct place *place, uint32_t sequence)
{
    return place->span_left != 0 || serial_before(sequence, place->span_end);
}

/* The place's counts changed: they go with the next epoch. */
void places_touch(struct places *p, uint16_t place);

/* Posts what changed; places that ended are given back once posted. False when the ring had no room
 * for all. */
bool places_post(struct places *p, uint16_t worker,
                 int (*post)(void *context, const struct message *message), void *context);

#endif
