/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of a window when it is over: the workers' lanes are put together, told as one
 * result, and cleared. One thread, the manager's; a little in each of its turns.
 *
 * Windows tumble on the wall clock: they end at its multiples of their length. One that is shorter
 * is told as short: the first one, and where the clock was set, the one in which it was and, if
 * that had to end at once, the next one. When the last window is not cleared yet at a boundary, the
 * one that is counted lasts on until it is; that is counted, too.
 *
 * What is put together is a union: sources that several workers saw count once, by the sets when no
 * worker's was full and the union fits into one, else by the greatest register of their sketches.
 */
#ifndef SOURCES_KEEPER_H
#define SOURCES_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "sources/window.h"

struct sources_cell_count {
    int32_t port; /* -1: all that got no place of their own */
    bool is_udp, is_ipv6;
    uint64_t sources, packets;
    uint64_t n_new; /* that were not in the window before; valid with has_new */
};

struct sources_result {
    uint64_t number;            /* of windows that ended, from 1 */
    int64_t began_ns, ended_ns; /* CLOCK_REALTIME */
    bool is_short;              /* not of the whole length */
    bool is_estimate;           /* numbers of sources are, with this standard error */
    double error;               /* of the estimates, as a part of them */
    bool has_new;
    double all, pairs; /* estimates: sources whatever the port, and pairs of source and port */
    struct sources_counters counters;
    uint32_t n_cells;
    struct sources_cell_count *cells; /* those with packets */
};

struct sources_time {
    int64_t wall_ns; /* CLOCK_REALTIME */
    uint64_t now_ns; /* CLOCK_MONOTONIC */
};

/* Why a window ended before its time, or after it. */
struct sources_keeper_counters {
    uint64_t windows, short_windows;
    uint64_t late;       /* windows that lasted on, since the one before was not cleared yet */
    uint64_t clock_sets; /* times that the wall clock was set */
};

struct sources_keeper;

/* Takes all memory that it ever needs. `s` and the lanes outlive it; workers may count already.
 * `shows_short`: results of short windows take the place of whole ones. NULL with errno. */
struct sources_keeper *sources_keeper_create(struct sources *s, struct sources_lane *const *lanes,
                                             uint32_t n_lanes, const struct sources_time *t,
                                             bool shows_short);
void sources_keeper_destroy(struct sources_keeper *k);
size_t sources_keeper_memory_bytes(const struct sources_plan *plan);

/* Begins another window when it is time, under a new key from getrandom(2). True: it did; what no
 * worker looks at any more is for the caller to find out, who then calls sources_keeper_left(). */
bool sources_keeper_turn(struct sources_keeper *k, const struct sources_time *t,
                         const uint64_t key[2]);

/* The same at any time: at the end, the window counts as short. False while the last one is not
 * cleared. */
bool sources_keeper_end(struct sources_keeper *k, const struct sources_time *t,
                        const uint64_t key[2]);

/* When the window that is counted ends, if no clock is set. */
int64_t sources_keeper_next_ns(const struct sources_keeper *k);

/* For times of recordings: nothing was counted in this window yet, and it begins now. */
void sources_keeper_skip(struct sources_keeper *k, const struct sources_time *t);

/* Every worker has begun a burst since the window ended. */
void sources_keeper_left(struct sources_keeper *k);

/* Puts together and clears, with about so many steps. True: a result came of it. */
bool sources_keeper_work(struct sources_keeper *k, uint32_t n_steps);

/* Of the last window that is shown; NULL: none yet. Stays until the next result. */
const struct sources_result *sources_keeper_result(const struct sources_keeper *k);

/* Of the last window that ended, short or not; NULL: none yet. */
const struct sources_result *sources_keeper_latest(const struct sources_keeper *k);

struct sources_keeper_counters sources_keeper_counters(const struct sources_keeper *k);

/* A source of the window that is shown, in no order. */
struct sources_seen {
    struct ip_address source;
    int32_t port;
    bool is_udp, is_ipv6;
};

/* How many sources are held of it: all when nothing is estimated, else the first that came. */
uint32_t sources_keeper_n_seen(const struct sources_keeper *k);
struct sources_seen sources_keeper_seen(const struct sources_keeper *k, uint32_t i);

#endif
