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
#ifndef COMMON_LOGTAIL_H
#define COMMON_LOGTAIL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/place.h"

struct logtail;

/* Who keeps the place, instead of a file of its own: what was taken and where it was then are
 * together on the disk, or both are not. */
struct logtail_keeper {
    /* 0; -ENOENT none was kept; -EINVAL it is none; or what reading it said. `at` is when it was
     * kept. */
    int (*load)(void *context, struct place *place, struct timespec *at);
    /* 0: it is on the disk, with all that was taken before; else why not. At most so often as
     * interval_ms says, but for a log that grows by more than 256 KiB meanwhile. */
    int (*save)(void *context, const struct place *place);
};

struct logtail_config {
    const char *path;                    /* of the log; it need not be there yet */
    const char *directory;               /* for the file with the place */
    const struct logtail_keeper *keeper; /* NULL: that file */
    unsigned int interval_ms;            /* between two looks; 0: 250 */
    void (*say)(const char *format, ...) __attribute__((format(printf, 1, 2)));
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
