/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/network.h"

#include "base/time.h"

static uint32_t threshold(double probability)
{
    return probability >= 1 ? UINT32_MAX : (uint32_t)(probability * 0x1p32);
}

/* With loss share s and mean burst b: bad ends with 1/b, and begins so that the chain is bad for a
 * share s of its steps. */
void loss_init(struct loss *l, double share, double burst)
{
    l->independent = burst <= 1;
    l->begin = threshold(l->independent ? share : share / (burst * (1 - share)));
    l->end = threshold(l->independent ? 1 : 1 / burst);
    l->bad = false;
}

bool loss_takes(struct loss *l, struct random_source *random)
{
    if (l->begin == 0)
        return false;
    if (l->independent)
        return random_u32(random) < l->begin;
    l->bad = l->bad ? random_u32(random) >= l->end : random_u32(random) < l->begin;
    return l->bad;
}

bool network_chance(struct random_source *random, double probability)
{
    return probability > 0 && random_unit(random) < probability;
}

uint64_t network_delay_ns(struct random_source *random, double fixed_ms, double jitter_ms)
{
    if (jitter_ms > 0)
        fixed_ms += jitter_ms * random_unit(random);
    return (uint64_t)(fixed_ms * (double)NS_PER_MS);
}
