/* SPDX-License-Identifier: BSD-3-Clause */
/* A sum of bytes that tells apart what is not meant to be alike; it keeps out no adversary. */
#ifndef COMMON_CHECKSUM_H
#define COMMON_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/hash.h"

static inline uint64_t checksum(const char *data, size_t n, uint64_t seed)
{
    const uint64_t key[2] = {0x243f6a8885a308d3 ^ seed, 0x13198a2e03707344};
    uint64_t sum = n;

    for (size_t at = 0; at < n; at += sizeof(uint64_t)) {
        uint64_t words[2] = {sum, 0};

        memcpy(&words[1], data + at, n - at < sizeof(uint64_t) ? n - at : sizeof(uint64_t));
        sum = hash_words(words, 2, key);
    }
    return sum;
}

#endif
