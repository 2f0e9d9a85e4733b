/* SPDX-License-Identifier: BSD-3-Clause */
/* Serial number arithmetic (RFC 9293 3.4, RFC 1982): right while two numbers lie less than 2^31
 * apart. */
#ifndef TCP_SERIAL_H
#define TCP_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

/* Signed distance from `from` to `to`. */
static inline int32_t serial_distance(uint32_t from, uint32_t to)
{
    return (int32_t)(to - from);
}

static inline bool serial_before(uint32_t a, uint32_t b)
{
    return serial_distance(a, b) > 0;
}

static inline uint32_t serial_max(uint32_t a, uint32_t b)
{
    return serial_before(a, b) ? b : a;
}

static inline uint32_t serial_min(uint32_t a, uint32_t b)
{
    return serial_before(a, b) ? a : b;
}

#endif
