/* SPDX-License-Identifier: BSD-3-Clause */
#include "responder/limit.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"

#define TOKEN 1000u

void responder_limit_init(struct responder_limit *l, uint32_t per_prefix, uint32_t in_all,
                          uint32_t now_ms, const uint64_t secret[2])
{
    memcpy(l->secret, secret, sizeof(l->secret));
    l->per_prefix = per_prefix;
    l->in_all = in_all;
    l->all = (struct responder_bucket){now_ms, in_all * TOKEN};
    for (unsigned int i = 0; i < RESPONDER_BUCKETS; i++)
        l->buckets[i] = (struct responder_bucket){now_ms, per_prefix * TOKEN};
}

/* In a millisecond a rate of n a second gives n thousandths of a token. */
static void fill(struct responder_bucket *b, uint32_t rate, uint32_t now_ms)
{
    const uint64_t most = (uint64_t)rate * TOKEN;
    const uint64_t tokens = b->tokens + (uint64_t)(now_ms - b->since_ms) * rate;

    b->tokens = (uint32_t)(tokens < most ? tokens : most);
    b->since_ms = now_ms;
}

static struct responder_bucket *bucket_of(struct responder_limit *l,
                                          const struct ip_address *client)
{
    const uint8_t bits = ip_address_is_ipv4(client) ? RESPONDER_PREFIX_IPV4 : RESPONDER_PREFIX_IPV6;
    const struct ip_prefix p = ip_prefix_of_address(client, bits);

    return &l->buckets[hash_words(p.address.bytes, 2, l->secret) % RESPONDER_BUCKETS];
}

enum responder_permission responder_limit_take(struct responder_limit *l,
                                               const struct ip_address *client, uint32_t now_ms)
{
    struct responder_bucket *b = bucket_of(l, client);

    fill(b, l->per_prefix, now_ms);
    if (b->tokens < TOKEN)
        return RESPONDER_PREFIX_LIMIT;
    fill(&l->all, l->in_all, now_ms);
    if (l->all.tokens < TOKEN)
        return RESPONDER_LIMIT;
    b->tokens -= TOKEN;
    l->all.tokens -= TOKEN;
    return RESPONDER_MAY_ANSWER;
}
