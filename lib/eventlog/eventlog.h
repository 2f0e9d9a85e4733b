/* SPDX-License-Identifier: BSD-3-Clause */
/* The event log: one JSON object per line, written as it happens.
 *
 * It must not hold up its caller. A line is written at once when the file, pipe or terminal takes
 * it; what is not taken waits in a fixed buffer; a line that does not fit there is lost, counted,
 * and its loss is told by a line of its own ({"event": "events_lost", "count": n}) once there is
 * room again.
 *
 * One thread calls it. The process ignores SIGPIPE. */
#ifndef EVENTLOG_EVENTLOG_H
#define EVENTLOG_EVENTLOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define EVENTLOG_BUFFER_BYTES (256u << 10)

struct eventlog;

/* Says a trouble with the log (and its end) in words, once for each; `text` is a whole sentence. */
typedef void eventlog_trouble(void *context, const char *text);

/* Is it a link of the system's to a descriptor of this process, which nobody else can change:
 * /dev/stdout, /dev/stderr, and /dev/fd/N as a shell gives it for >(command)? */
bool eventlog_names_descriptor(const char *path);

/* Opens for appending, made with mode 0640 if it is not there; "-" is standard output. A symbolic
 * link is not followed (ELOOP), but for eventlog_names_descriptor(). A file that ends within a line
 * gets a line end first, so that only what was cut is lost to its readers. NULL with errno: what
 * open(2) says, ENOMEM. `trouble` may be NULL: then standard error is told. */
struct eventlog *eventlog_open(const char *path, eventlog_trouble *trouble, void *context);

/* Writes `event` (stays the caller's) as one line. 0; -ENOBUFS the line is lost and counted;
 * -EINVAL it is no JSON object. A NULL log takes everything and keeps nothing. */
int eventlog_write(struct eventlog *log, const json_t *event);

/* Tries again what waits. Call it now and then, as each loop of the manager. */
void eventlog_flush(struct eventlog *log);

/* Opens the path anew (after a rotation) and goes on there. What still waited goes to the new file,
 * but for the rest of a line that was written in part: that line is lost, and counted.
 * 0, or what open(2) says: then the old file stays in use. Nothing to do for "-" and NULL. */
int eventlog_reopen(struct eventlog *log);

/* Lines lost since the start, and writes that failed. */
uint64_t eventlog_n_lost(const struct eventlog *log);
uint64_t eventlog_n_errors(const struct eventlog *log);

/* Writes what waits, for at most a second, and closes. NULL is allowed. */
void eventlog_close(struct eventlog *log);

#endif
