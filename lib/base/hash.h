/* SPDX-License-Identifier: BSD-3-Clause */
/* A keyed hash for tables that senders fill: without the key nobody can aim at one bucket. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>
#include <string.h>

/* Two halves of a 128-bit product, folded (the mixing step of wyhash and mum-hash). */
static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Hash of 64-bit words under a 128-bit key, one after the other: `h` starts as key[0], word `i`
 * counts from 0, hash_end() ends it. For words that are at hand; hash_words() does it all. */
static inline uint64_t hash_step(uint64_t h, uint64_t word, unsigned int i, const uint64_t key[2])
{
    return hash_fold(h ^ word, key[1] ^ (UINT64_C(0x9e3779b97f4a7c15) * (2 * i + 1)));
}

static inline uint64_t hash_end(uint64_t h, const uint64_t key[2])
{
    /* The constant is there for small keys: times a small number, nothing reaches the upper half.
     */
    return hash_fold(h ^ UINT64_C(0xa0761d6478bd642f), key[1] ^ UINT64_C(0xe7037ed1a0b428db));
}

static inline uint64_t hash_words(const void *words, unsigned int n_words, const uint64_t key[2])
{
    uint64_t h = key[0];

    for (unsigned int i = 0; i < n_words; i++) {
        uint64_t w;

        memcpy(&w, (const uint8_t *)words + i * sizeof(w), sizeof(w));
        h = hash_step(h, w, i, key);
    }
    return hash_end(h, key);
}

#endif
