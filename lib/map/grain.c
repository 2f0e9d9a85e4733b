/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of prefixes are sorted, and parents stand before their children (expect/layout.h): so what
 * is written later is longer, or elsewhere. */
#include "map/grain.h"

#include <stdlib.h>
#include <string.h>

#define N_IPV4      (1u << 24)
#define N_INDEX     (1u << MAP_GRAIN_INDEX_BITS)
#define INDEX_SHIFT (48 - 3 - MAP_GRAIN_INDEX_BITS)
#define TOP_OF_2000 (UINT64_C(1) << 45)

/* Prefixes of one table, in order. */
struct rows {
    const struct expect_prefix *at;
    size_t stride;
    uint32_t n, next;
};

static const struct expect_prefix *peek(const struct rows *r)
{
    return r->next < r->n
               ? (const struct expect_prefix *)((const char *)r->at + (size_t)r->next * r->stride)
               : NULL;
}

static int compare(const struct expect_prefix *a, const struct expect_prefix *b)
{
    int order = (a->is_ipv4 == 0) - (b->is_ipv4 == 0);

    order = order != 0 ? order : memcmp(a->address.bytes, b->address.bytes, 16);
    return order != 0 ? order : a->length - b->length;
}

/* The next one of two tables; NULL: none. */
static const struct expect_prefix *next_of(struct rows *a, struct rows *b)
{
    const struct expect_prefix *x = peek(a), *y = peek(b);
    struct rows *from = y == NULL || (x != NULL && compare(x, y) <= 0) ? a : b;
    const struct expect_prefix *out = peek(from);

    from->next += out != NULL;
    return out;
}

/* What is longer than the finest counts as that. */
static uint8_t cut_length(const struct expect_prefix *p)
{
    const uint8_t finest = map_finest(p->is_ipv4 != 0);

    return p->length < finest ? p->length : finest;
}

static void fill_ipv4(struct map_grain *g, const struct expect_prefix *p)
{
    const uint8_t length = cut_length(p);

    memset(g->ipv4 + (load_be32(p->address.bytes + 12) >> 8), length,
           (size_t)1 << (MAP_FINEST_IPV4 - length));
}

/* Prefixes that hold the latest one, and end behind it. */
struct open {
    uint64_t end[MAP_FINEST_IPV6 + 2];
    uint8_t length[MAP_FINEST_IPV6 + 2];
    unsigned int n;
};

static void begin_interval(struct map_grain *g, uint64_t start, uint8_t length)
{
    /* What has no address of its own goes. */
    if (g->n_intervals > 0 && g->starts[g->n_intervals - 1] == start)
        g->n_intervals--;
    g->starts[g->n_intervals] = start;
    g->lengths[g->n_intervals++] = length;
}

static void close_until(struct map_grain *g, struct open *o, uint64_t start)
{
    while (o->n > 1 && o->end[o->n - 1] <= start) {
        uint64_t end = o->end[--o->n];

        begin_interval(g, end, o->length[o->n - 1]);
    }
}

static void add_ipv6(struct map_grain *g, struct open *o, const struct expect_prefix *p)
{
    const uint64_t start = map_top_bits(&p->address, false);
    const uint8_t length = cut_length(p);

    close_until(g, o, start);
    /* Twice the same: it is open. */
    if (o->n > 1 && o->length[o->n - 1] == length)
        return;
    o->end[o->n] = start + (UINT64_C(1) << (MAP_FINEST_IPV6 - length));
    o->length[o->n++] = length;
    begin_interval(g, start, length);
}

static void make_index(struct map_grain *g)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i <= N_INDEX; i++) {
        uint64_t start = TOP_OF_2000 + ((uint64_t)i << INDEX_SHIFT);

        while (at + 1 < g->n_intervals && g->starts[at + 1] <= start)
            at++;
        g->first[i] = at;
    }
}

static void fill(struct map_grain *g, const struct expectation *e)
{
    struct rows routes = {&e->routes[0].prefix, sizeof(*e->routes), e->n_routes, 0};
    struct rows accepts = {&e->accepts[0].prefix, sizeof(*e->accepts), e->n_accepts, 0};
    struct open open = {{UINT64_MAX}, {MAP_FINEST_IPV6}, 1};
    const struct expect_prefix *p;

    while ((p = next_of(&routes, &accepts)) != NULL) {
        if (p->length == 0)
            continue;
        if (p->is_ipv4)
            fill_ipv4(g, p);
        else
            add_ipv6(g, &open, p);
    }
    close_until(g, &open, UINT64_MAX - 1);
}

struct map_grain *map_grain_create(const struct expectation *e)
{
    const size_t n = e != NULL ? 2 * ((size_t)e->n_routes + e->n_accepts) + 1 : 1;
    struct map_grain *g = calloc(1, sizeof(*g));

    if (g == NULL)
        return NULL;
    g->ipv4 = malloc(N_IPV4);
    g->first = malloc((N_INDEX + 1) * sizeof(*g->first));
    g->starts = malloc(n * sizeof(*g->starts));
    g->lengths = malloc(n);
    if (g->ipv4 == NULL || g->first == NULL || g->starts == NULL || g->lengths == NULL) {
        map_grain_destroy(g);
        return NULL;
    }
    g->memory_bytes = N_IPV4 + (N_INDEX + 1) * sizeof(*g->first) + n * (sizeof(*g->starts) + 1);
    memset(g->ipv4, MAP_FINEST_IPV4, N_IPV4);
    begin_interval(g, 0, MAP_FINEST_IPV6);
    if (e != NULL)
        fill(g, e);
    make_index(g);
    return g;
}

void map_grain_destroy(struct map_grain *g)
{
    if (g == NULL)
        return;
    free(g->ipv4);
    free(g->first);
    free(g->starts);
    free(g->lengths);
    free(g);
}

uint8_t map_grain_of_ipv6(const struct map_grain *g, uint64_t top)
{
    uint32_t low = 0, high = g->n_intervals - 1;

    if (top >> 45 == 1) {
        low = g->first[(top - TOP_OF_2000) >> INDEX_SHIFT];
        high = g->first[((top - TOP_OF_2000) >> INDEX_SHIFT) + 1];
    }
    /* The last one that begins at or before it. */
    while (low < high) {
        uint32_t middle = high - (high - low) / 2;

        if (g->starts[middle] <= top)
            low = middle;
        else
            high = middle - 1;
    }
    return g->lengths[low];
}
