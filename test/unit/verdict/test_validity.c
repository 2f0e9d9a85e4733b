/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The promises of rule anytime, checked without its proofs: small games by trying every fall of the
 * coins, long games by dynamic programming over (R, D).
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
#include "verdict/decision.h"
#include "verdict/evidence.h"

enum { MAX_SEGMENTS = 10, MAX_EVENTS = 40, N_FLOWS = 3, N_PLACES = 2 };

enum event_kind { SEND, REPEAT, RESET };

/* One packet of a blind sender. Its schedule is a list of these: nothing in it knows the coins. */
struct event {
    enum event_kind kind;
    unsigned flow;
    unsigned segment;      /* SEND */
    unsigned first_halves; /* REPEAT: bit i: the packet covers the first half of segment i */
    unsigned second_halves;
};

struct game {
    unsigned n_segments, n_events, max_drops, max_flow_drops;
    struct event events[MAX_EVENTS];
};

enum segment_state { UNSENT, FORWARDED, PENDING, REPAIRED, VOID };

struct population {
    unsigned n_retransmitted, n_duplicates;
};

/* The bookkeeping, in its plainest form. */
struct ledger {
    enum segment_state state[MAX_SEGMENTS];
    unsigned flow_of[MAX_SEGMENTS], halves[MAX_SEGMENTS];
    unsigned n_dropped, n_pending;
    struct population pooled;
    /* the flows phase: starts when the budget has ended, takes a second flow when the first is done
     */
    unsigned n_chosen, chosen[N_PLACES], n_chosen_dropped[N_PLACES];
    bool counts_in[N_PLACES][MAX_SEGMENTS]; /* coin thrown after the flow was chosen */
    struct population flows[N_PLACES];
};

static bool flow_has_pending(const struct ledger *l, unsigned n_segments, unsigned flow)
{
    for (unsigned i = 0; i < n_segments; i++) {
        if (l->state[i] == PENDING && l->flow_of[i] == flow)
            return true;
    }
    return false;
}

static int place_of(const struct ledger *l, unsigned flow)
{
    for (unsigned place = 0; place < l->n_chosen; place++) {
        if (l->chosen[place] == flow)
            return (int)place;
    }
    return -1;
}

static bool budget_allows(const struct game *g, const struct ledger *l, unsigned flow)
{
    const int place = place_of(l, flow);

    if (flow_has_pending(l, g->n_segments, flow))
        return false;
    if (l->n_chosen == 0)
        return l->n_dropped < g->max_drops;
    return place >= 0 && l->n_chosen_dropped[place] < g->max_flow_drops;
}

static void send_segment(const struct game *g, struct ledger *l, const struct event *e, bool coin)
{
    const int place = place_of(l, e->flow);

    l->flow_of[e->segment] = e->flow;
    l->state[e->segment] = FORWARDED;
    if (place >= 0)
        l->counts_in[place][e->segment] = true;
    if (!coin || !budget_allows(g, l, e->flow))
        return;
    l->state[e->segment] = PENDING;
    l->n_dropped++;
    l->n_pending++;
    if (place >= 0)
        l->n_chosen_dropped[place]++;
}

static void end_drop(struct ledger *l, unsigned segment, enum segment_state how)
{
    l->state[segment] = how;
    l->n_pending--;
}

static void repair_segment(struct ledger *l, unsigned segment)
{
    end_drop(l, segment, REPAIRED);
    l->pooled.n_retransmitted++;
    for (unsigned place = 0; place < l->n_chosen; place++)
        l->flows[place].n_retransmitted += l->counts_in[place][segment];
}

static void repeat_segments(const struct game *g, struct ledger *l, const struct event *e)
{
    const unsigned touched = e->first_halves | e->second_halves;
    const int place = place_of(l, e->flow);
    bool clean = true;

    for (unsigned i = 0; i < g->n_segments; i++)
        clean &= !(touched >> i & 1) || l->state[i] == PENDING;
    if (!clean) {
        l->pooled.n_duplicates++;
        if (place >= 0)
            l->flows[place].n_duplicates++;
    }
    for (unsigned i = 0; i < g->n_segments; i++) {
        if (!(touched >> i & 1) || l->state[i] != PENDING)
            continue;
        if (!clean) {
            end_drop(l, i, VOID);
            continue;
        }
        l->halves[i] |= (e->first_halves >> i & 1) | (e->second_halves >> i & 1) << 1;
        if (l->halves[i] == 3)
            repair_segment(l, i);
    }
}

static void reset_flow(const struct game *g, struct ledger *l, unsigned flow)
{
    for (unsigned i = 0; i < g->n_segments; i++) {
        if (l->state[i] == PENDING && l->flow_of[i] == flow)
            end_drop(l, i, VOID);
    }
}

/* Starts and goes on with the flows phase at times, and with a choice, that depend on all coins. */
static void choose_flows(const struct game *g, struct ledger *l)
{
    const bool spent = l->n_chosen == 0 ? l->n_dropped >= g->max_drops && l->n_pending == 0
                                        : l->n_chosen_dropped[l->n_chosen - 1] >= g->max_flow_drops;

    if (!spent || l->n_chosen == N_PLACES)
        return;
    for (unsigned flow = 0; flow < N_FLOWS; flow++) {
        if (place_of(l, flow) < 0 && (l->n_dropped + flow) % 2 == 0) {
            l->chosen[l->n_chosen++] = flow;
            return;
        }
    }
}

static void play_event(const struct game *g, struct ledger *l, const struct event *e,
                       unsigned coins)
{
    if (e->kind == SEND)
        send_segment(g, l, e, coins >> e->segment & 1);
    else if (e->kind == REPEAT)
        repeat_segments(g, l, e);
    else
        reset_flow(g, l, e->flow);
    choose_flows(g, l);
}

static double probability_of_coins(unsigned coins, unsigned n, double p)
{
    double probability = 1;

    for (unsigned i = 0; i < n; i++)
        probability *= coins >> i & 1 ? p : 1 - p;
    return probability;
}

/* log10 E of all counts that a small game can have. */
struct e_table {
    double log10_e[MAX_SEGMENTS + 1][MAX_EVENTS + 1];
    double log10_e_flow[MAX_SEGMENTS + 1][MAX_EVENTS + 1];
};

static void fill_table(struct e_table *t, double p)
{
    struct anytime a;

    anytime_init(&a, p, 0.05);
    for (unsigned r = 0; r <= MAX_SEGMENTS; r++) {
        for (unsigned d = 0; d <= MAX_EVENTS; d++) {
            t->log10_e[r][d] = anytime_log10_e(&a, r, d);
            t->log10_e_flow[r][d] = anytime_log10_e_flow(&a, r, d);
        }
    }
}

static double lookup(const struct e_table *t, struct population counts)
{
    return t->log10_e[counts.n_retransmitted][counts.n_duplicates];
}

/* The exact mean of E after every event, over all falls of the coins. */
static void mean_of_e(const struct game *g, double p, double mean[MAX_EVENTS])
{
    struct e_table t;

    fill_table(&t, p);
    memset(mean, 0, sizeof(double[MAX_EVENTS]));
    for (unsigned coins = 0; coins < 1u << g->n_segments; coins++) {
        struct ledger l = {0};

        for (unsigned i = 0; i < g->n_events; i++) {
            play_event(g, &l, &g->events[i], coins);
            mean[i] +=
                probability_of_coins(coins, g->n_segments, p) * pow(10, lookup(&t, l.pooled));
        }
    }
}

static void add_event(struct game *g, struct event e)
{
    assert_true(g->n_events < MAX_EVENTS);
    g->events[g->n_events++] = e;
}

/* Ten segments, each in a flow of its own, so that no coin goes unused. */
static struct game ten_segments(void)
{
    struct game g = {.n_segments = MAX_SEGMENTS, .max_drops = 100};

    for (unsigned i = 0; i < MAX_SEGMENTS; i++)
        add_event(&g, (struct event){.kind = SEND, .flow = 100 + i, .segment = i});
    return g;
}

static void add_repeat(struct game *g, unsigned segments)
{
    add_event(g,
              (struct event){.kind = REPEAT, .first_halves = segments, .second_halves = segments});
}

static const double coin_probabilities[] = {0.01, 0.05, 0.3, 0.7};

static void whole_repeats_have_mean_exactly_one(void **state)
{
    struct game g = ten_segments();
    double mean[MAX_EVENTS];

    (void)state;
    for (unsigned i = 0; i < MAX_SEGMENTS; i++)
        add_repeat(&g, 1u << (i * 7 % MAX_SEGMENTS));
    for (size_t p = 0; p < ARRAY_LENGTH(coin_probabilities); p++) {
        mean_of_e(&g, coin_probabilities[p], mean);
        for (unsigned i = 0; i < g.n_events; i++)
            assert_true(fabs(mean[i] - 1) < 1e-12);
    }
}

static void merged_repeats_have_mean_at_most_one(void **state)
{
    (void)state;
    for (unsigned k = 2; k <= MAX_SEGMENTS; k++) {
        struct game g = ten_segments();
        double mean[MAX_EVENTS];

        for (unsigned i = 0; i + k <= MAX_SEGMENTS; i += k)
            add_repeat(&g, ((1u << k) - 1) << i);
        for (size_t p = 0; p < ARRAY_LENGTH(coin_probabilities); p++) {
            mean_of_e(&g, coin_probabilities[p], mean);
            for (unsigned i = 0; i < g.n_events; i++)
                assert_true(mean[i] <= 1 + 1e-12);
            assert_true(mean[g.n_events - 1] < 1 - 1e-6); /* and merging costs something */
        }
    }
}

static void split_repeats_have_mean_at_most_one(void **state)
{
    struct game g = ten_segments();
    double mean[MAX_EVENTS];

    (void)state;
    for (unsigned i = 0; i < MAX_SEGMENTS; i++) {
        add_event(&g, (struct event){.kind = REPEAT, .first_halves = 1u << i});
        add_event(&g, (struct event){.kind = REPEAT, .second_halves = 1u << i});
    }
    for (size_t p = 0; p < ARRAY_LENGTH(coin_probabilities); p++) {
        mean_of_e(&g, coin_probabilities[p], mean);
        for (unsigned i = 0; i < g.n_events; i++)
            assert_true(mean[i] <= 1 + 1e-12);
    }
}

/* A sender's random schedule: pieces, merges, repeats of repeats, resets, budgets that run out. */
static struct game random_game(struct random_source *random, unsigned n_segments)
{
    struct game g = {.n_segments = n_segments,
                     .max_drops = 1 + random_u32(random) % 3,
                     .max_flow_drops = 1 + random_u32(random) % 3};
    unsigned flow_of[MAX_SEGMENTS], n_sent = 0;

    while (g.n_events < 36) {
        const unsigned dice = random_u32(random) % 10, flow = random_u32(random) % N_FLOWS;
        struct event e = {.kind = dice < 4 ? SEND : dice < 9 ? REPEAT : RESET, .flow = flow};

        if (e.kind == SEND) {
            if (n_sent == n_segments)
                continue;
            e.segment = n_sent;
            flow_of[n_sent++] = flow;
        } else if (e.kind == REPEAT) {
            for (unsigned i = 0; i < n_sent; i++) {
                if (flow_of[i] != flow || random_u32(random) % 3 == 0)
                    continue;
                e.first_halves |= (random_u32(random) % 4 != 0) << i;
                e.second_halves |= (random_u32(random) % 4 != 0) << i;
            }
            if ((e.first_halves | e.second_halves) == 0)
                continue;
        }
        add_event(&g, e);
    }
    return g;
}

static void random_schedules_have_mean_at_most_one(void **state)
{
    struct random_source random;

    (void)state;
    random_seed_fixed(&random, 3, 0);
    for (int n = 0; n < 60; n++) {
        const struct game g = random_game(&random, 8);
        double mean[MAX_EVENTS];

        mean_of_e(&g, 0.3, mean);
        for (unsigned i = 0; i < g.n_events; i++)
            assert_true(mean[i] <= 1 + 1e-12);
    }
}

/*
 * Why the evidence is no sum. One drop allowed; segment 0 is repeated late, segment 1 never, and
 * its flow is reset at once. At the start of the flows phase, or at the end, E has a mean above 1,
 * 1 + p (mean of q - p): the start of that phase is not a time that one could have stopped at.
 */
static void the_flows_phase_starts_with_knowledge_of_the_coins(void **state)
{
    const double p = 0.05;
    struct game g = {.n_segments = 2, .max_drops = 1};
    double mean = 0, mean_q = 0;
    struct anytime a;

    (void)state;
    anytime_init(&a, p, 0.05);
    for (int j = 0; j < MIXTURE_POINTS; j++)
        mean_q += a.e.weight[j] * a.e.q[j];
    add_event(&g, (struct event){.kind = SEND, .flow = 0, .segment = 0});
    add_event(&g, (struct event){.kind = SEND, .flow = 1, .segment = 1});
    add_event(&g, (struct event){.kind = RESET, .flow = 1});
    add_repeat(&g, 1);
    for (unsigned coins = 0; coins < 4; coins++) {
        struct ledger l = {0};

        for (unsigned i = 0; i < g.n_events && l.n_chosen == 0; i++)
            play_event(&g, &l, &g.events[i], coins);
        mean += probability_of_coins(coins, 2, p) *
                pow(10, anytime_log10_e(&a, l.pooled.n_retransmitted, l.pooled.n_duplicates));
    }
    assert_true(fabs(mean - (1 + p * (mean_q - p))) < 1e-12);
}

/*
 * The highest evidence that one fall of the coins ever shows, looking after every packet.
 * *flow_led: a flow was the strongest part, with more than it had to begin with.
 */
static double highest_evidence(const struct game *g, const struct e_table *t, unsigned coins,
                               bool *flow_led)
{
    double highest = -INFINITY, flows[N_PLACES];
    struct ledger l = {0};

    for (unsigned i = 0; i < g->n_events; i++) {
        play_event(g, &l, &g->events[i], coins);
        for (unsigned place = 0; place < l.n_chosen; place++)
            flows[place] =
                t->log10_e_flow[l.flows[place].n_retransmitted][l.flows[place].n_duplicates];

        const double pooled = lookup(t, l.pooled);
        const double evidence = evidence_log10_combined(pooled, 0.0, flows, l.n_chosen, N_PLACES);

        *flow_led |= evidence > fmax(0.0, evidence_log10_combined(pooled, 0.0, NULL, 0, N_PLACES));
        highest = fmax(highest, evidence);
    }
    return highest;
}

struct weighted {
    double log10_evidence, probability;
};

static int by_falling_evidence(const void *a, const void *b)
{
    const double x = ((const struct weighted *)a)->log10_evidence;
    const double y = ((const struct weighted *)b)->log10_evidence;

    return (x < y) - (x > y);
}

/*
 * Ville's inequality for the evidence with its flows, at every level that is ever reached, although
 * the flows phase starts and chooses with knowledge of coins that no repeat has uncovered yet.
 */
static void evidence_of_chosen_flows_keeps_its_level(void **state)
{
    enum { N_COINS = 9 };
    const double p = 0.1;
    struct random_source random;
    struct e_table t;
    unsigned n_games_led_by_a_flow = 0;

    (void)state;
    random_seed_fixed(&random, 5, 0);
    fill_table(&t, p);
    for (int n = 0; n < 100; n++) {
        const struct game g = random_game(&random, N_COINS);
        struct weighted outcomes[1 << N_COINS];
        double reached = 0;
        bool flow_led = false;

        for (unsigned coins = 0; coins < 1u << N_COINS; coins++)
            outcomes[coins] = (struct weighted){highest_evidence(&g, &t, coins, &flow_led),
                                                probability_of_coins(coins, N_COINS, p)};
        qsort(outcomes, 1 << N_COINS, sizeof(outcomes[0]), by_falling_evidence);
        for (unsigned i = 0; i < 1 << N_COINS; i++) {
            reached += outcomes[i].probability;
            assert_true(reached <= pow(10, -outcomes[i].log10_evidence) + 1e-12);
        }
        n_games_led_by_a_flow += flow_led;
    }
    assert_true(n_games_led_by_a_flow > 10);
}

/*
 * P(a mixture ever reaches 1/level within n_steps), when a step adds `hits_per_step` hits with
 * probability `share` and one miss otherwise. Exact: the mass at each count that never got there.
 */
static double crossing_probability(const struct mixture *m, double share, unsigned hits_per_step,
                                   unsigned n_steps, double level)
{
    double *mass = calloc(n_steps + 2, sizeof(*mass)), crossed = 0;

    assert_non_null(mass);
    mass[0] = 1;
    for (unsigned step = 1; step <= n_steps; step++) {
        for (unsigned hits = step; hits > 0; hits--)
            mass[hits] = mass[hits] * (1 - share) + mass[hits - 1] * share;
        mass[0] *= 1 - share;
        for (unsigned hits = step; hits > 0; hits--) {
            if (mass[hits] == 0)
                continue; /* crossed before */
            if (mixture_log10(m, (uint64_t)hits * hits_per_step, step - hits) < -log10(level))
                break; /* fewer hits are further from it still */
            crossed += mass[hits];
            mass[hits] = 0;
        }
    }
    free(mass);
    return crossed;
}

static const double levels[] = {1e-1, 1e-2, 1e-3, 1e-6};

static void e_ever_reaches_its_level_as_rarely_as_promised(void **state)
{
    (void)state;
    for (size_t p = 0; p < ARRAY_LENGTH(coin_probabilities); p++) {
        struct anytime a;

        anytime_init(&a, coin_probabilities[p], 0.05);
        for (size_t i = 0; i < ARRAY_LENGTH(levels); i++) {
            const double crossed =
                crossing_probability(&a.e, coin_probabilities[p], 1, 5000, levels[i]);

            assert_true(crossed > 0 && crossed <= levels[i]);
        }
    }
}

static void merged_repeats_reach_it_no_more_often(void **state)
{
    (void)state;
    for (unsigned k = 2; k <= 5; k++) {
        struct anytime a;

        anytime_init(&a, 0.05, 0.05);
        for (size_t i = 0; i < ARRAY_LENGTH(levels); i++)
            assert_true(crossing_probability(&a.e, pow(0.05, k), k, 1000, levels[i]) <= levels[i]);
    }
}

/* Genuine traffic, with as many unseen repairs as allowed, and with fewer. */
static void f_ever_reaches_its_level_as_rarely_as_promised(void **state)
{
    const double unseen[] = {0.05, 0.04, 0.02, 0.001};

    (void)state;
    for (size_t u = 0; u < ARRAY_LENGTH(unseen); u++) {
        struct anytime a;

        anytime_init(&a, 0.05, 0.05);
        for (size_t i = 0; i < ARRAY_LENGTH(levels); i++)
            assert_true(crossing_probability(&a.f, unseen[u], 1, 2000, levels[i]) <= levels[i]);
        assert_true(crossing_probability(&a.f, unseen[u], 1, 2000, 1e-4) <= 1e-4);
    }
}

/* All repairs that are seen are merged with bytes that were forwarded. Exact, as above. */
static double accused_probability(double unseen, unsigned n_drops, const struct anytime_levels *l)
{
    const struct anytime_flows none = {.n_places = N_PLACES};
    struct anytime a;
    double *mass = calloc(n_drops + 2, sizeof(*mass)), accused = 0;

    assert_non_null(mass);
    anytime_init(&a, 0.05, 0.05);
    mass[0] = 1;
    for (unsigned n = 1; n <= n_drops; n++) {
        for (unsigned expired = n; expired > 0; expired--)
            mass[expired] = mass[expired] * (1 - unseen) + mass[expired - 1] * unseen;
        mass[0] *= 1 - unseen;
        for (unsigned expired = 1; expired <= n; expired++) {
            const struct anytime_counts c = {
                .n_duplicates = n - expired, .n_expired = expired, .n_ambiguous = n - expired};

            if (anytime_decide(&a, &c, &none, NULL, l).outcome != VERDICT_NOT_CLOSED_LOOP)
                continue;
            accused += mass[expired];
            mass[expired] = 0;
        }
    }
    free(mass);
    return accused;
}

static void senders_whose_repairs_are_ambiguous_are_accused_as_rarely(void **state)
{
    const struct anytime_levels l = {.alpha = 1e-6, .beta = 1e-4};

    (void)state;
    assert_true(accused_probability(0.05, 12, &l) <= l.beta);
    assert_true(accused_probability(0.05, 72, &l) <= l.beta);
    assert_true(accused_probability(0.01, 1000, &l) <= l.beta);
    assert_true(accused_probability(0.9, 12, &l) > 0.5); /* those who hardly repair are */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_repeats_have_mean_exactly_one),
        cmocka_unit_test(merged_repeats_have_mean_at_most_one),
        cmocka_unit_test(split_repeats_have_mean_at_most_one),
        cmocka_unit_test(random_schedules_have_mean_at_most_one),
        cmocka_unit_test(the_flows_phase_starts_with_knowledge_of_the_coins),
        cmocka_unit_test(evidence_of_chosen_flows_keeps_its_level),
        cmocka_unit_test(e_ever_reaches_its_level_as_rarely_as_promised),
        cmocka_unit_test(merged_repeats_reach_it_no_more_often),
        cmocka_unit_test(f_ever_reaches_its_level_as_rarely_as_promised),
        cmocka_unit_test(senders_whose_repairs_are_ambiguous_are_accused_as_rarely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
