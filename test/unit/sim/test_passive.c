/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode passive against networks of which the truth is known. The sender is the model of TCP; the
 * box sees neither timestamps nor identifications, only order and delay. */
#include "pennyline-sim/passive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../within.h"
#include "base/compiler.h"
#include "verdict/interval.h"

/* The interval is to cover the truth in 90 of 100 runs. With so many misses or fewer of all runs,
 * an estimator that covers it in 90 of 100 would pass five times in a hundred (binomial). */
#define N_RUNS   200 /* of each loss, half of them at each round-trip time */
#define COVERAGE 0.90
#define CHANCE   0.05

#define N_HARMLESS_RUNS 25
#define N_FLOWS         4

static uint64_t most_misses(void)
{
    uint64_t n = 0;

    while (interval_binomial_cdf(n + 1, N_RUNS, 1 - COVERAGE) <= CHANCE)
        n++;
    return n;
}

static const double round_trips_ms[] = {0.1, 10};
static const double losses[] = {0.005, 0.02, 0.06};

static struct passive_tally run(struct scenario *s, uint64_t n_runs)
{
    struct passive_tally t;

    s->genuine.n_flows = N_FLOWS;
    assert_int_equal(passive_study(s, n_runs, 20, &t), 0);
    return t;
}

/* Returns the misses. */
static uint64_t estimate_loss(double before, double after)
{
    uint64_t n_misses = 0;

    for (unsigned int r = 0; r < ARRAY_LENGTH(round_trips_ms); r++) {
        struct passive_tally t;
        struct scenario s;

        passive_scenario(&s, round_trips_ms[r]);
        s.network.loss_upstream = before;
        s.network.loss_downstream = after;
        t = run(&s, N_RUNS / ARRAY_LENGTH(round_trips_ms));
        n_misses += t.n_runs - t.n_covered[after > 0];
        assert_int_equal(t.n_false, 0);
        assert_int_equal(t.n_balanced, 0);
    }
    return n_misses;
}

static void the_interval_covers_the_loss(void **state)
{
    uint64_t most = most_misses();

    (void)state;
    assert_within(most, 10, 15);
    for (unsigned int i = 0; i < 2 * ARRAY_LENGTH(losses); i++) {
        double loss = losses[i / 2];
        uint64_t n = i % 2 == 0 ? estimate_loss(loss, 0) : estimate_loss(0, loss);

        if (n > most)
            fail_msg("%.1f %% %s: %u misses", 100 * loss, i % 2 == 0 ? "before" : "after",
                     (unsigned int)n);
    }
}

static void reordering_is_neither_loss_nor_balancing(void **state)
{
    (void)state;
    for (unsigned int r = 0; r < ARRAY_LENGTH(round_trips_ms); r++) {
        struct passive_tally t;
        struct scenario s;

        passive_scenario(&s, round_trips_ms[r]);
        s.network.reorder = 0.05;
        s.network.reorder_ms = 3;
        t = run(&s, N_HARMLESS_RUNS);
        assert_int_equal(t.n_false, 0);
        assert_int_equal(t.n_balanced, 0);
    }
}

static void half_of_the_segments_elsewhere_is_balancing(void **state)
{
    (void)state;
    for (unsigned int r = 0; r < ARRAY_LENGTH(round_trips_ms); r++) {
        struct passive_tally t;
        struct scenario s;

        passive_scenario(&s, round_trips_ms[r]);
        s.network.unseen = 0.5;
        t = run(&s, N_HARMLESS_RUNS);
        assert_int_equal(t.n_balanced, N_HARMLESS_RUNS);
        assert_int_equal(t.n_false, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_interval_covers_the_loss),
        cmocka_unit_test(reordering_is_neither_loss_nor_balancing),
        cmocka_unit_test(half_of_the_segments_elsewhere_is_balancing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
