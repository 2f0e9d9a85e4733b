/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/places.h"

#include "engine/aggregate.h"

size_t places_memory_bytes(uint16_t n_places)
{
    return n_places * sizeof(struct place);
}

void places_init(struct places *p, void *memory, uint16_t n_places)
{
    *p = (struct places){.places = memory, .n_places = n_places, .first_changed = FLOW_NO_PLACE};
    for (uint16_t i = 0; i < n_places; i++)
        p->places[i].next = i + 1 < n_places ? (uint16_t)(i + 1) : FLOW_NO_PLACE;
}

uint16_t places_take(struct places *p, const struct flow *flow, uint8_t test_id, uint32_t n_span)
{
    uint16_t place = p->free;

    if (place == FLOW_NO_PLACE)
        return FLOW_NO_PLACE;
    p->free = p->places[place].next;
    p->places[place] = (struct place){.key = flow->key,
                                      .aggregate = aggregate_number_of(flow->aggregate),
                                      .test_id = test_id,
                                      .span_left = n_span};
    places_touch(p, place);
    return place;
}

void places_touch(struct places *p, uint16_t place)
{
    struct place *it = &p->places[place];

    if (it->changed)
        return;
    it->changed = true;
    it->next = p->first_changed;
    p->first_changed = place;
}

bool places_post(struct places *p, uint16_t worker,
                 int (*post)(void *context, const struct message *message), void *context)
{
    while (p->first_changed != FLOW_NO_PLACE) {
        uint16_t place = p->first_changed;
        struct place *it = &p->places[place];
        struct message m = {
            .kind = MESSAGE_PLACE,
            .test_id = it->test_id,
            .worker = worker,
            .aggregate = it->aggregate,
            .place = {.key = it->key, .counts = it->counts, .place = place, .ended = it->ended}};

        if (post(context, &m) != 0)
            return false;
        p->first_changed = it->next;
        it->changed = false;
        if (it->ended) {
            it->next = p->free;
            p->free = place;
        }
    }
    return true;
}
