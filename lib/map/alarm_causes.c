/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "base/hash.h"
#include "map/alarm_table.h"

/* No kind takes more than this part of the table: what a sender can bring about does not shut out
 * what a test found. */
#define KIND_PART 2

struct identity {
    uint64_t words[4];
};

/* What tells causes of a kind apart. */
static struct identity identity_of(const struct alarm_cause *cause)
{
    const unsigned int parts = alarm_kind_parts(cause->kind);
    struct identity id = {{cause->kind, 0, 0, 0}};

    if (parts & ALARM_AT_INGRESS)
        id.words[1] = (uint64_t)cause->at + 1;
    if (parts & ALARM_OF_PREFIX) {
        id.words[1] |= (uint64_t)cause->prefix.length << 32 | (uint64_t)cause->prefix.is_ipv4 << 40;
        memcpy(&id.words[2], cause->prefix.address.bytes, 16);
    }
    return id;
}

static uint32_t *chain_of(struct alarms *a, const struct identity *id)
{
    return &a->cause_chains[hash_words(id->words, 4, a->config.secret) & (a->n_chains - 1)];
}

struct cause *alarm_causes_find(struct alarms *a, const struct alarm_cause *cause)
{
    const struct identity id = identity_of(cause);

    for (uint32_t i = *chain_of(a, &id); i != CAUSE_NONE; i = a->causes[i].next) {
        const struct identity other = identity_of(&a->causes[i].cause);

        if (memcmp(&id, &other, sizeof(id)) == 0)
            return &a->causes[i];
    }
    return NULL;
}

struct cause *alarm_causes_add(struct alarms *a, const struct alarm_cause *cause, uint64_t now_ns)
{
    const uint32_t i = a->free_cause, most = a->config.n_causes / KIND_PART;
    const struct identity id = identity_of(cause);
    uint32_t *chain = chain_of(a, &id);
    struct cause *c;

    if (i == CAUSE_NONE || a->n_causes_of_kind[cause->kind] > most) {
        a->counters.n_refused_causes++;
        return NULL;
    }
    c = &a->causes[i];
    a->free_cause = c->next;
    *c = (struct cause){.cause = *cause,
                        .is_used = true,
                        .accept_round = a->accept_round - 1,
                        .slot = SLOT_NONE,
                        .next = *chain,
                        .place = a->n_causes,
                        .since_ns = now_ns,
                        .penalty_ns = now_ns};
    *chain = i;
    a->used[a->n_causes++] = i;
    a->n_causes_of_kind[cause->kind]++;
    return c;
}

void alarm_causes_remove(struct alarms *a, struct cause *c)
{
    const struct identity id = identity_of(&c->cause);
    const uint32_t i = (uint32_t)(c - a->causes);
    uint32_t *link = chain_of(a, &id);

    while (*link != i)
        link = &a->causes[*link].next;
    *link = c->next;
    a->used[c->place] = a->used[--a->n_causes];
    a->causes[a->used[c->place]].place = c->place;
    a->n_causes_of_kind[c->cause.kind]--;
    *c = (struct cause){.next = a->free_cause};
    a->free_cause = i;
}
