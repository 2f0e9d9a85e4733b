/* SPDX-License-Identifier: BSD-3-Clause */
/* The map's stage: counts what came in, and leaves it alone. */
#include "map/worker.h"

#include <rte_mbuf.h>

#include "burst.h"
#include "mapping.h"

static_assert(WORKER_BURST <= MAP_WORKER_BURST, "a burst of one is a burst of the other");

void stage_map(struct worker *w, struct burst *b, const struct policy *policy)
{
    uint32_t n_bytes[WORKER_BURST];
    const struct map_burst burst = {b->views, b->ingresses, n_bytes, b->n};

    (void)policy;
    for (unsigned int i = 0; i < b->n; i++)
        n_bytes[i] = rte_pktmbuf_pkt_len(b->mbufs[i]);
    map_worker_begin(w->map, tsc_clock_ns_of(&w->clock, tsc_clock_ticks()));
    map_worker_count(w->map, &burst);
}
