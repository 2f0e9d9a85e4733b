/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kinds of evidence beside data segments: what they cost and earn, and their promise, by trying
 * every fall of the coins, without its proof.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "verdict/decision.h"
#include "verdict/evidence.h"

static const struct anytime_levels levels = {.alpha = 1e-6, .beta = 1e-4};
static const unsigned all_kinds = (1u << EVIDENCE_N_KINDS) - 1;

static void shares_sum_to_one_whichever_kinds_are_on(void **state)
{
    (void)state;
    assert_true(evidence_share_of_data(0) == 1.0);
    for (unsigned on = 0; on <= all_kinds; on++) {
        double sum = evidence_share_of_data(on);

        assert_true(sum > 0.5);
        for (unsigned kind = 0; kind < EVIDENCE_N_KINDS; kind++)
            sum += (on >> kind & 1) != 0 ? evidence_share_of_kind(kind) : 0.0;
        assert_true(fabs(sum - 1.0) < 1e-12);
    }
}

/* What is compared with 1/alpha shows the same shares as the table tells. */
static void each_part_counts_with_its_share(void **state)
{
    (void)state;
    for (unsigned on = 1; on <= all_kinds; on++) {
        struct evidence_of_kinds kinds = {.on = on};

        assert_true(fabs(evidence_log10_with_kinds(500.0, &kinds) - 500.0 -
                         log10(evidence_share_of_data(on))) < 1e-9);
        for (unsigned kind = 0; kind < EVIDENCE_N_KINDS; kind++) {
            const double without = evidence_log10_with_kinds(0.0, &kinds);

            kinds.log10_e[kind] = 500.0;
            assert_true(fabs(evidence_log10_with_kinds(0.0, &kinds) -
                             ((on >> kind & 1) != 0 ? 500.0 + log10(evidence_share_of_kind(kind))
                                                    : without)) < 1e-9);
            kinds.log10_e[kind] = 0.0;
        }
    }
}

static void data_alone_is_read_as_ever(void **state)
{
    const struct evidence_of_kinds none = {.log10_e = {99, 99, 99}};

    (void)state;
    assert_true(evidence_log10_with_kinds(3.25, &none) == 3.25);
}

static struct anytime_decision decide(struct anytime_counts pooled, unsigned on,
                                      enum evidence_kind kind, struct anytime_counts counts)
{
    struct anytime_kinds kinds = {.on = on};
    struct anytime a;

    kinds.counts[kind] = counts;
    anytime_init(&a, 0.05, 0.05);
    return anytime_decide(&a, &pooled, &(struct anytime_flows){.n_places = 10}, &kinds, &levels);
}

/* By data, and by the kind itself. */
static void with_another_kind_on_six_clean_repairs_decide(void **state)
{
    const struct anytime_counts none = {0};

    (void)state;
    for (unsigned kind = 0; kind < EVIDENCE_N_KINDS; kind++)
        for (uint64_t n = 1; n < 8; n++) {
            const struct anytime_counts repaired = {.n_retransmitted = n};
            const struct anytime_decision by_data = decide(repaired, 1u << kind, kind, none),
                                          by_kind = decide(none, 1u << kind, kind, repaired);

            assert_int_equal(by_data.outcome, n < 6 ? VERDICT_UNDECIDED : VERDICT_CLOSED_LOOP);
            assert_int_equal(by_kind.outcome, n < 6 ? VERDICT_UNDECIDED : VERDICT_CLOSED_LOOP);
            assert_true(by_kind.log10_e_kind[kind] > 0.0 && by_kind.log10_e_pooled == 0.0);
        }
}

/* Three here and three there are no six: how their coins hang together is not known. */
static void kinds_are_not_added_up(void **state)
{
    const struct anytime_counts five = {.n_retransmitted = 5};

    (void)state;
    assert_int_equal(decide(five, 1u << EVIDENCE_QUIC, EVIDENCE_QUIC, five).outcome,
                     VERDICT_UNDECIDED);
}

static void what_is_off_says_nothing(void **state)
{
    const struct anytime_counts none = {0}, many = {.n_retransmitted = 50};
    const struct anytime_decision d = decide(none, 1u << EVIDENCE_QUIC, EVIDENCE_HANDSHAKE, many);

    (void)state;
    assert_int_equal(d.outcome, VERDICT_UNDECIDED);
    assert_true(d.log10_e_kind[EVIDENCE_HANDSHAKE] == 0.0);
}

/* Silence of data is not_closed_loop only where nothing speaks for a sender. */
static void a_repeat_of_any_kind_keeps_a_rejected_aggregate_open(void **state)
{
    const struct anytime_counts silent = {.n_expired = 12}, none = {0},
                                one = {.n_retransmitted = 1},
                                blind = {.n_retransmitted = 1, .n_duplicates = 100};

    (void)state;
    for (unsigned kind = 0; kind < EVIDENCE_N_KINDS; kind++) {
        assert_int_equal(decide(silent, 1u << kind, kind, none).outcome, VERDICT_NOT_CLOSED_LOOP);
        assert_int_equal(decide(silent, 1u << kind, kind, one).outcome, VERDICT_UNDECIDED);
        assert_int_equal(decide(silent, 1u << kind, kind, blind).outcome, VERDICT_NOT_CLOSED_LOOP);
        /* Units that never came again are no evidence against anybody. */
        assert_int_equal(decide(none, 1u << kind, kind, silent).outcome, VERDICT_UNDECIDED);
    }
}

/* Small games: a schedule of first sights and repeats of units of three populations that share a
 * budget. The time in which a repeat counts is over for one unit after the other, in the order in
 * which they were first seen. */
enum { N_UNITS = 9, N_POPULATIONS = 3, MAX_EVENTS = 40 };

enum event_kind { FIRST_SIGHT, EARLY_REPEAT, REPEAT, TIMEOUT };

struct event {
    enum event_kind kind;
    unsigned unit;
};

struct game {
    unsigned n_events, max_drops, population_of[N_UNITS];
    bool counts_r_at_once; /* as must not be */
    bool grants_for_ds;    /* one drop more for every other D, as a manager does */
    struct event events[MAX_EVENTS];
};

struct ledger {
    struct {
        bool has_coin, is_dropped, was_repeated, is_over;
    } units[N_UNITS];
    unsigned n_dropped, n_duplicates;
    struct {
        unsigned n_retransmitted, n_duplicates;
    } of[N_POPULATIONS];
};

static void play(const struct game *g, struct ledger *l, const struct event *e, unsigned coins)
{
    const unsigned population = g->population_of[e->unit], i = e->unit;
    const unsigned most = g->max_drops + (g->grants_for_ds ? l->n_duplicates / 2 : 0);

    switch (e->kind) {
    case FIRST_SIGHT:
        l->units[i].has_coin = l->n_dropped < most;
        l->units[i].is_dropped = l->units[i].has_coin && (coins >> i & 1) != 0;
        l->n_dropped += l->units[i].is_dropped;
        return;
    case EARLY_REPEAT: /* sooner than quiet: of the first flight, dropped or not */
        return;
    case TIMEOUT:
        l->units[i].is_over = true;
        if (l->units[i].was_repeated && l->units[i].is_dropped && !g->counts_r_at_once)
            l->of[population].n_retransmitted++;
        return;
    case REPEAT:
        if (l->units[i].was_repeated || l->units[i].is_over || !l->units[i].has_coin)
            return;
        l->units[i].was_repeated = true;
        if (!l->units[i].is_dropped) {
            l->of[population].n_duplicates++;
            l->n_duplicates++;
        } else if (g->counts_r_at_once) {
            l->of[population].n_retransmitted++;
        }
        return;
    }
}

static double probability_of_coins(unsigned coins, double p)
{
    double probability = 1;

    for (unsigned i = 0; i < N_UNITS; i++)
        probability *= (coins >> i & 1) != 0 ? p : 1 - p;
    return probability;
}

/* Each unit is first seen once; then repeats in any order: at once, late, again and again. */
static struct game random_game(struct random_source *r)
{
    struct game g = {.max_drops = 1 + random_u32(r) % 3, .grants_for_ds = random_u32(r) % 2 != 0};
    unsigned n_sent = 0, n_over = 0;

    for (unsigned i = 0; i < N_UNITS; i++)
        g.population_of[i] = random_u32(r) % N_POPULATIONS;
    while (g.n_events < MAX_EVENTS) {
        struct event e = {.kind = random_u32(r) % 4};

        if ((e.kind == FIRST_SIGHT && n_sent == N_UNITS) ||
            (e.kind != FIRST_SIGHT && n_sent == 0) || (e.kind == TIMEOUT && n_over == n_sent))
            continue;
        e.unit = e.kind == FIRST_SIGHT ? n_sent++
                 : e.kind == TIMEOUT   ? n_over++
                                       : random_u32(r) % n_sent;
        g.events[g.n_events++] = e;
    }
    return g;
}

/* log10 of all values that E can have here. */
static void fill(double p, double e[N_UNITS + 1][N_UNITS + 1])
{
    struct anytime a;

    anytime_init(&a, p, 0.05);
    for (unsigned r = 0; r <= N_UNITS; r++)
        for (unsigned d = 0; d <= N_UNITS; d++)
            e[r][d] = anytime_log10_e(&a, r, d);
}

/* All units first seen, then repeated in another order, then over one after the other. */
static struct event in_turn(unsigned i)
{
    return i < N_UNITS       ? (struct event){FIRST_SIGHT, i}
           : i < 2 * N_UNITS ? (struct event){REPEAT, i * 7 % N_UNITS}
                             : (struct event){TIMEOUT, i - 2 * N_UNITS};
}

static void play_next(const struct game *g, struct ledger *l, unsigned i, unsigned coins)
{
    const struct event e = in_turn(i);

    play(g, l, &e, coins);
}

/* When all are over: exactly 1, whatever the budget. Before, D is ahead of R. */
static void one_repeat_of_each_has_mean_exactly_one(void **state)
{
    static const double coin_probabilities[] = {0.01, 0.05, 0.3, 0.7};
    double e[N_UNITS + 1][N_UNITS + 1];

    (void)state;
    for (size_t k = 0; k < ARRAY_LENGTH(coin_probabilities); k++)
        for (unsigned max_drops = 1; max_drops <= N_UNITS; max_drops++) {
            const struct game g = {.max_drops = max_drops};
            const double p = coin_probabilities[k];
            double mean = 0;

            fill(p, e);
            for (unsigned coins = 0; coins < 1u << N_UNITS; coins++) {
                struct ledger l = {0};

                for (unsigned i = 0; i < 3 * N_UNITS; i++)
                    play_next(&g, &l, i, coins);
                mean += probability_of_coins(coins, p) *
                        pow(10, e[l.of[0].n_retransmitted][l.of[0].n_duplicates]);
            }
            assert_true(fabs(mean - 1) < 1e-12);
        }
}

static void random_schedules_have_mean_at_most_one_in_every_kind(void **state)
{
    double e[N_UNITS + 1][N_UNITS + 1];
    struct random_source r;
    double lowest = 1;

    (void)state;
    random_seed_fixed(&r, 7, 0);
    fill(0.3, e);
    for (unsigned n = 0; n < 60; n++) {
        const struct game g = random_game(&r);
        double mean[MAX_EVENTS][N_POPULATIONS] = {{0}};

        for (unsigned coins = 0; coins < 1u << N_UNITS; coins++) {
            struct ledger l = {0};

            for (unsigned i = 0; i < g.n_events; i++) {
                play(&g, &l, &g.events[i], coins);
                for (unsigned k = 0; k < N_POPULATIONS; k++)
                    mean[i][k] += probability_of_coins(coins, 0.3) *
                                  pow(10, e[l.of[k].n_retransmitted][l.of[k].n_duplicates]);
            }
        }
        for (unsigned i = 0; i < g.n_events; i++)
            for (unsigned k = 0; k < N_POPULATIONS; k++) {
                assert_true(mean[i][k] <= 1 + 1e-12);
                lowest = fmin(lowest, mean[i][k]);
            }
    }
    assert_true(lowest < 0.9); /* to wait costs something, and never gives */
}

/* A repeat that counted each time, or an R that came of a repeat after a D of the same unit, would
 * break the promise; the games above notice. Here: a sender that repeats all twice. */
static void a_rule_that_counts_repeats_of_repeats_would_be_no_fair_game(void **state)
{
    double e[N_UNITS + 1][N_UNITS + 1], mean = 0;
    const double p = 0.3;

    (void)state;
    fill(p, e);
    for (unsigned coins = 0; coins < 2; coins++) /* one unit, both repeats as its coin was */
        mean += (coins != 0 ? p : 1 - p) * pow(10, coins != 0 ? e[2][0] : e[0][2]);
    assert_true(mean > 1.1);
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

/* The highest that one fall of the coins ever shows: data without places, and two kinds. */
static double highest_evidence(const struct game *g, double e[N_UNITS + 1][N_UNITS + 1],
                               unsigned coins)
{
    struct ledger l = {0};
    double highest = -INFINITY;

    for (unsigned i = 0; i < g->n_events; i++) {
        struct evidence_of_kinds kinds = {.on = 1u << EVIDENCE_HANDSHAKE | 1u << EVIDENCE_QUIC};

        play(g, &l, &g->events[i], coins);
        kinds.log10_e[EVIDENCE_HANDSHAKE] = e[l.of[1].n_retransmitted][l.of[1].n_duplicates];
        kinds.log10_e[EVIDENCE_QUIC] = e[l.of[2].n_retransmitted][l.of[2].n_duplicates];
        highest = fmax(highest, evidence_log10_with_kinds(
                                    e[l.of[0].n_retransmitted][l.of[0].n_duplicates], &kinds));
    }
    return highest;
}

/* Ville's inequality at every level that is ever reached, although the kinds share one budget. */
static void the_evidence_of_all_kinds_keeps_its_level(void **state)
{
    double e[N_UNITS + 1][N_UNITS + 1];
    struct weighted outcomes[1 << N_UNITS];
    struct random_source r;
    const double p = 0.1;
    double closest = 0;

    (void)state;
    random_seed_fixed(&r, 11, 0);
    fill(p, e);
    for (unsigned n = 0; n < 100; n++) {
        const struct game g = random_game(&r);
        double reached = 0;

        for (unsigned coins = 0; coins < 1u << N_UNITS; coins++)
            outcomes[coins] =
                (struct weighted){highest_evidence(&g, e, coins), probability_of_coins(coins, p)};
        qsort(outcomes, ARRAY_LENGTH(outcomes), sizeof(outcomes[0]), by_falling_evidence);
        for (unsigned i = 0; i < ARRAY_LENGTH(outcomes); i++) {
            reached += outcomes[i].probability;
            assert_true(reached <= pow(10, -outcomes[i].log10_evidence) + 1e-12);
            if (outcomes[i].log10_evidence > 0.3)
                closest = fmax(closest, reached * pow(10, outcomes[i].log10_evidence));
        }
    }
    assert_true(closest > 0.1);
}

/* The probability that e of one population ever reaches `level`, units repeated last to first. */
static double reaches(const struct game *g, double e[N_UNITS + 1][N_UNITS + 1], double p,
                      double level)
{
    double reached = 0;

    for (unsigned coins = 0; coins < 1u << N_UNITS; coins++) {
        struct ledger l = {0};
        double highest = 0;

        for (unsigned i = 0; i < 3 * N_UNITS; i++) {
            struct event event = in_turn(i);

            if (event.kind == REPEAT)
                event.unit = 2 * N_UNITS - 1 - i;
            play(g, &l, &event, coins);
            highest = fmax(highest, e[l.of[0].n_retransmitted][l.of[0].n_duplicates]);
        }
        reached += highest >= log10(level) - 1e-9 ? probability_of_coins(coins, p) : 0;
    }
    return reached;
}

/* Where a budget says who has a coin, what comes again tells how others' coins fell. */
static void a_rule_that_counts_an_r_at_once_would_break_its_level(void **state)
{
    const double p = 0.05;
    double e[N_UNITS + 1][N_UNITS + 1], level;

    (void)state;
    fill(p, e);
    level = pow(10, e[1][0]);
    assert_true(reaches(&(struct game){.max_drops = 1}, e, p, level) <= 1 / level);
    assert_true(reaches(&(struct game){.max_drops = 1, .counts_r_at_once = true}, e, p, level) >
                4 / level);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_sum_to_one_whichever_kinds_are_on),
        cmocka_unit_test(each_part_counts_with_its_share),
        cmocka_unit_test(data_alone_is_read_as_ever),
        cmocka_unit_test(with_another_kind_on_six_clean_repairs_decide),
        cmocka_unit_test(kinds_are_not_added_up),
        cmocka_unit_test(what_is_off_says_nothing),
        cmocka_unit_test(a_repeat_of_any_kind_keeps_a_rejected_aggregate_open),
        cmocka_unit_test(one_repeat_of_each_has_mean_exactly_one),
        cmocka_unit_test(random_schedules_have_mean_at_most_one_in_every_kind),
        cmocka_unit_test(a_rule_that_counts_repeats_of_repeats_would_be_no_fair_game),
        cmocka_unit_test(the_evidence_of_all_kinds_keeps_its_level),
        cmocka_unit_test(a_rule_that_counts_an_r_at_once_would_break_its_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
