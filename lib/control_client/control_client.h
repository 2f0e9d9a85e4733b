/* SPDX-License-Identifier: BSD-3-Clause */
/* A client's connection to the control socket: one JSON object per line, both ways. A connection
 * belongs to one thread at a time; calls wait for the server, for a time that the caller gives. */
#ifndef CONTROL_CLIENT_CONTROL_CLIENT_H
#define CONTROL_CLIENT_CONTROL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CONTROL_CLIENT_ERROR_BYTES 1408 /* the server's longest, and its command */

struct control_client {
    FILE *in;
    int fd;
    const char *path;                       /* the caller's */
    unsigned int wait_s;                    /* for the server, at most */
    bool is_refusal;                        /* the last failure: the server heard, and said no */
    bool is_turned_away;                    /* the last failure: it serves no one more, or not us */
    char error[CONTROL_CLIENT_ERROR_BYTES]; /* one sentence, when a call failed */
};

/* The manager answers within an epoch; this long it is silent only when it hangs. */
#define CONTROL_CLIENT_WAIT_S 10

/* Connects, and waits for at most `wait_s` seconds (from 1) for that, and then for each answer. 0,
 * or -1 with `error` saying what to do; nothing is open then. `path` outlives the connection. */
int control_client_open(struct control_client *c, const char *path, unsigned int wait_s);

/* Waits so long from now on. */
void control_client_set_wait(struct control_client *c, unsigned int wait_s);

/* Sends a request (stays the caller's) and returns "result" of the reply, the caller's. NULL: it
 * was refused, or the server is gone; `error` says which. */
json_t *control_client_ask(struct control_client *c, const json_t *request);

/* The next event of a watch, the caller's; waits for it without an end. NULL when the connection
 * ended; `error` is set. */
json_t *control_client_next(struct control_client *c);

/* Also of one that is not open. */
void control_client_close(struct control_client *c);

#endif
