/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies that the mirror made more than once, as a SPAN session of both directions of two ports
 * does, a capture on "any" of a router, or a tap whose outputs are joined. Such a copy is the same
 * packet: the same identification, sequence number and checksum, which covers TSval and
 * acknowledgement; what a sender sends again has another one of these, or comes a round trip later
 * (tcptrace calls them hardware duplicates).
 *
 * One table per worker of what came lately: a store for each segment, read by events only. What is
 * overwritten too soon is taken for a repeat. */
#ifndef PASSIVE_COPIES_H
#define PASSIVE_COPIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "packet/packet.h"

/* At a million segments a second, 16 ms of them. */
#define PASSIVE_COPY_BITS 14

struct passive_copies {
    struct passive_came {
        uint32_t tag, ticks;
    } slots[1 << PASSIVE_COPY_BITS];
};

/* Of a packet of that flow (its record number), by its headers. */
static inline uint64_t passive_fingerprint(const uint8_t *data, const struct packet_view *v,
                                           uint32_t flow)
{
    uint64_t ip_id = v->is_ipv4 ? load_be16(data + v->l3_offset + 4) : 0;
    uint64_t checksum = load_be16(data + v->l4_offset + 16);
    uint64_t a = (uint64_t)v->sequence << 32 | checksum << 16 | ip_id;
    uint64_t b = (uint64_t)flow << 32 | v->payload_bytes;

    /* Odd numbers from the digits of pi: every bit counts in the upper half. */
    a = (a ^ b * UINT64_C(0x243f6a8885a308d3)) * UINT64_C(0x13198a2e03707345);
    return a ^ a >> 32;
}

static inline struct passive_came *passive_came_slot(struct passive_copies *copies,
                                                     uint64_t fingerprint)
{
    return &copies->slots[fingerprint >> (64 - PASSIVE_COPY_BITS)];
}

static inline void passive_remember(struct passive_copies *copies, uint64_t fingerprint,
                                    uint32_t now_ticks)
{
    *passive_came_slot(copies, fingerprint) =
        (struct passive_came){.tag = (uint32_t)fingerprint, .ticks = now_ticks};
}

/* Did the same packet come just now? `rtt_ticks` 0: not known. */
bool passive_is_copy(const struct passive_copies *copies, uint64_t fingerprint,
                     const struct packet_detail *detail, uint32_t rtt_ticks, uint32_t now_ticks);

#endif
