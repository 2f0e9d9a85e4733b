/* SPDX-License-Identifier: BSD-3-Clause */
/* How many answers leave: so many a second for each prefix that asks, and in all. A responder must
 * never be of use to who sends in somebody else's name, so above the limit there is silence.
 *
 * A fixed table of buckets, found by a keyed hash: prefixes that share one share its limit, which
 * only makes it stricter. Each worker has its own, of its share. */
#ifndef RESPONDER_LIMIT_H
#define RESPONDER_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

/* Bits of the client's address that are one prefix. */
#define RESPONDER_PREFIX_IPV4 24
#define RESPONDER_PREFIX_IPV6 56
#define RESPONDER_BUCKETS     8192 /* a power of two */

struct responder_bucket {
    uint32_t since_ms; /* when it had `tokens` */
    uint32_t tokens;   /* in thousandths */
};

struct responder_limit {
    uint64_t secret[2];
    uint32_t per_prefix, in_all; /* answers a second; a burst is a second's worth */
    struct responder_bucket all;
    struct responder_bucket buckets[RESPONDER_BUCKETS];
};

/* All buckets full. `secret`: from getrandom(2). */
void responder_limit_init(struct responder_limit *l, uint32_t per_prefix, uint32_t in_all,
                          uint32_t now_ms, const uint64_t secret[2]);

enum responder_permission { RESPONDER_MAY_ANSWER, RESPONDER_PREFIX_LIMIT, RESPONDER_LIMIT };

/* May one more answer go to `client`? When it may, it is counted. `now_ms` comes round. */
enum responder_permission responder_limit_take(struct responder_limit *l,
                                               const struct ip_address *client, uint32_t now_ms);

#endif
