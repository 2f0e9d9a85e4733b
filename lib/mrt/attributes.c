/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "mrt/internal.h"

enum {
    FLAG_EXTENDED_LENGTH = 0x10, /* RFC 4271 section 4.3 */
    ATTRIBUTE_AS_PATH = 2,
    ATTRIBUTE_NEXT_HOP = 3,
    ATTRIBUTE_MP_REACH_NLRI = 14,
    ATTRIBUTE_AS4_PATH = 17,
};

int mrt_complain(struct mrt_complaint *complaint, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(complaint->text, sizeof(complaint->text), format, arguments);
    va_end(arguments);
    return -EINVAL;
}

int mrt_take_prefix(struct mrt_span *in, bool is_ipv4, struct ip_prefix *out,
                    struct mrt_complaint *complaint)
{
    unsigned int most = is_ipv4 ? 32 : 128, length, n_bytes;
    uint8_t bytes[16] = {0};

    if (in->n < 1)
        return mrt_complain(complaint, "it ends where the length of a prefix should stand");
    length = in->at[0];
    n_bytes = (length + 7) / 8;
    if (length > most)
        return mrt_complain(complaint, "a prefix of %u bits; IPv%d has at most %u", length,
                            is_ipv4 ? 4 : 6, most);
    if (in->n < 1 + n_bytes)
        return mrt_complain(complaint, "it ends within a prefix of %u bits", length);
    memcpy(bytes, in->at + 1, n_bytes);
    in->at += 1 + n_bytes;
    in->n -= 1 + n_bytes;
    /* Bits behind the length mean nothing (RFC 4271 section 4.3): they go. */
    if (is_ipv4) {
        struct ip_address a = ip_address_from_ipv4(bytes);

        *out = ip_prefix_of_address(&a, (uint8_t)length);
    } else {
        if (length % 8 != 0)
            bytes[n_bytes - 1] &= (uint8_t)(0xff << (8 - length % 8));
        *out = (struct ip_prefix){
            .address = ip_address_from_ipv6(bytes), .length = (uint8_t)length, .is_ipv4 = false};
    }
    return 0;
}

static int read_path(struct mrt_span in, unsigned int as_bytes, uint32_t *numbers,
                     struct mrt_path_part *parts, uint32_t *n_numbers, uint32_t *n_parts,
                     struct mrt_complaint *complaint)
{
    *n_numbers = *n_parts = 0;
    while (in.n > 0) {
        struct mrt_path_part *part = &parts[*n_parts];
        size_t n;

        if (in.n < 2)
            return mrt_complain(complaint, "an AS path ends within the head of a segment");
        part->kind = in.at[0];
        part->n = in.at[1];
        part->first = (uint16_t)*n_numbers;
        n = part->n * as_bytes;
        in.at += 2;
        in.n -= 2;
        /* RFC 7606 section 7.2: malformed are unknown kinds, empty segments, and overruns. */
        if (part->kind < MRT_SET || part->kind > MRT_CONFED_SET)
            return mrt_complain(complaint, "an AS path has a segment of kind %u", part->kind);
        if (part->n == 0)
            return mrt_complain(complaint, "an AS path has an empty segment");
        if (n > in.n)
            return mrt_complain(complaint,
                                "an AS path has a segment of %u AS numbers and %zu bytes for them",
                                part->n, in.n);
        for (unsigned int i = 0; i < part->n; i++, in.at += as_bytes)
            numbers[(*n_numbers)++] = as_bytes == 4 ? load_be32(in.at) : load_be16(in.at);
        in.n -= n;
        ++*n_parts;
    }
    return 0;
}

/* RFC 2545 section 3: 16 bytes, or 32 with the link-local one behind; RFC 8950: also of IPv4
 * routes. */
static int read_next_hop(struct mrt_span in, struct mrt_attributes *out,
                         struct mrt_complaint *complaint)
{
    if (in.n == 4)
        out->next_hop = ip_address_from_ipv4(in.at);
    else if (in.n == 16 || in.n == 32)
        out->next_hop = ip_address_from_ipv6(in.at);
    else
        return mrt_complain(complaint, "a next hop of %zu bytes; allowed: 4, 16, 32", in.n);
    out->has_next_hop = true;
    return 0;
}

/* The next hop alone with its length before it, or the attribute as it was received: then it begins
 * with the AFI, whose first byte is 0 of both families. */
static int read_mp_reach(struct mrt_span in, struct mrt_attributes *out,
                         struct mrt_complaint *complaint)
{
    if (in.n > 0 && in.at[0] == 0) {
        if (in.n < 4)
            return mrt_complain(complaint, "MP_REACH_NLRI of %zu bytes", in.n);
        in.at += 3;
        in.n -= 3;
    }
    if (in.n < 1 || in.at[0] > in.n - 1)
        return mrt_complain(complaint, "MP_REACH_NLRI ends within the next hop");
    return read_next_hop((struct mrt_span){in.at + 1, in.at[0]}, out, complaint);
}

/* How many ASes a path has for RFC 6793 section 4.2.3: a set counts once, confederations do not. */
static uint32_t count_ases(const struct mrt_path_part *parts, uint32_t n_parts)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < n_parts; i++)
        n += parts[i].kind == MRT_SEQUENCE ? parts[i].n : parts[i].kind == MRT_SET;
    return n;
}

/* Puts the AS4_PATH behind the first parts of AS_PATH that it does not cover. */
static void merge_paths(struct mrt_attributes *a)
{
    uint32_t n_old = count_ases(a->parts, a->n_parts);
    uint32_t n_new = count_ases(a->new_parts, a->n_new_parts);
    uint32_t keep = n_old - n_new, n_parts = 0, n_numbers = 0;

    if (a->n_new_parts == 0 || n_old < n_new)
        return;
    for (; n_parts < a->n_parts; n_parts++) {
        struct mrt_path_part *part = &a->parts[n_parts];
        uint32_t weight = part->kind == MRT_SEQUENCE ? part->n : part->kind == MRT_SET;

        if (weight > 0 && keep == 0)
            break;
        if (part->kind == MRT_SEQUENCE && weight > keep)
            part->n = (uint8_t)(weight = keep);
        keep -= weight;
        n_numbers = part->first + part->n;
    }
    for (uint32_t i = 0; i < a->n_new_parts; i++) {
        const struct mrt_path_part *from = &a->new_parts[i];
        struct mrt_path_part *last = n_parts > 0 ? &a->parts[n_parts - 1] : NULL;

        if (n_parts == MRT_MOST_NUMBERS || n_numbers + from->n > MRT_MOST_NUMBERS)
            break;
        memcpy(a->numbers + n_numbers, a->new_numbers + from->first, from->n * sizeof(uint32_t));
        if (i == 0 && last != NULL && from->kind == MRT_SEQUENCE && last->kind == MRT_SEQUENCE &&
            last->n + from->n <= UINT8_MAX)
            last->n = (uint8_t)(last->n + from->n);
        else
            a->parts[n_parts++] = (struct mrt_path_part){from->kind, from->n, (uint16_t)n_numbers};
        n_numbers += from->n;
    }
    a->n_parts = n_parts;
    a->n_numbers = n_numbers;
}

/* One attribute. *seen: bits of those that were read; of one that comes twice the first counts (RFC
 * 7606 section 3 g). */
static int read_attribute(unsigned int type, struct mrt_span value, bool is_ipv4,
                          unsigned int as_bytes, uint32_t *seen, struct mrt_attributes *out,
                          struct mrt_complaint *complaint)
{
    uint32_t bit = type < 32 ? 1u << type : 0;

    if (bit == 0 || (*seen & bit) != 0)
        return 0;
    *seen |= bit;
    switch (type) {
    case ATTRIBUTE_AS_PATH:
        return read_path(value, as_bytes, out->numbers, out->parts, &out->n_numbers, &out->n_parts,
                         complaint);
    case ATTRIBUTE_AS4_PATH:
        if (as_bytes == 4)
            return 0;
        return read_path(value, 4, out->new_numbers, out->new_parts, &out->n_new_numbers,
                         &out->n_new_parts, complaint);
    case ATTRIBUTE_NEXT_HOP:
        /* Of an IPv6 route it means nothing (RFC 4760 section 3). */
        if (!is_ipv4)
            return 0;
        if (value.n != 4)
            return mrt_complain(complaint, "NEXT_HOP of %zu bytes", value.n);
        return read_next_hop(value, out, complaint);
    case ATTRIBUTE_MP_REACH_NLRI:
        return is_ipv4 && out->has_next_hop ? 0 : read_mp_reach(value, out, complaint);
    default:
        return 0;
    }
}

int mrt_read_attributes(struct mrt_span in, bool is_ipv4, unsigned int as_bytes,
                        struct mrt_attributes *out, struct mrt_complaint *complaint)
{
    uint32_t seen = 0;

    out->has_next_hop = false;
    out->n_numbers = out->n_parts = out->n_new_numbers = out->n_new_parts = 0;
    while (in.n > 0) {
        size_t head = (in.at[0] & FLAG_EXTENDED_LENGTH) != 0 ? 4 : 3, n;
        unsigned int type;
        int error;

        if (in.n < head)
            return mrt_complain(complaint, "it ends within the head of an attribute");
        type = in.at[1];
        n = head == 4 ? load_be16(in.at + 2) : in.at[2];
        if (n > in.n - head)
            return mrt_complain(complaint, "attribute %u has %zu bytes, and %zu are left", type, n,
                                in.n - head);
        error = read_attribute(type, (struct mrt_span){in.at + head, n}, is_ipv4, as_bytes, &seen,
                               out, complaint);
        if (error != 0)
            return error;
        in.at += head + n;
        in.n -= head + n;
    }
    if (as_bytes == 2)
        merge_paths(out);
    return 0;
}

void mrt_set_attributes(struct mrt_route *route, const struct mrt_attributes *attributes)
{
    route->has_next_hop = attributes->has_next_hop;
    route->next_hop = attributes->next_hop;
    route->path = (struct mrt_path){
        .numbers = attributes->numbers,
        .parts = attributes->parts,
        .n_numbers = attributes->n_numbers,
        .n_parts = attributes->n_parts,
    };
}
