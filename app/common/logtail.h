/* SPDX-License-Identifier: BSD-3-Clause */
/* Follows pennyline's event log, line by line, over restarts of both sides and over rotation.
 *
 * Where it is lies in a file: the log's inode, an offset, and a sum of the bytes before it. So it
 * knows its place again when the log was renamed meanwhile, and notices when another file has that
 * name or number. What was rotated away is read first, from the files beside it whose names begin
 * with the log's; what is compressed already is not read.
 *
 * A line is passed by when its taker took it; it may come twice when the process dies in between.
 */
#ifndef WEB_LOGTAIL_H
#define WEB_LOGTAIL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct logtail;

struct logtail_config {
    const char *path;      /* of the log; it need not be there yet */
    const char *directory; /* for the file with the place */
    /* Takes an event, which stays the caller's. False: not now; it comes again. */
    bool (*take)(void *context, const json_t *event);
    void *context;
};

/* The first time, begins with what happens from now on. What `config` points to outlives it. NULL
 * with `error` in words. */
struct logtail *logtail_start(const struct logtail_config *config, char *error, size_t n_error);

/* The place is kept. NULL is allowed. */
void logtail_stop(struct logtail *t);

/* How often a part of the log was gone before it was read, and lines that are no event. 0 for NULL.
 * Any thread. */
uint64_t logtail_n_gaps(const struct logtail *t);

/* What of the log that is read now was not taken when it was last looked at. 0 for NULL. Any
 * thread. */
uint64_t logtail_n_behind_bytes(const struct logtail *t);

#endif
