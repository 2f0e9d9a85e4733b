/* SPDX-License-Identifier: BSD-3-Clause */
/* How a test comes to its verdict.
 *
 * closed_loop is said as soon as the evidence is there: what was reached once stays reached
 * (Ville's inequality). not_closed_loop is a hypothesis (`provisional`) for as long as a drop may
 * still come back, or a flow be found that repairs: it is withdrawn when the counts do not bear it
 * any more, and made final only by asking the rule again when nothing more can come. All else is
 * inconclusive then, with its reason. What expired may still come back late, within one more
 * timeout: so long not_closed_loop must have stood, and what came late must not speak for a sender.
 */
#include <math.h>

#include "base/compiler.h"
#include "base/time.h"
#include "manager/internal.h"

/* Of rule penny, which does not look at it: while the evidence for a sender is above 1, nobody is
 * told that there is none. */
static bool evidence_speaks_for_a_sender(const struct test *t)
{
    return t->anytime.log10_e_data > 0 || t->anytime.log10_e_pooled > 0 ||
           units_speak_for_a_sender(t);
}

static bool penny_is_contradicted(const struct test *t)
{
    return t->penny.outcome == VERDICT_NOT_CLOSED_LOOP && evidence_speaks_for_a_sender(t);
}

static enum verdict_outcome outcome_of_rule(const struct test *t)
{
    if (t->parameters.rule == TEST_RULE_ANYTIME)
        return t->decided_now;
    if (t->flows_started_ns != 0 && t->n_flows_closed_loop >= t->parameters.min_closed_loop_flows)
        return VERDICT_CLOSED_LOOP;
    return penny_is_contradicted(t) ? VERDICT_UNDECIDED : t->penny.outcome;
}

bool test_is_outweighed_by_late_repairs(const struct test *t)
{
    return outcome_of_rule(t) == VERDICT_NOT_CLOSED_LOOP && test_has_telling_late_repairs(t);
}

static bool most_expired_came_late(const struct test *t)
{
    return 2 * t->counts.expired_repaired_late > t->counts.expired;
}

enum verdict_outcome test_outcome(const struct test *t)
{
    return test_is_outweighed_by_late_repairs(t) ? VERDICT_UNDECIDED : outcome_of_rule(t);
}

void test_note_outcome(const struct manager *m, struct test *t)
{
    if (test_outcome(t) != VERDICT_NOT_CLOSED_LOOP)
        t->accused_ns = 0;
    else if (t->accused_ns == 0)
        t->accused_ns = m->now_ns;
}

bool test_is_in_conflict(const struct test *t)
{
    if (t->parameters.rule == TEST_RULE_PENNY)
        return penny_is_contradicted(t);
    return t->anytime.log10_f >= -log10(t->parameters.beta) && evidence_speaks_for_a_sender(t);
}

/* Of units beside data segments: silence, or what comes back as it would by chance. */
static enum test_reason reason_of_units(const struct test *t, enum test_reason otherwise)
{
    uint64_t n_repeated = 0;

    for (unsigned int k = 0; k < UNIT_N_KINDS; k++)
        n_repeated += t->units->counts[k].retransmitted + t->units->counts[k].duplicates;
    if (n_repeated == 0)
        return REASON_NO_REPEATS;
    return units_speak_for_a_sender(t) ? otherwise : REASON_UNANSWERED;
}

enum test_reason test_reason_of_spent(const struct test *t, enum test_reason otherwise)
{
    const struct aggregate_counters *c = &t->counts;
    const struct {
        uint64_t n;
        enum test_reason reason;
    } voids[] = {{c->void_closed, REASON_RESETS},       {c->void_own_loss, REASON_OWN_LOSS},
                 {c->void_ambiguous, REASON_AMBIGUOUS}, {c->void_evicted, REASON_EVICTED},
                 {c->void_stall, REASON_STALL},         {c->void_silence, REASON_SILENCE}};

    /* Most of what was dropped was no data. */
    if (2 * c->dropped < test_n_dropped(t))
        return reason_of_units(t, otherwise);
    for (size_t i = 0; i < ARRAY_LENGTH(voids); i++)
        if (2 * voids[i].n > c->dropped)
            return voids[i].reason;
    if (most_expired_came_late(t) || test_is_outweighed_by_late_repairs(t))
        return REASON_LATE_REPAIRS;
    return test_is_in_conflict(t) ? REASON_CONFLICT : otherwise;
}

void test_keep_hypothesis(struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;
    bool is_borne_out = test_outcome(t) == VERDICT_NOT_CLOSED_LOOP;

    if (is_borne_out == t->provisional || (is_borne_out && t->state == TEST_SETTLING))
        return;
    t->provisional = is_borne_out;
    t->verdict = is_borne_out ? VERDICT_NOT_CLOSED_LOOP : VERDICT_UNDECIDED;
    t->reason = is_borne_out ? REASON_EVIDENCE : REASON_RUNNING;
    manager_emit(m, is_borne_out ? EVENT_PROVISIONAL : EVENT_PROVISIONAL_WITHDRAWN, a->number, NULL,
                 NULL);
}

static void settle(struct manager *m, struct aggregate_state *a)
{
    if (a->test.state == TEST_SETTLING)
        return;
    budget_withdraw(m, a);
    a->test.state = TEST_SETTLING;
}

void test_conclude(struct manager *m, struct aggregate_state *a, enum verdict_outcome verdict,
                   enum test_via via, enum test_reason reason)
{
    struct test *t = &a->test;

    settle(m, a);
    room_leave(m, t);
    t->verdict = verdict;
    t->provisional = false;
    t->via = via;
    t->reason = reason;
    t->verdict_ns = m->now_ns;
    manager_emit(m, EVENT_VERDICT, a->number, NULL, NULL);
}

void test_conclude_closed_loop(struct manager *m, struct aggregate_state *a)
{
    const struct test *t = &a->test;

    if (t->units != NULL && t->units->strongest_kind >= 0)
        test_conclude(m, a, VERDICT_CLOSED_LOOP,
                      (enum test_via)(VIA_HANDSHAKE + t->units->strongest_kind), REASON_EVIDENCE);
    else if (t->flows_started_ns == 0)
        test_conclude(m, a, VERDICT_CLOSED_LOOP, VIA_POOLED, REASON_EVIDENCE);
    else if (t->parameters.rule == TEST_RULE_PENNY)
        test_conclude(m, a, VERDICT_CLOSED_LOOP, VIA_FLOWS, REASON_FLOWS_CLOSED_LOOP);
    else
        test_conclude(m, a, VERDICT_CLOSED_LOOP, VIA_FLOWS, REASON_EVIDENCE);
}

/* What was granted and not withdrawn was taken, even if no epoch told of it yet. */
bool test_nothing_is_out(const struct manager *m, const struct test *t)
{
    return test_pending(t) == 0 && (t->granted == test_n_dropped(t) || budget_is_drained(m, t));
}

bool test_accusation_is_final(const struct manager *m, const struct test *t)
{
    return test_nothing_is_out(m, t) && t->accused_ns != 0 &&
           m->now_ns - t->accused_ns >= t->parameters.retransmission_timeout_ms * NS_PER_MS;
}

static bool is_by_order(enum test_reason reason)
{
    return reason == REASON_STOPPED || reason == REASON_DURATION;
}

static enum test_reason reason_of_inconclusive(const struct manager *m, const struct test *t)
{
    if (!is_by_order(t->ending))
        return test_reason_of_spent(t, t->ending);
    if (t->awaits_drops && (test_n_dropped(t) == 0 || t->ending == REASON_DURATION))
        return REASON_DROP_BUDGET;
    return test_n_dropped(t) == 0 ? test_reason_of_untested(m, t) : t->ending;
}

/* Who stops a test does not wait for what may come late, so what it would say is not known. */
static void conclude_without_late_repairs(struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;

    if (t->anytime.outcome == VERDICT_NOT_CLOSED_LOOP)
        t->anytime.outcome = VERDICT_UNDECIDED;
    test_conclude(m, a, VERDICT_INCONCLUSIVE, VIA_NONE, reason_of_inconclusive(m, t));
}

void test_conclude_when_final(struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;

    if (t->verdict_ns != 0)
        return;
    switch (test_outcome(t)) {
    case VERDICT_CLOSED_LOOP:
        test_conclude_closed_loop(m, a);
        return;
    case VERDICT_NOT_CLOSED_LOOP:
        if (test_accusation_is_final(m, t))
            test_conclude(m, a, VERDICT_NOT_CLOSED_LOOP, VIA_POOLED,
                          is_by_order(t->ending) ? t->ending : REASON_EVIDENCE);
        else if (t->ending == REASON_STOPPED && test_nothing_is_out(m, t))
            conclude_without_late_repairs(m, a);
        return;
    default:
        test_keep_hypothesis(m, a);
        if (test_nothing_is_out(m, t))
            test_conclude(m, a, VERDICT_INCONCLUSIVE, VIA_NONE, reason_of_inconclusive(m, t));
        return;
    }
}

/* A verdict that is known stays; what it was told beside is final but for `mixed`. */
void test_reconfigure(struct manager *m, struct aggregate_state *a, bool is_redrawn)
{
    struct test *t = &a->test;
    const struct slice *s = slice_of_aggregate(m, a->number);

    t->is_redrawn = is_redrawn;
    if (t->verdict_ns != 0)
        return;
    t->begins_anew = !t->no_retest && t->cause == TEST_BY_SLICE && slice_is_present(s);
    t->ending = REASON_RECONFIGURED;
    if (t->anytime.outcome == VERDICT_NOT_CLOSED_LOOP)
        t->anytime.outcome = VERDICT_UNDECIDED;
    test_conclude(m, a, VERDICT_INCONCLUSIVE, VIA_NONE, REASON_RECONFIGURED);
}

void test_wind_up(struct manager *m, struct aggregate_state *a, enum test_reason reason)
{
    settle(m, a);
    a->test.ending = reason;
    test_conclude_when_final(m, a);
}
