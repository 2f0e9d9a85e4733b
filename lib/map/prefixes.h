/* SPDX-License-Identifier: BSD-3-Clause */
/* By which ingress a prefix mostly comes in: the dominant one.
 *
 * Looked at once a minute, by what came in that minute: 80 % of it make an ingress dominant, less
 * than 50 % unmake it, and between the two nothing changes. Several with equal shares (each at
 * least 9.5 %, no two further apart than 5 %) are a bundle and count as the first of them, as IPD
 * has it ("Detecting Traffic Ingress Points at ISPs", SIGCOMM 2024). Where somebody is known to be
 * genuine, only what is genuine counts, so that spoofed traffic moves nothing. */
#ifndef MAP_PREFIXES_H
#define MAP_PREFIXES_H

#include <stdbool.h>
#include <stdint.h>

#include "map/key.h"

#define MAP_WINDOW_NS UINT64_C(60000000000)

#define MAP_DOMINANT_MAKES   0.80
#define MAP_DOMINANT_UNMAKES 0.50
#define MAP_BUNDLE_LEAST     0.095
#define MAP_BUNDLE_APART     0.05

/* Ingresses of one prefix that are looked at; more carry next to nothing. */
#define MAP_MOST_SHARES 32

struct map_share {
    uint16_t ingress;
    double bytes; /* that count */
};

struct map_dominance {
    uint16_t ingress; /* MAP_NO_INGRESS: none */
    uint8_t n_bundle; /* how many count as it; 0: none */
    float share;      /* of what came in the latest window that had any */
};

/* The next state after a window. `shares` may be put in another order. */
struct map_dominance map_dominance_next(struct map_dominance now, struct map_share *shares,
                                        unsigned int n);

/* A prefix that has entries. */
struct map_prefix {
    struct map_packed key; /* with ingress 0 */
    uint32_t next;         /* of its bucket */
    uint32_t first;        /* entry, MAP_NO_SLOT: free */
    struct map_dominance dominant;
    uint64_t since_ns; /* it is dominant */
    uint64_t window_began_ns;
};

/* By chains of numbers, which begin at 1. */
struct map_prefixes {
    struct map_prefix *rows;
    uint32_t *buckets;
    uint32_t mask, first_free;
};

/* Room for so many. 0, -ENOMEM. */
int map_prefixes_init(struct map_prefixes *p, uint32_t n);
void map_prefixes_free(struct map_prefixes *p);

/* The row of a key (whatever its ingress); NULL: none. */
struct map_prefix *map_prefixes_find(const struct map_prefixes *p, const struct map_packed *key,
                                     const uint64_t secret[2]);
/* The same, made if it is not there; there is room for each that has an entry. */
struct map_prefix *map_prefixes_find_or_add(struct map_prefixes *p, const struct map_packed *key,
                                            const uint64_t secret[2], uint64_t now_ns);
/* It has no entry left. */
void map_prefixes_remove(struct map_prefixes *p, struct map_prefix *row, const uint64_t secret[2]);

#endif
