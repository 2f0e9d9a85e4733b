/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows of mode passive one by one: the first so many of each slice that end, where it asks for
 * them. Memory is taken at start. */
#include <errno.h>
#include <stdlib.h>

#include "manager/passive_internal.h"

struct entry {
    struct ended_flow flow; /* first: manager_next_ended_flow() gets it back */
    uint32_t aggregate;
};

struct ended_flows {
    struct entry *entries;
    uint32_t n, n_max;
};

static uint32_t wanted_of(const struct slice *s)
{
    return s->mode == SLICE_PASSIVE ? s->parameters.report_flows : 0;
}

static bool any_is_wanted(const struct manager_config *c)
{
    for (uint32_t i = 0; i < c->n_slices; i++)
        if (wanted_of(&c->slices[i]) != 0)
            return true;
    return false;
}

size_t ended_flows_memory_bytes(const struct manager_config *c)
{
    size_t n_bytes = 0;

    if (!any_is_wanted(c))
        return 0;
    for (uint32_t i = 0; i < c->n_slices; i++)
        n_bytes += sizeof(struct ended_flows) + wanted_of(&c->slices[i]) * sizeof(struct entry);
    return n_bytes;
}

int ended_flows_init(struct manager *m)
{
    const struct manager_config *c = &m->config;

    if (!any_is_wanted(c))
        return 0;
    m->ended_flows = calloc(c->n_slices, sizeof(*m->ended_flows));
    if (m->ended_flows == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < c->n_slices; i++) {
        struct ended_flows *e = &m->ended_flows[i];

        e->n_max = wanted_of(&c->slices[i]);
        if (e->n_max == 0)
            continue;
        e->entries = calloc(e->n_max, sizeof(*e->entries));
        if (e->entries == NULL)
            return -ENOMEM;
    }
    return 0;
}

void ended_flows_free(struct manager *m)
{
    for (uint32_t i = 0; m->ended_flows != NULL && i < m->config.n_slices; i++)
        free(m->ended_flows[i].entries);
    free(m->ended_flows);
}

static struct ended_flows *flows_of(const struct manager *m, uint32_t aggregate)
{
    return &m->ended_flows[aggregate_table_identity(m->config.aggregates, aggregate)->slice];
}

/* After watching ended the report stands still. */
void ended_flows_receive(struct manager *m, struct aggregate_state *a,
                         const struct message *message)
{
    struct ended_flows *e;

    if (m->ended_flows == NULL || m->passive[a->number].ended_ns != 0)
        return;
    e = flows_of(m, a->number);
    if (e->n < e->n_max)
        e->entries[e->n++] = (struct entry){message->flow_ended, a->number};
}

void ended_flows_forget(struct manager *m, uint32_t aggregate)
{
    const struct ended_flows *e;

    if (m->ended_flows == NULL)
        return;
    e = flows_of(m, aggregate);
    for (uint32_t i = 0; i < e->n; i++)
        if (e->entries[i].aggregate == aggregate)
            e->entries[i].aggregate = AGGREGATE_NONE;
}

const struct ended_flow *manager_next_ended_flow(const struct manager *m, uint32_t aggregate,
                                                 const struct ended_flow *last)
{
    const struct entry *entry = (const struct entry *)last;
    const struct ended_flows *e;

    if (m->ended_flows == NULL || !aggregate_is_live(m, aggregate))
        return NULL;
    e = flows_of(m, aggregate);
    for (entry = entry == NULL ? e->entries : entry + 1; entry < e->entries + e->n; entry++)
        if (entry->aggregate == aggregate)
            return &entry->flow;
    return NULL;
}
