/* SPDX-License-Identifier: BSD-3-Clause */
/* How coarse sources are told apart: the length of the longest route that covers an address, where
 * one is known, else the finest. IPv4 by one byte for each /24 (16 MiB), IPv6 by intervals of its
 * /48s with an index by 20 bits of 2000::/3.
 *
 * Made whole, and then not written to: any thread may read it. */
#ifndef MAP_GRAIN_H
#define MAP_GRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "expect/expect.h"
#include "map/key.h"

#define MAP_GRAIN_INDEX_BITS 20

struct map_grain {
    uint8_t *ipv4;    /* by the first 24 bits of the address */
    uint32_t *first;  /* 2^20 + 1: the interval that holds the first address of each part */
    uint64_t *starts; /* of the intervals of IPv6, by their first 48 bits */
    uint8_t *lengths; /* of the routes there */
    uint32_t n_intervals;
    size_t memory_bytes;
};

/* By the routes and the operator's own prefixes; `e` NULL: as fine as can be. The default route
 * makes nothing coarser. NULL when memory is short. */
struct map_grain *map_grain_create(const struct expectation *e);
void map_grain_destroy(struct map_grain *g);

/* map_grain_at() of IPv6. */
uint8_t map_grain_of_ipv6(const struct map_grain *g, uint64_t top);

/* The length, from 1 to map_finest(), by map_top_bits() of an address. */
static inline uint8_t map_grain_at(const struct map_grain *g, uint64_t top, bool is_ipv4)
{
    return is_ipv4 ? g->ipv4[top >> 24] : map_grain_of_ipv6(g, top);
}

#endif
