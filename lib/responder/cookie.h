/* SPDX-License-Identifier: BSD-3-Clause */
/* Cookies: the sequence number of a SYN+ACK, by which the ACK that answers it is known again
 * without any state, and which nobody can guess who did not receive it. SipHash-2-4 of the flow,
 * the SYN's own number, the time slot and the path, under a key from getrandom(2) (as RFC 4987 3.6
 * asks of SYN cookies; what is usually packed into them is left out, since nobody continues the
 * connection). Its lowest bit is that of the slot, so that an answer is looked at with one hash: of
 * the two slots in which it may be right the bit names one. 31 bits are left to guess.
 *
 * Threads: keys have one writer, who gives workers another copy; the rest is pure. */
#ifndef RESPONDER_COOKIE_H
#define RESPONDER_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

/* A cookie is right in the slot in which it was made, and in the next one. */
#define RESPONDER_SLOT_S 32
/* Slots a key is used for: an hour of them, nearly. */
#define RESPONDER_KEY_SLOTS 112

/* Of two successive keys, the one of an even period of slots and the one of an odd one. Whoever
 * owns them renews one while the other is in use. */
struct responder_keys {
    uint64_t keys[2][2];
};

/* What a cookie is of, beside the slot. */
struct responder_flow {
    struct ip_address client, address;
    uint16_t client_port, port;
    uint16_t path;    /* number of the ingress: an answer by another one is not on this path */
    uint32_t initial; /* the SYN's sequence number */
};

/* The slot of a time on the process's clock. */
static inline uint32_t responder_slot(uint64_t now_ns)
{
    return (uint32_t)(now_ns / (RESPONDER_SLOT_S * UINT64_C(1000000000)));
}

/* Which of the keys belongs to a slot; the other one may be renewed in a slot that is at least one
 * after its own period and at least two before the next. */
static inline unsigned int responder_key_of_slot(uint32_t slot)
{
    return slot / RESPONDER_KEY_SLOTS % 2;
}

/* Is this the slot in which the key that is not in use is to be renewed? */
bool responder_renews_key(uint32_t slot);

uint32_t responder_cookie(const struct responder_keys *keys, const struct responder_flow *flow,
                          uint32_t slot);

/* Does an acknowledgement number say the cookie of `flow` in this slot or in the one before (RFC
 * 9293 3.10.7.4: it is the cookie's successor)? */
bool responder_is_right(const struct responder_keys *keys, const struct responder_flow *flow,
                        uint32_t slot, uint32_t acknowledgement);

/* Of one that does not: was it right a slot earlier? Then it is counted as late, and proves
 * nothing.
 */
bool responder_is_late(const struct responder_keys *keys, const struct responder_flow *flow,
                       uint32_t slot, uint32_t acknowledgement);

#endif
