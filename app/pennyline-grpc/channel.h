/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes to and from one client, in the clear or by TLS (GnuTLS). One thread. */
#ifndef GRPC_CHANNEL_H
#define GRPC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct channel;
struct channel_tls;

/* The chain and the key that clients are served with (PEM). NULL with `error` saying which file is
 * wrong. It outlives the channels. */
struct channel_tls *channel_tls_load(const char *certificate, const char *key, char *error,
                                     size_t n_error);
void channel_tls_free(struct channel_tls *tls);

/* Takes the descriptor, which does not block. `tls` NULL: in the clear. NULL when memory is short;
 * then it is closed. */
struct channel *channel_create(int descriptor, const struct channel_tls *tls);
/* Says goodbye, and closes the descriptor. */
void channel_destroy(struct channel *ch);

int channel_descriptor(const struct channel *ch);

/* Bytes read or written; 0 when there are none now, or none can be taken; -1: it is over. The
 * handshake goes on by either. */
ssize_t channel_read(struct channel *ch, uint8_t *to, size_t n);
ssize_t channel_write(struct channel *ch, const uint8_t *from, size_t n);

/* Bytes were read already that poll(2) does not tell of. */
bool channel_has_more(const struct channel *ch);
/* Is there no handshake that still goes on, and does it wait for room to write? */
bool channel_is_ready(const struct channel *ch);
bool channel_wants_write(const struct channel *ch);

#endif
