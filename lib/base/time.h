/* SPDX-License-Identifier: BSD-3-Clause */
/* Units of time. Every library takes "now" as an argument: nanoseconds of a clock that never goes
 * back (TSC in the appliance, packet time in a replay, virtual time in a simulation). */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdint.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)
#define MS_PER_S  UINT64_C(1000)

/* Milliseconds of a nanosecond clock, modulo 2^32 (49 days). Compare two of them by
 * time_ms_since(). */
static inline uint32_t time_ms_of_ns(uint64_t now_ns)
{
    return (uint32_t)(now_ns / NS_PER_MS);
}

/* Milliseconds from `then_ms` to `now_ms`; right while less than 49 days lie between them. */
static inline uint32_t time_ms_since(uint32_t then_ms, uint32_t now_ms)
{
    return now_ms - then_ms;
}

#endif
