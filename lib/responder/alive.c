/* SPDX-License-Identifier: BSD-3-Clause */
#include "responder/alive.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"

void responder_alive_init(struct responder_alive *a, const uint64_t secret[2])
{
    memset(a, 0, sizeof(*a));
    memcpy(a->secret, secret, sizeof(a->secret));
}

static uint64_t hash_of(const struct responder_alive *a, const struct ip_address *address)
{
    return hash_words(address->bytes, 2, a->secret);
}

/* In a tag's place: two addresses or more that showed life fall here, and nobody knows which. */
#define ANYBODY UINT32_MAX

static uint32_t tag_of(uint64_t hash)
{
    const uint32_t tag = (uint32_t)(hash >> 32);

    return tag == ANYBODY ? 0 : tag;
}

static bool is_fresh(uint64_t place, uint32_t now_s)
{
    return place != 0 && now_s - (uint32_t)place <= RESPONDER_ALIVE_S;
}

static bool says(uint64_t place, uint64_t hash, uint32_t now_s)
{
    const uint32_t tag = (uint32_t)(place >> 32);

    return is_fresh(place, now_s) && (tag == ANYBODY || tag == tag_of(hash));
}

/* Who shares a place with another one that is alive takes it for both: one address must never make
 * another one be forgotten. */
static uint64_t joined(uint64_t place, uint64_t hash, uint32_t now_s)
{
    const bool is_shared = is_fresh(place, now_s) && (uint32_t)(place >> 32) != tag_of(hash);

    return (uint64_t)(is_shared ? ANYBODY : tag_of(hash)) << 32 | now_s;
}

bool responder_alive_note(struct responder_alive *a, const struct ip_address *address,
                          uint32_t now_s)
{
    const uint64_t hash = hash_of(a, address);
    _Atomic uint64_t *at = &a->places[hash % RESPONDER_ALIVE_PLACES];
    uint64_t before = atomic_load_explicit(at, memory_order_relaxed);

    /* Where another worker comes in between, its address is joined, too. */
    while (before != joined(before, hash, now_s) &&
           !atomic_compare_exchange_weak_explicit(at, &before, joined(before, hash, now_s),
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
    return !says(before, hash, now_s);
}

bool responder_is_alive(const struct responder_alive *a, const struct ip_address *address,
                        uint32_t now_s)
{
    const uint64_t hash = hash_of(a, address);

    return says(
        atomic_load_explicit(&a->places[hash % RESPONDER_ALIVE_PLACES], memory_order_relaxed), hash,
        now_s);
}
