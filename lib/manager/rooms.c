/* SPDX-License-Identifier: BSD-3-Clause */
/* Rooms for the flows phase: few, since each holds many flows, and large tables of aggregates are
 * tested at once. A room that a test left keeps its flows until another test needs it. */
#include "manager/internal.h"

static struct flow_room *room_of(const struct manager *m, const struct test *t)
{
    return t->room == INDEX_NONE ? NULL : &m->rooms[t->room];
}

const struct flow_room *room_of_test(const struct manager *m, const struct test *t)
{
    return room_of(m, t);
}

/* A room that nobody owns, or else the one that was left longest ago. */
static uint32_t find_room(const struct manager *m)
{
    uint32_t best = INDEX_NONE;

    for (uint32_t i = 0; i < m->config.n_concurrent_flow_phases; i++) {
        const struct flow_room *room = &m->rooms[i];

        if (room->in_use)
            continue;
        if (room->owner == AGGREGATE_NONE)
            return i;
        if (best == INDEX_NONE || room->left_ns < m->rooms[best].left_ns)
            best = i;
    }
    return best;
}

bool room_take(struct manager *m, struct aggregate_state *a)
{
    uint32_t i;

    if (m->n_rooms_in_use == m->config.n_concurrent_flow_phases)
        return false;
    i = find_room(m);
    if (m->rooms[i].owner != AGGREGATE_NONE)
        m->aggregates[m->rooms[i].owner].test.room = INDEX_NONE;
    m->rooms[i].owner = a->number;
    m->rooms[i].in_use = true;
    m->rooms[i].n = 0;
    m->n_rooms_in_use++;
    a->test.room = i;
    return true;
}

void room_leave(struct manager *m, struct test *t)
{
    struct flow_room *room = room_of(m, t);

    if (room == NULL || !room->in_use)
        return;
    room->in_use = false;
    room->left_ns = m->now_ns;
    m->n_rooms_in_use--;
}

void room_forget(struct manager *m, struct test *t)
{
    struct flow_room *room = room_of(m, t);

    room_leave(m, t);
    if (room != NULL)
        room->owner = AGGREGATE_NONE;
    t->room = INDEX_NONE;
}

/* An engine gives a place to another flow once it ended, so the number alone does not tell. */
static struct tested_flow *find_flow(struct flow_room *room, const struct message *message)
{
    for (uint32_t i = 0; i < room->n; i++) {
        struct tested_flow *f = &room->flows[i];

        if (!f->ended && f->worker == message->worker && f->place == message->place.place &&
            memcmp(&f->key, &message->place.key, sizeof(f->key)) == 0)
            return f;
    }
    return NULL;
}

void room_receive(struct manager *m, struct test *t, const struct message *message)
{
    struct flow_room *room = room_of(m, t);
    struct tested_flow *f;

    if (room == NULL)
        return;
    f = find_flow(room, message);
    if (f == NULL) {
        if (room->n == t->parameters.max_individual_flows)
            return;
        f = &room->flows[room->n++];
        *f = (struct tested_flow){
            .key = message->place.key, .place = message->place.place, .worker = message->worker};
    }
    f->counts = message->place.counts;
    f->ended = message->place.ended;
    if (f->ended)
        f->ended_ns = m->now_ns;
    if (f->counts.dropped >= t->parameters.max_drops_per_flow && f->population_ended_ns == 0)
        f->population_ended_ns = m->now_ns;
    t->changed = t->flows_changed = true;
}
