/* SPDX-License-Identifier: BSD-3-Clause */
/* Keeps the mirror and the events up to date: two threads, each with a connection of its own. One
 * asks for status, slices and aggregates, the other watches. Both connect again by themselves.
 *
 * pennyline's manager is spared: aggregates come in small pages, only those that changed, with
 * pauses so that answering takes at most a tenth of its time. */
#ifndef WEB_FEED_H
#define WEB_FEED_H

#include <jansson.h>

#include "counted.h"
#include "events.h"
#include "mirror.h"

struct feed_config {
    const char *socket; /* outlives the feed */
    struct mirror *mirror;
    struct counted *counted;
    struct events *events;
    /* Each event, before others see it; on the watching thread; may be NULL. */
    void (*on_event)(void *context, const json_t *event);
    void *context;
};

struct feed;

/* NULL when memory is short or threads are not to be had. That nobody answers is no error. */
struct feed *feed_start(const struct feed_config *config);
void feed_stop(struct feed *f); /* NULL is allowed */

#endif
