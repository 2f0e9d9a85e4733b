/* SPDX-License-Identifier: BSD-3-Clause */
/* What the map remembers: one file of SQLite. One process writes it, by one thread; others may read
 * it meanwhile, each by a connection of its own.
 *
 * What is noted is on the disk when store_commit() returns, all of it or nothing, together with the
 * place in the event log up to which it was read. */
#ifndef PENNYLINE_MAP_STORE_H
#define PENNYLINE_MAP_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/place.h"

#define STORE_ERROR_BYTES 512

struct store;

/* Opens a file, and makes it when it is not there. A broken one, and one of another version, is set
 * aside under another name, which is said, and another one is begun. NULL with `error`. */
struct store *store_open(const char *path, char error[STORE_ERROR_BYTES]);
/* One that is there, for reading, or for what store_note_sent() says. */
struct store *store_attach(const char *path, bool for_writing, char error[STORE_ERROR_BYTES]);
void store_close(struct store *s); /* NULL is allowed */

/* What happened, as an event of the log, as far as it is about the map. 0, also when it is not;
 * else -EIO, and said. */
int store_note_event(struct store *s, const json_t *event);

/* With the place in the log, unless NULL. 0; -EIO, and said: then nothing was noted since the last
 * one. */
int store_commit(struct store *s, const struct place *place);

/* 0; -ENOENT: it has none yet. */
int store_load_place(struct store *s, struct place *place, struct timespec *at);

/* Takes out what is older than so many days, and the oldest, when it has more MiB: some rows each
 * time. 0 days, 0 MiB: no limit. Before a commit. How many rows. */
int64_t store_forget(struct store *s, uint32_t days, uint32_t mib);

/* Reading: rows as objects, in an array, the caller's; NULL with `error`. */

/* Alarms that are up, then the latest that are over: at most `n`. */
json_t *store_alarms(struct store *s, bool only_active, uint32_t n, char error[STORE_ERROR_BYTES]);
/* What happened to a prefix (NULL: to any), latest first. */
json_t *store_history(struct store *s, const char *prefix, uint32_t n,
                      char error[STORE_ERROR_BYTES]);
/* Events of alarms that are up, and of those that ended since `since` (RFC 3339). */
json_t *store_alarms_since(struct store *s, const char *since, char error[STORE_ERROR_BYTES]);
/* Events of alarms that were not sent by this output yet, oldest first: [{"number", "event"}]. */
json_t *store_unsent(struct store *s, const char *output, uint32_t n,
                     char error[STORE_ERROR_BYTES]);
/* Up to this number they were. 0, -EIO. */
int store_note_sent(struct store *s, const char *output, int64_t number);

struct store_size {
    int64_t n_alarms, n_transitions, n_bytes;
};
struct store_size store_size(struct store *s);

#endif
