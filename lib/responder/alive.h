/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses of a responder that showed life: somebody sent a packet from one, so somebody may have
 * it, and it is not answered for until it was silent for hours. A spoofed packet does the same,
 * which costs answers and nothing else.
 *
 * A fixed table. Where addresses that showed life share a place, all addresses of that place count
 * as alive until none of them sent anything for hours: so nobody, whatever he sends, can have an
 * answer given in the name of a host that is there. Threads: any. */
#ifndef RESPONDER_ALIVE_H
#define RESPONDER_ALIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

#define RESPONDER_ALIVE_S      14400
#define RESPONDER_ALIVE_PLACES 4096 /* a power of two */

struct responder_alive {
    uint64_t secret[2];
    _Atomic uint64_t places[RESPONDER_ALIVE_PLACES]; /* 32 bits of a hash, the second; 0: free */
};

/* `secret`: from getrandom(2). */
void responder_alive_init(struct responder_alive *a, const uint64_t secret[2]);

/* It sent a packet. True: it was not known to be alive. `now_s` is at least 1. */
bool responder_alive_note(struct responder_alive *a, const struct ip_address *address,
                          uint32_t now_s);

bool responder_is_alive(const struct responder_alive *a, const struct ip_address *address,
                        uint32_t now_s);

#endif
