/* SPDX-License-Identifier: BSD-3-Clause */
/* From counts to the values of both rules. Whichever rule decides, both are reported. */
#include <math.h>

#include "manager/internal.h"
#include "verdict/evidence.h"

/* A place that the test can never take has no share of alpha. */
static unsigned n_places(const struct test_parameters *p)
{
    return p->fallback_to_individual ? p->max_individual_flows : 0;
}

static struct anytime_counts anytime_counts_of_flow(const struct flow_counts *c)
{
    return (struct anytime_counts){.n_retransmitted = c->retransmitted,
                                   .n_duplicates = c->duplicates,
                                   .n_expired = c->expired};
}

static struct anytime_counts pooled_counts(const struct test *t)
{
    return (struct anytime_counts){.n_retransmitted = t->counts.retransmitted,
                                   .n_duplicates = t->counts.test_duplicates,
                                   .n_expired = t->counts.expired};
}

/* Most epochs bring packets and nothing to judge. */
static bool is_judged_already(const struct test *t, const struct anytime_counts *pooled)
{
    return t->is_judged && !t->flows_changed &&
           pooled->n_retransmitted == t->judged.n_retransmitted &&
           pooled->n_duplicates == t->judged.n_duplicates &&
           pooled->n_expired == t->judged.n_expired;
}

static void evaluate_anytime(struct test *t, const struct flow_room *room)
{
    const struct anytime_counts pooled = pooled_counts(t);
    const struct anytime_levels levels = {.alpha = t->parameters.alpha, .beta = t->parameters.beta};
    const struct anytime *anytime = &t->coin->anytime;
    struct anytime_counts counts[TEST_MAX_INDIVIDUAL_FLOWS];
    const struct anytime_flows flows = {
        .counts = counts,
        .n = room == NULL ? 0 : room->n,
        .n_places = n_places(&t->parameters),
        /* Rule penny gives a place to any flow once those that repair are through. */
        .joint_is_fair = t->parameters.rule == TEST_RULE_ANYTIME,
    };
    struct anytime_decision d;

    for (uint32_t i = 0; i < flows.n; i++)
        counts[i] = anytime_counts_of_flow(&room->flows[i].counts);
    d = anytime_decide(anytime, &pooled, &flows, &levels);
    /* Evidence that was enough is shown as it was: what comes later does not unmake it. */
    if (t->anytime.outcome != VERDICT_CLOSED_LOOP || d.log10_e > t->anytime.log10_e) {
        t->anytime.log10_e = d.log10_e;
        t->anytime.log10_e_pooled = d.log10_e_pooled;
        t->anytime.log10_e_joint = d.log10_e_joint;
    }
    t->anytime.log10_f = d.log10_f;
    t->decided_now = d.outcome;
    /* Asked for by pooled_grant() only. */
    if (t->state == TEST_POOLED)
        t->n_repairs_needed =
            evidence_repairs_needed(anytime, pooled.n_retransmitted, pooled.n_duplicates,
                                    flows.n_places, -log10(levels.alpha), t->n_repairs_needed);
    /* What was reached once stays reached (Ville's inequality), and closed_loop is a claim that
     * one sender makes true whatever spoke against it before. not_closed_loop stands only as long
     * as the counts bear it. */
    if (t->anytime.outcome != VERDICT_CLOSED_LOOP)
        t->anytime.outcome = d.outcome;
    t->judged = pooled;
    t->is_judged = true;
}

static struct penny_parameters penny_parameters_of(const struct test_parameters *p)
{
    return (struct penny_parameters){.max_duplicate_ratio = p->max_duplicate_ratio,
                                     .p_miss = p->p_miss};
}

/* The population ends with the pooled phase: drops of single flows are not of it. */
static void evaluate_penny(struct test *t)
{
    const struct penny_parameters parameters = penny_parameters_of(&t->parameters);
    const struct penny_counts counts = {.droppable = t->counts.population_droppable,
                                        .dropped = t->counts.dropped,
                                        .retransmitted = t->counts.retransmitted,
                                        .expired = t->counts.expired,
                                        .duplicates = t->counts.population_duplicates,
                                        .voided = t->counts.voided};

    if (t->flows_started_ns != 0)
        return;
    t->penny = penny_evaluate(&counts, &parameters);
    if (t->counts.dropped < t->parameters.max_drops_per_aggregate || test_pending(t) != 0)
        t->penny.outcome = VERDICT_UNDECIDED;
}

/* Its drops are made and have ended, or it is gone. */
bool test_flow_is_done(const struct test *t, const struct tested_flow *f)
{
    const struct flow_counts *c = &f->counts;

    return f->ended || (c->dropped >= t->parameters.max_drops_per_flow &&
                        c->dropped == c->retransmitted + c->expired + c->voided);
}

double test_flow_log10_e(const struct test *t, const struct flow_counts *c)
{
    return anytime_log10_e_flow(&t->coin->anytime, c->retransmitted, c->duplicates);
}

struct penny_result test_flow_penny(const struct test *t, const struct flow_counts *c)
{
    const struct penny_parameters parameters = penny_parameters_of(&t->parameters);
    const struct penny_counts counts = {.droppable = c->population_droppable,
                                        .dropped = c->dropped,
                                        .retransmitted = c->retransmitted,
                                        .expired = c->expired,
                                        .duplicates = c->population_duplicates,
                                        .voided = c->voided};
    struct penny_result result = penny_evaluate(&counts, &parameters);

    if (c->dropped < t->parameters.max_drops_per_flow ||
        c->dropped != c->retransmitted + c->expired + c->voided)
        result.outcome = VERDICT_UNDECIDED;
    return result;
}

static bool flow_is_closed_loop(const struct test *t, const struct flow_counts *c)
{
    if (t->parameters.rule == TEST_RULE_PENNY)
        return test_flow_penny(t, c).outcome == VERDICT_CLOSED_LOOP;
    return test_flow_log10_e(t, c) >= -log10(t->parameters.alpha);
}

static void count_closed_loop_flows(struct test *t, const struct flow_room *room)
{
    t->n_flows_closed_loop = 0;
    for (uint32_t i = 0; i < room->n; i++)
        t->n_flows_closed_loop += flow_is_closed_loop(t, &room->flows[i].counts);
}

/* A verdict is told beside the values that it was made of. But when it is closed_loop, what is
 * still pending tells who else is there (F). */
static bool evidence_is_final(const struct test *t)
{
    return t->verdict_ns != 0 && t->verdict != VERDICT_CLOSED_LOOP;
}

static bool penny_is_final(const struct test *t)
{
    return t->verdict_ns != 0 && t->parameters.rule == TEST_RULE_PENNY;
}

void test_evaluate(const struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;
    const struct flow_room *room = room_of_test(m, t);
    struct anytime_counts pooled;

    if (!t->changed)
        return;
    t->changed = false;
    aggregate_counters_subtract(&t->counts, &a->total, &t->base);
    pooled = pooled_counts(t);
    if (!is_judged_already(t, &pooled) && !evidence_is_final(t))
        evaluate_anytime(t, room);
    if (!penny_is_final(t)) {
        evaluate_penny(t);
        if (t->flows_changed && room != NULL)
            count_closed_loop_flows(t, room);
    }
    t->flows_changed = false;
}
