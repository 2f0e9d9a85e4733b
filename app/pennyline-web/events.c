/* SPDX-License-Identifier: BSD-3-Clause */
#include "events.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "json/json.h"

#define KIND_BYTES 32

struct event {
    char kind[KIND_BYTES];
    char *text; /* a JSON object */
    size_t n;
};

struct events {
    pthread_mutex_t lock;
    uint64_t stream;
    uint64_t n_seen; /* event number i (from 1) lies in ring[i % EVENTS_MAX] */
    uint64_t n_kept;
    size_t n_bytes;
    struct event ring[EVENTS_MAX];
};

struct events *events_create(void)
{
    struct events *e = calloc(1, sizeof(*e));

    if (e == NULL)
        return NULL;
    pthread_mutex_init(&e->lock, NULL);
    if (getrandom(&e->stream, sizeof(e->stream), 0) != sizeof(e->stream))
        e->stream = 1;
    return e;
}

static void drop_oldest(struct events *e)
{
    struct event *oldest = &e->ring[(e->n_seen - e->n_kept + 1) % EVENTS_MAX];

    e->n_bytes -= oldest->n;
    free(oldest->text);
    *oldest = (struct event){.text = NULL};
    e->n_kept--;
}

void events_destroy(struct events *e)
{
    if (e == NULL)
        return;
    while (e->n_kept > 0)
        drop_oldest(e);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

void events_add(struct events *e, const json_t *event)
{
    const char *kind = json_string_value(json_object_get(event, "event"));
    char *text = json_dumps(event, JSON_COMPACT | JSON_ALL_DIGITS);
    size_t n = text != NULL ? strlen(text) : 0;
    struct event *place;

    if (text == NULL || kind == NULL) {
        free(text);
        return;
    }
    pthread_mutex_lock(&e->lock);
    while (e->n_kept > 0 && (e->n_kept == EVENTS_MAX || e->n_bytes + n > EVENTS_MAX_BYTES))
        drop_oldest(e);
    e->n_seen++;
    e->n_kept++;
    e->n_bytes += n;
    place = &e->ring[e->n_seen % EVENTS_MAX];
    *place = (struct event){.text = text, .n = n};
    snprintf(place->kind, sizeof(place->kind), "%s", kind);
    pthread_mutex_unlock(&e->lock);
}

void events_write(struct events *e, FILE *out, uint64_t after, uint32_t count, const char *kind)
{
    uint64_t number, oldest;
    const char *between = "";
    uint32_t n = 0;

    pthread_mutex_lock(&e->lock);
    oldest = e->n_seen - e->n_kept + 1;
    number = after + 1 > oldest ? after + 1 : oldest;
    fprintf(out, "{\"stream\":\"%016lx\",\"events\":[", (unsigned long)e->stream);
    for (; number <= e->n_seen && n < count; number++) {
        const struct event *event = &e->ring[number % EVENTS_MAX];

        if (kind != NULL && strcmp(kind, event->kind) != 0)
            continue;
        /* The text begins with a brace: the cursor goes behind it. */
        fprintf(out, "%s{\"cursor\":%lu,%s", between, (unsigned long)number, event->text + 1);
        between = ",";
        n++;
    }
    if (number > e->n_seen + 1)
        number = e->n_seen + 1;
    fprintf(out, "],\"next\":%lu,\"oldest\":%lu}", (unsigned long)(number - 1),
            (unsigned long)oldest);
    pthread_mutex_unlock(&e->lock);
}

uint64_t events_n_seen(struct events *e)
{
    uint64_t n;

    pthread_mutex_lock(&e->lock);
    n = e->n_seen;
    pthread_mutex_unlock(&e->lock);
    return n;
}
