/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/filter.h"

#include "base/time.h"

#define HALVING_NS (5 * NS_PER_S)

/* The hash's lower half chose a bucket; bits of the upper half are left. */
static struct map_filter_cell *cell_of(struct map_filter *f, uint64_t hash)
{
    return &f->cells[hash >> 51];
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 16);
}

static void age(struct map_filter_cell *c, uint16_t period)
{
    const uint16_t n = (uint16_t)(period - c->period);

    if (n == 0)
        return;
    c->count = n < 8 ? (uint8_t)(c->count >> n) : 0;
    c->period = period;
    if (c->count <= MAP_FILTER_ENOUGH / 2)
        c->asked = 0;
}

/* A stranger takes one segment's worth with probability 2^-(count in segments). */
static bool gives_way(struct map_filter *f, struct map_filter_cell *c)
{
    const unsigned int strength = c->count / MAP_FILTER_SEGMENT;

    if (c->count == 0)
        return true;
    if (strength >= 32 || (random_u32(&f->random) & ((UINT32_C(1) << strength) - 1)) != 0)
        return false;
    c->count = c->count > MAP_FILTER_SEGMENT ? c->count - MAP_FILTER_SEGMENT : 0;
    return c->count == 0;
}

bool map_filter_count(struct map_filter *f, uint64_t hash, bool has_data, uint64_t now_ns)
{
    struct map_filter_cell *c = cell_of(f, hash);
    const unsigned int weight = has_data ? MAP_FILTER_SEGMENT : 1;

    age(c, (uint16_t)(now_ns / HALVING_NS));
    if (c->tag != tag_of(hash)) {
        if (!gives_way(f, c))
            return false;
        c->tag = tag_of(hash);
        c->count = 0;
        c->asked = 0;
    }
    c->count = c->count + weight < UINT8_MAX ? (uint8_t)(c->count + weight) : UINT8_MAX;
    if (c->count < MAP_FILTER_ENOUGH || c->asked != 0)
        return false;
    c->asked = 1;
    return true;
}

void map_filter_untold(struct map_filter *f, uint64_t hash)
{
    struct map_filter_cell *c = cell_of(f, hash);

    if (c->tag == tag_of(hash))
        c->asked = 0;
}
