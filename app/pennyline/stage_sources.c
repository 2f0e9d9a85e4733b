/* SPDX-License-Identifier: BSD-3-Clause */
#include "stage_sources.h"

#include "burst.h"
#include "counter_set.h"
#include "policy.h"
#include "prefix/prefix.h"
#include "sources/window.h"

static_assert(WORKER_BURST <= SOURCES_MOST_PACKETS, "a burst is counted at once");

/* Once a burst, also for what comes after the stages. */
static void find_slices(const struct worker *w, struct burst *b, const struct policy *policy)
{
    const struct prefix_ways ways = {w->ingresses, b->ingresses, b->port, NULL};

    if (b->is_classified)
        return;
    prefix_classify_bulk(policy->prefixes, b->views, b->n, &ways, b->slices);
    b->is_classified = true;
}

static uint64_t of_slice(const struct burst *b, int32_t slice)
{
    uint64_t which = 0;

    for (unsigned int i = 0; i < b->n; i++)
        which |= (uint64_t)(b->slices[i] == slice) << i;
    return which;
}

void stage_sources(struct worker *w, struct burst *b, const struct policy *policy)
{
    const struct worker_sources *s = &policy->sources[w->number];
    const uint64_t all = b->n == 64 ? UINT64_MAX : (UINT64_C(1) << b->n) - 1;

    if (s->by_slice != 0)
        find_slices(w, b, policy);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct worker_counter *c = &s->counters[i];

        if ((c->ports >> b->port & 1) != 0)
            sources_count(c->sources, c->lane, b->views,
                          c->slice < 0 ? all : of_slice(b, c->slice));
    }
}
