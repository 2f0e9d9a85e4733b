/* SPDX-License-Identifier: BSD-3-Clause */
/* The coin. One generator per lcore, never shared.
 *
 * xoshiro256** (Blackman and Vigna, 2018). It is not a cipher, and need not be: a sender can
 * predict a coin only after seeing earlier ones, and a sender that sees our drops is closed-loop by
 * definition. What matters is a seed that nobody can guess. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

struct random_source {
    uint64_t state[4];
};

/* Seeds from getrandom(2). 0, or a negative errno; then the source must not be used. */
int random_seed_from_kernel(struct random_source *r);

/* Seeds for a reproducible replay or simulation. `stream` gives independent sources of one seed. */
void random_seed_fixed(struct random_source *r, uint64_t seed, uint64_t stream);

static inline uint64_t random_u64(struct random_source *r)
{
    uint64_t *s = r->state;
    uint64_t product = s[1] * 5;
    uint64_t result = ((product << 7) | (product >> 57)) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
}

static inline uint32_t random_u32(struct random_source *r)
{
    return (uint32_t)(random_u64(r) >> 32);
}

/* Uniform in [0, 1). */
static inline double random_unit(struct random_source *r)
{
    return (double)(random_u64(r) >> 11) * 0x1.0p-53;
}

#endif
