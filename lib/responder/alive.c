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

static bool says(uint64_t place, uint64_t hash, uint32_t now_s)
{
    return place != 0 && (uint32_t)(place >> 32) == (uint32_t)(hash >> 32) &&
           now_s - (uint32_t)place <= RESPONDER_ALIVE_S;
}

bool responder_alive_note(struct responder_alive *a, const struct ip_address *address,
                          uint32_t now_s)
{
    const uint64_t hash = hash_of(a, address);
    _Atomic uint64_t *at = &a->places[hash % RESPONDER_ALIVE_PLACES];
    const uint64_t before = atomic_load_explicit(at, memory_order_relaxed);
    const uint64_t now = hash >> 32 << 32 | now_s;

    if (before != now)
        atomic_store_explicit(at, now, memory_order_relaxed);
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
