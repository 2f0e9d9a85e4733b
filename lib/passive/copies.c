/* SPDX-License-Identifier: BSD-3-Clause */
#include "passive/copies.h"

#include "passive/passive.h"

/* The ways through a switch or a router differ by less. Nobody gives two packets the same
 * identification so soon: RFC 6864 4.3 has senders not repeat one while the other may live. */
#define COPY_TICKS passive_ticks(10 * NS_PER_MS)
/* Without an identification (0, or IPv6) only the time tells: a sender that repeats has been told
 * of a loss, which takes a round trip. When that is not known: shorter ones are hardly found. */
#define COPY_TICKS_BY_TIME passive_ticks(100 * NS_PER_US)

bool passive_is_copy(const struct passive_copies *copies, uint64_t fingerprint, bool has_ip_id,
                     uint32_t rtt_ticks, uint32_t now_ticks)
{
    const struct passive_came *came = &copies->slots[fingerprint >> (64 - PASSIVE_COPY_BITS)];
    uint32_t limit = has_ip_id ? COPY_TICKS : rtt_ticks == 0 ? COPY_TICKS_BY_TIME : rtt_ticks / 2;

    if (limit > COPY_TICKS)
        limit = COPY_TICKS;
    return came->tag == (uint32_t)fingerprint && now_ticks - came->ticks <= limit;
}
