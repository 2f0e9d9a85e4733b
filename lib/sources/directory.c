/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/directory.h"

#include <string.h>

void sources_directory_reset(struct sources_directory *d, const struct sources_plan *plan)
{
    memset(d, 0, sizeof(*d));
    d->n_own = plan->n_ports;
    d->n_slots = sources_n_slots(plan);
    if (plan->takes_any_port)
        return;
    for (uint32_t i = 0; i < plan->n_ports; i++) {
        atomic_init(&d->owners[i], plan->ports[i] + 1U);
        atomic_init(&d->slots[plan->ports[i]], (uint16_t)(i + 1));
    }
    atomic_init(&d->n_given, plan->n_ports);
}

int sources_directory_port(const struct sources_directory *d, uint32_t slot)
{
    if (slot >= d->n_own)
        return -1;
    return (int)atomic_load_explicit(&d->owners[slot], memory_order_relaxed) - 1;
}

/* All slots up to and with this one are given. */
static void advance(struct sources_directory *d, uint32_t slot)
{
    uint32_t n = slot;

    atomic_compare_exchange_strong_explicit(&d->n_given, &n, slot + 1, memory_order_acq_rel,
                                            memory_order_relaxed);
}

static void write_down(struct sources_directory *d, uint16_t port, uint32_t slot)
{
    atomic_store_explicit(&d->slots[port], (uint16_t)(slot + 1), memory_order_release);
}

uint32_t sources_directory_give(struct sources_directory *d, uint16_t port)
{
    uint32_t slot = atomic_load_explicit(&d->n_given, memory_order_acquire);
    const uint16_t given = atomic_load_explicit(&d->slots[port], memory_order_acquire);

    if (given != 0)
        return given - 1U;
    for (; slot < d->n_own; slot++) {
        uint32_t owner = 0;

        if (atomic_compare_exchange_strong_explicit(&d->owners[slot], &owner, port + 1U,
                                                    memory_order_acq_rel, memory_order_acquire))
            owner = port + 1U;
        write_down(d, (uint16_t)(owner - 1), slot);
        advance(d, slot);
        if (owner == port + 1U)
            return slot;
    }
    write_down(d, port, d->n_own);
    return d->n_own;
}
