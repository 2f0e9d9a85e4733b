/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * E_joint, checked without its proof: small games of blind senders whose flows are chosen because
 * they repaired something, by trying every fall of the coins; known values; and what happens to a
 * choice that looks at the coins that count.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "verdict/evidence.h"

enum { N_FLOWS = 3, N_SEGMENTS = 8, N_EVENTS = 30 };

/* A blind sender's packet: a segment sent, or some segments of a flow repeated in one packet. */
struct event {
    bool is_repeat;
    unsigned flow, segment, repeated;
};

struct game {
    struct event events[N_EVENTS];
    unsigned max_screening_drops, max_flow_drops, max_drops_of_chosen;
    unsigned n_repairs; /* of a flow, before it is chosen */
    unsigned n_span;    /* segments of a chosen flow that count */
    unsigned few;       /* so many flows are looked for at first, after half of the events all */
};

enum segment_state { UNSENT, FORWARDED, PENDING, REPAIRED, VOID };

/* The bookkeeping of the flows phase: one drop of each flow, or a second one after that, and who
 * repairs them is chosen. */
struct ledger {
    enum segment_state state[N_SEGMENTS];
    bool counts[N_SEGMENTS]; /* it is of the span of its flow, which was chosen */
    unsigned pending_of[N_FLOWS], n_dropped_of[N_FLOWS], n_repaired_of[N_FLOWS];
    bool tested[N_FLOWS], chosen[N_FLOWS];
    unsigned span_left[N_FLOWS], span_end[N_FLOWS];
    unsigned n_screening_drops, n_drops_of_chosen, n_chosen, n_events;
    struct anytime_counts flows[N_FLOWS];
};

static bool may_drop(const struct game *g, const struct ledger *l, unsigned flow)
{
    if (l->pending_of[flow] != 0)
        return false;
    if (l->chosen[flow])
        return l->n_dropped_of[flow] < g->max_flow_drops &&
               l->n_drops_of_chosen < g->max_drops_of_chosen;
    if (l->tested[flow])
        return l->n_repaired_of[flow] > 0; /* once, where twice is asked for */
    return l->n_screening_drops < g->max_screening_drops &&
           (l->n_chosen < g->few || l->n_events >= N_EVENTS / 2);
}

static void send_segment(const struct game *g, struct ledger *l, const struct event *e, bool coin)
{
    l->state[e->segment] = FORWARDED;
    l->counts[e->segment] = l->chosen[e->flow] && l->span_left[e->flow] > 0;
    if (l->counts[e->segment] && --l->span_left[e->flow] == 0)
        l->span_end[e->flow] = e->segment + 1;
    if (!coin || !may_drop(g, l, e->flow))
        return;
    l->state[e->segment] = PENDING;
    l->pending_of[e->flow]++;
    if (l->chosen[e->flow]) {
        l->n_dropped_of[e->flow]++;
        l->n_drops_of_chosen++;
    } else {
        l->n_screening_drops += !l->tested[e->flow];
        l->tested[e->flow] = true;
    }
}

static void note_repair(const struct game *g, struct ledger *l, unsigned flow)
{
    if (l->chosen[flow] || ++l->n_repaired_of[flow] < g->n_repairs)
        return;
    l->chosen[flow] = true;
    l->n_chosen++;
    l->span_left[flow] = g->n_span;
}

/* A packet that begins behind the span does not touch it. */
static bool is_of_span(const struct ledger *l, const struct event *e)
{
    return l->chosen[e->flow] && (l->span_left[e->flow] > 0 ||
                                  (unsigned)__builtin_ctz(e->repeated) < l->span_end[e->flow]);
}

static void repeat_segments(const struct game *g, struct ledger *l, const struct event *e)
{
    bool clean = true;

    for (unsigned i = 0; i < N_SEGMENTS; i++)
        clean &= !(e->repeated >> i & 1) || l->state[i] == PENDING;
    l->flows[e->flow].n_duplicates += !clean && is_of_span(l, e);
    for (unsigned i = 0; i < N_SEGMENTS; i++) {
        if (!(e->repeated >> i & 1) || l->state[i] != PENDING)
            continue;
        l->state[i] = clean ? REPAIRED : VOID;
        l->pending_of[e->flow]--;
        l->flows[e->flow].n_retransmitted += clean && l->counts[i];
        if (clean)
            note_repair(g, l, e->flow);
    }
}

static double log10_joint(const struct anytime *a, const struct ledger *l)
{
    return anytime_log10_e_joint(a, l->flows, N_FLOWS);
}

/* log10 E_joint after each event, for one fall of the coins. */
static void play(const struct game *g, const struct anytime *a, unsigned coins,
                 double log10_e[N_EVENTS])
{
    struct ledger l = {0}, before;

    for (unsigned i = 0; i < N_EVENTS; i++) {
        const struct event *e = &g->events[i];

        before = l;
        l.n_events = i;
        if (e->is_repeat)
            repeat_segments(g, &l, e);
        else
            send_segment(g, &l, e, coins >> e->segment & 1);
        /* Most events change nothing that counts. */
        log10_e[i] = i > 0 && memcmp(before.flows, l.flows, sizeof(l.flows)) == 0
                         ? log10_e[i - 1]
                         : log10_joint(a, &l);
    }
}

static double probability_of_coins(unsigned coins, double p)
{
    double probability = 1;

    for (unsigned i = 0; i < N_SEGMENTS; i++)
        probability *= coins >> i & 1 ? p : 1 - p;
    return probability;
}

/* Segments in any order over the flows, and repeats early, late, again, and several in one. */
static struct game random_game(struct random_source *random)
{
    struct game g = {.max_screening_drops = 1 + random_u32(random) % 3,
                     .max_flow_drops = 1 + random_u32(random) % 3,
                     .max_drops_of_chosen = 1 + random_u32(random) % 4,
                     .n_repairs = 1 + random_u32(random) % 4 / 3,
                     .n_span = 1 + random_u32(random) % N_SEGMENTS,
                     .few = 1 + random_u32(random) % N_FLOWS};
    unsigned flow_of[N_SEGMENTS], n_sent = 0, n_events = 0;

    while (n_events < N_EVENTS) {
        struct event e = {.is_repeat = random_u32(random) % 10 < 7,
                          .flow = random_u32(random) % N_FLOWS};

        if (!e.is_repeat) {
            if (n_sent == N_SEGMENTS)
                continue;
            flow_of[n_sent] = e.flow;
            e.segment = n_sent++;
        } else {
            for (unsigned i = 0; i < n_sent; i++)
                e.repeated |= (unsigned)(flow_of[i] == e.flow && random_u32(random) % 3 == 0) << i;
            if (e.repeated == 0)
                continue;
        }
        g.events[n_events++] = e;
    }
    return g;
}

struct weighted {
    double highest, probability;
};

static int by_falling_evidence(const void *a, const void *b)
{
    const double x = ((const struct weighted *)a)->highest;
    const double y = ((const struct weighted *)b)->highest;

    return (x < y) - (x > y);
}

/* Ville's inequality, at every level that is ever reached. */
static void assert_every_level_is_kept(struct weighted *outcomes)
{
    double reached = 0;

    qsort(outcomes, 1 << N_SEGMENTS, sizeof(*outcomes), by_falling_evidence);
    for (unsigned i = 0; i < 1 << N_SEGMENTS; i++) {
        reached += outcomes[i].probability;
        assert_true(reached <= pow(10, -outcomes[i].highest) + 1e-12);
    }
}

static void a_choice_of_flows_that_repaired_is_a_fair_game(void **state)
{
    const double p = 0.2;
    struct random_source random;
    struct anytime a;
    unsigned n_games_that_rose = 0;

    (void)state;
    anytime_init(&a, p, 0.05);
    random_seed_fixed(&random, 7, 0);
    for (int n = 0; n < 60; n++) {
        const struct game g = random_game(&random);
        struct weighted outcomes[1 << N_SEGMENTS];
        double mean[N_EVENTS] = {0}, highest = 0;

        for (unsigned coins = 0; coins < 1u << N_SEGMENTS; coins++) {
            double log10_e[N_EVENTS];

            outcomes[coins] = (struct weighted){-INFINITY, probability_of_coins(coins, p)};
            play(&g, &a, coins, log10_e);
            for (unsigned i = 0; i < N_EVENTS; i++) {
                mean[i] += outcomes[coins].probability * pow(10, log10_e[i]);
                outcomes[coins].highest = fmax(outcomes[coins].highest, log10_e[i]);
            }
            highest = fmax(highest, outcomes[coins].highest);
        }
        for (unsigned i = 0; i < N_EVENTS; i++)
            assert_true(mean[i] <= 1 + 1e-12);
        assert_every_level_is_kept(outcomes);
        n_games_that_rose += highest > log10(2);
    }
    assert_true(n_games_that_rose > 10);
}

/*
 * Why looking for flows has a budget of its own. Flow A is chosen and sends a segment that it will
 * repeat late; were flow B chosen only because A's coin left budget over, its repeat would come
 * early: who stops then, or else waits for A's, sees more than 1 in the mean.
 */
static void a_choice_by_the_coins_that_count_is_no_fair_game(void **state)
{
    const struct anytime_counts none = {0}, hit = {.n_retransmitted = 1},
                                miss = {.n_duplicates = 1};
    const double p = 0.05;
    struct anytime a;
    double a_spent, b_hits, b_misses;

    (void)state;
    anytime_init(&a, p, 0.05);
    a_spent = pow(10, anytime_log10_e_joint(&a, (struct anytime_counts[]){hit}, 1));
    b_hits = pow(10, anytime_log10_e_joint(&a, (struct anytime_counts[]){none, hit}, 2));
    b_misses = pow(10, anytime_log10_e_joint(&a, (struct anytime_counts[]){none, miss}, 2));
    assert_true(fabs(p * b_hits + (1 - p) * b_misses - 1) < 1e-12);
    assert_true(p * a_spent + (1 - p) * (p * b_hits + (1 - p) * b_misses) > 1.3);
}

/*
 * Why a span is a number of segments, and does not end with the last drop. Of a chosen flow, which
 * may lose one segment, two are sent; the second is repeated first. Were the span over when the
 * first is dropped, who stops after the first repeat that counts sees more than 1 in the mean.
 */
static void a_span_that_ends_with_a_drop_is_no_fair_game(void **state)
{
    const double p = 0.05;
    struct anytime a;
    double hit, miss;

    (void)state;
    anytime_init(&a, p, 0.05);
    hit = pow(10, anytime_log10_e_joint(&a, &(struct anytime_counts){.n_retransmitted = 1}, 1));
    miss = pow(10, anytime_log10_e_joint(&a, &(struct anytime_counts){.n_duplicates = 1}, 1));
    assert_true(fabs(p * hit + (1 - p) * miss - 1) < 1e-12); /* the second repeat, or the first */
    assert_true(p * hit + (1 - p) * (p * hit + (1 - p) * miss) > 1.3);
}

/* The sum over all subsets, as it is defined. */
static double joint_by_subsets(const struct anytime *a, const struct anytime_counts *flows,
                               unsigned n)
{
    const struct mixture *m = &a->e_joint;
    long double sum = 0;

    for (int j = 0; j < MIXTURE_POINTS; j++) {
        for (unsigned subset = 0; subset < 1u << n; subset++) {
            long double share = subset == (1u << n) - 1 ? 0.5L : 0.0L, e = 1;

            share += ldexpl(0.5L, -(int)n);
            for (unsigned i = 0; i < n; i++) {
                if (subset >> i & 1)
                    e *= powl(m->q[j] / m->q[0], flows[i].n_retransmitted) *
                         powl((1 - (long double)m->q[j]) / (1 - m->q[0]), flows[i].n_duplicates);
            }
            sum += m->weight[j] * share * e;
        }
    }
    return (double)log10l(sum);
}

static void it_is_the_sum_over_subsets(void **state)
{
    struct random_source random;
    struct anytime a;

    (void)state;
    random_seed_fixed(&random, 8, 0);
    anytime_init(&a, 0.05, 0.05);
    for (int n = 0; n < 50; n++) {
        struct anytime_counts flows[5];
        const unsigned n_flows = random_u32(&random) % 6;

        for (unsigned i = 0; i < n_flows; i++)
            flows[i] = (struct anytime_counts){.n_retransmitted = random_u32(&random) % 7,
                                               .n_duplicates = random_u32(&random) % 40};
        assert_true(fabs(anytime_log10_e_joint(&a, flows, n_flows) -
                         joint_by_subsets(&a, flows, n_flows)) < 1e-9);
    }
}

static void a_flow_that_only_repeats_costs_a_factor_however_often_it_does(void **state)
{
    struct anytime_counts flows[] = {
        {6, 5, 0, 0}, {6, 5, 0, 0}, {6, 5, 0, 0}, {0, UINT64_MAX, 0, 0}};
    struct anytime a;

    (void)state;
    anytime_init(&a, 0.05, 0.05);
    /* Let s be the mean over subsets of the three. e(all) <= 8 s, so they show (8 + 1)/2 s at most,
     * and 1/2 s 1/2 is left. */
    assert_true(anytime_log10_e_joint(&a, flows, 4) >
                anytime_log10_e_joint(&a, flows, 3) - log10(18));
    assert_true(anytime_log10_e_joint(&a, flows, 4) < anytime_log10_e_joint(&a, flows, 3));
}

static void without_evidence_it_is_one_and_it_stays_finite(void **state)
{
    struct anytime_counts flows[64] = {{0}};
    struct anytime a, trivial;

    (void)state;
    anytime_init(&a, 0x1p-32, 0.05);
    anytime_init(&trivial, 1.0, 0.05);
    assert_true(anytime_log10_e_joint(&a, NULL, 0) == 0.0);
    assert_true(fabs(anytime_log10_e_joint(&a, flows, 64)) < 1e-12);
    for (unsigned i = 0; i < 64; i++)
        flows[i] = (struct anytime_counts){.n_retransmitted = i % 2 ? UINT64_MAX : 0,
                                           .n_duplicates = i % 3 ? UINT64_MAX : 0};
    assert_true(isfinite(anytime_log10_e_joint(&a, flows, 64)));
    assert_true(fabs(anytime_log10_e_joint(&trivial, flows, 64)) < 1e-12);
}

/* To the last bit, whatever was asked for before: flows grow, leave and come. */
static void a_memo_changes_no_value_of_it(void **state)
{
    static struct anytime_memo memo;
    struct anytime_counts flows[ANYTIME_REMEMBERED_FLOWS + 4] = {0};
    struct anytime plain, remembering;
    uint32_t x = 1;

    (void)state;
    anytime_init(&plain, 0.05, 0.05);
    anytime_init(&remembering, 0.05, 0.05);
    remembering.memo = &memo;
    for (int i = 0; i < 2000; i++) {
        unsigned n_flows = 1 + i % ARRAY_LENGTH(flows);
        double expected, remembered;

        x = 1664525 * x + 1013904223;
        flows[(x >> 20) % n_flows].n_retransmitted += x >> 31;
        flows[(x >> 10) % n_flows].n_duplicates += x >> 30 & 1;
        /* Of no matter to it; often what the duplicates become next. */
        flows[(x >> 10) % n_flows].n_expired =
            flows[(x >> 10) % n_flows].n_duplicates + (x >> 28 & 1);
        if (i % 500 == 499)
            memset(flows, 0, sizeof(flows));
        expected = anytime_log10_e_joint(&plain, flows, n_flows);
        remembered = anytime_log10_e_joint(&remembering, flows, n_flows);
        assert_memory_equal(&remembered, &expected, sizeof(expected));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_choice_of_flows_that_repaired_is_a_fair_game),
        cmocka_unit_test(a_choice_by_the_coins_that_count_is_no_fair_game),
        cmocka_unit_test(a_span_that_ends_with_a_drop_is_no_fair_game),
        cmocka_unit_test(it_is_the_sum_over_subsets),
        cmocka_unit_test(a_flow_that_only_repeats_costs_a_factor_however_often_it_does),
        cmocka_unit_test(without_evidence_it_is_one_and_it_stays_finite),
        cmocka_unit_test(a_memo_changes_no_value_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
