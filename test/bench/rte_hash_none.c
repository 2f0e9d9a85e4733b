/* SPDX-License-Identifier: BSD-3-Clause */
/* Without DPDK there is no rte_hash to stand beside. */
#include "rte_hash_beside.h"

#include <stddef.h>

void beside_start(void)
{
}

struct rte_hash *beside_create(uint32_t n_entries)
{
    (void)n_entries;
    return NULL;
}

void beside_destroy(struct rte_hash *h)
{
    (void)h;
}

void beside_insert(struct rte_hash *h, struct beside_key key)
{
    (void)h;
    (void)key;
}

unsigned int beside_look_up(struct rte_hash *h, const struct beside_key *keys, uint32_t n)
{
    (void)h;
    (void)keys;
    (void)n;
    return 0;
}
