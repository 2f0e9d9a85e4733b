/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys of entries in twelve bytes, as workers compare them: nothing finer than a /24 of IPv4 or a
 * /48 of IPv6 is told apart, which is the least that BGP carries. Pure functions. */
#ifndef MAP_KEY_H
#define MAP_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "map/entry.h"

#define MAP_FINEST_IPV4 24
#define MAP_FINEST_IPV6 48

/* `bits`: the first 48 of the address (IPv4: its 32, then zeros), then the ingress. */
struct map_packed {
    uint64_t bits;
    uint32_t shape; /* 1, family, length */
};

static inline uint8_t map_finest(bool is_ipv4)
{
    return is_ipv4 ? MAP_FINEST_IPV4 : MAP_FINEST_IPV6;
}

/* The first 48 bits of an address, with zeros for the rest of IPv4's. */
static inline uint64_t map_top_bits(const struct ip_address *a, bool is_ipv4)
{
    const uint8_t *from = a->bytes + (is_ipv4 ? 12 : 0);

    return (uint64_t)load_be32(from) << 16 | (is_ipv4 ? 0 : load_be16(from + 4));
}

/* `length` is at most map_finest(), and not 0. */
static inline struct map_packed map_pack(uint64_t top, bool is_ipv4, uint8_t length,
                                         uint16_t ingress)
{
    uint64_t kept = top & ~((UINT64_C(1) << (48 - length)) - 1);

    return (struct map_packed){kept << 16 | ingress, 1u << 16 | (uint32_t)is_ipv4 << 8 | length};
}

static inline struct map_packed map_pack_key(const struct map_key *key)
{
    return map_pack(map_top_bits(&key->address, key->is_ipv4 != 0), key->is_ipv4 != 0, key->length,
                    key->ingress);
}

static inline uint64_t map_hash(const struct map_packed *p, const uint64_t secret[2])
{
    return hash_end(hash_step(hash_step(secret[0], p->bits, 0, secret), p->shape, 1, secret),
                    secret);
}

static inline bool map_packed_equal(const struct map_packed *a, const struct map_packed *b)
{
    return a->bits == b->bits && a->shape == b->shape;
}

/* The key of what came from an address. */
static inline struct map_key map_key_of(const struct ip_address *source, bool is_ipv4,
                                        uint8_t length, uint16_t ingress)
{
    return (struct map_key){.address = ip_prefix_of_address(source, length).address,
                            .length = length,
                            .is_ipv4 = is_ipv4,
                            .ingress = ingress};
}

#endif
