/* SPDX-License-Identifier: BSD-3-Clause */
#include "passive/copies.h"

#include "passive/passive.h"

/* The ways through a switch or a router differ by less. Nobody gives two packets the same
 * identification so soon: RFC 6864 4.3 has senders not repeat one while the other may live. */
#define COPY_TICKS passive_ticks(10 * NS_PER_MS)
/* Without an identification (0, or IPv6) the timestamp, which the checksum covers, tells what was
 * sent again, and a sender that repeats has been told of a loss, which takes a round trip. Without
 * that, too, a retransmission is the same packet, and may meet its first copy, which was only late,
 * here: only what comes at once is a copy. Behind a mirror no round trip is as short as that. */
#define COPY_TICKS_AT_ONCE passive_ticks(20 * NS_PER_US)

static uint32_t limit_of(const struct packet_detail *detail, uint32_t rtt_ticks)
{
    uint32_t limit = detail->has_timestamp && rtt_ticks != 0 ? COPY_TICKS : COPY_TICKS_AT_ONCE;

    if (detail->ip_id != 0)
        return COPY_TICKS;
    return rtt_ticks != 0 && rtt_ticks / 2 < limit ? rtt_ticks / 2 : limit;
}

bool passive_is_copy(const struct passive_copies *copies, uint64_t fingerprint,
                     const struct packet_detail *detail, uint32_t rtt_ticks, uint32_t now_ticks)
{
    const struct passive_came *came = &copies->slots[fingerprint >> (64 - PASSIVE_COPY_BITS)];

    return came->tag == (uint32_t)fingerprint &&
           now_ticks - came->ticks <= limit_of(detail, rtt_ticks);
}
