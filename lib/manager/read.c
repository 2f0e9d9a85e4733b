/* SPDX-License-Identifier: BSD-3-Clause */
/* What others may read of the manager. */
#include <math.h>
#include <stdio.h>

#include "manager/internal.h"

bool manager_any_running(const struct manager *m)
{
    return m->active.n != 0;
}

uint32_t manager_n_aggregates(const struct manager *m)
{
    return m->n_aggregates;
}

uint32_t manager_n_live_aggregates(const struct manager *m)
{
    return m->n_live;
}

uint32_t manager_most_aggregates(const struct manager *m)
{
    return aggregate_table_capacity(m->config.aggregates);
}

uint64_t manager_aggregates_full_since(const struct manager *m)
{
    return m->full_since_ns;
}

bool manager_is_slice_tested(const struct manager *m, uint32_t slice)
{
    for (uint32_t i = m->active.head; i != INDEX_NONE; i = m->aggregates[i].next)
        if (aggregate_table_identity(m->config.aggregates, i)->slice == slice)
            return true;
    return false;
}

uint32_t manager_aggregate_of_slice(const struct manager *m, uint32_t slice)
{
    return aggregate_table_find(m->config.aggregates, slice, NULL);
}

uint32_t manager_n_tests_by_command(const struct manager *m)
{
    return m->n_by_command;
}

uint32_t manager_max_tests_by_command(const struct manager *m)
{
    return m->config.max_tests_by_command;
}

bool manager_next_report(const struct manager *m, uint32_t *next, struct aggregate_report *out)
{
    while (*next < m->n_aggregates)
        if (manager_report(m, (*next)++, out))
            return true;
    return false;
}

bool manager_any_tested(const struct manager *m)
{
    return m->has_tested;
}

uint64_t manager_n_aggregates_refused(const struct manager *m)
{
    return m->n_aggregates_refused;
}

uint64_t aggregate_report_dropped_packets(const struct aggregate_report *r)
{
    uint64_t n = r->total->dropped;

    for (unsigned int k = 0; k < UNIT_N_KINDS; k++)
        n += r->units[k].total != NULL ? r->units[k].total->dropped_packets : 0;
    return n;
}

double aggregate_report_repaired_share(const struct aggregate_report *r)
{
    uint64_t n = r->test.retransmitted + r->test.expired;

    if (r->state != TEST_DONE || r->verdict != VERDICT_CLOSED_LOOP || n == 0)
        return NAN;
    return (double)r->test.retransmitted / (double)n;
}

static bool is_mixed(const struct test *t)
{
    return t->verdict == VERDICT_CLOSED_LOOP && t->anytime.log10_f >= -log10(t->parameters.beta);
}

const struct slice *manager_slices(const struct manager *m, uint32_t *n_slices)
{
    *n_slices = m->config.n_slices;
    return m->config.slices;
}

static void report_units(const struct manager *m, uint32_t aggregate, const struct test *t,
                         struct aggregate_report *out)
{
    const struct aggregate_units *u = m->units != NULL ? &m->units[aggregate] : NULL;

    out->kinds = u == NULL ? 0 : test_parameters_kinds(&out->slice->parameters) >> 1;
    if (t->units != NULL)
        out->kinds = test_parameters_kinds(&t->parameters) >> 1;
    for (unsigned int k = 0; u != NULL && k < UNIT_N_KINDS; k++)
        out->units[k] = (struct unit_report){
            .total = &u->total[k], .test = u->counts[k], .log10_e = u->log10_e[k]};
}

bool manager_report(const struct manager *m, uint32_t aggregate, struct aggregate_report *out)
{
    const struct aggregate_state *a;
    const struct test *t;
    const struct flow_room *room;

    if (!aggregate_is_live(m, aggregate))
        return false;
    a = &m->aggregates[aggregate];
    t = &a->test;
    room = room_of_test(m, t);
    *out = (struct aggregate_report){
        .aggregate = aggregate,
        .identity = aggregate_table_identity(m->config.aggregates, aggregate),
        .label = label_of(m, t),
        .label_place = t->label != INDEX_NONE ? t->label : 0,
        .total = &a->total,
        .test = t->counts,
        .state = t->state,
        .anytime = t->anytime,
        .penny = t->penny,
        .verdict = t->verdict,
        .provisional = t->provisional,
        .mixed = is_mixed(t),
        .via = t->via,
        .reason = t->reason,
        .started_ns = t->started_ns,
        .verdict_ns = t->verdict_ns,
        .ended_ns = t->ended_ns,
        .first_seen_ns = a->first_seen_ns,
        .last_seen_ns = a->last_seen_ns,
        .n_tests = a->n_tests,
        .n_flow_reports = room == NULL ? 0 : room->n,
        .n_drop_records = t->n_drops,
        .n_flows_closed_loop = t->n_flows_closed_loop,
    };
    out->slice = &m->config.slices[out->identity->slice];
    out->n_dropped = test_n_dropped(t);
    report_units(m, aggregate, t, out);
    if (a->n_tests == 0)
        out->reason = out->slice->mode == SLICE_PASSIVE ? REASON_WATCHED : REASON_NOT_TESTED;
    else if (t->awaits_drops && t->verdict_ns == 0)
        out->reason = REASON_DROP_BUDGET;
    else if (test_is_without_drops(m, t))
        out->reason = test_reason_of_untested(m, t);
    out->rule = a->n_tests == 0 ? out->slice->parameters.rule : t->parameters.rule;
    return true;
}

bool manager_flow_report(const struct manager *m, uint32_t aggregate, uint32_t i,
                         struct flow_report *out)
{
    const struct test *t;
    const struct flow_room *room;

    if (!aggregate_is_live(m, aggregate))
        return false;
    t = &m->aggregates[aggregate].test;
    room = room_of_test(m, t);
    if (room == NULL || i >= room->n)
        return false;
    *out = (struct flow_report){
        .key = room->flows[i].key,
        .counts = room->flows[i].counts,
        .log10_e = test_flow_log10_e(t, &room->flows[i].counts),
        .penny = test_flow_penny(m, t, &room->flows[i]),
        .ended = test_flow_is_done(m, t, &room->flows[i]),
    };
    return true;
}
