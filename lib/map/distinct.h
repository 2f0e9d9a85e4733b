/* SPDX-License-Identifier: BSD-3-Clause */
/* How many different values were seen, in a few bytes: a HyperLogLog of 64 registers of 6 bits
 * (Flajolet et al., 2007; standard error 1.04/sqrt(64) = 13 %), with linear counting of empty
 * registers where there are few (as there, section 4). And exactly, by a bit for each, where there
 * can be no more than 256 of them: the hosts of a /24. Pure functions on the caller's bytes. */
#ifndef MAP_DISTINCT_H
#define MAP_DISTINCT_H

#include <stdint.h>

#define MAP_REGISTERS 64 /* in 48 bytes: MAP_DISTINCT_BYTES */

void map_distinct_add(uint8_t bytes[48], uint64_t hash);
double map_distinct_estimate(const uint8_t bytes[48]);

static inline void map_hosts_add(uint8_t bytes[32], uint8_t host)
{
    bytes[host / 8] |= (uint8_t)(1u << host % 8);
}

unsigned int map_hosts_count(const uint8_t bytes[32]);

#endif
