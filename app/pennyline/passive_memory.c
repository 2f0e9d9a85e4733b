/* SPDX-License-Identifier: BSD-3-Clause */
#include "passive_memory.h"

#include <errno.h>
#include <rte_malloc.h>
#include <stdlib.h>

#include "base/random.h"
#include "memory.h"
#include "worker.h"

bool passive_memory_is_needed(const struct config *config)
{
    for (uint32_t i = 0; i < config->n_slices; i++)
        if (slice_is_present(&config->slices[i]) && config->slices[i].mode == SLICE_PASSIVE)
            return true;
    return false;
}

bool units_memory_is_needed(const struct config *config)
{
    for (uint32_t i = 0; i < config->n_slices; i++)
        if (slice_is_present(&config->slices[i]) && slice_has_more_units(&config->slices[i]))
            return true;
    return false;
}

static struct engine_config engine_config_of(const struct appliance *a)
{
    struct engine_config config = memory_engine_config(a->config);

    config.aggregates = a->aggregates;
    return config;
}

size_t passive_memory_bytes_each(const struct appliance *a)
{
    const struct engine_config config = engine_config_of(a);

    return engine_passive_memory_bytes(&config);
}

size_t units_memory_bytes_each(const struct appliance *a)
{
    const struct engine_config config = engine_config_of(a);

    return engine_units_memory_bytes(&config);
}

typedef void (*init_function)(void *memory, const struct engine_config *config,
                              const uint64_t key[2]);

static int take_one(const struct engine_config *config, const struct worker *w, size_t n_bytes,
                    init_function init, void **out)
{
    struct random_source random;
    uint64_t key[2];
    int error = random_seed_from_kernel(&random);

    if (error != 0)
        return error;
    key[0] = random_u64(&random);
    key[1] = random_u64(&random);
    *out = rte_malloc_socket("passive", n_bytes, CACHE_LINE_BYTES, w->socket);
    if (*out == NULL)
        return -ENOMEM;
    init(*out, config, key);
    return 0;
}

static void **take(const struct appliance *a, size_t n_bytes_each, init_function init)
{
    const struct engine_config config = engine_config_of(a);
    void **memory = calloc(a->n_workers, sizeof(*memory));
    int error = memory != NULL ? 0 : -ENOMEM;

    for (uint32_t i = 0; error == 0 && i < a->n_workers; i++)
        error = take_one(&config, a->workers[i], n_bytes_each, init, &memory[i]);
    if (error == 0)
        return memory;
    passive_memory_free(memory, a->n_workers);
    errno = -error;
    return NULL;
}

void **passive_memory_take(const struct appliance *a)
{
    return take(a, passive_memory_bytes_each(a), engine_passive_memory_init);
}

void **units_memory_take(const struct appliance *a)
{
    return take(a, units_memory_bytes_each(a), engine_units_memory_init);
}

void passive_memory_free(void **memory, uint32_t n_workers)
{
    for (uint32_t i = 0; memory != NULL && i < n_workers; i++)
        rte_free(memory[i]);
    free(memory);
}

void passive_memory_give(struct appliance *a, void **memory)
{
    for (uint32_t i = 0; i < a->n_workers; i++)
        atomic_store_explicit(&a->workers[i]->passive_memory, memory[i], memory_order_release);
    free(memory);
}

void units_memory_give(struct appliance *a, void **memory)
{
    for (uint32_t i = 0; i < a->n_workers; i++)
        atomic_store_explicit(&a->workers[i]->units_memory, memory[i], memory_order_release);
    free(memory);
}
