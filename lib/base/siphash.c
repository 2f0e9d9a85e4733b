/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/siphash.h"

static uint64_t rotate(uint64_t x, unsigned int n)
{
    return x << n | x >> (64 - n);
}

/* Figure 2.1 of the paper. */
static void rounds(uint64_t v[4], unsigned int n)
{
    while (n-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static void compress(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

static void begin(uint64_t v[4], const uint64_t key[2])
{
    v[0] = key[0] ^ UINT64_C(0x736f6d6570736575);
    v[1] = key[1] ^ UINT64_C(0x646f72616e646f6d);
    v[2] = key[0] ^ UINT64_C(0x6c7967656e657261);
    v[3] = key[1] ^ UINT64_C(0x7465646279746573);
}

/* `rest`: the bytes that fill no word, and the number of all of them. */
static uint64_t end(uint64_t v[4], uint64_t rest)
{
    compress(v, rest);
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t siphash(const void *data, size_t n, const uint64_t key[2])
{
    const uint8_t *bytes = data;
    uint64_t v[4], word = 0;

    begin(v, key);
    for (size_t i = 0; i < n; i++) {
        word |= (uint64_t)bytes[i] << (8 * (i % 8));
        if (i % 8 == 7) {
            compress(v, word);
            word = 0;
        }
    }
    return end(v, word | (uint64_t)n << 56);
}

uint64_t siphash_words(const uint64_t *words, size_t n, const uint64_t key[2])
{
    uint64_t v[4];

    begin(v, key);
    for (size_t i = 0; i < n; i++)
        compress(v, words[i]);
    return end(v, (uint64_t)n << 59);
}
