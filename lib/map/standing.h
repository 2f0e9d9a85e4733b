/* SPDX-License-Identifier: BSD-3-Clause */
/* How many entries stand where, and what they send: by ingress, grade and reality. Entries are read
 * in turn, so this is of the last time that all of them were, some ten seconds ago. */
#ifndef MAP_STANDING_H
#define MAP_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "expect/expect.h"
#include "map/entry.h"

struct map_stood {
    uint32_t entries;
    float packets_per_s, bytes_per_s; /* of the last ten seconds */
};

/* Of one ingress. */
struct map_stand {
    struct map_stood cells[EXPECT_N_GRADES][MAP_N_REALITIES];
};

struct map_standing {
    struct map_stand *whole, *gathering; /* by number of the place */
};

size_t map_standing_bytes(uint32_t n_places);

/* False: memory is short, and map_standing_free() frees what there is. */
bool map_standing_init(struct map_standing *s, uint32_t n_places);
void map_standing_free(struct map_standing *s);

/* An entry that lives, once in each round; then the round is whole. */
void map_standing_add(struct map_standing *s, const struct map_entry *e);
void map_standing_end_round(struct map_standing *s, uint32_t n_places);

#endif
