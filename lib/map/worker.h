/* SPDX-License-Identifier: BSD-3-Clause */
/* The worker's side of the map: a row of 32 bytes for each entry, written by this worker alone,
 * and what it tells the manager (map/ring.h). It allocates nothing, and waits for nobody.
 *
 * A packet is looked up as coarse as its route is; where there is no such entry, which is so where
 * no route leads here, as fine as can be. What has no entry is counted by its place, and asks for
 * one when it sends enough (map/filter.h), at most so often in 10 ms. */
#ifndef MAP_WORKER_H
#define MAP_WORKER_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "map/directory.h"
#include "map/filter.h"
#include "map/grain.h"
#include "map/ring.h"
#include "packet/packet.h"

/* Places, with a name or met: see map/places.h. */
#define MAP_MOST_PLACES 5120

#define MAP_WORKER_BURST 64

/* One packet in so many is sampled, and all while fewer than half of the messages are used up. */
#define MAP_SAMPLING 64

/* Counts since the slot was made, over all entries that it had. */
struct map_row {
    _Atomic uint64_t packets, bytes;
    _Atomic uint64_t payload_segments;
    _Atomic uint64_t last_ns;
};
static_assert(sizeof(struct map_row) == 32, "a budget of memory is printed");

/* What came of no entry. */
struct map_stray {
    _Atomic uint64_t packets, bytes;
};

/* X(name, help) */
#define MAP_WORKER_COUNTERS(X)                                                                     \
    X(packets, "packets that the map looked at")                                                   \
    X(mapped, "of those: counted in an entry")                                                     \
    X(stray, "of those: of no entry, counted by their ingress")                                    \
    X(no_ip, "of those: no IP packet")                                                             \
    X(no_place, "of those: came in where the map has no place yet, or none is left")               \
    X(asks, "sources that sent enough for an entry, and asked for one")                            \
    X(asks_held_back, "of those that wanted to ask: told later, as too many asked at once")        \
    X(samples, "packets told to the manager, for destinations and addresses")

struct map_worker_counters {
#define X(name, help) _Atomic uint64_t name;
    MAP_WORKER_COUNTERS(X)
#undef X
};

/* What all workers share. The manager writes. */
struct map_shared {
    struct map_directory directory;
    uint64_t secret[2];
    uint32_t n_entries;
    uint32_t asks_per_period;    /* of one worker, in ten milliseconds */
    uint32_t samples_per_period; /* likewise, and as many strays */
    alignas(CACHE_LINE_BYTES) _Atomic(const struct map_grain *) grain;
    /* By the numbers of lib/ingress: the place, or MAP_NO_INGRESS. */
    alignas(CACHE_LINE_BYTES) _Atomic uint16_t place_of[UINT16_MAX + 1];
};

struct map_worker {
    const struct map_shared *shared;
    struct map_row *rows;     /* by slot */
    struct map_stray *strays; /* by place */
    struct map_worker_counters counters;
    /* The worker's own. */
    alignas(CACHE_LINE_BYTES) const struct map_grain *grain; /* in this turn */
    uint64_t now_ns, period_began_ns;
    uint32_t asks_left, samples_left, strays_left;
    uint32_t n_until_sample;
    struct map_ring ring;
    struct map_filter filter;
};

/* Packets side by side. */
struct map_burst {
    const struct packet_view *views;
    const uint16_t *ingresses; /* numbers of lib/ingress */
    const uint32_t *n_bytes;   /* of the frames */
    unsigned int n;            /* at most MAP_WORKER_BURST */
};

/* At the beginning of a turn of the worker's loop. What it met before, it knows no more. */
void map_worker_begin(struct map_worker *w, uint64_t now_ns);

/* Counts packets. */
void map_worker_count(struct map_worker *w, const struct map_burst *burst);

#endif
