/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules become ranges from the last one to the first, each over what is there: the first rule of
 * the list is painted last and so decides. Painting is done by events over all edges at once: the
 * edges are sorted, and between two of them the rule with the lowest index that is open decides. */
#include "acl/acl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"

/* An address as a number of 128 bits. */
struct number {
    uint64_t high, low;
};

/* From `begin` to the next range's. */
struct range {
    struct number begin;
    bool permit;
};

/* IPv4 is held within the numbers of IPv6, and a rule of one family says nothing of the other: so
 * each has ranges of its own. */
struct ranges {
    size_t n;
    struct range *ranges;
};

struct acl {
    struct ranges ipv4, ipv6;
};

/* Where a rule begins or ends. */
struct edge {
    struct number at;
    uint32_t rule;
    bool is_end;
};

static uint64_t load_be64(const uint8_t *from)
{
    return (uint64_t)load_be32(from) << 32 | load_be32(from + 4);
}

static struct number number_of(const struct ip_address *a)
{
    return (struct number){load_be64(a->bytes), load_be64(a->bytes + 8)};
}

static int compare(struct number a, struct number b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return a.low < b.low ? -1 : a.low > b.low;
}

static unsigned int mapped_bits(const struct ip_prefix *p)
{
    return p->length + (p->is_ipv4 ? 96u : 0u);
}

/* The first number behind a prefix; false when it reaches to the end. */
static bool end_of(const struct ip_prefix *p, struct number *out)
{
    const unsigned int bits = mapped_bits(p);
    struct number n = number_of(&p->address);

    if (bits == 0)
        return false;
    if (bits <= 64) {
        const uint64_t step = UINT64_C(1) << (64 - bits);

        out->high = n.high + step;
        out->low = 0;
        return out->high != 0;
    }
    out->low = n.low + (UINT64_C(1) << (128 - bits));
    out->high = n.high + (out->low == 0);
    return out->low != 0 || out->high != 0;
}

static int compare_edges(const void *a, const void *b)
{
    const struct edge *p = a, *q = b;
    int order = compare(p->at, q->at);

    return order != 0 ? order : p->rule < q->rule ? -1 : p->rule > q->rule;
}

/* A heap of the rules that are open, the lowest index on top; those that have ended leave when they
 * come up. */
struct heap {
    uint32_t *rules;
    size_t n;
};

static void push(struct heap *h, uint32_t rule)
{
    size_t i = h->n++;

    while (i > 0 && h->rules[(i - 1) / 2] > rule) {
        h->rules[i] = h->rules[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->rules[i] = rule;
}

static void pop(struct heap *h)
{
    const uint32_t last = h->rules[--h->n];
    size_t i = 0;

    while (2 * i + 1 < h->n) {
        size_t child = 2 * i + 1;

        if (child + 1 < h->n && h->rules[child + 1] < h->rules[child])
            child++;
        if (h->rules[child] >= last)
            break;
        h->rules[i] = h->rules[child];
        i = child;
    }
    h->rules[i] = last;
}

static size_t make_edges(const struct acl_rule *rules, size_t n, struct edge *edges)
{
    size_t n_edges = 0;

    for (size_t i = 0; i < n; i++) {
        struct number end;

        edges[n_edges++] = (struct edge){number_of(&rules[i].prefix.address), (uint32_t)i, false};
        if (end_of(&rules[i].prefix, &end))
            edges[n_edges++] = (struct edge){end, (uint32_t)i, true};
    }
    qsort(edges, n_edges, sizeof(*edges), compare_edges);
    return n_edges;
}

static void add_range(struct ranges *out, struct number begin, bool permit)
{
    if (out->n == 0 || out->ranges[out->n - 1].permit != permit)
        out->ranges[out->n++] = (struct range){begin, permit};
}

static void paint(struct ranges *out, const struct acl_rule *rules, bool otherwise,
                  const struct edge *edges, size_t n_edges, struct heap *open, bool *has_ended)
{
    const struct number zero = {0, 0};

    if (n_edges == 0 || compare(edges[0].at, zero) != 0)
        add_range(out, zero, otherwise);
    for (size_t i = 0; i < n_edges;) {
        const struct number at = edges[i].at;

        for (; i < n_edges && compare(edges[i].at, at) == 0; i++) {
            if (edges[i].is_end)
                has_ended[edges[i].rule] = true;
            else
                push(open, edges[i].rule);
        }
        while (open->n > 0 && has_ended[open->rules[0]])
            pop(open);
        add_range(out, at, open->n > 0 ? rules[open->rules[0]].permit : otherwise);
    }
}

/* The part of a family. */
static int compile_family(struct ranges *out, const struct acl_rule *rules, size_t n, bool is_ipv4,
                          bool otherwise)
{
    struct acl_rule *own = calloc(n + 1, sizeof(*own));
    struct edge *edges = calloc(2 * n + 1, sizeof(*edges));
    struct heap open = {.rules = calloc(n + 1, sizeof(*open.rules))};
    bool *has_ended = calloc(n + 1, sizeof(*has_ended));
    size_t n_own = 0;
    int error = -ENOMEM;

    out->ranges = calloc(2 * n + 2, sizeof(*out->ranges));
    if (own != NULL && edges != NULL && open.rules != NULL && has_ended != NULL &&
        out->ranges != NULL) {
        for (size_t i = 0; i < n; i++)
            if (rules[i].prefix.is_ipv4 == is_ipv4)
                own[n_own++] = rules[i];
        paint(out, own, otherwise, edges, make_edges(own, n_own, edges), &open, has_ended);
        error = 0;
    }
    free(own);
    free(edges);
    free(open.rules);
    free(has_ended);
    return error;
}

int acl_compile(struct acl **out, const struct acl_rule *rules, size_t n, bool otherwise)
{
    struct acl *acl;
    int error;

    if (n > ACL_MOST_RULES)
        return -E2BIG;
    acl = calloc(1, sizeof(*acl));
    error = acl != NULL ? compile_family(&acl->ipv4, rules, n, true, otherwise) : -ENOMEM;
    if (error == 0)
        error = compile_family(&acl->ipv6, rules, n, false, otherwise);
    if (error == 0)
        *out = acl;
    else
        acl_free(acl);
    return error;
}

void acl_free(struct acl *acl)
{
    if (acl == NULL)
        return;
    free(acl->ipv4.ranges);
    free(acl->ipv6.ranges);
    free(acl);
}

bool acl_permits(const struct acl *acl, const struct ip_address *address)
{
    const struct ranges *r = ip_address_is_ipv4(address) ? &acl->ipv4 : &acl->ipv6;
    const struct number wanted = number_of(address);
    size_t low = 0, high = r->n;

    /* ranges[low] begins at or before it; the first one begins at 0. */
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;

        if (compare(r->ranges[middle].begin, wanted) <= 0)
            low = middle;
        else
            high = middle;
    }
    return r->ranges[low].permit;
}

size_t acl_n_ranges(const struct acl *acl)
{
    return acl->ipv4.n + acl->ipv6.n;
}
