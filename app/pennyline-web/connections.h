/* SPDX-License-Identifier: BSD-3-Clause */
/* What the clients hold: connections, time, and bytes of replies that they have not read yet. No
 * client holds so much that nothing is left for others, and all together hold no more than there
 * is. Time comes in as an argument, in seconds of one clock. Any thread. */
#ifndef WEB_CONNECTIONS_H
#define WEB_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* A reply that is not larger is always granted: so many bytes times the greatest number of
 * connections are the memory for these. */
#define CONNECTIONS_SMALL_BYTES (64u << 10)

struct connections_limits {
    unsigned int most_of_client; /* connections; 0: any number. Of one who has an address */
    double request_s;            /* for a whole request, from the end of the reply before */
    double reply_s;              /* to read a reply, */
    double reply_bytes_per_s;    /* and for each so many bytes of it a second more */
    uint64_t most_bytes;         /* of larger replies, all together */
    uint64_t most_bytes_of_client;
};

struct connections;
struct connection;

struct connections *connections_create(const struct connections_limits *limits); /* or NULL */
void connections_destroy(struct connections *c);                                 /* NULL allowed */

/* A client (NULL: it has no address) connected by socket `fd`, which stays open until
 * connections_close(). One too many of its address is shut down at once. NULL: memory is short, so
 * it is shut down, too. */
struct connection *connections_open(struct connections *c, const struct sockaddr *client, int fd,
                                    double now_s);
void connections_close(struct connections *c, struct connection *one); /* NULL is allowed */

/* A reply of `n` bytes is about to be sent. False: there is no room for it; nothing is held then.
 */
bool connections_begin_reply(struct connections *c, struct connection *one, size_t n, double now_s);
/* It was sent, or given up. The next request may come. */
void connections_end_reply(struct connections *c, struct connection *one, double now_s);

/* It waits for something else than its client until then, before its reply. */
void connections_wait(struct connections *c, struct connection *one, double until_s);

/* Shuts down those whose time is over: they end as if their client had closed them. Call it now and
 * then. */
void connections_sweep(struct connections *c, double now_s);

/* Of larger replies that are not read yet. */
uint64_t connections_n_bytes(struct connections *c);

#endif
