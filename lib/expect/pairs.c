/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "expect/builder.h"

static const uint64_t key[2] = {UINT64_C(0x51c7e02b9a64d38f), UINT64_C(0xb27f4d86139ae05c)};

static bool is_equal(const void *rows, uint32_t number, const void *wanted)
{
    return ((const uint64_t *)rows)[number] == *(const uint64_t *)wanted;
}

int expect_pairs_add(struct expect_pairs *pairs, uint32_t as, uint16_t ingress)
{
    uint64_t pair = (uint64_t)as << 16 | ingress, hash = hash_words(&pair, 1, key), *new;

    if (expect_index_find(&pairs->index, hash, is_equal, pairs->pairs, &pair) != UINT32_MAX)
        return 0;
    new = expect_grow((void **)&pairs->pairs, pairs->n, &pairs->room, sizeof(*new));
    if (new == NULL)
        return -ENOMEM;
    *new = pair;
    return expect_index_add(&pairs->index, hash, pairs->n++);
}

static int compare(const void *a, const void *b)
{
    const uint64_t *p = a, *q = b;

    return (*p > *q) - (*p < *q);
}

/* The index does not know them any more. */
void expect_pairs_sort(struct expect_pairs *pairs)
{
    expect_index_free(&pairs->index);
    if (pairs->n > 0)
        qsort(pairs->pairs, pairs->n, sizeof(*pairs->pairs), compare);
}

void expect_pairs_free(struct expect_pairs *pairs)
{
    free(pairs->pairs);
    expect_index_free(&pairs->index);
}
