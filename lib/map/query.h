/* SPDX-License-Identifier: BSD-3-Clause */
/* Which entries somebody wants to see. A table may have a million of them, so it is gone through in
 * parts: each answer says where the next one begins. */
#ifndef MAP_QUERY_H
#define MAP_QUERY_H

#include "map/map.h"

/* Slots that are looked at for one answer: a few milliseconds. */
#define MAP_QUERY_SLOTS 16384

struct map_query {
    uint16_t ingress; /* MAP_NO_INGRESS: any */
    uint32_t as;      /* 0: any */
    bool has_prefix;
    struct ip_prefix prefix; /* what lies in it, and what it lies in */
    bool unexpected;         /* only what is unexpected, unrouted or a bogon */
    int reality;             /* enum map_reality_state; -1: any */
    uint64_t since_ns;       /* only what was seen since then */
};

/* Of everything. */
struct map_query map_query_all(void);

bool map_query_matches(const struct map_query *q, const struct map_entry *e);

/* Slots that match, from `after` on: at most `most` into `slots`. Returns their number; *next is
 * where to go on, MAP_NO_SLOT when all was gone through. */
uint32_t map_query_run(const struct map *m, const struct map_query *q, uint32_t after,
                       uint32_t *slots, uint32_t most, uint32_t *next);

#endif
