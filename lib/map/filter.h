/* SPDX-License-Identifier: BSD-3-Clause */
/* Who sends enough to get an entry: eight TCP segments with data, or 64 packets, in some ten
 * seconds.
 *
 * A cell for many keys, held by one of them (HeavyKeeper: Yang et al., "HeavyKeeper: An Accurate
 * Algorithm for Finding Top-k Elephant Flows", ATC 2018, section 3). Who comes and is not the
 * holder takes from the holder's count, the less likely the greater that is: so what comes once or
 * twice, as random sources do, passes through at the bottom of the cells, however much of it there
 * is, and what keeps coming stays and grows. What is counted is halved every five seconds.
 *
 * One thread. */
#ifndef MAP_FILTER_H
#define MAP_FILTER_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"

#define MAP_FILTER_CELLS   8192
#define MAP_FILTER_ENOUGH  64 /* packets, of which a segment with data counts as eight */
#define MAP_FILTER_SEGMENT 8

struct map_filter_cell {
    uint32_t tag;
    uint16_t period; /* when it was halved last */
    uint8_t count;
    uint8_t asked; /* it was enough, and was told: not told again until it is half of that */
};
static_assert(sizeof(struct map_filter_cell) == 8, "64 KiB in all");

struct map_filter {
    struct map_filter_cell cells[MAP_FILTER_CELLS];
    struct random_source random;
};

/* A packet of the key with this hash. True: it is enough now, and somebody should be told. */
bool map_filter_count(struct map_filter *f, uint64_t hash, bool has_data, uint64_t now_ns);

/* Nobody could be told: it is to be told again. */
void map_filter_untold(struct map_filter *f, uint64_t hash);

#endif
