/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection to the control server: lines in, lines out, never waiting. Internal. */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/control.h"

struct client {
    int fd; /* -1: a free place */
    bool watching;
    bool at_end;        /* nothing more will come */
    bool leaving;       /* close it when all is sent */
    bool is_privileged; /* root's, or of the server's own user */
    struct control_peer peer;
    uint64_t ticket;      /* not 0: of a request whose reply comes later; no other is read before */
    uint64_t progress_ns; /* when it last took a byte, or had none to take */
    uint64_t heard_ns;    /* when it was opened, or last sent a byte */
    uint64_t n_lost, n_lost_told;
    size_t n_in;
    char *out; /* out[n_sent..n_out) waits */
    size_t n_out, n_sent, out_size;
    char in[CONTROL_MAX_REQUEST_BYTES];
};

/* What makes a reply of a line of `c`. NULL, and c->ticket is set: it comes later, by
 * client_reply(). */
typedef json_t *client_answer(void *context, struct client *c, const char *line, size_t n);

void client_open(struct client *c, int fd, uint64_t now_ns);
void client_close(struct client *c);

/* The events of poll(2) that it waits for. */
short client_events(const struct client *c);

/* Reads, answers at most one line, writes. Closes it when it is done or dead; who has closed the
 * connection is not answered, and nothing is done for it. */
void client_serve(struct client *c, short revents, uint64_t now_ns, client_answer *answer,
                  void *context);

/* Of who has closed the connection: what it said before, line by line; replies are thrown away. */
void client_hear_last(struct client *c, uint64_t now_ns, client_answer *answer, void *context);

/* The reply to the request of its ticket. */
void client_reply(struct client *c, json_t *reply);

/* Queues an event for a watcher, or counts it as lost. */
void client_publish(struct client *c, const char *line, size_t n);

/* It asks nothing, and has asked nothing for CONTROL_IDLE_S. A watcher never is. */
bool client_is_idle(const struct client *c, uint64_t now_ns);

/* {"ok": false, "error": text} as the last thing that it gets. */
void client_refuse(struct client *c, const char *text);
/* The same with "turned_away": true: it is about the connection, not about what it asked. */
void client_turn_away(struct client *c, const char *text);

/* NULL when memory is short. */
json_t *client_error(const char *text);

#endif
