/* SPDX-License-Identifier: BSD-3-Clause */
/* What must hold of each aggregate at any time: counters, budgets, and that verdict, reason and
 * evidence do not contradict each other. */
#include <math.h>
#include <stdio.h>

#include "manager/internal.h"

/* No more drops than were granted, and never more than the parameters allow. */
static const char *check_budget(const struct test *t)
{
    const struct test_parameters *p = &t->parameters;
    uint64_t most = test_parameters_have_flows_phase(p) ? p->max_drops_per_aggregate
                                                        : test_parameters_most_drops(p);

    if (t->flows_started_ns != 0)
        most += (uint64_t)p->max_individual_flows * p->max_drops_per_flow;
    if (test_n_dropped(t) > most)
        return "dropped <= max_drops_per_aggregate (+ max_individual_flows * max_drops_per_flow)";
    if (test_n_dropped(t) > t->granted)
        return "dropped <= granted";
    return NULL;
}

/* Is the outcome that of the evidence beside it? */
static bool fits_evidence(const struct test *t, enum verdict_outcome outcome)
{
    const struct anytime_values *v = &t->anytime;

    if (outcome == VERDICT_CLOSED_LOOP)
        return v->log10_e >= -log10(t->parameters.alpha);
    return v->log10_e <= 0 && v->log10_e_data <= 0 && v->log10_e_pooled <= 0 &&
           !units_speak_for_a_sender(t) && !test_has_telling_late_repairs(t) &&
           v->log10_f >= -log10(t->parameters.beta);
}

static bool is_claim(enum verdict_outcome outcome)
{
    return outcome == VERDICT_CLOSED_LOOP || outcome == VERDICT_NOT_CLOSED_LOOP;
}

/* Rule penny has evidence of its own; but it calls nobody blind for whom the other evidence speaks.
 */
static bool verdict_fits_penny(const struct test *t)
{
    if (t->verdict == VERDICT_NOT_CLOSED_LOOP)
        return t->penny.outcome == t->verdict && t->anytime.log10_e <= 0 &&
               t->anytime.log10_e_pooled <= 0;
    if (t->via == VIA_FLOWS)
        return t->n_flows_closed_loop >= t->parameters.min_closed_loop_flows;
    return t->penny.outcome == t->verdict;
}

static const char *check_verdict(const struct test *t)
{
    bool is_penny = t->parameters.rule == TEST_RULE_PENNY;

    if (is_claim(t->anytime.outcome) && !fits_evidence(t, t->anytime.outcome))
        return "anytime.outcome as log10_e and log10_f have it";
    if (is_claim(t->verdict) && !(is_penny ? verdict_fits_penny(t) : fits_evidence(t, t->verdict)))
        return "the verdict as its evidence has it";
    if (!is_penny && t->verdict_ns != 0 && !is_claim(t->verdict) &&
        t->reason != REASON_RECONFIGURED &&
        (fits_evidence(t, VERDICT_CLOSED_LOOP) ||
         (fits_evidence(t, VERDICT_NOT_CLOSED_LOOP) && t->reason != REASON_STOPPED)))
        return "no verdict only without evidence";
    if ((t->reason == REASON_EVIDENCE || t->reason == REASON_FLOWS_CLOSED_LOOP) &&
        !is_claim(t->verdict))
        return "reason evidence only with a verdict";
    if (t->reason == REASON_CONFLICT && !test_is_in_conflict(t))
        return "reason conflict only with evidence for both";
    if (t->provisional && (t->verdict != VERDICT_NOT_CLOSED_LOOP || t->verdict_ns != 0))
        return "provisional only before the verdict";
    return NULL;
}

/* What the box's budget holds for tests under way is what they may still drop, in packets. */
static const char *check_hourly_budget(const struct manager *m)
{
    uint64_t reserved = 0;

    for (uint32_t i = 0; i < m->n_aggregates; i++) {
        const struct aggregate_state *a = &m->aggregates[i];

        uint64_t n_left = a->test.granted - (a->total.dropped - a->test.base.dropped);

        for (unsigned int k = 0; a->test.units != NULL && k < UNIT_N_KINDS; k++)
            n_left -= a->test.units->total[k].dropped - a->test.units->base[k].dropped;
        reserved += n_left * a->test.packets_per_drop + a->test.n_held;
    }
    return reserved == m->hourly.reserved ? NULL : "the box: drops reserved = granted - dropped";
}

const char *manager_check(const struct manager *m)
{
    const char *broken;

    for (uint32_t i = 0; i < m->n_aggregates; i++) {
        broken = aggregate_counters_check(&m->aggregates[i].total);
        if (broken == NULL)
            broken = passive_check(m, i);
        if (broken == NULL)
            broken = units_check(m, i);
        if (broken == NULL)
            broken = check_budget(&m->aggregates[i].test);
        if (broken == NULL && m->aggregates[i].n_tests != 0)
            broken = check_verdict(&m->aggregates[i].test);
        if (broken != NULL) {
            snprintf(m->check_text, CHECK_TEXT_BYTES, "aggregate %u: %s does not hold", i, broken);
            return m->check_text;
        }
    }
    broken = manager_check_shared(m);
    if (broken != NULL) {
        snprintf(m->check_text, CHECK_TEXT_BYTES, "the manager: %s does not hold", broken);
        return m->check_text;
    }
    return check_hourly_budget(m);
}
