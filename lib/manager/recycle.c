/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers of aggregates that came to nothing, for others.
 *
 * Whoever sends packets chooses their sources, so the table of aggregates is taken by whoever comes
 * first. When it runs short, aggregates of sub-prefixes that have been silent for a while and show
 * nothing that is worth keeping give their numbers back: no drop was ever made of them, nobody
 * asked for their test by hand, and mode passive found nothing. A test that began by itself and
 * made no drop in all that time is ended first. Whatever has a result stays.
 *
 * A number is retired first, then waits until every worker has closed an epoch that began later
 * (engine/aggregate.h): until then workers may still count for it. */
#include "base/time.h"
#include "manager/passive_internal.h"

/* Counted from when it was made at the earliest: so long it lives. */
#define SILENCE_NS (AGGREGATE_LEAST_LIFE_MS * NS_PER_MS)

/* So many numbers are to be free: fewer, and those are looked for that give theirs back. */
static uint32_t wanted_free(const struct manager *m)
{
    uint32_t capacity = aggregate_table_capacity(m->config.aggregates);

    return capacity < 16 ? 1 : capacity / 16;
}

static uint64_t silence_ns(const struct manager *m, const struct aggregate_state *a)
{
    uint64_t since_ns = a->last_seen_ns > a->added_ns ? a->last_seen_ns : a->added_ns;

    return m->now_ns - since_ns;
}

static bool has_findings(const struct manager *m, uint32_t aggregate)
{
    if (m->passive == NULL)
        return false;
    for (int i = 0; i < PASSIVE_N_FINDINGS; i++)
        if (m->passive[aggregate].findings[i].is_raised)
            return true;
    return false;
}

static bool came_to_nothing(const struct manager *m, const struct aggregate_state *a)
{
    return a->is_live && aggregate_table_identity(m->config.aggregates, a->number)->has_prefix &&
           a->total.dropped == 0 && a->test.cause == TEST_BY_SLICE &&
           silence_ns(m, a) >= SILENCE_NS && !has_findings(m, a->number);
}

static void retire(struct manager *m, struct aggregate_state *a)
{
    manager_emit(m, EVENT_AGGREGATE_REMOVED, a->number, NULL, NULL);
    aggregate_list_remove(m, a);
    aggregate_table_retire(m->config.aggregates, a->number);
    a->is_live = false;
    a->retired_epoch = m->epoch;
    aggregate_list_append(m, &m->retired, a);
    m->n_live--;
}

/* A test that is ended here is DONE one epoch later, and looked at again when its turn comes. */
static void give_back(struct manager *m, struct aggregate_state *a)
{
    enum test_state state = a->test.state;

    if (state == TEST_IDLE || state == TEST_DONE) {
        retire(m, a);
    } else {
        a->test.no_retest = true;
        manager_test_stop(m, a->number, REASON_DURATION, m->now_ns);
    }
}

/* A part of the table in each epoch, as long as too few are free. */
static void look_for_more(struct manager *m)
{
    uint32_t n_look = 256 + m->n_aggregates / 1024;
    uint32_t wanted = wanted_free(m);

    for (; n_look > 0 && m->n_aggregates > 0 &&
           aggregate_table_n_free(m->config.aggregates) + m->retired.n < wanted;
         n_look--) {
        struct aggregate_state *a = &m->aggregates[m->next_to_recycle % m->n_aggregates];

        m->next_to_recycle = (m->next_to_recycle + 1) % m->n_aggregates;
        if (came_to_nothing(m, a))
            give_back(m, a);
    }
}

/* The test's number goes on, so that no flow of before belongs to a later test. */
static void forget(struct manager *m, struct aggregate_state *a)
{
    uint8_t test_id = a->test_id;

    aggregate_list_remove(m, a);
    drops_forget(m, &a->test);
    room_forget(m, &a->test);
    label_forget(m, &a->test);
    ended_flows_forget(m, a->number);
    if (m->passive != NULL)
        m->passive[a->number] = (struct passive_state){0};
    *a = (struct aggregate_state){.number = a->number, .test_id = test_id};
}

static void release_retired(struct manager *m)
{
    while (m->retired.head != INDEX_NONE) {
        struct aggregate_state *a = &m->aggregates[m->retired.head];

        if (m->closed_epoch <= a->retired_epoch)
            return;
        forget(m, a);
        aggregate_table_release(m->config.aggregates, a->number);
    }
}

/* Once when the last number is given, and once when there are some again. */
static void tell_whether_full(struct manager *m)
{
    uint32_t n_free = aggregate_table_n_free(m->config.aggregates);

    if (m->full_since_ns == 0 && n_free == 0) {
        m->full_since_ns = m->now_ns;
        manager_emit(m, EVENT_AGGREGATES_FULL, AGGREGATE_NONE, NULL, NULL);
    } else if (m->full_since_ns != 0 && n_free >= wanted_free(m)) {
        m->full_since_ns = 0;
        manager_emit(m, EVENT_AGGREGATES_FREE, AGGREGATE_NONE, NULL, NULL);
    }
}

void recycle_step(struct manager *m)
{
    release_retired(m);
    look_for_more(m);
    tell_whether_full(m);
}
