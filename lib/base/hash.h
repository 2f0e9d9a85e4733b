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

/* Hash of `n_words` 64-bit words under a 128-bit key. */
static inline uint64_t hash_words(const void *words, unsigned int n_words, const uint64_t key[2])
{
    uint64_t h = key[0];

    for (unsigned int i = 0; i < n_words; i++) {
        uint64_t w;

        memcpy(&w, (const uint8_t *)words + i * sizeof(w), sizeof(w));
        h = hash_fold(h ^ w, key[1] ^ (UINT64_C(0x9e3779b97f4a7c15) * (2 * i + 1)));
    }
    /* The constant is there for small keys: times a small number, nothing reaches the upper half.
     */
    return hash_fold(h ^ UINT64_C(0xa0761d6478bd642f), key[1] ^ UINT64_C(0xe7037ed1a0b428db));
}

#endif
