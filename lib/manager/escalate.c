/* SPDX-License-Identifier: BSD-3-Clause */
/* From watching to testing: what mode passive sees of a slice, and how many sources it has, may
 * start the test of the slice that has the same traffic where it passes through the box. Only where
 * the configuration says so, never more often than it says, and every attempt is an event, those
 * refused as well. */
#include "manager/passive_internal.h"

#include <errno.h>
#include <stdlib.h>

#define HOUR_NS   (3600 * NS_PER_S)
#define VOLUME_NS (10 * NS_PER_S)

/* When the latest tests began: a ring, as long as the slice may begin tests within an hour. */
struct escalation {
    uint64_t starts_ns[SLICE_MOST_TESTS_PER_HOUR];
    uint64_t n;
    bool has_many_sources; /* more than the limit, in the last window */
};

/* The configuration may come to say so later. */
int escalation_init(struct manager *m)
{
    if (!m->config.may_escalate || m->config.n_slices == 0)
        return 0;
    m->escalations = calloc(m->config.n_slices, sizeof(*m->escalations));
    return m->escalations != NULL ? 0 : -ENOMEM;
}

size_t escalation_memory_bytes(const struct manager_config *c)
{
    return c->may_escalate ? c->n_slices * sizeof(struct escalation) : 0;
}

void escalation_forget(struct manager *m, uint32_t slot)
{
    if (m->escalations != NULL)
        m->escalations[slot] = (struct escalation){0};
}

static bool is_hour_full(const struct manager *m, const struct escalation *e, uint32_t max_per_hour)
{
    return e->n >= max_per_hour &&
           m->now_ns - e->starts_ns[(e->n - max_per_hour) % SLICE_MOST_TESTS_PER_HOUR] < HOUR_NS;
}

/* The tested slice's aggregate of the same sources, or AGGREGATE_NONE. */
static uint32_t same_sources(const struct manager *m, uint32_t aggregate, uint16_t tested)
{
    const struct aggregate_identity *i = aggregate_table_identity(m->config.aggregates, aggregate);

    return aggregate_table_find(m->config.aggregates, tested, i->has_prefix ? &i->prefix : NULL);
}

/* NULL when the test began. */
static const char *begin(struct manager *m, uint32_t target)
{
    static const struct test_request request = {.cause = TEST_BY_ESCALATION};

    switch (manager_test_start(m, target, &request, m->now_ns)) {
    case 0:
        return NULL;
    case -EALREADY:
        return "it is being tested already";
    case -EBUSY:
        return "drops of its last test are still pending";
    case -EDQUOT:
        return "the drops that the box may make within an hour are spent or reserved";
    default:
        return "it cannot be tested";
    }
}

/* Why there is no test now, or NULL. */
static const char *obstacle(const struct manager *m, const struct escalation *e,
                            const struct slice_escalation *wanted, uint32_t target)
{
    if (m->kill_switch)
        return "the kill switch is on";
    if (m->suspended)
        return "drops are suspended";
    if (!aggregate_is_live(m, target) || m->aggregates[target].total.packets == 0)
        return "none of its traffic has passed through the box";
    if (is_hour_full(m, e, wanted->max_per_hour))
        return "max_per_hour tests were started within the last hour";
    return NULL;
}

void escalate(struct manager *m, uint32_t aggregate, int cause)
{
    uint32_t slice = aggregate_table_identity(m->config.aggregates, aggregate)->slice;
    const struct slice_escalation *wanted = &m->config.slices[slice].escalation;
    struct manager_event event = {.kind = EVENT_ESCALATION,
                                  .time_ns = m->now_ns,
                                  .aggregate = aggregate,
                                  .finding = cause,
                                  .tested =
                                      wanted->test == SLICE_NONE ? (uint16_t)slice : wanted->test};
    struct escalation *e;
    uint32_t target;

    /* While the manager is being stopped, no test begins. */
    if (m->escalations == NULL || (wanted->when >> cause & 1) == 0 || !m->auto_start)
        return;
    e = &m->escalations[slice];
    target = same_sources(m, aggregate, event.tested);
    event.text = obstacle(m, e, wanted, target);
    if (event.text == NULL)
        event.text = begin(m, target);
    if (event.text == NULL)
        e->starts_ns[e->n++ % SLICE_MOST_TESTS_PER_HOUR] = m->now_ns;
    if (m->config.on_event != NULL)
        m->config.on_event(m->config.event_context, &event);
}

/* Once each time that the volume rises above its limit. */
void escalate_by_volume(struct manager *m, const struct aggregate_state *a, struct passive_state *s)
{
    const struct slice *slice = slice_of_aggregate(m, a->number);
    uint64_t elapsed_ns = m->now_ns - s->volume_ns;
    double bps;
    bool was_above = s->is_above;

    if (m->escalations == NULL || (slice->escalation.when & ESCALATE_ON_VOLUME) == 0 ||
        s->ended_ns != 0 || (s->volume_ns != 0 && elapsed_ns < VOLUME_NS))
        return;
    bps = s->volume_ns == 0
              ? 0
              : (double)(a->total.bytes - s->volume_bytes) * 8e9 / (double)elapsed_ns /
                    passive_sampling_of(slice->parameters.sampling, s).rate;
    s->volume_ns = m->now_ns;
    s->volume_bytes = a->total.bytes;
    s->is_above = bps > (double)slice->escalation.above_bps;
    if (s->is_above && !was_above)
        escalate(m, a->number, PASSIVE_N_FINDINGS);
}

/* Of those of the slice that are not under test, the one with most packets; or AGGREGATE_NONE. */
static uint32_t busiest_of(const struct manager *m, uint32_t slice)
{
    uint32_t found = AGGREGATE_NONE;

    for (uint32_t i = 0; i < m->n_aggregates; i++)
        if (aggregate_is_live(m, i) &&
            aggregate_table_identity(m->config.aggregates, i)->slice == slice &&
            (m->aggregates[i].test.state == TEST_IDLE ||
             m->aggregates[i].test.state == TEST_DONE) &&
            (found == AGGREGATE_NONE ||
             m->aggregates[i].total.packets > m->aggregates[found].total.packets))
            found = i;
    return found;
}

void manager_count_sources(struct manager *m, uint32_t slice, uint64_t n_sources, uint64_t now_ns)
{
    const struct slice_escalation *wanted = &m->config.slices[slice].escalation;
    struct escalation *e;
    uint32_t aggregate;
    bool had_many;

    if (m->escalations == NULL || (wanted->when & ESCALATE_ON_SOURCES) == 0)
        return;
    e = &m->escalations[slice];
    had_many = e->has_many_sources;
    e->has_many_sources = n_sources > wanted->above_sources;
    if (!e->has_many_sources || had_many)
        return;
    m->now_ns = now_ns;
    aggregate = busiest_of(m, slice);
    if (aggregate != AGGREGATE_NONE)
        escalate(m, aggregate, PASSIVE_N_FINDINGS + 1);
}
