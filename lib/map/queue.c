/* SPDX-License-Identifier: BSD-3-Clause */
#include "map/queue.h"

#include <string.h>

#include "base/time.h"

static bool is_same(const struct queue_place *place, const struct schedule_candidate *c)
{
    return place->is_taken && place->candidate.slot == c->slot &&
           memcmp(&place->candidate.key, &c->key, sizeof(c->key)) == 0;
}

static void put(struct queue_place *place, const struct schedule_candidate *c, uint64_t now_ns)
{
    *place = (struct queue_place){
        .is_taken = true, .refused = SCHEDULE_N_REFUSALS, .offered_ns = now_ns, .candidate = *c};
}

static void renew(struct queue_place *place, const struct schedule_candidate *c, uint64_t now_ns)
{
    place->offered_ns = now_ns;
    place->candidate = *c;
}

/* Algorithm R (Vitter, "Random sampling with a reservoir", 1985), with a reservoir of one. */
static bool is_sampled(uint32_t *n_offers, struct random_source *random)
{
    *n_offers += *n_offers < UINT32_MAX;
    return random_u64(random) % *n_offers == 0;
}

static struct queue_ingress *row_of(struct queue *q, uint16_t ingress)
{
    struct queue_ingress *row;

    if (q->rows[ingress] != 0)
        return &q->ingresses[q->rows[ingress] - 1];
    if (q->n_ingresses == SCHEDULE_MOST_INGRESSES)
        return NULL;
    row = &q->ingresses[q->n_ingresses++];
    memset(row, 0, sizeof(*row));
    row->ingress = ingress;
    q->rows[ingress] = (uint16_t)q->n_ingresses;
    return row;
}

/* Where it may go among those with most traffic; NULL: they all have more. */
static struct queue_place *place_of(struct queue_place *places, double bytes_per_s)
{
    struct queue_place *least = &places[0];

    for (unsigned int i = 0; i < QUEUE_SAMPLE; i++) {
        if (!places[i].is_taken)
            return &places[i];
        if (places[i].candidate.bytes_per_s < least->candidate.bytes_per_s)
            least = &places[i];
    }
    return least->candidate.bytes_per_s < bytes_per_s ? least : NULL;
}

bool queue_offer(struct queue *q, enum schedule_class class,
                 const struct schedule_candidate *candidate, struct random_source *random,
                 uint64_t now_ns)
{
    struct queue_ingress *row;
    struct queue_place *places, *place;
    bool is_there = false;

    if (class == SCHEDULE_CONTROL) {
        if (is_same(&q->control, candidate))
            renew(&q->control, candidate, now_ns);
        else if (is_sampled(&q->n_control_offers, random))
            put(&q->control, candidate, now_ns);
        return true;
    }
    row = row_of(q, candidate->key.ingress);
    if (row == NULL)
        return false;
    places = row->places[class];
    for (unsigned int i = 0; i < SCHEDULE_QUEUE; i++)
        if (is_same(&places[i], candidate)) {
            renew(&places[i], candidate, now_ns);
            is_there = true;
        }
    if (is_there)
        return true;
    place = place_of(places, candidate->bytes_per_s);
    if (place != NULL)
        put(place, candidate, now_ns);
    if (is_sampled(&row->n_offers[class], random))
        put(&places[QUEUE_SAMPLE], candidate, now_ns);
    return true;
}

static void clear(struct queue_place *place, uint32_t *n_offers)
{
    place->is_taken = false;
    if (n_offers != NULL)
        *n_offers = 0;
}

void queue_remove(struct queue *q, const struct schedule_candidate *candidate)
{
    const uint16_t number = q->rows[candidate->key.ingress];
    struct queue_ingress *row = number != 0 ? &q->ingresses[number - 1] : NULL;

    if (is_same(&q->control, candidate))
        clear(&q->control, &q->n_control_offers);
    for (unsigned int c = 0; row != NULL && c < QUEUE_CLASSES; c++)
        for (unsigned int i = 0; i < SCHEDULE_QUEUE; i++)
            if (is_same(&row->places[c][i], candidate))
                clear(&row->places[c][i], i == QUEUE_SAMPLE ? &row->n_offers[c] : NULL);
}

static bool is_old(const struct queue_place *place, uint64_t now_ns)
{
    return place->is_taken && now_ns - place->offered_ns > SCHEDULE_OFFER_S * NS_PER_S;
}

static bool sweep_row(struct queue_ingress *row, uint64_t now_ns)
{
    bool is_empty = true;

    for (unsigned int c = 0; c < QUEUE_CLASSES; c++)
        for (unsigned int i = 0; i < SCHEDULE_QUEUE; i++) {
            struct queue_place *place = &row->places[c][i];

            if (is_old(place, now_ns))
                clear(place, i == QUEUE_SAMPLE ? &row->n_offers[c] : NULL);
            is_empty = is_empty && !place->is_taken;
        }
    return is_empty;
}

void queue_sweep(struct queue *q, uint64_t now_ns)
{
    if (is_old(&q->control, now_ns))
        clear(&q->control, &q->n_control_offers);
    for (uint32_t i = q->n_ingresses; i-- > 0;) {
        struct queue_ingress *row = &q->ingresses[i];
        const struct queue_ingress *last = &q->ingresses[q->n_ingresses - 1];

        if (!sweep_row(row, now_ns))
            continue;
        q->rows[row->ingress] = 0;
        if (row != last) {
            *row = *last;
            q->rows[row->ingress] = (uint16_t)(i + 1);
        }
        q->n_ingresses--;
    }
}

unsigned int queue_ranked(struct queue_ingress *row, enum schedule_class class,
                          struct queue_place *out[SCHEDULE_QUEUE])
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < QUEUE_SAMPLE; i++) {
        struct queue_place *place = &row->places[class][i];
        unsigned int at = n;

        if (!place->is_taken)
            continue;
        for (; at > 0 && out[at - 1]->candidate.bytes_per_s < place->candidate.bytes_per_s; at--)
            out[at] = out[at - 1];
        out[at] = place;
        n++;
    }
    if (row->places[class][QUEUE_SAMPLE].is_taken)
        out[n++] = &row->places[class][QUEUE_SAMPLE];
    return n;
}
