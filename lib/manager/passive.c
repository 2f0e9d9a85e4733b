/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers tell of passive slices, added up. */
#include <errno.h>
#include <stdlib.h>

#include "manager/internal.h"

static bool any_slice_is_passive(const struct manager_config *c)
{
    for (uint32_t i = 0; i < c->n_slices; i++)
        if (c->slices[i].mode == SLICE_PASSIVE)
            return true;
    return false;
}

int passive_init(struct manager *m)
{
    if (!any_slice_is_passive(&m->config))
        return 0;
    m->passive = calloc(aggregate_table_capacity(m->config.aggregates), sizeof(*m->passive));
    return m->passive != NULL ? 0 : -ENOMEM;
}

void passive_receive(struct manager *m, struct aggregate_state *a, const struct message *message)
{
    if (m->passive != NULL)
        passive_counters_add(&m->passive[a->number], &message->passive);
}

const struct passive_counters *manager_passive_counters(const struct manager *m, uint32_t aggregate)
{
    const struct aggregate_identity *identity;

    if (m->passive == NULL || aggregate >= m->n_aggregates)
        return NULL;
    identity = aggregate_table_identity(m->config.aggregates, aggregate);
    return m->config.slices[identity->slice].mode == SLICE_PASSIVE ? &m->passive[aggregate] : NULL;
}
