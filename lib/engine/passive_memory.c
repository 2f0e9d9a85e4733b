/* SPDX-License-Identifier: BSD-3-Clause */
/* What mode passive needs beside the flow table. It lies behind an engine that watches from its
 * start, and elsewhere for one that begins later. */
#include <string.h>

#include "engine/internal.h"

struct layout {
    size_t deltas, lines, jumps, copies, units, end;
};

static struct layout lay_out(const struct engine_config *config)
{
    size_t n_aggregates = aggregate_table_capacity(config->aggregates);
    struct layout l = {0};

    l.lines = l.deltas + round_to_line((n_aggregates + 1) * sizeof(struct passive_counters));
    l.jumps = l.lines + config->n_flows * sizeof(struct passive_line);
    l.copies = l.jumps + round_to_line(sizeof(struct passive_jumps));
    l.units = l.copies + round_to_line(sizeof(struct passive_copies));
    l.end = l.units + round_to_line(unit_table_memory_bytes(engine_n_units(config)));
    return l;
}

size_t engine_passive_memory_bytes(const struct engine_config *config)
{
    return lay_out(config).end;
}

void engine_passive_memory_init(void *memory, const struct engine_config *config,
                                const uint64_t key[2])
{
    const struct layout l = lay_out(config);

    memset(memory, 0, l.units);
    unit_table_init((uint8_t *)memory + l.units, l.end - l.units, engine_n_units(config), key);
}

void engine_take_passive_memory(struct engine *e, void *memory)
{
    const struct layout l = lay_out(&e->config);
    uint8_t *base = memory;

    e->passive_deltas = (void *)(base + l.deltas);
    e->passive_lines = (void *)(base + l.lines);
    e->passive_jumps = (void *)(base + l.jumps);
    e->passive_copies = (void *)(base + l.copies);
    e->units = (void *)(base + l.units);
}
