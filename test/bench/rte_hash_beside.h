/* SPDX-License-Identifier: BSD-3-Clause */
/* DPDK's rte_hash, to be measured beside our own table: 16-byte keys of IPv4 and its default hash
 * function. Without DPDK, beside_create() returns NULL. One thread. */
#ifndef BENCH_RTE_HASH_BESIDE_H
#define BENCH_RTE_HASH_BESIDE_H

#include <stdint.h>

#include "flow/flow.h"

struct rte_hash;

struct beside_key {
    uint32_t source, destination, ports, ingress;
};

static inline struct beside_key beside_key_of(const struct flow_key *key)
{
    struct beside_key result = {.ports = (uint32_t)key->source_port << 16 | key->destination_port,
                                .ingress = key->ingress};

    memcpy(&result.source, key->source.bytes + 12, 4);
    memcpy(&result.destination, key->destination.bytes + 12, 4);
    return result;
}

/* Brings EAL up, in hugepages when 512 MiB of them are free. */
void beside_start(void);

struct rte_hash *beside_create(uint32_t n_entries);
void beside_destroy(struct rte_hash *h);

/* Ends the process when it cannot. */
void beside_insert(struct rte_hash *h, struct beside_key key);

/* How many of at most 64 keys are there. */
unsigned int beside_look_up(struct rte_hash *h, const struct beside_key *keys, uint32_t n);

#endif
