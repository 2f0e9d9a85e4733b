/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker tells the manager of the map, by value: one writer, one reader, nobody waits. */
#ifndef MAP_RING_H
#define MAP_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"

enum map_message_kind {
    MAP_ASK,    /* this source sends enough for an entry */
    MAP_SAMPLE, /* a packet of an entry */
    MAP_STRAY,  /* a packet of no entry */
};

struct map_message {
    struct ip_address source, destination;
    uint32_t slot;    /* of a sample */
    uint16_t ingress; /* the place */
    uint8_t kind;     /* enum map_message_kind */
    uint8_t length;   /* of an ask: how coarse the source was looked at */
    bool is_ipv4;
};

#define MAP_RING_MESSAGES 2048

struct map_ring {
    alignas(CACHE_LINE_BYTES) _Atomic uint32_t head; /* written up to here */
    alignas(CACHE_LINE_BYTES) _Atomic uint32_t tail; /* read up to here */
    alignas(CACHE_LINE_BYTES) struct map_message messages[MAP_RING_MESSAGES];
};

static inline bool map_ring_put(struct map_ring *r, const struct map_message *m)
{
    uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

    if (head - atomic_load_explicit(&r->tail, memory_order_acquire) == MAP_RING_MESSAGES)
        return false;
    r->messages[head % MAP_RING_MESSAGES] = *m;
    atomic_store_explicit(&r->head, head + 1, memory_order_release);
    return true;
}

static inline bool map_ring_take(struct map_ring *r, struct map_message *m)
{
    uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

    if (tail == atomic_load_explicit(&r->head, memory_order_acquire))
        return false;
    *m = r->messages[tail % MAP_RING_MESSAGES];
    atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
    return true;
}

#endif
