/* SPDX-License-Identifier: BSD-3-Clause */
/* From counts to the values of both rules. Whichever rule decides, both are reported. */
#include <limits.h>
#include <math.h>

#include "base/time.h"
#include "manager/internal.h"
#include "verdict/evidence.h"

/* A place that the test can never take has no share of alpha. */
static unsigned n_places(const struct test_parameters *p)
{
    return test_parameters_have_flows_phase(p) ? p->max_individual_flows : 0;
}

static struct anytime_counts anytime_counts_of_flow(const struct flow_counts *c)
{
    return (struct anytime_counts){.n_retransmitted = c->retransmitted,
                                   .n_duplicates = c->duplicates,
                                   .n_expired = c->expired};
}

static struct anytime_counts anytime_counts_of_span(const struct flow_counts *c)
{
    return (struct anytime_counts){.n_retransmitted = c->span_retransmitted,
                                   .n_duplicates = c->span_duplicates};
}

static struct anytime_counts pooled_counts(const struct test *t)
{
    return (struct anytime_counts){.n_retransmitted = t->counts.retransmitted,
                                   .n_duplicates = t->counts.test_duplicates,
                                   .n_expired = t->counts.expired,
                                   .n_ambiguous = t->counts.void_ambiguous};
}

/* Most epochs bring packets and nothing to judge. */
static bool is_judged_already(const struct test *t, const struct anytime_counts *pooled)
{
    return t->is_judged && !t->flows_changed &&
           pooled->n_retransmitted == t->judged.n_retransmitted &&
           pooled->n_duplicates == t->judged.n_duplicates &&
           pooled->n_expired == t->judged.n_expired &&
           pooled->n_ambiguous == t->judged.n_ambiguous &&
           t->counts.expired_repaired_late == t->n_judged_late;
}

/* A repair that comes late is no R, but it is a repair, and blind senders do not know of what to
 * send one: E is as good a measure of R and late repairs together (they touch dropped bytes only,
 * so the ideal process of lib/verdict/anytime.c gains by them at that time). */
static void evaluate_late_repairs(struct test *t, const struct anytime_counts *pooled)
{
    t->n_judged_late = t->counts.expired_repaired_late;
    t->log10_e_late = anytime_log10_e(&t->coin->anytime, pooled->n_retransmitted + t->n_judged_late,
                                      pooled->n_duplicates);
}

bool test_has_telling_late_repairs(const struct test *t)
{
    return t->n_judged_late > 0 && t->log10_e_late > 0;
}

static void keep_kinds(const struct test *t, const struct anytime_decision *d)
{
    if (t->units == NULL)
        return;
    for (unsigned int k = 0; k < UNIT_N_KINDS; k++)
        t->units->log10_e[k] = d->log10_e_kind[k];
    t->units->strongest_kind = d->strongest_kind;
}

/* Of data segments, or of whichever kind of units needs fewer: nobody knows what will come. */
static unsigned int fewest_repairs_needed(struct test *t, const struct anytime_counts *pooled,
                                          const struct anytime_kinds *kinds)
{
    const struct anytime *anytime = &t->coin->anytime;
    const double target = -log10(t->parameters.alpha);
    unsigned int fewest = UINT_MAX;

    if ((t->parameters.units & TEST_UNITS_DATA) != 0)
        fewest = t->n_repairs_needed_of_data = evidence_repairs_needed(
            anytime, pooled->n_retransmitted, pooled->n_duplicates, n_places(&t->parameters),
            target - log10(evidence_share_of_data(kinds->on)), t->n_repairs_needed_of_data);
    for (unsigned int k = 0; t->units != NULL && t->units_are_in && k < UNIT_N_KINDS; k++) {
        unsigned int *needed = &t->units->n_repairs_needed[k];

        if ((kinds->on >> k & 1) == 0)
            continue;
        *needed = evidence_repairs_needed(
            anytime, kinds->counts[k].n_retransmitted, kinds->counts[k].n_duplicates, 0,
            target - log10(evidence_share_of_kind((enum evidence_kind)k)), *needed);
        fewest = *needed < fewest ? *needed : fewest;
    }
    return fewest;
}

static void evaluate_anytime(struct test *t, const struct flow_room *room)
{
    const struct anytime_counts pooled = pooled_counts(t);
    const struct anytime_levels levels = {.alpha = t->parameters.alpha, .beta = t->parameters.beta};
    const struct anytime *anytime = &t->coin->anytime;
    struct anytime_counts counts[TEST_MAX_INDIVIDUAL_FLOWS], spans[TEST_MAX_INDIVIDUAL_FLOWS];
    const struct anytime_flows flows = {
        .counts = counts,
        .spans = spans,
        .n = room == NULL ? 0 : room->n,
        .n_places = n_places(&t->parameters),
        /* Rule penny gives a place to any flow once those that repair are through. */
        .joint_is_fair = t->parameters.rule == TEST_RULE_ANYTIME,
    };
    const struct anytime_kinds kinds = units_kinds(t);
    struct anytime_decision d;

    for (uint32_t i = 0; i < flows.n; i++) {
        counts[i] = anytime_counts_of_flow(&room->flows[i].counts);
        spans[i] = anytime_counts_of_span(&room->flows[i].counts);
    }
    d = anytime_decide(anytime, &pooled, &flows, &kinds, &levels);
    /* Evidence that was enough is shown as it was: what comes later does not unmake it. */
    if (t->anytime.outcome != VERDICT_CLOSED_LOOP || d.log10_e > t->anytime.log10_e) {
        t->anytime.log10_e = d.log10_e;
        t->anytime.log10_e_pooled = d.log10_e_pooled;
        t->anytime.log10_e_joint = d.log10_e_joint;
        t->anytime.log10_e_data = d.log10_e_data;
        keep_kinds(t, &d);
    }
    t->anytime.log10_f = d.log10_f;
    t->decided_now = d.outcome;
    /* Asked for by pooled_grant() only. */
    if (t->state == TEST_POOLED)
        t->n_repairs_needed = fewest_repairs_needed(t, &pooled, &kinds);
    /* What was reached once stays reached (Ville's inequality), and closed_loop is a claim that
     * one sender makes true whatever spoke against it before. not_closed_loop stands only as long
     * as the counts bear it. */
    evaluate_late_repairs(t, &pooled);
    if (t->anytime.outcome != VERDICT_CLOSED_LOOP)
        t->anytime.outcome =
            d.outcome == VERDICT_NOT_CLOSED_LOOP && test_has_telling_late_repairs(t)
                ? VERDICT_UNDECIDED
                : d.outcome;
    t->judged = pooled;
    t->is_judged = true;
}

static struct penny_parameters penny_parameters_of(const struct test_parameters *p)
{
    return (struct penny_parameters){.max_duplicate_ratio = p->max_duplicate_ratio,
                                     .p_miss = p->p_miss};
}

/* A repeat of what was forwarded may come as late as the repair of a drop: rule penny is asked when
 * the population's last segment had as much time as a drop. */
static bool repeats_are_in(const struct test *t, uint64_t population_ended_ns, uint64_t until_ns)
{
    return population_ended_ns != 0 &&
           until_ns - population_ended_ns >= t->parameters.retransmission_timeout_ms * NS_PER_MS;
}

static bool all_have_ended(const struct penny_counts *c)
{
    return c->dropped == c->retransmitted + c->expired + c->voided;
}

/* The population ends with the last drop of the pooled phase, or with the phase: drops of single
 * flows are not of it. */
static void read_population(const struct manager *m, struct test *t)
{
    struct penny_counts *p = &t->population;

    p->droppable = t->counts.population_droppable;
    p->in_order = t->counts.population_in_order;
    p->duplicates = t->counts.population_duplicates;
    if (t->flows_started_ns != 0)
        return;
    p->dropped = t->counts.dropped;
    p->retransmitted = t->counts.retransmitted;
    p->expired = t->counts.expired;
    p->voided = t->counts.voided;
    if (t->population_ended_ns == 0 && (t->pooled_over || t->state != TEST_POOLED) &&
        budget_is_drained(m, t))
        t->population_ended_ns = m->now_ns;
}

static bool penny_is_final(const struct test *t)
{
    return t->verdict_ns != 0 && t->parameters.rule == TEST_RULE_PENNY;
}

bool test_awaits_penny(const struct test *t)
{
    return !penny_is_final(t) && t->penny.outcome == VERDICT_UNDECIDED &&
           t->population.dropped >= t->parameters.max_drops_per_aggregate;
}

/* What the rule said once, it said of the whole population. */
static void evaluate_penny(const struct manager *m, struct test *t)
{
    const struct penny_parameters parameters = penny_parameters_of(&t->parameters);
    const bool is_due = test_awaits_penny(t) && all_have_ended(&t->population) &&
                        repeats_are_in(t, t->population_ended_ns, m->now_ns);

    if (t->penny.outcome != VERDICT_UNDECIDED || !(t->changed || is_due))
        return;
    t->penny = penny_evaluate(&t->population, &parameters);
    if (!is_due)
        t->penny.outcome = VERDICT_UNDECIDED;
}

static struct penny_counts penny_counts_of_flow(const struct flow_counts *c)
{
    return (struct penny_counts){.droppable = c->population_droppable,
                                 .in_order = c->population_in_order,
                                 .dropped = c->dropped,
                                 .retransmitted = c->retransmitted,
                                 .expired = c->expired,
                                 .duplicates = c->population_duplicates,
                                 .voided = c->voided};
}

/* Its drops are made and have ended, and rule penny, if it decides, may be asked; or it is gone. */
bool test_flow_is_done(const struct manager *m, const struct test *t, const struct tested_flow *f)
{
    const struct penny_counts counts = penny_counts_of_flow(&f->counts);

    return f->ended || (f->population_ended_ns != 0 && all_have_ended(&counts) &&
                        (t->parameters.rule == TEST_RULE_ANYTIME ||
                         repeats_are_in(t, f->population_ended_ns, m->now_ns)));
}

double test_flow_log10_e(const struct test *t, const struct flow_counts *c)
{
    return anytime_log10_e_flow(&t->coin->anytime, c->retransmitted, c->duplicates);
}

/* Of a flow that left before its time no repeat is seen any more, so nothing is said of it. */
struct penny_result test_flow_penny(const struct manager *m, const struct test *t,
                                    const struct tested_flow *f)
{
    const struct penny_parameters parameters = penny_parameters_of(&t->parameters);
    const struct penny_counts counts = penny_counts_of_flow(&f->counts);
    struct penny_result result = penny_evaluate(&counts, &parameters);

    if (!all_have_ended(&counts) ||
        !repeats_are_in(t, f->population_ended_ns, f->ended ? f->ended_ns : m->now_ns))
        result.outcome = VERDICT_UNDECIDED;
    return result;
}

static bool flow_is_closed_loop(const struct manager *m, const struct test *t,
                                const struct tested_flow *f)
{
    if (t->parameters.rule == TEST_RULE_PENNY)
        return test_flow_penny(m, t, f).outcome == VERDICT_CLOSED_LOOP;
    return test_flow_log10_e(t, &f->counts) >= -log10(t->parameters.alpha);
}

static void count_closed_loop_flows(const struct manager *m, struct test *t,
                                    const struct flow_room *room)
{
    t->n_flows_closed_loop = 0;
    for (uint32_t i = 0; i < room->n; i++)
        t->n_flows_closed_loop += flow_is_closed_loop(m, t, &room->flows[i]);
}

/* A verdict is told beside the values that it was made of. But when it is closed_loop, what is
 * still pending tells who else is there (F). */
static bool evidence_is_final(const struct test *t)
{
    return t->verdict_ns != 0 && t->verdict != VERDICT_CLOSED_LOOP;
}

static void read_counts(struct aggregate_state *a, const struct flow_room *room)
{
    struct test *t = &a->test;
    struct anytime_counts pooled;

    bool units_grew = units_read(t);

    aggregate_counters_subtract(&t->counts, &a->total, &t->base);
    pooled = pooled_counts(t);
    if ((units_grew || !is_judged_already(t, &pooled)) && !evidence_is_final(t))
        evaluate_anytime(t, room);
}

/* Rule penny waits for a time to pass, so it may have news where no counter has. */
void test_evaluate(const struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;
    const struct flow_room *room = room_of_test(m, t);

    if (t->changed)
        read_counts(a, room);
    read_population(m, t);
    if (!penny_is_final(t)) {
        evaluate_penny(m, t);
        if (room != NULL && (t->flows_changed || t->parameters.rule == TEST_RULE_PENNY))
            count_closed_loop_flows(m, t, room);
    }
    t->changed = t->flows_changed = false;
}
