/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows of mode passive one by one: the first so many of each slice that end, where it asks for
 * them. Memory is taken when such a slice comes. */
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
    /* Of the generation that comes. */
    struct entry *next_entries;
    uint32_t next_n_max;
    bool has_next;
};

static uint32_t wanted_of(const struct slice *s)
{
    return s->presence != SLICE_ABSENT && s->mode == SLICE_PASSIVE ? s->parameters.report_flows : 0;
}

size_t ended_flows_memory_bytes(const struct manager_config *c)
{
    size_t n_bytes = 0;

    if (!passive_is_any(c->slices, c->n_slices))
        return 0;
    for (uint32_t i = 0; i < c->n_slices; i++)
        n_bytes += sizeof(struct ended_flows) + wanted_of(&c->slices[i]) * sizeof(struct entry);
    return n_bytes;
}

int ended_flows_init(struct manager *m)
{
    if (ended_flows_prepare(m, m->config.slices, NULL) != 0)
        return -ENOMEM;
    ended_flows_follow(m);
    return 0;
}

void ended_flows_free(struct manager *m)
{
    ended_flows_abandon(m);
    for (uint32_t i = 0; m->ended_flows != NULL && i < m->config.n_slices; i++)
        free(m->ended_flows[i].entries);
    free(m->ended_flows);
}

static int prepare(struct ended_flows *e, uint32_t n_max)
{
    e->next_n_max = n_max;
    e->has_next = true;
    e->next_entries = n_max > 0 ? calloc(n_max, sizeof(*e->next_entries)) : NULL;
    return n_max == 0 || e->next_entries != NULL ? 0 : -ENOMEM;
}

int ended_flows_prepare(struct manager *m, const struct slice *slices, const enum slice_fate *fates)
{
    if (m->ended_flows == NULL && passive_is_any(slices, m->config.n_slices)) {
        m->ended_flows = calloc(m->config.n_slices, sizeof(*m->ended_flows));
        if (m->ended_flows == NULL)
            return -ENOMEM;
    }
    for (uint32_t i = 0; m->ended_flows != NULL && i < m->config.n_slices; i++) {
        struct ended_flows *e = &m->ended_flows[i];
        bool is_new = fates == NULL || fates[i] == SLICE_COMES;

        if ((is_new || (slice_is_present(&slices[i]) && wanted_of(&slices[i]) != e->n_max)) &&
            prepare(e, wanted_of(&slices[i])) != 0)
            return -ENOMEM;
    }
    return 0;
}

void ended_flows_follow(struct manager *m)
{
    for (uint32_t i = 0; m->ended_flows != NULL && i < m->config.n_slices; i++) {
        struct ended_flows *e = &m->ended_flows[i];

        if (!e->has_next)
            continue;
        free(e->entries);
        *e = (struct ended_flows){.entries = e->next_entries, .n_max = e->next_n_max};
    }
}

void ended_flows_abandon(struct manager *m)
{
    for (uint32_t i = 0; m->ended_flows != NULL && i < m->config.n_slices; i++) {
        free(m->ended_flows[i].next_entries);
        m->ended_flows[i].next_entries = NULL;
        m->ended_flows[i].has_next = false;
    }
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
    if (e->n == 0)
        return NULL; /* there may be no memory to count in */
    for (entry = entry == NULL ? e->entries : entry + 1; entry < e->entries + e->n; entry++)
        if (entry->aggregate == aggregate)
            return &entry->flow;
    return NULL;
}
