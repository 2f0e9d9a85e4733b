/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading and writing network byte order at any alignment. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint16_t load_be16(const void *from)
{
    const uint8_t *b = from;
    return (uint16_t)((b[0] << 8) | b[1]);
}

static inline uint32_t load_be32(const void *from)
{
    const uint8_t *b = from;
    return ((uint32_t)b[0] << 24) | ((uint32_t)b[1] << 16) | ((uint32_t)b[2] << 8) | b[3];
}

static inline void store_be16(void *to, uint16_t value)
{
    uint8_t *b = to;
    b[0] = (uint8_t)(value >> 8);
    b[1] = (uint8_t)value;
}

static inline void store_be32(void *to, uint32_t value)
{
    uint8_t *b = to;
    b[0] = (uint8_t)(value >> 24);
    b[1] = (uint8_t)(value >> 16);
    b[2] = (uint8_t)(value >> 8);
    b[3] = (uint8_t)value;
}

/* A 64-bit word in the order of the machine. Word by word, without an array between, since
 * compilers make vectors of arrays, and a vector cannot be loaded while the stores of its parts are
 * under way. */
static inline uint64_t load_word(const void *from)
{
    uint64_t word;

    memcpy(&word, from, sizeof(word));
    return word;
}

static inline uint32_t load_half_word(const void *from)
{
    uint32_t half;

    memcpy(&half, from, sizeof(half));
    return half;
}

static inline void store_word(void *to, uint64_t word)
{
    memcpy(to, &word, sizeof(word));
}

/* The 64-bit word in whose memory the three lie side by side. A word that is stored whole can be
 * loaded whole at once; one that was stored in parts cannot. */
static inline uint64_t word_of_parts(uint16_t first, uint16_t second, uint32_t rest)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return first | (uint64_t)second << 16 | (uint64_t)rest << 32;
#else
    return (uint64_t)first << 48 | (uint64_t)second << 32 | rest;
#endif
}

/* The same of four. */
static inline uint64_t word_of_quarters(uint16_t first, uint16_t second, uint16_t third,
                                        uint16_t fourth)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return word_of_parts(first, second, third | (uint32_t)fourth << 16);
#else
    return word_of_parts(first, second, (uint32_t)third << 16 | fourth);
#endif
}

#endif
