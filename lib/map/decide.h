/* SPDX-License-Identifier: BSD-3-Clause */
/* Goes round the map, and lets the scheduler and the alarms decide on each entry: all of them in
 * ten seconds. What a test found is written to its entry, which is looked at again at once.
 *
 * One thread, that of the map, of the scheduler and of the alarms, which the caller owns. */
#ifndef MAP_DECIDE_H
#define MAP_DECIDE_H

#include "map/alarms.h"
#include "map/map.h"
#include "map/schedule.h"

/* Changes of the dominant ingress that are so (an alarm of them is up) for so long. */
#define DECIDE_CHANGE_S     600
#define DECIDE_MOST_CHANGES 16384

struct decide;

struct decide_config {
    struct map *map;
    struct schedule *schedule; /* NULL: no test is ever picked */
    struct alarms *alarms;     /* NULL: no alarm */
    const struct ip_prefix *own;
    uint32_t n_own;
    /* Can packets that come in there be dropped? */
    bool (*is_forwarded)(void *context, uint16_t place);
    void *context;
};

/* NULL when memory is short. What `config` points to outlives it, or decide_follow(). */
struct decide *decide_create(const struct decide_config *config);
void decide_destroy(struct decide *d); /* NULL is allowed */
/* Another configuration, of the same map. */
void decide_follow(struct decide *d, const struct decide_config *config);

/* A change of the map, as map_next_change() gave it. */
void decide_hear(struct decide *d, const struct map_change *change, uint64_t now_ns);

/* About every 10 ms: some of the entries; each second what is not of an entry. */
void decide_turn(struct decide *d, uint64_t now_ns);

/* What is expected is old, or is not any more. */
void decide_set_stale(struct decide *d, bool is_stale);

/* What a test of an entry ended with. MAP_UNTESTED: it could not begin, and is tried again after
 * ten minutes. False: the entry is another one's by now. */
struct decide_outcome {
    uint32_t slot, generation;
    enum map_reality_state state;
    uint32_t test;
    uint16_t n_drops, n_repaired;
    float log10_evidence;
};
bool decide_take(struct decide *d, const struct decide_outcome *outcome, uint64_t now_ns);

#endif
