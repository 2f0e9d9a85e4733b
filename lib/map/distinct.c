/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/distinct.h"

#include <math.h>

/* Four registers in three bytes. */
static unsigned int get(const uint8_t *bytes, unsigned int i)
{
    const uint8_t *b = bytes + i / 4 * 3;
    const uint32_t four = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16;

    return four >> (6 * (i % 4)) & 63;
}

static void set(uint8_t *bytes, unsigned int i, unsigned int value)
{
    uint8_t *b = bytes + i / 4 * 3;
    uint32_t four = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16;

    four = (four & ~(63u << (6 * (i % 4)))) | value << (6 * (i % 4));
    b[0] = (uint8_t)four;
    b[1] = (uint8_t)(four >> 8);
    b[2] = (uint8_t)(four >> 16);
}

void map_distinct_add(uint8_t bytes[48], uint64_t hash)
{
    const unsigned int i = hash % MAP_REGISTERS;
    const uint64_t rest = hash / MAP_REGISTERS;
    const unsigned int rank = rest == 0 ? 59 : 1 + (unsigned int)__builtin_ctzll(rest);

    if (rank > get(bytes, i))
        set(bytes, i, rank);
}

double map_distinct_estimate(const uint8_t bytes[48])
{
    const double m = MAP_REGISTERS;
    double sum = 0, estimate;
    unsigned int n_empty = 0;

    for (unsigned int i = 0; i < MAP_REGISTERS; i++) {
        sum += ldexp(1, -(int)get(bytes, i));
        n_empty += get(bytes, i) == 0;
    }
    estimate = 0.709 * m * m / sum; /* alpha of 64 */
    return estimate <= 2.5 * m && n_empty > 0 ? m * log(m / n_empty) : estimate;
}

unsigned int map_hosts_count(const uint8_t bytes[32])
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < 32; i++)
        n += (unsigned int)__builtin_popcount(bytes[i]);
    return n;
}
