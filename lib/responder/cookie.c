/* SPDX-License-Identifier: BSD-3-Clause */
#include "responder/cookie.h"

#include "base/bytes.h"
#include "base/siphash.h"

enum { MESSAGE_WORDS = 6 };

bool responder_renews_key(uint32_t slot)
{
    return slot % RESPONDER_KEY_SLOTS == RESPONDER_KEY_SLOTS / 2;
}

uint32_t responder_cookie(const struct responder_keys *keys, const struct responder_flow *flow,
                          uint32_t slot)
{
    const uint64_t words[MESSAGE_WORDS] = {
        load_word(flow->client.bytes),
        load_word(flow->client.bytes + 8),
        load_word(flow->address.bytes),
        load_word(flow->address.bytes + 8),
        (uint64_t)flow->client_port | (uint64_t)flow->port << 16 | (uint64_t)flow->initial << 32,
        (uint64_t)slot | (uint64_t)flow->path << 32,
    };

    const uint64_t hash =
        siphash_words(words, MESSAGE_WORDS, keys->keys[responder_key_of_slot(slot)]);

    return ((uint32_t)hash & ~1u) | (slot & 1);
}

bool responder_is_right(const struct responder_keys *keys, const struct responder_flow *flow,
                        uint32_t slot, uint32_t acknowledgement)
{
    const uint32_t cookie = acknowledgement - 1;

    return responder_cookie(keys, flow, (cookie & 1) == (slot & 1) ? slot : slot - 1) == cookie;
}

bool responder_is_late(const struct responder_keys *keys, const struct responder_flow *flow,
                       uint32_t slot, uint32_t acknowledgement)
{
    const uint32_t cookie = acknowledgement - 1;

    return (cookie & 1) == (slot & 1) && responder_cookie(keys, flow, slot - 2) == cookie;
}
