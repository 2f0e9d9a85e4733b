/* SPDX-License-Identifier: BSD-3-Clause */
#include "waits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/monotonic.h"
#include "json/json.h"

#define LOOK_MS 100

struct waits {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool must_end;
    struct wait *first;
};

/* Locked. */
static void wake(struct wait *wait)
{
    if (wait->is_awake)
        return;
    wait->is_awake = true;
    wait->wake(wait->context);
}

static void *look(void *context)
{
    struct waits *w = context;

    pthread_mutex_lock(&w->lock);
    while (!w->must_end) {
        const struct timespec until = monotonic_after_ms(LOOK_MS);

        pthread_cond_timedwait(&w->wake, &w->lock, &until);
        for (struct wait *wait = w->first; wait != NULL; wait = wait->next)
            if (w->must_end || monotonic_s() >= wait->until_s)
                wake(wait);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

struct waits *waits_create(void)
{
    struct waits *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return NULL;
    pthread_mutex_init(&w->lock, NULL);
    monotonic_cond_init(&w->wake);
    if (pthread_create(&w->thread, NULL, look, w) == 0)
        return w;
    free(w);
    return NULL;
}

void waits_stop(struct waits *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->must_end = true;
    pthread_cond_signal(&w->wake);
    for (struct wait *wait = w->first; wait != NULL; wait = wait->next)
        wake(wait);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
}

void waits_destroy(struct waits *w)
{
    if (w == NULL)
        return;
    if (!w->must_end)
        waits_stop(w);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

void waits_begin(struct waits *w, struct wait *wait)
{
    pthread_mutex_lock(&w->lock);
    wait->is_awake = false;
    wait->previous = NULL;
    wait->next = w->first;
    if (w->first != NULL)
        w->first->previous = wait;
    w->first = wait;
    if (w->must_end)
        wake(wait);
    pthread_mutex_unlock(&w->lock);
}

void waits_forget(struct waits *w, struct wait *wait)
{
    pthread_mutex_lock(&w->lock);
    if (wait->next != NULL)
        wait->next->previous = wait->previous;
    if (wait->previous != NULL)
        wait->previous->next = wait->next;
    else if (w->first == wait)
        w->first = wait->next;
    wait->next = wait->previous = NULL;
    pthread_mutex_unlock(&w->lock);
}

/* Locked. */
static void end_test(struct wait *wait, uint32_t test)
{
    size_t n_left = 0;

    for (size_t i = 0; i < wait->n_tests; i++) {
        if (wait->tests[i] == test)
            wait->tests[i] = 0;
        n_left += wait->tests[i] != 0;
    }
    if (n_left == 0)
        wake(wait);
}

void waits_end_test(struct waits *w, struct wait *wait, uint32_t test)
{
    pthread_mutex_lock(&w->lock);
    end_test(wait, test);
    pthread_mutex_unlock(&w->lock);
}

void waits_hear(struct waits *w, const json_t *event)
{
    static const char prefix[] = "test-";
    const char *kind = json_string_at(event, "event"), *slice = json_string_at(event, "slice");
    uint32_t test;

    if ((strcmp(kind, "test_ended") != 0 && strcmp(kind, "test_refused") != 0 &&
         strcmp(kind, "watch_ended") != 0) ||
        strncmp(slice, prefix, sizeof(prefix) - 1) != 0)
        return;
    test = (uint32_t)strtoul(slice + sizeof(prefix) - 1, NULL, 10);
    pthread_mutex_lock(&w->lock);
    for (struct wait *wait = w->first; wait != NULL; wait = wait->next)
        end_test(wait, test);
    pthread_mutex_unlock(&w->lock);
}
