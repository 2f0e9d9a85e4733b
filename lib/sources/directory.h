/* SPDX-License-Identifier: BSD-3-Clause */
/* Which port has which slot in a window. One for all workers, so that what they count of a port can
 * be put together. A port gets its slot with its first packet, and keeps it for the window. */
#ifndef SOURCES_DIRECTORY_H
#define SOURCES_DIRECTORY_H

#include <stdatomic.h>
#include <stdint.h>

#include "sources/plan.h"

#define SOURCES_NO_SLOT UINT32_MAX

/* Whoever finds a port without a slot helps: he writes down the owner of each slot that he passes
 * before he says that it is given, so no two slots are of one port, and nobody ever waits. */
struct sources_directory {
    _Atomic uint32_t n_given; /* every slot below has an owner that is written in `slots` */
    uint32_t n_own, n_slots;  /* slots that ports can have; and with the one of all others */
    _Atomic uint32_t owners[SOURCES_MOST_PORTS]; /* port + 1; 0: nobody yet */
    _Atomic uint16_t slots[UINT16_MAX + 1];      /* slot + 1; 0: none yet */
};

/* Before workers see it, or when none looks at it any more. */
void sources_directory_reset(struct sources_directory *d, const struct sources_plan *plan);

/* The port of a slot; -1: that of all others, or nobody's. When no worker looks any more. */
int sources_directory_port(const struct sources_directory *d, uint32_t slot);

/* Gives the port a slot. Any thread. */
uint32_t sources_directory_give(struct sources_directory *d, uint16_t port);

/* SOURCES_NO_SLOT: the port is not to be counted. Any thread. */
static inline uint32_t sources_directory_slot(struct sources_directory *d, uint16_t port)
{
    const uint16_t slot = atomic_load_explicit(&d->slots[port], memory_order_relaxed);

    if (slot != 0)
        return slot - 1U;
    return d->n_own == d->n_slots ? SOURCES_NO_SLOT : sources_directory_give(d, port);
}

#endif
