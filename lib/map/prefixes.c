/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/prefixes.h"

#include <errno.h>
#include <stdlib.h>

static int compare_shares(const void *a, const void *b)
{
    const struct map_share *x = a, *y = b;

    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x->ingress - y->ingress;
}

static double sum_of(const struct map_share *shares, unsigned int n)
{
    double sum = 0;

    for (unsigned int i = 0; i < n; i++)
        sum += shares[i].bytes;
    return sum;
}

/* How many of the first ones, which are the largest, are a bundle. */
static unsigned int count_bundle(const struct map_share *shares, unsigned int n, double sum)
{
    unsigned int n_bundle = 0;

    while (n_bundle < n && shares[n_bundle].bytes >= MAP_BUNDLE_LEAST * sum &&
           shares[0].bytes - shares[n_bundle].bytes <= MAP_BUNDLE_APART * sum)
        n_bundle++;
    return n_bundle;
}

static uint16_t least_ingress(const struct map_share *shares, unsigned int n)
{
    uint16_t least = MAP_NO_INGRESS;

    for (unsigned int i = 0; i < n; i++)
        if (shares[i].ingress < least)
            least = shares[i].ingress;
    return least;
}

/* What a bundle has lost or won an ingress of is still the same to who has one of it. */
static double share_of(const struct map_share *shares, unsigned int n, uint16_t ingress)
{
    for (unsigned int i = 0; i < n; i++)
        if (shares[i].ingress == ingress)
            return shares[i].bytes;
    return 0;
}

struct map_dominance map_dominance_next(struct map_dominance now, struct map_share *shares,
                                        unsigned int n)
{
    const double sum = sum_of(shares, n);
    unsigned int n_bundle;
    double first;

    if (!(sum > 0))
        return now;
    qsort(shares, n, sizeof(*shares), compare_shares);
    if (shares[0].bytes >= MAP_DOMINANT_MAKES * sum)
        return (struct map_dominance){shares[0].ingress, 1, (float)(shares[0].bytes / sum)};
    n_bundle = count_bundle(shares, n, sum);
    first = sum_of(shares, n_bundle);
    if (n_bundle > 1 && first >= MAP_DOMINANT_MAKES * sum)
        return (struct map_dominance){least_ingress(shares, n_bundle), (uint8_t)n_bundle,
                                      (float)(first / sum)};
    first = now.n_bundle == 0 ? 0 : share_of(shares, n, now.ingress) * now.n_bundle;
    if (first < MAP_DOMINANT_UNMAKES * sum)
        return (struct map_dominance){MAP_NO_INGRESS, 0, (float)(shares[0].bytes / sum)};
    now.share = (float)(first < sum ? first / sum : 1);
    return now;
}

int map_prefixes_init(struct map_prefixes *p, uint32_t n)
{
    uint32_t n_buckets = 16;

    while (n_buckets < n)
        n_buckets *= 2;
    *p = (struct map_prefixes){.mask = n_buckets - 1};
    p->rows = calloc((size_t)n + 1, sizeof(*p->rows));
    p->buckets = calloc(n_buckets, sizeof(*p->buckets));
    if (p->rows == NULL || p->buckets == NULL) {
        map_prefixes_free(p);
        return -ENOMEM;
    }
    for (uint32_t i = n; i >= 1; i--) {
        p->rows[i].next = p->first_free;
        p->first_free = i;
    }
    return 0;
}

void map_prefixes_free(struct map_prefixes *p)
{
    free(p->rows);
    free(p->buckets);
    *p = (struct map_prefixes){0};
}

static struct map_packed without_ingress(const struct map_packed *key)
{
    return (struct map_packed){key->bits & ~UINT64_C(0xffff), key->shape};
}

static uint32_t *bucket_of(const struct map_prefixes *p, const struct map_packed *key,
                           const uint64_t secret[2])
{
    return &p->buckets[(uint32_t)map_hash(key, secret) & p->mask];
}

struct map_prefix *map_prefixes_find(const struct map_prefixes *p, const struct map_packed *key,
                                     const uint64_t secret[2])
{
    const struct map_packed wanted = without_ingress(key);

    for (uint32_t at = *bucket_of(p, &wanted, secret); at != 0; at = p->rows[at].next)
        if (map_packed_equal(&p->rows[at].key, &wanted))
            return &p->rows[at];
    return NULL;
}

struct map_prefix *map_prefixes_find_or_add(struct map_prefixes *p, const struct map_packed *key,
                                            const uint64_t secret[2], uint64_t now_ns)
{
    struct map_prefix *row = map_prefixes_find(p, key, secret);
    const struct map_packed wanted = without_ingress(key);
    uint32_t *bucket = bucket_of(p, &wanted, secret);

    if (row != NULL || p->first_free == 0)
        return row;
    row = &p->rows[p->first_free];
    p->first_free = row->next;
    *row = (struct map_prefix){.key = wanted,
                               .next = *bucket,
                               .dominant = {.ingress = MAP_NO_INGRESS},
                               .window_began_ns = now_ns};
    *bucket = (uint32_t)(row - p->rows);
    return row;
}

void map_prefixes_remove(struct map_prefixes *p, struct map_prefix *row, const uint64_t secret[2])
{
    const uint32_t number = (uint32_t)(row - p->rows);
    uint32_t *at = bucket_of(p, &row->key, secret);

    while (*at != number)
        at = &p->rows[*at].next;
    *at = row->next;
    *row = (struct map_prefix){.next = p->first_free};
    p->first_free = number;
}
