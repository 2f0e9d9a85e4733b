/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers of aggregates that came to nothing, for others.
 *
 * Whoever sends packets chooses their sources, so the table of aggregates is taken by whoever comes
 * first. When it runs short, aggregates of sub-prefixes that have been silent for a while and show
 * nothing that is worth keeping give their numbers back: no drop was ever made of them, nobody
 * asked for their test by hand, and mode passive found nothing. A test that began by itself and
 * made no drop in all that time is ended first. Whatever has a result stays, as long as its slice
 * does: of one that left, all go.
 *
 * A number is retired first, then waits until every worker has closed an epoch that began later
 * (engine/aggregate.h): until then workers may still count for it. */
#include <string.h>

#include "base/time.h"
#include "manager/passive_internal.h"

/* Counted from when it was made at the earliest: so long it lives. */
#define SILENCE_NS (AGGREGATE_LEAST_LIFE_MS * NS_PER_MS)

/* Of aggregates that may have to go, so much is looked at after an epoch: an aggregate is one, and
 * so is a source that it is compared with. */
#define MOST_LOOKED_AT 4096

/* So many numbers are to be free: fewer, and those are looked for that give theirs back. */
static uint32_t wanted_free(const struct manager *m)
{
    uint32_t wanted = aggregate_table_capacity(m->config.aggregates) / 16;

    return wanted > 0 ? wanted : 1;
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
           a->total.dropped == 0 && units_n_dropped(m, a->number) == 0 &&
           a->test.cause == TEST_BY_SLICE && silence_ns(m, a) >= SILENCE_NS &&
           !has_findings(m, a->number);
}

/* Its generation would come round too soon (engine/aggregate.h). */
static bool is_young(const struct manager *m, const struct aggregate_state *a)
{
    return m->now_ns - a->added_ns < SILENCE_NS;
}

static void retire(struct manager *m, struct aggregate_state *a)
{
    uint32_t slot = aggregate_table_identity(m->config.aggregates, a->number)->slice;

    manager_emit(m, EVENT_AGGREGATE_REMOVED, a->number, NULL, NULL);
    aggregate_list_remove(m, a);
    aggregate_table_retire(m->config.aggregates, a->number);
    a->is_live = false;
    a->retired_epoch = m->epoch;
    aggregate_list_append(m, is_young(m, a) ? &m->retired_young : &m->retired, a);
    m->n_live--;
    m->n_of_slot[slot]--;
    m->vacated_epoch[slot] = m->epoch;
}

/* A test that is ended here is DONE one epoch later, and looked at again when its turn comes. */
static bool give_back(struct manager *m, struct aggregate_state *a)
{
    enum test_state state = a->test.state;

    a->test.no_retest = true;
    if (state == TEST_IDLE || state == TEST_DONE)
        retire(m, a);
    else
        manager_test_stop(m, a->number, REASON_DURATION, m->now_ns);
    return !a->is_live;
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

    m->n_drops_of_gone += a->total.dropped + units_n_dropped_packets(m, a->number);
    units_forget(m, a->number);
    coin_leave(m, a->test.coin);
    aggregate_list_remove(m, a);
    drops_forget(m, &a->test);
    room_forget(m, &a->test);
    label_forget(m, &a->test);
    ended_flows_forget(m, a->number);
    if (m->passive != NULL)
        m->passive[a->number] = (struct passive_state){0};
    *a = (struct aggregate_state){.number = a->number, .test_id = test_id};
}

static void release_retired(struct manager *m, const struct aggregate_list *retired)
{
    while (retired->head != INDEX_NONE) {
        struct aggregate_state *a = &m->aggregates[retired->head];

        if (m->closed_epoch <= a->retired_epoch || is_young(m, a))
            return;
        forget(m, a);
        aggregate_table_release(m->config.aggregates, a->number);
    }
}

/* Its slice has gone, or has no source any more that holds it. */
static bool is_to_go(const struct manager *m, const struct aggregate_state *a, uint32_t *n_looks)
{
    const struct aggregate_identity *i = aggregate_table_identity(m->config.aggregates, a->number);
    const struct slice *s = &m->config.slices[i->slice];

    if (!a->is_live)
        return false;
    if (!slice_is_present(s))
        return true;
    if (!m->is_looked_through[i->slice])
        return false;
    if (!i->has_prefix)
        return !slice_has_one_aggregate(s);
    for (uint32_t k = 0; k < s->n_sources; k++, ++*n_looks)
        if (s->sources[k].is_ipv4 == i->prefix.is_ipv4 &&
            ip_prefix_contains(&s->sources[k], &i->prefix.address))
            return false;
    return true;
}

/* All are looked at once more while one waits for its drops. */
static void end_of_round(struct manager *m)
{
    if (m->must_look_again)
        m->n_to_look_through = m->n_aggregates;
    else
        memset(m->is_looked_through, 0, m->config.n_slices * sizeof(*m->is_looked_through));
    m->must_look_again = false;
}

static void look_through(struct manager *m)
{
    if (m->n_to_look_through == 0)
        return;
    for (uint32_t n_looks = 0; m->n_to_look_through > 0 && n_looks < MOST_LOOKED_AT; n_looks++) {
        struct aggregate_state *a = &m->aggregates[--m->n_to_look_through];

        if (is_to_go(m, a, &n_looks) && !give_back(m, a))
            m->must_look_again = true;
    }
    if (m->n_to_look_through == 0)
        end_of_round(m);
}

static uint64_t drops_of_list(const struct manager *m, const struct aggregate_list *list)
{
    uint64_t n = 0;

    for (uint32_t i = list->head; i != INDEX_NONE; i = m->aggregates[i].next)
        n += m->aggregates[i].total.dropped + units_n_dropped_packets(m, i);
    return n;
}

uint64_t manager_n_drops_of_gone(const struct manager *m)
{
    return m->n_drops_of_gone + drops_of_list(m, &m->retired) + drops_of_list(m, &m->retired_young);
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
    release_retired(m, &m->retired);
    release_retired(m, &m->retired_young);
    look_through(m);
    look_for_more(m);
    tell_whether_full(m);
}
