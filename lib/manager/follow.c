/* SPDX-License-Identifier: BSD-3-Clause */
/* The next generation of the configuration: which tests end, which aggregates come and which go.
 *
 * A slice is known by its slot (config/slots.h). A test whose slice stays is not touched. One whose
 * parameters or packets are others ends: what was counted until now, and what would be from now on,
 * are not of one test, since R would be of the one and D of the other. While packets go to another
 * slice a repair may pass unseen, so what is pending then and does not come back is void.
 *
 * Aggregates that belong to no slice any more give their numbers back once their drops have ended.
 * A slot is given to another slice when all have, and every worker has closed an epoch since. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "manager/passive_internal.h"

static bool lacks_one_aggregate(const struct manager *m, const struct slice *slices, uint32_t slot)
{
    return slice_has_one_aggregate(&slices[slot]) &&
           aggregate_table_find(m->config.aggregates, slot, NULL) == AGGREGATE_NONE;
}

static bool has_room(const struct manager *m, const struct slice *slices)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < m->config.n_slices; i++)
        n += lacks_one_aggregate(m, slices, i);
    return n <= aggregate_table_n_free(m->config.aggregates);
}

/* What is there when the manager is made, nobody is told of. */
void manager_add_aggregates(struct manager *m, bool tell)
{
    for (uint32_t i = 0; i < m->config.n_slices; i++) {
        const struct aggregate_identity identity = {.slice = i};
        struct aggregate_state *a;

        if (!lacks_one_aggregate(m, m->config.slices, i))
            continue;
        a = manager_adopt_aggregate(m,
                                    (uint32_t)aggregate_table_add(m->config.aggregates, &identity));
        a->is_armed = true;
        if (tell)
            manager_emit(m, EVENT_AGGREGATE_ADDED, a->number, NULL, NULL);
        test_begin_by_itself(m, a);
    }
}

int manager_adopt_slices(struct manager *m, const struct slice *slices)
{
    int error = has_room(m, slices) ? coins_of_slices(m, slices, m->next_coin_of_slot) : -ENOSPC;
    struct coin **olds = m->coin_of_slot;

    if (error != 0)
        return error;
    for (uint32_t i = 0; i < m->config.n_slices; i++)
        coin_leave(m, olds[i]);
    m->coin_of_slot = m->next_coin_of_slot;
    m->next_coin_of_slot = olds;
    memset(olds, 0, m->config.n_slices * sizeof(*olds));
    m->config.slices = slices;
    m->longest_idle_timeout_ms = 0;
    for (uint32_t i = 0; i < m->config.n_slices; i++) {
        uint32_t own_ms =
            slices[i].presence == SLICE_ABSENT ? 0 : slices[i].parameters.flow_idle_timeout_ms;

        if (own_ms > m->longest_idle_timeout_ms)
            m->longest_idle_timeout_ms = own_ms;
    }
    return 0;
}

static bool ends_tests(enum slice_fate fate)
{
    return fate == SLICE_IS_RETUNED || fate == SLICE_IS_REDRAWN || fate == SLICE_LEAVES;
}

/* Ends in the list stay until their drops have ended. */
static void end_tests(struct manager *m, const enum slice_fate *fates)
{
    for (uint32_t i = m->active.head; i != INDEX_NONE; i = m->aggregates[i].next) {
        enum slice_fate fate = fates[aggregate_table_identity(m->config.aggregates, i)->slice];

        if (ends_tests(fate))
            test_reconfigure(m, &m->aggregates[i], fate != SLICE_IS_RETUNED);
    }
}

/* What watching came to is told anew where it watches something else, or for another time. */
static void watch_again(struct manager *m, uint32_t aggregate, enum slice_fate fate)
{
    struct passive_state *s;

    if (m->passive == NULL || (fate != SLICE_IS_RETUNED && fate != SLICE_IS_REDRAWN))
        return;
    s = &m->passive[aggregate];
    if (s->began_ns != 0)
        s->began_ns = m->now_ns;
    s->ended_ns = 0;
    s->stop = PASSIVE_GOES_ON;
}

/* Then it may begin now: test_begin_by_itself() asks whether it does. */
static bool began_none_by_itself(const struct slice *before)
{
    return before->start != SLICE_START_AUTO || before->mode != SLICE_ACTIVE;
}

static void note_slots(struct manager *m, const struct slice *before,
                       const struct manager_generation *g)
{
    for (uint32_t i = 0; i < m->config.n_slices; i++) {
        /* Those of the change before may wait for their drops still. */
        m->is_looked_through[i] |= g->fates[i] == SLICE_IS_REDRAWN;
        m->may_begin[i] = began_none_by_itself(&before[i]);
        if (g->fates[i] == SLICE_LEAVES)
            m->vacated_epoch[i] = m->epoch;
        if (g->fates[i] == SLICE_COMES)
            escalation_forget(m, i);
    }
}

/* Once through all of them: it is done once a change, and each costs a look at its slot. */
static void note_aggregates(struct manager *m, const enum slice_fate *fates)
{
    for (uint32_t i = 0; i < m->n_aggregates; i++) {
        uint32_t slot;

        if (!aggregate_is_live(m, i))
            continue;
        slot = aggregate_table_identity(m->config.aggregates, i)->slice;
        watch_again(m, i, fates[slot]);
        if (m->may_begin[slot] && m->aggregates[i].is_armed && m->aggregates[i].n_tests == 0)
            test_begin_by_itself(m, &m->aggregates[i]);
    }
}

int manager_follow(struct manager *m, const struct manager_generation *g, uint64_t now_ns)
{
    const struct slice *before = m->config.slices;
    int error = passive_prepare(m, g->slices);

    if (error == 0)
        error = units_prepare(m, g->slices);
    if (error == 0)
        error = ended_flows_prepare(m, g->slices, g->fates);
    if (error == 0)
        error = manager_adopt_slices(m, g->slices);
    if (error != 0) {
        ended_flows_abandon(m);
        return error;
    }
    m->now_ns = now_ns;
    m->config.max_own_loss_ratio = g->max_own_loss_ratio;
    m->config.max_stall_ms = g->max_stall_ms;
    m->config.may_shed = g->may_shed;
    manager_set_max_drops_per_hour(m, g->max_drops_per_hour);
    end_tests(m, g->fates);
    ended_flows_follow(m);
    note_slots(m, before, g);
    note_aggregates(m, g->fates);
    manager_add_aggregates(m, true);
    m->n_to_look_through = m->n_aggregates;
    return 0;
}

void manager_held_slots(const struct manager *m, bool *is_held)
{
    for (uint32_t i = 0; i < m->config.n_slices; i++)
        is_held[i] = m->n_of_slot[i] > 0 || m->closed_epoch <= m->vacated_epoch[i];
}

bool manager_is_epoch_over(const struct manager *m, uint64_t epoch)
{
    return m->closed_epoch > epoch;
}
