/* SPDX-License-Identifier: BSD-3-Clause */
/* The states of a test, each a function that looks at the counts of one whole epoch:
 *
 *   POOLED    closed_loop ......................................... SETTLING
 *             not_closed_loop or all drops made: no new drop, and the
 *             population of rule penny ends; when all drops ended,
 *               without flows phase, if the rule still says so ... SETTLING
 *               with flows phase, when there is room ............. FLOWS
 *   FLOWS     closed_loop, all flows ended, or time over ........... SETTLING
 *   SETTLING  the verdict is known, and no drop pending ........... DONE
 *
 * The flows phase waits for the last pooled drop, so that what a single flow shows begins with its
 * own first coin, and rule penny's population is whole. */
#include <errno.h>

#include "base/time.h"
#include "manager/internal.h"

/* Has nothing happened to the drops for so long that those still pending will hardly come back? */
static bool is_patience_over(const struct manager *m, struct test *t)
{
    uint64_t n_dropped = test_n_dropped(t), n_steps = 2 * n_dropped - test_pending(t);

    if (n_steps != t->n_steps || n_dropped < t->granted) {
        t->n_steps = n_steps;
        t->stepped_ns = m->now_ns;
    }
    return m->now_ns - t->stepped_ns >= PATIENCE_NS;
}

/* More drops than would settle the matter, if all came back, would be drops made for nothing. But
 * while blind senders' drops wait for their timeout, duplicates of others go on to count, so the
 * test does not wait for those that a sender in earnest would have repaired. */
static uint32_t pooled_grant(const struct manager *m, struct test *t)
{
    const struct test_parameters *p = &t->parameters;
    uint64_t n_dropped = test_n_dropped(t), wanted;

    if (p->rule == TEST_RULE_PENNY)
        return p->max_drops_per_aggregate;
    /* A unit of another kind comes again after a second or more, and its timeout is near. */
    wanted = n_dropped - test_pending(t) + t->n_repairs_needed;
    if (is_patience_over(m, t))
        wanted += aggregate_counters_pending(&t->counts);
    return wanted < units_most_pooled(t) ? (uint32_t)wanted : units_most_pooled(t);
}

static bool all_pooled_drops_are_made(const struct test *t)
{
    return test_n_dropped(t) >= units_most_pooled(t) && !units_may_yet_speak(t);
}

static void begin_flows(struct manager *m, struct aggregate_state *a)
{
    const struct test_parameters *p = &a->test.parameters;
    struct aggregate_control *c = aggregate_table_control(m->config.aggregates, a->number);
    struct test *t = &a->test;
    uint32_t n_drops = p->max_individual_flows * p->max_drops_per_flow;

    /* Of single flows, segments alone are dropped. */
    budget_collect(m, a);
    t->packets_per_drop = 1;
    /* All of them, or it waits: who is chosen must not depend on what others spent. */
    if (!budget_reserve_whole(m, t, n_drops))
        return;
    if (!room_take(m, a)) {
        hourly_budget_give_back(&m->hourly, n_drops);
        return;
    }
    t->state = TEST_FLOWS;
    t->flows_started_ns = m->now_ns;
    t->n_repairs = 1;
    t->screening = p->rule == TEST_RULE_ANYTIME;
    if (t->screening)
        screening_begin(m, a);
    else
        budget_add(t, &c->budget, n_drops);
    budget_order(m, a, AGGREGATE_FLOWS);
    atomic_fetch_add_explicit(&c->places, (int32_t)p->max_individual_flows, memory_order_acq_rel);
}

/* Nothing of single flows will follow: what all drops came to is the answer, whatever it is. */
static enum verdict_outcome pooled_outcome(const struct manager *m, const struct test *t)
{
    enum verdict_outcome outcome = test_outcome(t);
    bool is_spent = all_pooled_drops_are_made(t) && test_nothing_is_out(m, t);

    if (outcome != VERDICT_UNDECIDED || test_parameters_have_flows_phase(&t->parameters) ||
        !is_spent)
        return outcome;
    return t->parameters.rule == TEST_RULE_ANYTIME || test_is_in_conflict(t) ||
                   test_is_outweighed_by_late_repairs(t)
               ? VERDICT_INCONCLUSIVE
               : VERDICT_UNDECIDED;
}

/* Without flows phase: no new drop until all those made have ended, then the rule is asked again.
 */
static void await_last_drops(struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;

    if (!t->paused)
        budget_pause(m, a);
    t->paused = true;
    if (test_accusation_is_final(m, t))
        test_conclude(m, a, VERDICT_NOT_CLOSED_LOOP, VIA_POOLED, REASON_EVIDENCE);
}

/* The last drop ends the pooled phase of rule penny, so it gets all of them or none. */
static void raise_pooled(struct manager *m, struct aggregate_state *a)
{
    if (units_are_wanted(m, &a->test)) {
        a->test.units_are_in = true;
        budget_order(m, a, AGGREGATE_POOLED);
    }
    budget_raise(m, a, pooled_grant(m, &a->test), a->test.parameters.rule == TEST_RULE_PENNY);
}

static void go_on_pooled(struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;

    if (t->pooled_over) {
        /* Rule penny goes on with flows when it spoke of the aggregate, and not before. */
        if (budget_is_drained(m, t) && test_pending(t) == 0 &&
            (t->parameters.rule == TEST_RULE_ANYTIME || t->penny.outcome != VERDICT_UNDECIDED))
            begin_flows(m, a);
    } else if (t->paused) {
        t->paused = !test_nothing_is_out(m, t);
    } else if (t->provisional || all_pooled_drops_are_made(t)) {
        t->pooled_over = true;
        budget_withdraw(m, a);
    } else if (budget_is_idle(m, t)) {
        t->awaits_drops = false;
        if (t->granted > test_n_dropped(t))
            budget_pause(m, a);
    } else {
        raise_pooled(m, a);
    }
}

static void step_pooled(struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;
    enum verdict_outcome outcome = pooled_outcome(m, t);

    switch (outcome) {
    case VERDICT_CLOSED_LOOP:
        test_conclude_closed_loop(m, a);
        return;
    case VERDICT_DUPLICATES_EXCEEDED:
    case VERDICT_INCONCLUSIVE:
        test_conclude(m, a, outcome, VIA_NONE, test_reason_of_spent(t, REASON_BUDGET));
        return;
    case VERDICT_NOT_CLOSED_LOOP:
        if (!test_parameters_have_flows_phase(&t->parameters)) {
            await_last_drops(m, a);
            return;
        }
        break;
    case VERDICT_UNDECIDED:
        break;
    }
    test_keep_hypothesis(m, a);
    go_on_pooled(m, a);
}

static bool all_places_ended(const struct manager *m, const struct test *t,
                             const struct flow_room *room)
{
    if (room->n < t->parameters.max_individual_flows)
        return false;
    for (uint32_t i = 0; i < room->n; i++)
        if (!test_flow_is_done(m, t, &room->flows[i]))
            return false;
    return true;
}

static bool any_place_is_active(const struct manager *m, const struct test *t,
                                const struct flow_room *room)
{
    for (uint32_t i = 0; i < room->n; i++)
        if (!test_flow_is_done(m, t, &room->flows[i]))
            return true;
    return false;
}

/* Every drop granted was made, and has ended. Rule penny looks at each place's own. */
static bool flows_budget_is_spent(const struct test *t)
{
    return t->parameters.rule == TEST_RULE_ANYTIME && test_n_dropped(t) >= t->granted &&
           test_pending(t) == 0;
}

static bool nothing_is_under_way(const struct manager *m, const struct test *t)
{
    return test_pending(t) == 0 && !any_place_is_active(m, t, room_of_test(m, t));
}

/* Who may lose segments: at first flows that repaired something; with rule anytime each other flow
 * one segment, to find those that repair; later, if that came to nothing, any flow. But with rule
 * anytime who is chosen must not depend on the coins of flows chosen before (E_joint in
 * lib/verdict/anytime.c): so as soon as there is one such flow, no other is chosen for its want of
 * success. */
static void widen_choice(struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;

    if (t->n_repairs > 0 && m->now_ns - t->flows_started_ns >= REPAIRED_FLOWS_FIRST_NS &&
        nothing_is_under_way(m, t) &&
        (t->parameters.rule == TEST_RULE_PENNY || room_of_test(m, t)->n == 0)) {
        t->n_repairs = 0;
        if (t->screening)
            screening_end(m, a);
        else
            budget_order(m, a, AGGREGATE_FLOWS);
    } else if (t->screening) {
        screening_step(m, a);
    }
}

/* Rule anytime: all flows that repaired something are through. */
static bool chosen_flows_are_through(const struct manager *m, const struct test *t)
{
    return t->parameters.rule == TEST_RULE_ANYTIME && t->n_repairs > 0 && !t->screening &&
           room_of_test(m, t)->n > 0 && nothing_is_under_way(m, t);
}

static bool flows_phase_is_over(const struct manager *m, const struct test *t)
{
    return all_places_ended(m, t, room_of_test(m, t)) || flows_budget_is_spent(t) ||
           chosen_flows_are_through(m, t) ||
           m->now_ns - t->flows_started_ns >= t->parameters.individual_phase_timeout_ms * NS_PER_MS;
}

static void step_flows(struct manager *m, struct aggregate_state *a)
{
    if (test_outcome(&a->test) == VERDICT_CLOSED_LOOP) {
        test_conclude_closed_loop(m, a);
        return;
    }
    test_keep_hypothesis(m, a);
    if (flows_phase_is_over(m, &a->test))
        test_wind_up(m, a, REASON_FLOWS_SPENT);
    else
        widen_choice(m, a);
}

static void step_settling(struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;

    test_conclude_when_final(m, a);
    if (!budget_is_drained(m, t) || test_pending(t) != 0 || t->verdict_ns == 0)
        return;
    /* What it says is told beside the verdict of the other rule, unless somebody is in a hurry. */
    if (test_awaits_penny(t) && t->ending != REASON_STOPPED && t->ending != REASON_DURATION &&
        t->ending != REASON_RECONFIGURED)
        return;
    budget_collect(m, a);
    t->state = TEST_DONE;
    t->ended_ns = m->now_ns;
    m->n_by_command -= t->cause == TEST_BY_COMMAND;
    if (t->anytime.outcome == VERDICT_UNDECIDED)
        t->anytime.outcome = VERDICT_INCONCLUSIVE;
    budget_order(m, a, AGGREGATE_IDLE);
    aggregate_list_remove(m, a);
    if (t->begins_anew)
        aggregate_list_append(m, &m->anew, a);
    else if (t->parameters.retest_interval_ms != 0 && !t->no_retest)
        aggregate_list_append(
            m, &m->retests[aggregate_table_identity(m->config.aggregates, a->number)->slice], a);
    manager_emit(m, EVENT_TEST_ENDED, a->number, NULL, NULL);
}

static void (*const steps[])(struct manager *, struct aggregate_state *) = {
    [TEST_POOLED] = step_pooled,
    [TEST_FLOWS] = step_flows,
    [TEST_SETTLING] = step_settling,
};

void test_step(struct manager *m, struct aggregate_state *a)
{
    test_note_outcome(m, &a->test);
    steps[a->test.state](m, a);
}

void test_begin(struct manager *m, struct aggregate_state *a, const struct test_request *request)
{
    uint32_t slice = aggregate_table_identity(m->config.aggregates, a->number)->slice;
    struct test *t = &a->test;
    struct coin *coin = m->coin_of_slot[slice];

    coin->n_users++;
    coin_leave(m, t->coin);
    aggregate_list_remove(m, a);
    drops_forget(m, t);
    room_forget(m, t);
    label_forget(m, t);
    *t = (struct test){
        .parameters = m->config.slices[slice].parameters,
        .coin = coin,
        .base = a->total,
        .state = TEST_POOLED,
        .changed = true,
        .cause = request->cause,
        .stepped_ns = m->now_ns,
        .room = INDEX_NONE,
        .label = INDEX_NONE,
        .first_drop = INDEX_NONE,
        .last_drop = INDEX_NONE,
        .started_ns = m->now_ns,
    };
    t->packets_per_drop = units_packets_per_drop(&t->parameters);
    t->units = units_begin(m, a, &t->parameters);
    t->units_are_in = (t->parameters.units & TEST_UNITS_DATA) == 0;
    t->data_stepped_ns = m->now_ns;
    /* 0 is what a flow of no test carries. */
    a->test_id = a->test_id == UINT8_MAX ? 1 : (uint8_t)(a->test_id + 1);
    a->n_tests++;
    m->has_tested = true;
    m->n_by_command += request->cause == TEST_BY_COMMAND;
    label_give(m, a, request->label);
    test_evaluate(m, a);
    aggregate_list_append(m, &m->active, a);
    budget_order(m, a, AGGREGATE_POOLED);
    if (!budget_is_idle(m, t))
        raise_pooled(m, a);
    manager_emit(m, EVENT_TEST_STARTED, a->number, NULL, NULL);
}

/* Why no test of it may begin now, or 0. */
static int obstacle(const struct manager *m, uint32_t aggregate)
{
    if (!aggregate_is_live(m, aggregate))
        return -ENOENT;
    if (m->is_draining)
        return -ESHUTDOWN;
    if (slice_of_aggregate(m, aggregate)->mode != SLICE_ACTIVE ||
        !slice_is_present(slice_of_aggregate(m, aggregate)))
        return -EINVAL;
    switch (m->aggregates[aggregate].test.state) {
    case TEST_POOLED:
    case TEST_FLOWS:
        return -EALREADY;
    case TEST_SETTLING:
        return -EBUSY;
    default:
        return 0;
    }
}

static bool are_too_many(const struct manager *m, uint32_t n_more)
{
    return m->config.max_tests_by_command != 0 &&
           m->n_by_command + n_more >= m->config.max_tests_by_command;
}

int manager_test_obstacle(const struct manager *m, uint32_t n_more)
{
    if (m->is_draining)
        return -ESHUTDOWN;
    /* Who asks for a test now does not want it in an hour. */
    if (hourly_budget_left(&m->hourly) == 0)
        return -EDQUOT;
    return are_too_many(m, n_more) ? -EUSERS : 0;
}

int manager_test_start(struct manager *m, uint32_t aggregate, const struct test_request *request,
                       uint64_t now_ns)
{
    static const struct test_request by_command = {.cause = TEST_BY_COMMAND};
    int error = obstacle(m, aggregate);

    request = request != NULL ? request : &by_command;
    if (error == 0)
        error = manager_test_obstacle(m, 0);
    if (error == -EUSERS && request->cause != TEST_BY_COMMAND)
        error = 0;
    if (error != 0)
        return error;
    m->now_ns = now_ns;
    test_begin(m, &m->aggregates[aggregate], request);
    return 0;
}

void test_begin_by_itself(struct manager *m, struct aggregate_state *a)
{
    static const struct test_request by_slice = {.cause = TEST_BY_SLICE};

    if (m->auto_start && slice_of_aggregate(m, a->number)->start == SLICE_START_AUTO &&
        obstacle(m, a->number) == 0)
        test_begin(m, a, &by_slice);
}

int manager_test_stop(struct manager *m, uint32_t aggregate, enum test_reason reason,
                      uint64_t now_ns)
{
    struct aggregate_state *a;
    struct test *t;

    if (!aggregate_is_live(m, aggregate))
        return -ENOENT;
    a = &m->aggregates[aggregate];
    t = &a->test;
    if (t->state == TEST_IDLE || t->state == TEST_DONE)
        return -ESRCH;
    t->no_retest = t->no_retest || reason == REASON_STOPPED;
    if (t->state == TEST_SETTLING)
        return 0;
    m->now_ns = now_ns;
    test_wind_up(m, a, reason);
    return 0;
}
