/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers tell of passive slices, added up; and when watching ends. */
#include "manager/passive.h"

#include <errno.h>
#include <stdlib.h>

#include "manager/passive_internal.h"

#define JUDGE_EVERY_NS NS_PER_S

static const char *const stop_names[] = {
    [PASSIVE_GOES_ON] = "goes_on",
    [PASSIVE_FLOWS_FINISHED] = "flows_finished",
    [PASSIVE_FLOWS_SEEN] = "flows_seen",
    [PASSIVE_TIME] = "duration",
};

const char *passive_stop_name(enum passive_stop stop)
{
    return stop_names[stop];
}

bool passive_is_any(const struct slice *slices, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (slices[i].presence != SLICE_ABSENT && slices[i].mode == SLICE_PASSIVE)
            return true;
    return false;
}

/* So much is taken page by page as it is written. */
int passive_prepare(struct manager *m, const struct slice *slices)
{
    if (m->passive != NULL || !passive_is_any(slices, m->config.n_slices))
        return 0;
    m->passive = calloc(aggregate_table_capacity(m->config.aggregates), sizeof(*m->passive));
    return m->passive != NULL ? 0 : -ENOMEM;
}

size_t passive_memory_bytes(const struct manager_config *c)
{
    return passive_is_any(c->slices, c->n_slices)
               ? aggregate_table_capacity(c->aggregates) * sizeof(struct passive_state)
               : 0;
}

static enum passive_stop reason_to_stop(const struct manager *m, const struct aggregate_state *a,
                                        const struct passive_state *s)
{
    const struct test_parameters *p = &slice_of_aggregate(m, a->number)->parameters;

    if (p->min_flows_to_finish != 0 && s->total.flows_finished >= p->min_flows_to_finish)
        return PASSIVE_FLOWS_FINISHED;
    if (p->max_flows != 0 && a->total.flows_seen >= p->max_flows)
        return PASSIVE_FLOWS_SEEN;
    if (p->max_duration_ms != 0 && m->now_ns - s->began_ns >= p->max_duration_ms * NS_PER_MS)
        return PASSIVE_TIME;
    return PASSIVE_GOES_ON;
}

static void end_watching(struct manager *m, uint32_t aggregate, struct passive_state *s)
{
    s->ended_ns = m->now_ns;
    passive_judge(m, aggregate, s);
    manager_emit(m, EVENT_WATCH_ENDED, aggregate, NULL, passive_stop_name(s->stop));
}

void manager_passive_expire(struct manager *m, uint64_t now_ns)
{
    m->now_ns = now_ns;
    for (uint32_t i = 0; m->passive != NULL && i < m->n_aggregates; i++) {
        struct passive_state *s = &m->passive[i];

        if (!aggregate_is_live(m, i) || slice_of_aggregate(m, i)->mode != SLICE_PASSIVE ||
            s->ended_ns != 0)
            continue;
        if (s->stop == PASSIVE_GOES_ON)
            s->stop = PASSIVE_TIME;
        end_watching(m, i, s);
    }
}

/* Watching ends a grace after its reason came up: FINs and RSTs that trail behind still count. */
static void end_when_due(struct manager *m, const struct aggregate_state *a,
                         struct passive_state *s)
{
    uint64_t grace_ns = slice_of_aggregate(m, a->number)->parameters.watch_grace_ms * NS_PER_MS;

    if (s->ended_ns != 0 || s->began_ns == 0)
        return;
    if (s->stop == PASSIVE_GOES_ON) {
        s->stop = reason_to_stop(m, a, s);
        s->ending_ns = m->now_ns;
    }
    if (s->stop == PASSIVE_GOES_ON || m->now_ns - s->ending_ns < grace_ns)
        return;
    end_watching(m, a->number, s);
}

void passive_receive(struct manager *m, struct aggregate_state *a, const struct message *message)
{
    struct passive_state *s;

    if (m->passive == NULL)
        return;
    s = &m->passive[a->number];
    if (s->ended_ns != 0)
        return;
    if (s->began_ns == 0)
        s->began_ns = m->now_ns;
    passive_counters_add(&s->total, &message->passive);
    for (int w = 0; w < PASSIVE_N_WINDOWS; w++)
        window_add(&s->windows[w], (enum passive_window)w, &message->passive, m->now_ns);
    if (m->now_ns - s->judged_ns < JUDGE_EVERY_NS)
        return;
    s->judged_ns = m->now_ns;
    passive_judge(m, a->number, s);
}

void passive_tick(struct manager *m)
{
    if (m->passive == NULL || m->now_ns - m->passive_ticked_ns < JUDGE_EVERY_NS / 10)
        return;
    m->passive_ticked_ns = m->now_ns;
    for (uint32_t i = 0; i < m->n_aggregates; i++) {
        if (!aggregate_is_live(m, i))
            continue;
        end_when_due(m, &m->aggregates[i], &m->passive[i]);
        escalate_by_volume(m, &m->aggregates[i], &m->passive[i]);
    }
}

void passive_stop_all(struct manager *m)
{
    for (uint32_t i = 0; m->passive != NULL && i < m->n_aggregates; i++)
        if (aggregate_is_live(m, i) && m->passive[i].began_ns != 0)
            passive_judge(m, i, &m->passive[i]);
}

bool manager_passive_is_over(const struct manager *m)
{
    bool any = false;

    for (uint32_t i = 0; m->passive != NULL && i < m->n_aggregates; i++) {
        if (!aggregate_is_live(m, i) || slice_of_aggregate(m, i)->mode != SLICE_PASSIVE)
            continue;
        if (m->passive[i].ended_ns == 0)
            return false;
        any = true;
    }
    return any;
}
