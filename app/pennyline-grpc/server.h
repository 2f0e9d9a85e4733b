/* SPDX-License-Identifier: BSD-3-Clause */
/* Listens, and serves its connections until it is told to stop. One thread. */
#ifndef GRPC_SERVER_H
#define GRPC_SERVER_H

#include <signal.h>
#include <stdbool.h>

#include "channel.h"
#include "service.h"

#define MOST_CONNECTIONS 256

/* A socket that listens at "127.0.0.1:50051" or "[::1]:50051"; `is_local` says whether only this
 * machine reaches it. A negative errno: -EINVAL when the text is no address. */
int server_listen(const char *text, bool *is_local);

/* Where it listens, with the port that it got for 0. */
#define SERVER_ADDRESS_BYTES 64
void server_address(int listener, char out[SERVER_ADDRESS_BYTES]);

/* Returns when *stop is set by a signal; 0, or what poll(2) says. Takes the listener. `tls` NULL:
 * in the clear. */
int server_run(struct service *service, int listener, const struct channel_tls *tls,
               const volatile sig_atomic_t *stop);

#endif
