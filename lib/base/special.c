/* SPDX-License-Identifier: BSD-3-Clause */
/* The IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890), of their blocks those that
 * are no source on the Internet: "Globally Reachable" is false, or "Source" is. And what is no
 * unicast: multicast (RFC 5771, RFC 4291 section 2.7), class E (RFC 1112 section 4), and of IPv6
 * all that is not global unicast, 2000::/3 (RFC 4291 section 2.4). Transition addresses (6to4,
 * Teredo, NAT64's well-known prefix) are sources that exist. */
#include "base/special.h"

#include "base/compiler.h"

static const struct {
    uint8_t address[4];
    uint8_t length;
} blocks4[] = {
    {{0, 0, 0, 0}, 8},       /* "this network": RFC 791 section 3.2 */
    {{10, 0, 0, 0}, 8},      /* RFC 1918 */
    {{100, 64, 0, 0}, 10},   /* shared address space: RFC 6598 */
    {{127, 0, 0, 0}, 8},     /* loopback: RFC 1122 section 3.2.1.3 */
    {{169, 254, 0, 0}, 16},  /* link local: RFC 3927 */
    {{172, 16, 0, 0}, 12},   /* RFC 1918 */
    {{192, 0, 0, 0}, 24},    /* IETF protocol assignments: RFC 6890 */
    {{192, 0, 2, 0}, 24},    /* documentation: RFC 5737 */
    {{192, 168, 0, 0}, 16},  /* RFC 1918 */
    {{198, 18, 0, 0}, 15},   /* benchmarking: RFC 2544 */
    {{198, 51, 100, 0}, 24}, /* documentation: RFC 5737 */
    {{203, 0, 113, 0}, 24},  /* documentation: RFC 5737 */
    {{224, 0, 0, 0}, 4},     /* multicast: RFC 5771 */
    {{240, 0, 0, 0}, 4},     /* reserved, and the limited broadcast: RFC 1112, RFC 8190 */
};

/* Within 2000::/3; the rest of IPv6 is one block. */
static const struct {
    uint8_t address[6];
    uint8_t length;
} blocks6[] = {
    {{0x20, 0x01, 0x00, 0x02}, 48}, /* benchmarking: RFC 5180 */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation: RFC 3849 */
    {{0x3f, 0xff, 0x00, 0x00}, 20}, /* documentation: RFC 9637 */
};

static bool holds(const uint8_t *block, unsigned int length, const uint8_t *address)
{
    for (unsigned int i = 0; i < length; i++)
        if (((block[i / 8] ^ address[i / 8]) >> (7 - i % 8) & 1) != 0)
            return false;
    return true;
}

static int bits4(const struct ip_prefix *p)
{
    for (size_t i = 0; i < ARRAY_LENGTH(blocks4); i++)
        if (p->length >= blocks4[i].length &&
            holds(blocks4[i].address, blocks4[i].length, p->address.bytes + 12))
            return blocks4[i].length;
    return -1;
}

int ip_prefix_special_bits(const struct ip_prefix *p)
{
    if (p->is_ipv4)
        return bits4(p);
    for (size_t i = 0; i < ARRAY_LENGTH(blocks6); i++)
        if (p->length >= blocks6[i].length &&
            holds(blocks6[i].address, blocks6[i].length, p->address.bytes))
            return blocks6[i].length;
    /* NAT64 (RFC 6052) is outside of global unicast, and is a source. */
    if (p->length >= 3 && p->address.bytes[0] >> 5 != 1 &&
        !(p->length >= 32 &&
          holds((const uint8_t[]){0x00, 0x64, 0xff, 0x9b}, 32, p->address.bytes)))
        return 3;
    return -1;
}
