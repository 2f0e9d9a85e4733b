/* SPDX-License-Identifier: BSD-3-Clause */
/* Which sources were seen in which cell, exactly: open addressing with the whole key in each place.
 * What is of an earlier window counts as empty, so nothing needs to be cleared between windows. */
#ifndef SOURCES_SET_H
#define SOURCES_SET_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/compiler.h"

struct sources_entry {
    struct ip_address source;
    uint64_t hash; /* of the source alone, keyed */
    uint32_t stamp;
    uint16_t cell; /* sources/cells.h */
    uint16_t zero;
};
static_assert(sizeof(struct sources_entry) == 32, "two in a cache line, none across");

struct sources_set {
    struct sources_entry *entries; /* n_places of them */
    uint32_t *order;               /* the places that are taken, as they were */
    uint32_t n_places, n_most, n;
    uint32_t stamp; /* of this window; never 0 */
};

enum sources_added { SOURCES_KNOWN, SOURCES_ADDED, SOURCES_NO_ROOM };

/* Two fifths of the places stay free, so that a search is short. */
static inline uint32_t sources_set_places(uint32_t n_most)
{
    return n_most + n_most / 3 * 2 + 2;
}

static inline size_t sources_set_memory_bytes(uint32_t n_most)
{
    return sources_set_places(n_most) * sizeof(struct sources_entry) +
           (n_most * sizeof(uint32_t) + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
}

/* In zeroed memory of that size, aligned to a cache line. */
static inline struct sources_set sources_set_init(void *memory, uint32_t n_most)
{
    struct sources_set s = {
        .entries = memory, .n_places = sources_set_places(n_most), .n_most = n_most, .stamp = 1};

    s.order = (uint32_t *)(void *)(s.entries + s.n_places);
    return s;
}

static inline void sources_set_empty(struct sources_set *s)
{
    s->n = 0;
    s->stamp++;
}

/* The hash is of the source; the product spreads its cells. */
static inline uint32_t sources_set_place(const struct sources_set *s, uint64_t hash, uint16_t cell)
{
    const uint64_t h = hash + cell * UINT64_C(0x9e3779b97f4a7c15);

    return (uint32_t)((h >> 32) * s->n_places >> 32);
}

static inline bool sources_entry_is(const struct sources_entry *e, const struct ip_address *source,
                                    uint16_t cell)
{
    const uint8_t *a = e->source.bytes, *b = source->bytes;

    return ((load_word(a) ^ load_word(b)) | (load_word(a + 8) ^ load_word(b + 8))) == 0 &&
           e->cell == cell;
}

/* NULL: it is not there, and *place is where it would be. */
static inline const struct sources_entry *sources_set_find(const struct sources_set *s,
                                                           const struct ip_address *source,
                                                           uint64_t hash, uint16_t cell,
                                                           uint32_t *place)
{
    uint32_t at = sources_set_place(s, hash, cell);

    for (;; at = at + 1 < s->n_places ? at + 1 : 0) {
        const struct sources_entry *e = &s->entries[at];

        if (e->stamp != s->stamp) {
            *place = at;
            return NULL;
        }
        if (sources_entry_is(e, source, cell))
            return e;
    }
}

static inline enum sources_added sources_set_add(struct sources_set *s,
                                                 const struct ip_address *source, uint64_t hash,
                                                 uint16_t cell)
{
    uint32_t place;

    if (sources_set_find(s, source, hash, cell, &place) != NULL)
        return SOURCES_KNOWN;
    if (s->n == s->n_most)
        return SOURCES_NO_ROOM;
    s->entries[place] = (struct sources_entry){*source, hash, s->stamp, cell, 0};
    s->order[s->n++] = place;
    return SOURCES_ADDED;
}

#endif
