/* SPDX-License-Identifier: BSD-3-Clause */
/* How much one client may ask: a token bucket for each address (IPv6: each /64, and a
 * larger one for each /48). The table has a
 * fixed size; addresses that share a place share its bucket, so no flood of addresses makes it grow
 * or gives anybody more. Any thread. */
#ifndef WEB_THROTTLE_H
#define WEB_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct throttle;

/* `per_second` goes on for ever, `burst` at once. NULL when memory is short. */
struct throttle *throttle_create(double per_second, double burst);
void throttle_destroy(struct throttle *l);

/* Takes one request of `client` (NULL: a UNIX socket's) at `now_s`. False: too many. */
bool throttle_take(struct throttle *l, const struct sockaddr *client, double now_s);

#endif
