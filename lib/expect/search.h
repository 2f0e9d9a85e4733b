/* SPDX-License-Identifier: BSD-3-Clause */
/* Searching rows of prefixes (layout.h), for this library and that of the map. */
#ifndef EXPECT_SEARCH_H
#define EXPECT_SEARCH_H

#include <stddef.h>

#include "expect/layout.h"

/* The order of rows: family, address, length. */
int expect_compare_prefixes(const struct expect_prefix *a, const struct expect_prefix *b);

/* Does `p` hold all of `q`? */
bool expect_holds(const struct expect_prefix *p, const struct expect_prefix *q);

/* Rows of `stride` bytes that begin with a prefix. The last one in order that holds all of `p`, or
 * EXPECT_NONE; the others are its chain of parents. */
uint32_t expect_search(const void *rows, uint32_t n, size_t stride, const struct expect_prefix *p);

/* A row's prefix. */
static inline const struct expect_prefix *expect_row(const void *rows, size_t stride, uint32_t i)
{
    return (const struct expect_prefix *)((const char *)rows + (size_t)i * stride);
}

/* Fills in the parents of sorted rows. */
void expect_link_parents(void *rows, uint32_t n, size_t stride);

struct expect_prefix expect_prefix_of(const struct ip_prefix *p);

#endif
