/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

/* splitmix64: spreads a small seed over the whole state, which must not be all zero. */
static uint64_t spread(uint64_t *x)
{
    uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

int random_seed_from_kernel(struct random_source *r)
{
    ssize_t n = getrandom(r->state, sizeof(r->state), 0);

    if (n < 0)
        return -errno;
    return n == (ssize_t)sizeof(r->state) ? 0 : -EIO;
}

void random_seed_fixed(struct random_source *r, uint64_t seed, uint64_t stream)
{
    uint64_t x = seed;
    uint64_t own;

    own = spread(&x) ^ (stream * UINT64_C(0xd1342543de82ef95));
    for (int i = 0; i < 4; i++)
        r->state[i] = spread(&own);
}
