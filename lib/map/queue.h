/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries that wait for a test: some of each ingress and class. Internal.
 *
 * All but one of the places of an ingress and class are for those with most traffic; the last one
 * is for any of them, each with the same chance. */
#ifndef MAP_QUEUE_H
#define MAP_QUEUE_H

#include "base/random.h"
#include "map/schedule.h"

#define QUEUE_SAMPLE  (SCHEDULE_QUEUE - 1) /* the place of any */
#define QUEUE_CLASSES SCHEDULE_CONTROL     /* those with places; CONTROL is of no ingress */

struct queue_place {
    bool is_taken;
    uint8_t refused; /* enum schedule_refusal, when it was last looked at */
    uint64_t offered_ns;
    struct schedule_candidate candidate;
};

struct queue_ingress {
    uint16_t ingress;
    struct queue_place places[QUEUE_CLASSES][SCHEDULE_QUEUE];
    /* Offers since the last one in the place of any was taken. */
    uint32_t n_offers[QUEUE_CLASSES];
};

struct queue {
    uint32_t n_ingresses;
    uint16_t rows[UINT16_MAX + 1]; /* of an ingress: its row, plus 1; 0: none */
    struct queue_ingress ingresses[SCHEDULE_MOST_INGRESSES];
    /* Of all ingresses: any that is as expected. */
    struct queue_place control;
    uint32_t n_control_offers;
};

/* False: there is no place for one more ingress. */
bool queue_offer(struct queue *q, enum schedule_class class,
                 const struct schedule_candidate *candidate, struct random_source *random,
                 uint64_t now_ns);

/* It waits no more. */
void queue_remove(struct queue *q, const struct schedule_candidate *candidate);

/* Takes out what was not offered again, and ingresses that have nothing left. */
void queue_sweep(struct queue *q, uint64_t now_ns);

/* Places of a class, most traffic first, the place of any last: at most SCHEDULE_QUEUE of them are
 * taken. Returns how many. */
unsigned int queue_ranked(struct queue_ingress *row, enum schedule_class class,
                          struct queue_place *out[SCHEDULE_QUEUE]);

#endif
