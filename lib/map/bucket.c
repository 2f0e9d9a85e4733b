/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/bucket.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* Rows that a key may have, beginning with that of its hash. */
#define WINDOW 16

#define MS_PER_HOUR UINT64_C(3600000)

static uint64_t depth_of(uint32_t per_hour, uint32_t least_drops)
{
    const uint64_t half = per_hour * MS_PER_HOUR, least = least_drops * BUCKET_UNITS;

    return half > least ? half : least;
}

static uint64_t room(const struct bucket *b)
{
    return b->depth > b->level + b->reserved ? b->depth - b->level - b->reserved : 0;
}

void bucket_init(struct bucket *b, uint32_t per_hour, uint32_t least_drops, uint64_t now_ms)
{
    *b = (struct bucket){.per_hour = per_hour, .at_ms = now_ms};
    b->depth = depth_of(per_hour, least_drops);
    b->level = b->depth;
}

void bucket_limit(struct bucket *b, uint32_t per_hour, uint32_t least_drops)
{
    const uint64_t used = b->depth - b->level;

    b->per_hour = per_hour;
    b->depth = depth_of(per_hour, least_drops);
    b->level = b->depth > used ? b->depth - used : 0;
}

void bucket_advance(struct bucket *b, uint64_t now_ms)
{
    const uint64_t passed_ms = now_ms > b->at_ms ? now_ms - b->at_ms : 0, left = room(b);

    b->at_ms += passed_ms;
    if (b->per_hour != 0)
        b->level += passed_ms > left / b->per_hour ? left : passed_ms * b->per_hour;
}

uint32_t bucket_left(const struct bucket *b)
{
    return b->per_hour == 0 ? UINT32_MAX : (uint32_t)(b->level / BUCKET_UNITS);
}

bool bucket_reserve(struct bucket *b, uint32_t n)
{
    const uint64_t units = n * BUCKET_UNITS;

    if (b->per_hour == 0)
        return true;
    if (units > b->level)
        return false;
    b->level -= units;
    b->reserved += units;
    return true;
}

void bucket_settle(struct bucket *b, uint32_t n, uint32_t n_made)
{
    uint64_t units = n * BUCKET_UNITS, back = (n - n_made) * BUCKET_UNITS;

    /* What was reserved while there was no limit is not known here. */
    if (units > b->reserved)
        units = b->reserved;
    b->reserved -= units;
    if (back > units)
        back = units;
    b->level += back < room(b) ? back : room(b);
}

bool bucket_is_full(const struct bucket *b)
{
    return b->reserved == 0 && b->level == b->depth;
}

struct row {
    struct bucket_key key;
    struct bucket bucket;
    bool is_used;
};

struct bucket_table {
    uint64_t secret[2];
    uint32_t mask;
    struct row rows[];
};

struct bucket_table *bucket_table_create(uint32_t n, const uint64_t secret[2])
{
    struct bucket_table *t = calloc(1, sizeof(*t) + n * sizeof(t->rows[0]));

    if (t == NULL)
        return NULL;
    memcpy(t->secret, secret, sizeof(t->secret));
    t->mask = n - 1;
    return t;
}

void bucket_table_destroy(struct bucket_table *t)
{
    free(t);
}

struct bucket *bucket_table_get(struct bucket_table *t, const struct bucket_key *key,
                                uint32_t per_hour, uint64_t now_ms)
{
    const uint64_t hash = hash_words(key->words, 3, t->secret);
    struct row *vacant = NULL;

    for (uint32_t i = 0; i < WINDOW; i++) {
        struct row *row = &t->rows[(hash + i) & t->mask];

        if (row->is_used)
            bucket_advance(&row->bucket, now_ms);
        if (row->is_used && memcmp(&row->key, key, sizeof(*key)) == 0) {
            if (row->bucket.per_hour != per_hour)
                bucket_limit(&row->bucket, per_hour, 0);
            return &row->bucket;
        }
        if (vacant == NULL && (!row->is_used || bucket_is_full(&row->bucket)))
            vacant = row;
    }
    if (vacant == NULL)
        return NULL;
    *vacant = (struct row){.key = *key, .is_used = true};
    bucket_init(&vacant->bucket, per_hour, 0, now_ms);
    return &vacant->bucket;
}
