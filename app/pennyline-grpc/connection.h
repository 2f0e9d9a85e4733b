/* SPDX-License-Identifier: BSD-3-Clause */
/* One client: HTTP/2 by nghttp2, and gRPC's frames in it (github.com/grpc/grpc, PROTOCOL-HTTP2.md).
 * One thread. */
#ifndef GRPC_CONNECTION_H
#define GRPC_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"
#include "service.h"

#define MOST_MESSAGE_BYTES ((size_t)256 << 10)
/* More than there may be calls: so who is one too many is told, and does not wait in silence. */
#define MOST_STREAMS 128
/* A connection on which nothing is under way is closed after so long. */
#define IDLE_S 600
/* And one whose handshake is not over. */
#define HANDSHAKE_S 10

struct connection;
struct stream;

/* Takes the descriptor, which does not block. `tls` NULL: in the clear. NULL when memory is short;
 * then it is closed. */
struct connection *connection_create(struct service *service, int descriptor,
                                     const struct channel_tls *tls);
/* Gives up what is under way, and closes the descriptor. */
void connection_destroy(struct connection *c);

int connection_descriptor(const struct connection *c);
bool connection_wants_write(const struct connection *c);

/* The descriptor is readable, writable. False: the connection is over. */
bool connection_read(struct connection *c);
bool connection_write(struct connection *c);

/* Deadlines and idleness, once a second. False: the connection is over. */
bool connection_tick(struct connection *c, double now_s);

/* A job of one of its streams is done; the message is taken over. */
void connection_finish(struct stream *stream, uint8_t *message, size_t n);
struct connection *connection_of(struct stream *stream);

#endif
