/* SPDX-License-Identifier: BSD-3-Clause */
/* The latest events, each with a number that only grows: a reader asks for what came after the last
 * one that it has. When a reader is too late, the numbers show how many it missed.
 *
 * Any thread. Memory is bounded by EVENTS_MAX and EVENTS_MAX_BYTES. */
#ifndef WEB_EVENTS_H
#define WEB_EVENTS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#define EVENTS_MAX       8192
#define EVENTS_MAX_BYTES (16u << 20)

struct events;

/* NULL when memory is short. */
struct events *events_create(void);
void events_destroy(struct events *e);

/* Keeps a copy of `event` (an object with "event"); the oldest make room. */
void events_add(struct events *e, const json_t *event);

/* Writes {"stream", "events": [{"cursor", ...}], "next", "oldest"} of up to `count` events after
 * number `after`, only of `kind` unless it is NULL. "next" is where to go on; "stream" changes when
 * the numbers begin anew. */
void events_write(struct events *e, FILE *out, uint64_t after, uint32_t count, const char *kind);

uint64_t events_n_seen(struct events *e);

#endif
