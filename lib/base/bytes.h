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

#endif
