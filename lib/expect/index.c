/* SPDX-License-Identifier: BSD-3-Clause */
/* Open addressing with linear probing, at most half full. */
#include "expect/index.h"

#include <errno.h>
#include <stdlib.h>

#define LEAST_SLOTS 1024u

uint32_t expect_index_find(const struct expect_index *index, uint64_t hash, expect_equal equal,
                           const void *rows, const void *wanted)
{
    uint32_t mask = index->n_slots - 1;

    if (index->n_slots == 0)
        return UINT32_MAX;
    for (uint32_t i = (uint32_t)hash & mask;; i = (i + 1) & mask) {
        const struct expect_slot *slot = &index->slots[i];

        if (slot->number_plus_1 == 0)
            return UINT32_MAX;
        if (slot->hash == (uint32_t)hash && equal(rows, slot->number_plus_1 - 1, wanted))
            return slot->number_plus_1 - 1;
    }
}

static void put(struct expect_slot *slots, uint32_t n_slots, struct expect_slot what)
{
    uint32_t i = what.hash & (n_slots - 1);

    while (slots[i].number_plus_1 != 0)
        i = (i + 1) & (n_slots - 1);
    slots[i] = what;
}

static int grow(struct expect_index *index)
{
    uint32_t n_slots = index->n_slots > 0 ? 2 * index->n_slots : LEAST_SLOTS;
    struct expect_slot *slots = n_slots > 0 ? calloc(n_slots, sizeof(*slots)) : NULL;

    if (slots == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < index->n_slots; i++)
        if (index->slots[i].number_plus_1 != 0)
            put(slots, n_slots, index->slots[i]);
    free(index->slots);
    index->slots = slots;
    index->n_slots = n_slots;
    return 0;
}

int expect_index_add(struct expect_index *index, uint64_t hash, uint32_t number)
{
    if (2 * (uint64_t)index->n >= index->n_slots && grow(index) != 0)
        return -ENOMEM;
    put(index->slots, index->n_slots, (struct expect_slot){(uint32_t)hash, number + 1});
    index->n++;
    return 0;
}

void expect_index_free(struct expect_index *index)
{
    free(index->slots);
    *index = (struct expect_index){0};
}

void *expect_grow(void **items, uint32_t n, uint32_t *room, size_t item_bytes)
{
    if (n == *room) {
        uint32_t larger = *room > 0 ? 2 * *room : 64;
        void *grown = larger > *room ? realloc(*items, larger * item_bytes) : NULL;

        if (grown == NULL)
            return NULL;
        *items = grown;
        *room = larger;
    }
    return (char *)*items + n * item_bytes;
}
