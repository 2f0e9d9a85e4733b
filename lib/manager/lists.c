/* SPDX-License-Identifier: BSD-3-Clause */
#include "manager/internal.h"

struct aggregate_state *manager_adopt_aggregate(struct manager *m, uint32_t number)
{
    struct aggregate_state *a = &m->aggregates[number];

    a->number = number;
    a->is_live = true;
    a->added_ns = m->now_ns;
    a->test.room = a->test.label = a->test.first_drop = a->test.last_drop = INDEX_NONE;
    m->n_aggregates = number < m->n_aggregates ? m->n_aggregates : number + 1;
    m->n_live++;
    m->n_of_slot[aggregate_table_identity(m->config.aggregates, number)->slice]++;
    return a;
}

bool slice_has_one_aggregate(const struct slice *s)
{
    for (uint32_t i = 0; slice_is_present(s) && i < s->n_sources; i++)
        if ((s->sources[i].is_ipv4 ? s->granularity.ipv4 : s->granularity.ipv6) == 0)
            return true;
    return false;
}

void aggregate_list_init(struct aggregate_list *list)
{
    *list = (struct aggregate_list){.head = INDEX_NONE, .tail = INDEX_NONE};
}

void aggregate_list_append(struct manager *m, struct aggregate_list *list,
                           struct aggregate_state *a)
{
    a->list = list;
    a->next = INDEX_NONE;
    a->previous = list->tail;
    if (list->tail == INDEX_NONE)
        list->head = a->number;
    else
        m->aggregates[list->tail].next = a->number;
    list->tail = a->number;
    list->n++;
}

void aggregate_list_remove(struct manager *m, struct aggregate_state *a)
{
    struct aggregate_list *list = a->list;

    if (list == NULL)
        return;
    if (a->previous == INDEX_NONE)
        list->head = a->next;
    else
        m->aggregates[a->previous].next = a->next;
    if (a->next == INDEX_NONE)
        list->tail = a->previous;
    else
        m->aggregates[a->next].previous = a->previous;
    list->n--;
    a->list = NULL;
}
