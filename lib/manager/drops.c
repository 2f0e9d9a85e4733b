/* SPDX-License-Identifier: BSD-3-Clause */
/* The records of drops. One ring for all aggregates: the oldest record makes room, and is then the
 * oldest of its aggregate too, so lists give way at their heads. */
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "manager/internal.h"

static uint32_t n_heads_for(uint32_t n_records)
{
    uint32_t n = 16;

    while (n < n_records)
        n *= 2;
    return n;
}

size_t drops_memory_bytes(uint32_t n_records)
{
    return n_records * sizeof(struct record) + n_heads_for(n_records) * sizeof(uint32_t);
}

int drops_init(struct drop_store *d, uint32_t n_records)
{
    uint32_t n_heads = n_heads_for(n_records);

    d->n_records = n_records;
    d->hash_mask = n_heads - 1;
    d->records = calloc(n_records, sizeof(*d->records));
    d->hash_heads = calloc(n_heads, sizeof(*d->hash_heads));
    if (d->records == NULL || d->hash_heads == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n_heads; i++)
        d->hash_heads[i] = INDEX_NONE;
    return 0;
}

void drops_destroy(struct drop_store *d)
{
    free(d->records);
    free(d->hash_heads);
}

/* Ids are the box's own numbers, not a sender's: no key is needed. */
static uint32_t *hash_head(struct drop_store *d, uint64_t id)
{
    return &d->hash_heads[hash_fold(id, UINT64_C(0x9e3779b97f4a7c15)) & d->hash_mask];
}

static void unhash(struct drop_store *d, uint32_t index)
{
    uint32_t *link = hash_head(d, d->records[index].drop.id);

    while (*link != index)
        link = &d->records[*link].next_same_hash;
    *link = d->records[index].next_same_hash;
}

static struct record *find_record(struct drop_store *d, uint64_t id)
{
    for (uint32_t i = *hash_head(d, id); i != INDEX_NONE; i = d->records[i].next_same_hash)
        if (d->records[i].drop.id == id)
            return &d->records[i];
    return NULL;
}

/* The record's room is needed. */
static void drop_oldest(struct manager *m, uint32_t index)
{
    const struct drop_record *drop = &m->drops.records[index].drop;

    unhash(&m->drops, index);
    if (drop->aggregate != AGGREGATE_NONE) {
        struct test *t = &m->aggregates[drop->aggregate].test;

        t->first_drop = drop->next;
        if (t->first_drop == INDEX_NONE)
            t->last_drop = INDEX_NONE;
        t->n_drops--;
    }
}

static void append(struct manager *m, struct test *t, uint32_t index)
{
    if (t->last_drop == INDEX_NONE)
        t->first_drop = index;
    else
        m->drops.records[t->last_drop].drop.next = index;
    t->last_drop = index;
    t->n_drops++;
}

void drops_made(struct manager *m, struct aggregate_state *a, const struct message *message)
{
    struct drop_store *d = &m->drops;
    uint32_t index = (uint32_t)(d->n_made % d->n_records);
    struct record *r = &d->records[index];
    uint64_t id = (uint64_t)message->worker << 48 | message->drop_made.id;
    uint32_t *head;

    if (d->n_made >= d->n_records)
        drop_oldest(m, index);
    d->n_made++;
    head = hash_head(d, id);
    *r = (struct record){
        .drop = {.key = message->drop_made.key,
                 .id = id,
                 .time_ns = message->drop_made.time_ns,
                 .aggregate = a->number,
                 .sequence = message->drop_made.sequence,
                 .n_bytes = message->drop_made.n_bytes,
                 .state = DROP_PENDING,
                 .test_id = message->test_id,
                 .kind = message->drop_made.kind,
                 .individual = message->drop_made.individual,
                 .next = INDEX_NONE},
        .next_same_hash = *head,
    };
    *head = index;
    append(m, &a->test, index);
    manager_emit(m, EVENT_DROP_MADE, a->number, &r->drop, NULL);
}

void drops_ended(struct manager *m, struct aggregate_state *a, const struct message *message)
{
    struct record *r =
        find_record(&m->drops, (uint64_t)message->worker << 48 | message->drop_ended.id);

    if (r == NULL || r->drop.aggregate != a->number)
        return;
    r->drop.state = message->drop_ended.state;
    r->drop.ended_ns = message->drop_ended.time_ns;
    manager_emit(m, EVENT_DROP_ENDED, a->number, &r->drop, NULL);
}

void drops_forget(struct manager *m, struct test *t)
{
    for (uint32_t i = t->first_drop; i != INDEX_NONE; i = m->drops.records[i].drop.next)
        m->drops.records[i].drop.aggregate = AGGREGATE_NONE;
    t->first_drop = t->last_drop = INDEX_NONE;
    t->n_drops = 0;
}

const struct drop_record *manager_next_drop(const struct manager *m, uint32_t aggregate,
                                            const struct drop_record *last)
{
    uint32_t i;

    if (!aggregate_is_live(m, aggregate))
        return NULL;
    i = last == NULL ? m->aggregates[aggregate].test.first_drop : last->next;
    return i == INDEX_NONE ? NULL : &m->drops.records[i].drop;
}
