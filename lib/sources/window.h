/* SPDX-License-Identifier: BSD-3-Clause */
/* Counting: what workers write down of a window.
 *
 * There are two windows, one that workers count in and one that the keeper (sources/keeper.h) puts
 * together and clears meanwhile; each worker has a *lane* in both. A burst is counted in one of
 * them, the one that was current when it began: so a packet at the boundary counts once.
 *
 * A source counts once a cell: the set knows those that were seen already, and what is new goes to
 * the sketches, too, which therefore always hold all of them. When the set is full, only the
 * sketches are asked from then on.
 *
 * The key of the hash is drawn for each window and never shown: who sends can choose addresses, but
 * what they do to a sketch he learns when they do not do it any more. */
#ifndef SOURCES_WINDOW_H
#define SOURCES_WINDOW_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"
#include "sources/directory.h"
#include "sources/plan.h"
#include "sources/set.h"
#include "sources/sketch.h"

/* Packets of a burst. */
#define SOURCES_MOST_PACKETS 64

/* X(field, "name", "help"): of the packets of a window, those that were or were not counted. */
#define SOURCES_COUNTERS(X)                                                                        \
    X(counted, "counted", "of TCP and UDP, of ports that are counted")                             \
    X(other_port, "other_port", "of ports that are not listed")                                    \
    X(other_protocol, "other_protocol", "of other protocols, or not readable")                     \
    X(later_fragments, "later_fragments", "fragments that tell no port: their first one counts")   \
    X(other_destination, "other_destination", "to destinations that are not asked for")            \
    X(local, "local", "of local sources, which are hidden")

struct sources_counters {
#define X(field, name, help) uint64_t field;
    SOURCES_COUNTERS(X)
#undef X
};

/* Shared by the workers; its directory alone is written by them. */
struct sources_window {
    uint64_t key[2];
    struct sources_directory directory;
};

/* One worker's part of a window. The worker writes while the window is current, the keeper when no
 * worker looks any more. */
struct sources_lane_window {
    struct sources_set set;
    struct sources_counters counters;
    uint64_t is_full;  /* a source was left out of the set */
    uint64_t *packets; /* by cells */
    uint8_t
        *sketches; /* one after the other, by cells; then that of all sources, and of all pairs */
};

struct sources_lane {
    struct sources_lane_window windows[2];
};

/* One thing to count. The plan is constant. */
struct sources {
    struct sources_plan plan;
    alignas(CACHE_LINE_BYTES) _Atomic uint32_t current; /* the keeper writes, workers read */
    alignas(CACHE_LINE_BYTES) struct sources_window windows[2];
};

/* In zeroed memory of these sizes, aligned to a cache line; the caller's. `key`: of the first
 * window, from getrandom(2). Nothing is said of a plan that is none: it was checked before. */
struct sources *sources_init(void *memory, const struct sources_plan *plan, const uint64_t key[2]);
size_t sources_lane_memory_bytes(const struct sources_plan *plan);
struct sources_lane *sources_lane_init(void *memory, const struct sources_plan *plan);

/* The sketches of a lane that are of no cell. */
enum { SOURCES_SKETCH_OF_ALL, SOURCES_SKETCH_OF_PAIRS, SOURCES_N_SKETCHES };

static inline uint8_t *sources_sketch_of_cell(const struct sources_plan *p,
                                              const struct sources_lane_window *w, uint32_t cell)
{
    return w->sketches + (size_t)cell * sources_sketch_bytes(p->precision);
}

static inline uint8_t *sources_sketch_of(const struct sources_plan *p,
                                         const struct sources_lane_window *w, uint32_t which)
{
    return sources_sketch_of_cell(p, w, sources_n_cells(p) + which);
}

/* The hash of a source in a window. */
uint64_t sources_hash(const struct sources_window *w, const struct ip_address *source);

/* Counts packets of a burst: of `views`, those whose bit is set in `which`. The lane's worker. */
void sources_count(struct sources *s, struct sources_lane *lane, const struct packet_view *views,
                   uint64_t which);

#endif
