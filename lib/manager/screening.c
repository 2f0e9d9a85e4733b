/* SPDX-License-Identifier: BSD-3-Clause */
/* Rule anytime's search for flows that repair, in the flows phase: a drop of each flow shows which
 * do, and these take places.
 *
 * How far it goes must not depend on coins that count for flows found before (E_joint, (3) in
 * lib/verdict/anytime.c). It goes by how many were found, by what luck explains, and by the clock:
 * all of these are made of the schedule and of coins that count for no place. It does not go by the
 * evidence, nor by what places spent: their drops have a budget of their own.
 *
 * Who repeats a share r of all segments by chance has a share r of the screened ones repaired by
 * luck. So the search rests when so many flows were found as luck explains (its mean, and one
 * standard deviation), and three more, which suffice where each loses 6 % on either side. A test
 * that goes on all the same is expected to need more, the longer the more. Drops go out in parts,
 * each when the one before had its time to come back, so that who finds early spends little. Each
 * flow found beyond luck has all its drops set aside; the search has what is left.
 *
 * Where most of the pooled drops came back it does not rest: then nearly all flows are genuine, and
 * what all of them lose behind us counts against E_pooled, so all of them are to make drops.
 *
 * Where r is large most of those found would be lucky ones, and each of them costs a few drops, and
 * E_joint a factor of 2. A second drop, which is no more than these few, tells them apart but for
 * r^2. It has a budget of its own, as flows not tested yet, which are many, would spend a common
 * one at once. */
#include <math.h>

#include "base/time.h"
#include "manager/internal.h"

/* So many flows that repair suffice, for so long; then as many again. */
#define FEW_FLOWS    3
#define FEW_FLOWS_NS (2 * NS_PER_S)

/* Where more than this share of all segments is repeated, a flow is to repair twice before it takes
 * a place. */
#define MOST_LUCK 0.1

/* Of the drops of the phase, the part that the search takes at once. */
#define PARTS 4

static struct aggregate_control *control_of(const struct manager *m,
                                            const struct aggregate_state *a)
{
    return aggregate_table_control(m->config.aggregates, a->number);
}

static uint32_t n_drops_of_phase(const struct test *t)
{
    return t->parameters.max_individual_flows * t->parameters.max_drops_per_flow;
}

static void begin_part(const struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;

    budget_release(t, &control_of(m, a)->screening, (n_drops_of_phase(t) + PARTS - 1) / PARTS);
    t->part_ns = m->now_ns;
    t->part_spent_ns = 0;
}

/* Of the drops so far more than half did not come back, not counting those that luck explains. */
static bool is_minority(const struct test *t)
{
    double n_repaired = (double)t->counts.retransmitted;
    double n_ended = n_repaired + (double)t->counts.expired;

    return n_repaired < n_ended * (1 + t->luck) / 2;
}

void screening_begin(const struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;
    const struct aggregate_counters *c = &t->counts;
    uint32_t n_drops = n_drops_of_phase(t);
    uint32_t n_of_places = FEW_FLOWS * t->parameters.max_drops_per_flow;

    n_of_places = n_of_places < n_drops / 2 ? n_of_places : n_drops / 2;
    t->luck = c->in_order > 0 ? fmin(1, (double)c->test_duplicates / (double)c->in_order) : 0;
    t->is_minority = is_minority(t);
    t->n_repairs = t->is_minority && t->luck > MOST_LUCK ? 2 : 1;
    t->n_for_places = n_of_places;
    budget_add(t, &control_of(m, a)->budget, n_of_places);
    budget_set_aside(t, n_drops - n_of_places);
    begin_part(m, a);
}

/* What is left is for places. */
void screening_end(struct manager *m, struct aggregate_state *a)
{
    struct aggregate_control *c = control_of(m, a);
    struct test *t = &a->test;

    t->screening = false;
    budget_order(m, a, AGGREGATE_FLOWS);
    budget_take_over(t, &c->screening);
    budget_take_over(t, &c->confirming);
    budget_release(t, &c->budget, t->set_aside);
}

/* As many drops as the flows found may make, but for those that luck explains. */
static void provide_for_places(const struct manager *m, struct aggregate_state *a, double n_found)
{
    struct test *t = &a->test;
    double wanted = ceil(n_found) * t->parameters.max_drops_per_flow;

    if (wanted > t->n_for_places)
        t->n_for_places +=
            budget_release(t, &control_of(m, a)->budget, (uint32_t)wanted - t->n_for_places);
}

/* A second drop for each flow of which one came back. */
static void provide_to_confirm(const struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;
    uint64_t n_repaired = t->counts.flows_repaired;

    if (t->n_repairs > 1 && n_repaired > t->n_to_confirm)
        t->n_to_confirm += budget_release(t, &control_of(m, a)->confirming,
                                          (uint32_t)(n_repaired - t->n_to_confirm));
}

static void go_on(struct manager *m, struct aggregate_state *a)
{
    struct aggregate_control *c = control_of(m, a);
    struct test *t = &a->test;
    bool is_spent = atomic_load_explicit(&c->screening, memory_order_relaxed) <= 0;

    if (!is_spent && m->now_ns - t->part_ns >= SCREENING_NS) {
        screening_end(m, a);
    } else if (is_spent && t->part_spent_ns == 0) {
        t->part_spent_ns = m->now_ns;
    } else if (is_spent && m->now_ns - t->part_spent_ns >= PATIENCE_NS) {
        if (t->set_aside == 0)
            screening_end(m, a);
        else
            begin_part(m, a);
    }
}

void screening_step(struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;
    uint32_t n_found = room_of_test(m, t)->n;
    double by_luck = pow(t->luck, t->n_repairs) * (double)t->counts.flows_tested;
    double few = FEW_FLOWS * (1 + floor((double)(m->now_ns - t->flows_started_ns) / FEW_FLOWS_NS));

    if (n_found >= t->parameters.max_individual_flows) {
        screening_end(m, a);
        return;
    }
    provide_to_confirm(m, a);
    provide_for_places(m, a, n_found - by_luck);
    if (t->is_minority && n_found + 1 > by_luck + sqrt(by_luck) + few)
        budget_take_over(t, &control_of(m, a)->screening);
    else
        go_on(m, a);
}
