/* SPDX-License-Identifier: BSD-3-Clause */
/* Buckets of one cache line; a unit is in the bucket that its identity says, or nowhere. So a look
 * costs one line, and what has no room is decided by who came before within UNIT_MEMORY_MS. */
#include <assert.h>
#include <stdalign.h>
#include <string.h>

#include "base/compiler.h"
#include "unit/unit.h"

enum { UNITS_PER_BUCKET = 4 };

/* So many for each unit asked for. Of as many units as were asked for, one in 27 then finds its
 * bucket full: of N in a bucket, Poisson of mean 2, the mean of max(N - 4, 0) is 0.075. */
#define PLACES_PER_UNIT 2

static const uint64_t seen_mask = (UINT64_C(1) << 36) - 1;

struct bucket {
    alignas(CACHE_LINE_BYTES) struct unit units[UNITS_PER_BUCKET];
};
static_assert(sizeof(struct unit) == 16 && sizeof(struct bucket) == CACHE_LINE_BYTES, "one line");

struct unit_table {
    alignas(CACHE_LINE_BYTES) uint64_t key[2];
    uint64_t n_without_room;
    uint32_t n_buckets;
    struct bucket buckets[];
};

/* RFC 6298 5: a SYN comes again after 1 s, then after 2 s more; RFC 9002 6.2.2: a first flight
 * after about 1 s, then after twice that. Each timeout has room for the second time, as the first
 * may be lost. */
static const struct unit_rule rules[UNIT_N_KINDS] = {
    [UNIT_HANDSHAKE] = {.name = "handshake",
                        .quiet_ms = 200,
                        .timeout_ms = 3500,
                        .most_dropped = 1},
    [UNIT_QUIC] = {.name = "quic", .quiet_ms = 100, .timeout_ms = 3000, .most_dropped = 4},
};

const struct unit_rule *unit_rule_of(enum unit_kind kind)
{
    return (unsigned int)kind < UNIT_N_KINDS ? &rules[kind] : NULL;
}

static uint32_t n_buckets_for(uint32_t n_units)
{
    return (uint32_t)(((uint64_t)n_units * PLACES_PER_UNIT + UNITS_PER_BUCKET - 1) /
                      UNITS_PER_BUCKET);
}

size_t unit_table_memory_bytes(uint32_t n_units)
{
    return sizeof(struct unit_table) + n_buckets_for(n_units) * sizeof(struct bucket);
}

struct unit_table *unit_table_init(void *memory, size_t n_bytes, uint32_t n_units,
                                   const uint64_t key[2])
{
    struct unit_table *t = memory;

    if (memory == NULL || n_units == 0 || n_bytes < unit_table_memory_bytes(n_units))
        return NULL;
    memset(memory, 0, unit_table_memory_bytes(n_units));
    t->key[0] = key[0];
    t->key[1] = key[1];
    t->n_buckets = n_buckets_for(n_units);
    return t;
}

const uint64_t *unit_table_key(const struct unit_table *t)
{
    return t->key;
}

/* The upper half chooses, multiplied into range. */
static uint32_t bucket_of(const struct unit_table *t, uint64_t identity)
{
    return (uint32_t)((identity >> 32) * t->n_buckets >> 32);
}

void unit_table_ask(const struct unit_table *t, uint64_t identity)
{
    prefetch_line(&t->buckets[bucket_of(t, identity)]);
}

uint64_t unit_age_ms(const struct unit *u, uint64_t now_ms)
{
    uint64_t age = (now_ms - u->seen_ms) & seen_mask;

    return age > seen_mask / 2 ? 0 : age;
}

static bool is_remembered(const struct unit *u, uint64_t now_ms)
{
    return u->is_used && unit_age_ms(u, now_ms) < UNIT_MEMORY_MS;
}

static enum unit_sight see_again(struct unit *u, enum unit_kind kind, uint64_t now_ms)
{
    if (unit_age_ms(u, now_ms) < rules[kind].quiet_ms)
        return UNIT_FLIGHT;
    if (u->was_repeated)
        return UNIT_AGAIN;
    u->was_repeated = 1;
    return UNIT_REPEATED;
}

enum unit_sight unit_table_see(struct unit_table *t, enum unit_kind kind, uint64_t identity,
                               uint64_t now_ms, struct unit **unit)
{
    struct unit *units = t->buckets[bucket_of(t, identity)].units, *place = NULL;

    for (unsigned int i = 0; i < UNITS_PER_BUCKET; i++) {
        if (!is_remembered(&units[i], now_ms)) {
            place = place == NULL ? &units[i] : place;
        } else if (units[i].identity == identity) {
            *unit = &units[i];
            return see_again(&units[i], kind, now_ms);
        }
    }
    *unit = place;
    if (place == NULL) {
        t->n_without_room++;
        return UNIT_NO_ROOM;
    }
    *place = (struct unit){.identity = identity, .seen_ms = now_ms & seen_mask, .is_used = 1};
    return UNIT_FIRST;
}

uint64_t unit_table_n_without_room(const struct unit_table *t)
{
    return t->n_without_room;
}
