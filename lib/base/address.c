/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Bits of the mapped part that stand before the 32 bits of an IPv4 address. */
#define MAPPED_BITS 96

static unsigned int family_bits(bool is_ipv4)
{
    return is_ipv4 ? 32 : 128;
}

/* The prefix length in the 128-bit form. */
static unsigned int mapped_length(const struct ip_prefix *p)
{
    return p->length + (p->is_ipv4 ? MAPPED_BITS : 0);
}

static bool equal_bits(const uint8_t *a, const uint8_t *b, unsigned int n_bits)
{
    unsigned int whole = n_bits / 8, rest = n_bits % 8;

    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static struct ip_address keep_bits(const struct ip_address *a, unsigned int n_bits)
{
    struct ip_address out = {{0}};
    unsigned int whole = n_bits / 8, rest = n_bits % 8;

    memcpy(out.bytes, a->bytes, whole);
    if (rest != 0)
        out.bytes[whole] = a->bytes[whole] & (uint8_t)(0xff << (8 - rest));
    return out;
}

struct ip_address ip_address_from_ipv4(const void *four_bytes)
{
    struct ip_address a = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};

    memcpy(a.bytes + 12, four_bytes, 4);
    return a;
}

struct ip_address ip_address_from_ipv6(const void *sixteen_bytes)
{
    struct ip_address a;

    memcpy(a.bytes, sixteen_bytes, sizeof(a.bytes));
    return a;
}

int ip_address_parse(const char *text, struct ip_address *out)
{
    uint8_t raw[16];

    if (inet_pton(AF_INET, text, raw) == 1) {
        *out = ip_address_from_ipv4(raw);
        return 0;
    }
    if (inet_pton(AF_INET6, text, raw) == 1) {
        *out = ip_address_from_ipv6(raw);
        return 0;
    }
    return -EINVAL;
}

const char *ip_address_format(const struct ip_address *a, char buffer[IP_TEXT_BYTES])
{
    if (ip_address_is_ipv4(a))
        inet_ntop(AF_INET, a->bytes + 12, buffer, IP_TEXT_BYTES);
    else
        inet_ntop(AF_INET6, a->bytes, buffer, IP_TEXT_BYTES);
    return buffer;
}

static int parse_length(const char *text, unsigned int most, uint8_t *out)
{
    char *end;
    long value;

    if (*text < '0' || *text > '9')
        return -EINVAL;
    errno = 0;
    value = strtol(text, &end, 10);
    if (*end != '\0' || errno != 0)
        return -EINVAL;
    if (value > (long)most)
        return -ERANGE;
    *out = (uint8_t)value;
    return 0;
}

int ip_prefix_parse(const char *text, struct ip_prefix *out)
{
    char address[IP_TEXT_BYTES];
    const char *slash = strchr(text, '/');
    size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
    struct ip_prefix p;
    struct ip_address kept;
    int error;

    if (n >= sizeof(address))
        return -EINVAL;
    memcpy(address, text, n);
    address[n] = '\0';
    error = ip_address_parse(address, &p.address);
    if (error != 0)
        return error;
    p.is_ipv4 = ip_address_is_ipv4(&p.address);
    p.length = (uint8_t)family_bits(p.is_ipv4);
    if (slash != NULL) {
        error = parse_length(slash + 1, p.length, &p.length);
        if (error != 0)
            return error;
    }
    kept = keep_bits(&p.address, mapped_length(&p));
    if (!ip_address_equal(&kept, &p.address))
        return -EDOM;
    *out = p;
    return 0;
}

const char *ip_prefix_format(const struct ip_prefix *p, char buffer[IP_TEXT_BYTES])
{
    size_t n;

    ip_address_format(&p->address, buffer);
    n = strlen(buffer);
    snprintf(buffer + n, IP_TEXT_BYTES - n, "/%u", p->length);
    return buffer;
}

bool ip_prefix_contains(const struct ip_prefix *p, const struct ip_address *a)
{
    if (ip_address_is_ipv4(a) != p->is_ipv4)
        return false;
    return equal_bits(p->address.bytes, a->bytes, mapped_length(p));
}

bool ip_prefix_equal(const struct ip_prefix *a, const struct ip_prefix *b)
{
    return a->is_ipv4 == b->is_ipv4 && a->length == b->length &&
           ip_address_equal(&a->address, &b->address);
}

struct ip_prefix ip_prefix_of_address(const struct ip_address *a, uint8_t length)
{
    struct ip_prefix p = {.length = length, .is_ipv4 = ip_address_is_ipv4(a)};

    p.address = keep_bits(a, mapped_length(&p));
    return p;
}

bool ip_prefix_of_halves(const struct ip_prefix *a, const struct ip_prefix *b,
                         struct ip_prefix *out)
{
    struct ip_prefix whole;

    if (a->is_ipv4 != b->is_ipv4 || a->length != b->length || a->length == 0 ||
        ip_prefix_equal(a, b))
        return false;
    whole = (struct ip_prefix){.length = (uint8_t)(a->length - 1), .is_ipv4 = a->is_ipv4};
    whole.address = keep_bits(&a->address, mapped_length(&whole));
    if (!equal_bits(whole.address.bytes, b->address.bytes, mapped_length(&whole)))
        return false;
    *out = whole;
    return true;
}

struct ip_prefix ip_prefix_any(bool is_ipv4)
{
    static const uint8_t zero[16];
    struct ip_prefix p = {.length = 0, .is_ipv4 = is_ipv4};

    p.address = is_ipv4 ? ip_address_from_ipv4(zero) : ip_address_from_ipv6(zero);
    return p;
}
