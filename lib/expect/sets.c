/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "expect/builder.h"

/* Nobody chooses sets to collide but who writes the tables, and then it only takes longer. */
static const uint64_t key[2] = {UINT64_C(0x8f3a1c5d2b7e4906), UINT64_C(0x64d1b9e37a2c5f08)};

static bool is_less(const struct expect_member *a, const struct expect_member *b)
{
    return a->sender != b->sender ? a->sender < b->sender : a->origin < b->origin;
}

static int compare(const void *a, const void *b)
{
    const struct expect_member *p = a, *q = b;

    return is_less(q, p) - is_less(p, q);
}

uint32_t expect_members_sort(struct expect_member *members, uint32_t n)
{
    uint32_t n_left = 0;

    /* Tables mostly have them in order. */
    for (uint32_t i = 1; i < n; i++)
        if (is_less(&members[i], &members[i - 1])) {
            qsort(members, n, sizeof(*members), compare);
            break;
        }
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || compare(&members[n_left - 1], &members[i]) != 0)
            members[n_left++] = members[i];
    return n_left;
}

struct wanted {
    const struct expect_member *members;
    uint32_t n;
};

static bool is_equal(const void *rows, uint32_t number, const void *wanted)
{
    const struct expect_sets *sets = rows;
    const struct wanted *w = wanted;
    uint32_t first = sets->starts[number];

    return sets->starts[number + 1] - first == w->n &&
           memcmp(&sets->members[first], w->members, w->n * sizeof(*w->members)) == 0;
}

int expect_sets_intern(struct expect_sets *sets, const struct expect_member *members, uint32_t n,
                       uint32_t *number)
{
    const struct wanted wanted = {members, n};
    uint64_t hash = hash_words(members, n, key);
    uint32_t *start;

    *number = expect_index_find(&sets->index, hash, is_equal, sets, &wanted);
    if (*number != EXPECT_NONE)
        return 0;
    /* Two starts, so that the end of this one has a place. */
    for (int i = 0; i < 2; i++)
        if (expect_grow((void **)&sets->starts, sets->n + (uint32_t)i, &sets->room,
                        sizeof(*sets->starts)) == NULL)
            return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        struct expect_member *m =
            expect_grow((void **)&sets->members, sets->n_members, &sets->members_room, sizeof(*m));

        if (m == NULL)
            return -ENOMEM;
        *m = members[i];
        sets->n_members++;
    }
    start = &sets->starts[sets->n];
    start[0] = sets->n_members - n;
    start[1] = sets->n_members;
    *number = sets->n++;
    return expect_index_add(&sets->index, hash, *number);
}

void expect_sets_free(struct expect_sets *sets)
{
    free(sets->starts);
    free(sets->members);
    expect_index_free(&sets->index);
}
