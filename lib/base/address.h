/* SPDX-License-Identifier: BSD-3-Clause */
/* IP addresses and prefixes of both families in one type.
 *
 * An address is 16 bytes; IPv4 is held as ::ffff:a.b.c.d (RFC 4291 2.5.5.2), so that keys of flows
 * have one shape. A packet that carries such an address as IPv6 on the wire is refused by the
 * parser, so the two never meet. All functions are pure and may be called from any thread. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct ip_address {
    uint8_t bytes[16];
};

/* `length` counts bits of the own family: 0..32 for IPv4, 0..128 for IPv6. Host bits are zero. */
struct ip_prefix {
    struct ip_address address;
    uint8_t length;
    bool is_ipv4;
};

/* Long enough for any address or prefix as text, with the terminating NUL. */
#define IP_TEXT_BYTES 64

static inline bool ip_address_is_ipv4(const struct ip_address *a)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(a->bytes, mapped, sizeof(mapped)) == 0;
}

static inline bool ip_address_equal(const struct ip_address *a, const struct ip_address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* An IPv4 address from its four bytes in network order. */
struct ip_address ip_address_from_ipv4(const void *four_bytes);

/* An IPv6 address from its sixteen bytes in network order. */
struct ip_address ip_address_from_ipv6(const void *sixteen_bytes);

/* Text to address, either family. 0, or -EINVAL. */
int ip_address_parse(const char *text, struct ip_address *out);

/* Address to text. Returns `buffer`, which holds IP_TEXT_BYTES. */
const char *ip_address_format(const struct ip_address *a, char buffer[IP_TEXT_BYTES]);

/* "192.0.2.0/24", "2001:db8::/32", or an address alone (its full length). 0; -EINVAL when it is no
 * prefix; -ERANGE when the length is too large for the family; -EDOM when host bits are set. */
int ip_prefix_parse(const char *text, struct ip_prefix *out);

/* Prefix to text. Returns `buffer`, which holds IP_TEXT_BYTES. */
const char *ip_prefix_format(const struct ip_prefix *p, char buffer[IP_TEXT_BYTES]);

/* Does the prefix hold the address? Never across families: ::/0 holds no IPv4 address. */
bool ip_prefix_contains(const struct ip_prefix *p, const struct ip_address *a);

bool ip_prefix_equal(const struct ip_prefix *a, const struct ip_prefix *b);

/* The prefix of `length` bits (own family) that holds the address. `length` is at most 32 or 128.
 */
struct ip_prefix ip_prefix_of_address(const struct ip_address *a, uint8_t length);

/* Are they the two halves of one prefix, in whatever order? Then that one is written. */
bool ip_prefix_of_halves(const struct ip_prefix *a, const struct ip_prefix *b,
                         struct ip_prefix *out);

/* The prefix of a whole family: 0.0.0.0/0 or ::/0. */
struct ip_prefix ip_prefix_any(bool is_ipv4);

#endif
