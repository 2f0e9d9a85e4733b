/* SPDX-License-Identifier: BSD-3-Clause */
#include "history.h"

#include <stdbool.h>
#include <stdlib.h>

struct test_history {
    bool in_use;
    uint32_t aggregate, n_tests;
    uint64_t touched;
    uint32_t n;
    struct history_point points[HISTORY_MAX_POINTS];
};

struct history {
    uint64_t n_touches;
    struct test_history tests[HISTORY_MAX_TESTS];
};

struct history *history_create(void)
{
    return calloc(1, sizeof(struct history));
}

void history_destroy(struct history *h)
{
    free(h);
}

void history_clear(struct history *h)
{
    for (uint32_t i = 0; i < HISTORY_MAX_TESTS; i++)
        h->tests[i].in_use = false;
}

static struct test_history *find(struct history *h, uint32_t aggregate)
{
    for (uint32_t i = 0; i < HISTORY_MAX_TESTS; i++)
        if (h->tests[i].in_use && h->tests[i].aggregate == aggregate)
            return &h->tests[i];
    return NULL;
}

void history_forget(struct history *h, uint32_t aggregate)
{
    struct test_history *known = find(h, aggregate);

    if (known != NULL)
        known->in_use = false;
}

/* A free place, or that of the test that was quiet for longest. */
static struct test_history *make_room(struct history *h)
{
    struct test_history *oldest = &h->tests[0];

    for (uint32_t i = 0; i < HISTORY_MAX_TESTS; i++) {
        if (!h->tests[i].in_use)
            return &h->tests[i];
        if (h->tests[i].touched < oldest->touched)
            oldest = &h->tests[i];
    }
    return oldest;
}

static bool says_the_same(const struct history_point *a, const struct history_point *b)
{
    return a->log10_e == b->log10_e && a->log10_f == b->log10_f && a->n_dropped == b->n_dropped &&
           a->n_retransmitted == b->n_retransmitted && a->n_expired == b->n_expired &&
           a->n_duplicates == b->n_duplicates;
}

static void thin_out(struct test_history *t)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < t->n; i += 2)
        t->points[n++] = t->points[i];
    t->n = n;
}

void history_add(struct history *h, uint32_t aggregate, uint32_t n_tests,
                 const struct history_point *point)
{
    struct test_history *t = find(h, aggregate);

    if (t == NULL || t->n_tests != n_tests) {
        t = t != NULL ? t : make_room(h);
        t->in_use = true;
        t->aggregate = aggregate;
        t->n_tests = n_tests;
        t->n = 0;
    }
    t->touched = ++h->n_touches;
    if (t->n > 0 && says_the_same(&t->points[t->n - 1], point))
        return;
    if (t->n == HISTORY_MAX_POINTS)
        thin_out(t);
    t->points[t->n++] = *point;
}

void history_write(const struct history *h, uint32_t aggregate, FILE *out)
{
    const struct test_history *t = find((struct history *)h, aggregate);

    fputc('[', out);
    for (uint32_t i = 0; t != NULL && i < t->n; i++) {
        const struct history_point *p = &t->points[i];

        fprintf(out,
                "%s{\"seconds\":%.3f,\"log10_e\":%.4f,\"log10_f\":%.4f,\"dropped\":%u,"
                "\"retransmitted\":%u,\"expired\":%u,\"duplicates\":%u}",
                i > 0 ? "," : "", p->seconds, p->log10_e, p->log10_f, p->n_dropped,
                p->n_retransmitted, p->n_expired, p->n_duplicates);
    }
    fputc(']', out);
}
