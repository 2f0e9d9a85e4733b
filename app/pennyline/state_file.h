/* SPDX-License-Identifier: BSD-3-Clause */
/* One file of JSON that is written anew as a whole, by a thread of its own: the manager does not
 * wait for a disk. A reader finds the old text or the new one, also after a crash. */
#ifndef PENNYLINE_STATE_FILE_H
#define PENNYLINE_STATE_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct state_file;

/* `name` in `directory`, which is made if only it is missing. NULL with `error` in one sentence. */
struct state_file *state_file_open(const char *directory, const char *name, char *error,
                                   size_t n_error);
/* What it holds, the caller's; NULL when it is not there. What cannot be read, or whose member
 * "version" is another one, is set aside under another name, and `error` says so; else that is "".
 * Before the first write. */
json_t *state_file_read(const struct state_file *f, int version, char *error, size_t n_error);
/* To be written soon, instead of what may still wait. Takes `value`. */
void state_file_write(struct state_file *f, json_t *value);
/* Did it change since it was last asked whether writing works? Then *trouble is why it does not
 * (until the next call), or NULL. What could not be written is tried again. */
bool state_file_has_news(struct state_file *f, const char **trouble);
/* Writes what waits, and ends. NULL is allowed. */
void state_file_close(struct state_file *f);

#endif
