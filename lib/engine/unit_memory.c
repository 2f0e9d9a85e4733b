/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests of units beside data segments need: what was counted of them, and which there are. As
 * that of mode passive (passive_memory.c). */
#include <string.h>

#include "engine/internal.h"

static size_t deltas_bytes(const struct engine_config *config)
{
    const size_t n_aggregates = aggregate_table_capacity(config->aggregates);

    return round_to_line((n_aggregates + 1) * UNIT_N_KINDS * sizeof(struct unit_counters));
}

size_t engine_units_memory_bytes(const struct engine_config *config)
{
    return deltas_bytes(config) + round_to_line(unit_table_memory_bytes(engine_n_units(config)));
}

void engine_units_memory_init(void *memory, const struct engine_config *config,
                              const uint64_t key[2])
{
    const size_t n_deltas = deltas_bytes(config);

    memset(memory, 0, n_deltas);
    unit_table_init((uint8_t *)memory + n_deltas, engine_units_memory_bytes(config) - n_deltas,
                    engine_n_units(config), key);
}

void engine_take_units_memory(struct engine *e, void *memory)
{
    e->unit_deltas = memory;
    e->tested_units = (void *)((uint8_t *)memory + deltas_bytes(&e->config));
}
