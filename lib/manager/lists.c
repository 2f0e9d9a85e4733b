/* SPDX-License-Identifier: BSD-3-Clause */
#include "manager/internal.h"

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
