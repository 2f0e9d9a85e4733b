/* SPDX-License-Identifier: BSD-3-Clause */
#include "counter_set.h"
#include "counters.h"
#include "sources/keeper.h"

static uint32_t n_of(const struct counting *c)
{
    return c->n_slices > 0 ? c->n_slices : 1;
}

static uint64_t sum(const struct config *config, size_t (*bytes)(const struct sources_plan *p))
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < config->n_countings; i++) {
        const struct sources_plan p = counting_plan(&config->countings[i]);

        n += n_of(&config->countings[i]) * (uint64_t)bytes(&p);
    }
    return n;
}

uint64_t counters_worker_bytes(const struct config *config)
{
    return config->n_countings == 0
               ? 0
               : sum(config, sources_lane_memory_bytes) + sizeof(struct worker_sources);
}

static size_t shared_bytes(const struct sources_plan *p)
{
    (void)p;
    return sizeof(struct sources);
}

uint64_t counters_shared_bytes(const struct config *config)
{
    return sum(config, shared_bytes);
}

uint64_t counters_manager_bytes(const struct config *config)
{
    return sum(config, sources_keeper_memory_bytes);
}
