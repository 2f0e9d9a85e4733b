/* SPDX-License-Identifier: BSD-3-Clause */
#include "export/export.h"

#include <assert.h>
#include <errno.h>
#include <rte_common.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <stdio.h>

/* rte_ring moves elements in words of four bytes. */
#define ELEMENT_BYTES sizeof(struct message)
static_assert(sizeof(struct message) % 4 == 0, "rte_ring wants multiples of four");

/* A power-of-two ring without RING_F_EXACT_SZ holds one element less. */
static unsigned int slots_for(uint32_t n_messages)
{
    return rte_align32pow2(n_messages + 1);
}

struct rte_ring *export_ring_create(uint16_t worker, uint32_t n_messages, int socket)
{
    char name[RTE_RING_NAMESIZE];

    snprintf(name, sizeof(name), "export_%u", worker);
    return rte_ring_create_elem(name, ELEMENT_BYTES, slots_for(n_messages), socket,
                                RING_F_SP_ENQ | RING_F_SC_DEQ);
}

void export_ring_free(struct rte_ring *ring)
{
    rte_ring_free(ring);
}

int export_post(void *ring, const struct message *message)
{
    /* The ring only reads it, but its prototype is older than const. */
    void *element = (void *)(uintptr_t)message;

    return rte_ring_sp_enqueue_elem(ring, element, ELEMENT_BYTES) == 0 ? 0 : -ENOBUFS;
}

unsigned int export_drain(struct rte_ring *ring, struct manager *manager, uint16_t worker,
                          unsigned int n_max)
{
    struct message message;
    unsigned int n = 0;

    while (n < n_max && manager_accepts(manager, worker) &&
           rte_ring_sc_dequeue_elem(ring, &message, ELEMENT_BYTES) == 0) {
        manager_receive(manager, &message);
        n++;
    }
    return n;
}

unsigned int export_n_waiting(const struct rte_ring *ring)
{
    return rte_ring_count(ring);
}

uint64_t export_ring_memory_bytes(uint32_t n_messages)
{
    return rte_ring_get_memsize_elem(ELEMENT_BYTES, slots_for(n_messages));
}
