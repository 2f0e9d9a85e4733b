/* SPDX-License-Identifier: BSD-3-Clause */
/* The secret that allows to change something. Any thread, once loaded. */
#ifndef COMMON_TOKEN_H
#define COMMON_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_MIN_BYTES 16
#define TOKEN_MAX_BYTES 256

struct token {
    size_t n; /* 0: none, so nothing may be changed */
    char text[TOKEN_MAX_BYTES];
};

/* Reads the first line of a file that nobody but its owner and group may read. 0, or -1 with
 * `error` saying what to do. */
int token_load(struct token *t, const char *path, char *error, size_t n_error);

/* Is "Bearer TOKEN" (RFC 6750 section 2.1) the one? NULL is none. How long it takes tells nothing
 * of where they differ. */
bool token_is_in(const struct token *t, const char *authorization);

#endif
