/* SPDX-License-Identifier: BSD-3-Clause */
/* A hash over rows that lie elsewhere: it knows their numbers, whoever asks compares the rows. It
 * grows as it must. Internal to the library. */
#ifndef EXPECT_INDEX_H
#define EXPECT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct expect_slot {
    uint32_t hash;
    uint32_t number_plus_1; /* 0: free */
};

/* Zeroed: empty. */
struct expect_index {
    struct expect_slot *slots;
    uint32_t n_slots, n;
};

typedef bool (*expect_equal)(const void *rows, uint32_t number, const void *wanted);

/* The number of an equal row; UINT32_MAX. */
uint32_t expect_index_find(const struct expect_index *index, uint64_t hash, expect_equal equal,
                           const void *rows, const void *wanted);

/* Of a row that is not there yet. 0, -ENOMEM. */
int expect_index_add(struct expect_index *index, uint64_t hash, uint32_t number);

void expect_index_free(struct expect_index *index);

/* A growing array: room for one more behind *items, which has n. NULL when memory is short. */
void *expect_grow(void **items, uint32_t n, uint32_t *room, size_t item_bytes);

#endif
