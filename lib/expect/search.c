/* SPDX-License-Identifier: BSD-3-Clause */
#include "expect/search.h"

#include <string.h>

/* Bits of the address that count, of 128. */
static unsigned int mapped_bits(const struct expect_prefix *p)
{
    return p->length + (p->is_ipv4 ? 96u : 0u);
}

int expect_compare_prefixes(const struct expect_prefix *a, const struct expect_prefix *b)
{
    int order;

    if (a->is_ipv4 != b->is_ipv4)
        return a->is_ipv4 ? -1 : 1;
    order = memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));
    return order != 0 ? order : a->length - b->length;
}

bool expect_holds(const struct expect_prefix *p, const struct expect_prefix *q)
{
    unsigned int bits = mapped_bits(p), whole = bits / 8, rest = bits % 8;

    if (p->is_ipv4 != q->is_ipv4 || p->length > q->length ||
        memcmp(p->address.bytes, q->address.bytes, whole) != 0)
        return false;
    return rest == 0 || (p->address.bytes[whole] ^ q->address.bytes[whole]) >> (8 - rest) == 0;
}

uint32_t expect_search(const void *rows, uint32_t n, size_t stride, const struct expect_prefix *p)
{
    uint32_t low = 0, high = n, at;

    /* The first row behind p in order: before it stand all that hold p. */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (expect_compare_prefixes(expect_row(rows, stride, middle), p) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    at = low > 0 ? low - 1 : EXPECT_NONE;
    /* Prefixes are disjoint or nested, so the nearest one that holds p holds the row before it,
     * too, or is that row. */
    while (at != EXPECT_NONE && !expect_holds(expect_row(rows, stride, at), p))
        at = expect_row(rows, stride, at)->parent;
    return at;
}

void expect_link_parents(void *rows, uint32_t n, size_t stride)
{
    for (uint32_t i = 0; i < n; i++) {
        struct expect_prefix *p = (struct expect_prefix *)((char *)rows + (size_t)i * stride);
        uint32_t at = i > 0 ? i - 1 : EXPECT_NONE;

        while (at != EXPECT_NONE && !expect_holds(expect_row(rows, stride, at), p))
            at = expect_row(rows, stride, at)->parent;
        p->parent = at;
    }
}

struct expect_prefix expect_prefix_of(const struct ip_prefix *p)
{
    struct expect_prefix out = {
        .address = p->address, .parent = EXPECT_NONE, .length = p->length, .is_ipv4 = p->is_ipv4};

    return out;
}
