/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine_running.h"

#include <errno.h>
#include <rte_malloc.h>

#include "base/compiler.h"
#include "base/random.h"
#include "clock.h"

static int fill(struct machine_running *r, const struct machine *text)
{
    struct random_source random;
    int error = random_seed_from_kernel(&random);
    uint64_t secret[2];
    void *memory;

    if (error != 0)
        return error;
    secret[0] = random_u64(&random);
    secret[1] = random_u64(&random);
    r->program = machine_compile(text);
    if (r->program == NULL)
        return -errno;
    memory =
        rte_malloc("keys of a machine", machine_table_memory_bytes(r->program), CACHE_LINE_BYTES);
    if (memory == NULL)
        return -ENOMEM;
    r->table = machine_table_init(memory, r->program, secret, monotonic_now_ns());
    for (uint32_t i = 0; i < r->n_workers; i++) {
        memory = rte_malloc("machine", machine_lane_memory_bytes(r->program), CACHE_LINE_BYTES);
        if (memory == NULL)
            return -ENOMEM;
        r->lanes[i] = machine_lane_init(memory, r->program);
    }
    return 0;
}

int machine_running_create(struct machine_running **out, const struct machine *text,
                           uint32_t n_workers)
{
    struct machine_running *r = rte_zmalloc("machine", sizeof(*r), CACHE_LINE_BYTES);
    int error;

    if (r == NULL)
        return -ENOMEM;
    r->n_workers = n_workers;
    r->text = text;
    error = fill(r, text);
    if (error != 0) {
        machine_running_destroy(r);
        return error;
    }
    *out = r;
    return 0;
}

void machine_running_destroy(struct machine_running *r)
{
    if (r == NULL)
        return;
    machine_program_free(r->program);
    rte_free(r->table);
    for (uint32_t i = 0; i < r->n_workers; i++)
        rte_free(r->lanes[i]);
    rte_free(r);
}
