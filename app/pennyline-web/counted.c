/* SPDX-License-Identifier: BSD-3-Clause */
#include "counted.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

struct counted {
    pthread_rwlock_t lock;
    uint32_t n;
    json_t *items[COUNTED_MOST_ITEMS];
};

struct counted *counted_create(void)
{
    struct counted *c = calloc(1, sizeof(*c));

    if (c != NULL)
        pthread_rwlock_init(&c->lock, NULL);
    return c;
}

static void forget_from(struct counted *c, uint32_t first)
{
    for (uint32_t i = first; i < COUNTED_MOST_ITEMS; i++) {
        json_decref(c->items[i]);
        c->items[i] = NULL;
    }
}

void counted_destroy(struct counted *c)
{
    if (c == NULL)
        return;
    forget_from(c, 0);
    pthread_rwlock_destroy(&c->lock);
    free(c);
}

void counted_set_total(struct counted *c, uint32_t n)
{
    pthread_rwlock_wrlock(&c->lock);
    c->n = n < COUNTED_MOST_ITEMS ? n : COUNTED_MOST_ITEMS;
    forget_from(c, c->n);
    pthread_rwlock_unlock(&c->lock);
}

static bool is_same(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "name"), json_object_get(b, "name")) &&
           json_equal(json_object_get(a, "slice"), json_object_get(b, "slice"));
}

static int more_first(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    const double m = json_number_at(*x, "sources"), n = json_number_at(*y, "sources");

    return (m < n) - (m > n);
}

/* The rows with most sources: references to them. */
static json_t *most_of(const json_t *counts)
{
    const size_t n = json_array_size(counts);
    json_t **rows = calloc(n + 1, sizeof(json_t *)), *out = json_array();

    for (size_t i = 0; rows != NULL && i < n; i++)
        rows[i] = json_array_get(counts, i);
    if (rows != NULL)
        qsort(rows, n, sizeof(json_t *), more_first);
    for (size_t i = 0; rows != NULL && i < n && i < COUNTED_MOST_ROWS; i++)
        json_array_append(out, rows[i]);
    free(rows);
    return out;
}

/* Takes `history`. */
static json_t *with_window(json_t *history, const json_t *window)
{
    json_t *estimate = json_object_get(window, "estimate");

    if (!json_is_object(window))
        return history;
    json_array_append_new(history,
                          json_pack("{s:f, s:O?, s:o}", "ended_unix_s",
                                    json_number_at(window, "ended_unix_s"), "estimate", estimate,
                                    "counts", most_of(json_object_get(window, "counts"))));
    if (json_array_size(history) > COUNTED_MOST_WINDOWS)
        json_array_remove(history, 0);
    return history;
}

void counted_set(struct counted *c, uint32_t item, const json_t *told)
{
    json_t *copy = item < COUNTED_MOST_ITEMS ? json_deep_copy(told) : NULL, *before, *history;

    if (copy == NULL)
        return;
    pthread_rwlock_wrlock(&c->lock);
    before = c->items[item];
    if (before != NULL && !is_same(before, copy))
        before = NULL;
    if (json_is_true(json_object_get(copy, "window_known")))
        json_object_set(copy, "window", json_object_get(before, "window"));
    json_object_del(copy, "window_known");
    history = json_object_get(before, "history");
    history = history != NULL ? json_incref(history) : json_array();
    if (json_is_null(json_object_get(copy, "window")) || before == NULL ||
        !json_equal(json_object_get(copy, "window"), json_object_get(before, "window")))
        history = with_window(history, json_object_get(copy, "window"));
    json_object_set_new(copy, "history", history);
    json_decref(c->items[item]);
    c->items[item] = copy;
    pthread_rwlock_unlock(&c->lock);
}

void counted_known(struct counted *c, uint32_t item, char ended[COUNTED_TIME_BYTES])
{
    const json_t *window;

    ended[0] = '\0';
    pthread_rwlock_rdlock(&c->lock);
    window = item < COUNTED_MOST_ITEMS ? json_object_get(c->items[item], "window") : NULL;
    if (json_is_object(window))
        snprintf(ended, COUNTED_TIME_BYTES, "%s", json_string_at(window, "ended"));
    pthread_rwlock_unlock(&c->lock);
}

void counted_write(struct counted *c, FILE *out)
{
    const char *comma = "";

    pthread_rwlock_rdlock(&c->lock);
    fputs("{\"sources\":[", out);
    for (uint32_t i = 0; i < c->n; i++) {
        if (c->items[i] == NULL)
            continue;
        fputs(comma, out);
        json_dumpf(c->items[i], out, JSON_COMPACT | JSON_ALL_DIGITS);
        comma = ",";
    }
    fputs("]}", out);
    pthread_rwlock_unlock(&c->lock);
}

bool counted_find_listed(struct counted *c, char name[COUNTED_NAME_BYTES])
{
    bool found = false;

    pthread_rwlock_rdlock(&c->lock);
    for (uint32_t i = 0; i < c->n && !found; i++) {
        found = json_is_true(json_object_get(c->items[i], "listed"));
        if (found)
            snprintf(name, COUNTED_NAME_BYTES, "%s", json_string_at(c->items[i], "name"));
    }
    pthread_rwlock_unlock(&c->lock);
    return found;
}

uint32_t counted_begin(struct counted *c)
{
    pthread_rwlock_rdlock(&c->lock);
    return c->n;
}

const json_t *counted_item(const struct counted *c, uint32_t i)
{
    return c->items[i];
}

void counted_end(struct counted *c)
{
    pthread_rwlock_unlock(&c->lock);
}
