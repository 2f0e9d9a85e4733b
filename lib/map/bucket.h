/* SPDX-License-Identifier: BSD-3-Clause */
/* Budgets of drops per hour, as token buckets: of an ingress, an AS, a prefix.
 *
 * What a test may need is reserved before it begins, and what it did not need is given back. A
 * bucket holds half of the hour's budget and is filled with the other half in an hour; what is
 * reserved takes room in it. So at any time
 *     level + reserved <= half,
 * and as each drop was reserved before it was made, no hour has more drops than
 *     half (of then) + half (filled since) = the budget.
 *
 * One thread. Time is milliseconds of a clock that never goes back. Nothing is allocated. */
#ifndef MAP_BUCKET_H
#define MAP_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
    uint64_t level, reserved, depth; /* in BUCKET_UNITS */
    uint64_t at_ms;
    uint32_t per_hour; /* 0: no limit */
};

/* Of a drop, so that each millisecond brings `per_hour` of them. */
#define BUCKET_UNITS UINT64_C(7200000)

/* A full one. `least_drops`: it holds as much at least, so that a test can begin at all; for shares
 * of a budget, where the promise is one of the long run. 0 for the promise above. */
void bucket_init(struct bucket *b, uint32_t per_hour, uint32_t least_drops, uint64_t now_ms);

/* Another budget from now on; what was used of the old one is used of the new one. */
void bucket_limit(struct bucket *b, uint32_t per_hour, uint32_t least_drops);

/* To be called before anything else at that time. */
void bucket_advance(struct bucket *b, uint64_t now_ms);

/* Whole drops that may be reserved now; UINT32_MAX without limit. */
uint32_t bucket_left(const struct bucket *b);

/* All of n, or nothing. */
bool bucket_reserve(struct bucket *b, uint32_t n);
/* Of n that were reserved, so many were made: at most n. */
void bucket_settle(struct bucket *b, uint32_t n, uint32_t n_made);

/* As it was at the beginning: forgetting it loses nothing. */
bool bucket_is_full(const struct bucket *b);

/* Whose bucket it is. Compared whole. */
struct bucket_key {
    uint64_t words[3];
};

struct bucket_table;

/* `n` rows at most, a power of two of at least 16; `secret` from getrandom(2). NULL when memory is
 * short. */
struct bucket_table *bucket_table_create(uint32_t n, const uint64_t secret[2]);
void bucket_table_destroy(struct bucket_table *t); /* NULL is allowed */

/* The bucket of a key, with this budget and advanced to now; a full one when it had none. NULL:
 * there is no room, since all rows that it could have are in use by others. It stays where it is
 * until it is full again. */
struct bucket *bucket_table_get(struct bucket_table *t, const struct bucket_key *key,
                                uint32_t per_hour, uint64_t now_ms);

#endif
