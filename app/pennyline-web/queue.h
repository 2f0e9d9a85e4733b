/* SPDX-License-Identifier: BSD-3-Clause */
/* A queue of lines in one file that survives its process, and the machine's crash.
 *
 * The file begins with a header line that says where the first line lies that was not taken yet;
 * lines are appended behind. A line is on the disk when queue_push() returns; it is given again
 * after a crash unless queue_pop() returned. A last line that was cut by a crash is taken off at
 * open. Not locked: its owner does that. */
#ifndef WEB_QUEUE_H
#define WEB_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#define QUEUE_MAX_LINE_BYTES (256u << 10)

struct queue;

/* Opens or makes `path`, mode 0600; never more than `max_bytes` wait in it. NULL with errno: what
 * open(2) says, ENOMEM, EWOULDBLOCK another process has it, EINVAL it is no such file. */
struct queue *queue_open(const char *path, uint64_t max_bytes);
void queue_close(struct queue *q); /* NULL is allowed */

/* Appends a line (without its end). 0; -ENOSPC the queue is full; -EINVAL too long, or it holds a
 * line end; what write(2) says. */
int queue_push(struct queue *q, const char *line, size_t n);

/* The first line, to be freed by the caller. 0; -ENOENT there is none; -EBADMSG it is none that was
 * pushed (too long, or with bytes 0: a crash left it), so there is nothing to do but to pop it;
 * -ENOMEM or what read(2) says: try again. */
int queue_first(struct queue *q, char **line);

/* Takes off the line that queue_first() spoke of last (0, or -EBADMSG). It is off whatever comes
 * back: 0, or what write(2) says, and then it comes again when the process ends before a later
 * queue_pop() or queue_push() succeeds. */
int queue_pop(struct queue *q);

uint64_t queue_n_lines(const struct queue *q);

#endif
