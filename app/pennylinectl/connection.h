/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection to the control socket: one JSON object per line, both ways. */
#ifndef PENNYLINECTL_CONNECTION_H
#define PENNYLINECTL_CONNECTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CONNECTION_ERROR_BYTES 512

struct connection {
    FILE *in;
    int fd;
    const char *path;
    bool is_refusal;                    /* the last failure: the server heard, and said no */
    char error[CONNECTION_ERROR_BYTES]; /* one sentence, when a call failed */
};

/* 0, or -1 with `error` saying what to do. */
int connection_open(struct connection *c, const char *path);

/* Sends a request (stays the caller's) and returns "result" of the reply, the caller's. NULL: it
 * was refused, or the server is gone; `error` says which. */
json_t *connection_ask(struct connection *c, const json_t *request);

/* The next event of a watch, the caller's. NULL at the end; `error` is set. */
json_t *connection_next(struct connection *c);

void connection_close(struct connection *c);

#endif
