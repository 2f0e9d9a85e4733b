/* SPDX-License-Identifier: BSD-3-Clause */
/* What a test says never contradicts what it counted: random mixtures of genuine and blind senders,
 * losses, paths past the box, budgets and moments to stop at, under both rules. manager_check() has
 * the identities; the box holds them against every event and every epoch. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "pennyline-sim/trial.h"

#define N_SCENARIOS           600
#define N_TRIALS_OF_EACH      3
#define LEAST_OF_EACH_VERDICT 50

static double share(struct random_source *random)
{
    return random_u32(random) * 0x1p-32;
}

/* Half of the time none at all. */
static double share_or_none(struct random_source *random, double most)
{
    return network_chance(random, 0.5) ? 0 : most * share(random);
}

static const char *const attack_names[] = {"none",  "duplicates", "delay", "reset",
                                           "merge", "split",      "sweep", "concentration"};

static void draw_test(struct test_parameters *t, struct random_source *random)
{
    t->rule = network_chance(random, 0.5) ? TEST_RULE_ANYTIME : TEST_RULE_PENNY;
    t->fallback_to_individual = network_chance(random, 0.6);
    t->drop_probability = 0.02 + 0.1 * share(random);
    t->max_drops_per_aggregate = 6 + random_u32(random) % 14;
    t->max_drops_per_flow = 1 + random_u32(random) % 6;
    t->alpha = network_chance(random, 0.5) ? 1e-6 : 1e-3;
    t->beta = network_chance(random, 0.5) ? 1e-4 : 1e-2;
    t->individual_phase_timeout_ms = 2000 + random_u32(random) % 15000;
}

static void draw(struct scenario *s, struct random_source *random)
{
    scenario_default(s);
    draw_test(&s->test, random);
    s->watch = true;
    s->n_lcores = network_chance(random, 0.3) ? 2 : 1;
    s->max_s = 0.5 + 25 * share(random) * share(random);
    s->genuine.n_flows = network_chance(random, 0.2) ? 0 : 1 + random_u32(random) % 10;
    s->genuine.pace = 10 + 40 * share(random);
    s->network.loss_upstream = share_or_none(random, 0.1);
    s->network.loss_downstream = share_or_none(random, 0.15);
    s->network.unseen = share_or_none(random, 0.95);
    if (s->genuine.n_flows != 0 && network_chance(random, 0.4))
        return;
    s->blind.attack = attack_by_name(attack_names[random_u32(random) % 8]);
    s->blind.segments_per_second = 50 + 250 * share(random);
    s->blind.duplicate_ratio = share(random) * share(random);
    s->blind.n_flows = 1 + random_u32(random) % 12;
}

static void assert_no_contradiction(const struct scenario *s, const struct trial_result *r)
{
    if (r->verdict == VERDICT_NOT_CLOSED_LOOP) {
        assert_true(r->log10_e <= 0);
        assert_true(r->log10_e_pooled <= 0);
    }
    if (r->verdict == VERDICT_CLOSED_LOOP && s->test.rule == TEST_RULE_ANYTIME)
        assert_true(r->log10_e >= (float)-log10(s->test.alpha));
}

static void no_report_or_event_contradicts_its_numbers(void **state)
{
    unsigned n_of_verdict[VERDICT_INCONCLUSIVE + 1] = {0};
    struct random_source random;
    struct scenario s;

    (void)state;
    random_seed_fixed(&random, 2026, 11);
    for (unsigned i = 0; i < N_SCENARIOS; i++) {
        struct trial *t;

        draw(&s, &random);
        t = trial_create(&s);
        assert_non_null(t);
        for (unsigned k = 0; k < N_TRIALS_OF_EACH; k++) {
            struct trial_result r;

            assert_int_equal(trial_run(t, 7 + i, k, &r), 0);
            assert_no_contradiction(&s, &r);
            n_of_verdict[r.verdict]++;
        }
        trial_destroy(t);
    }
    /* Not for want of verdicts. */
    assert_int_equal(n_of_verdict[VERDICT_UNDECIDED], 0);
    assert_true(n_of_verdict[VERDICT_CLOSED_LOOP] >= LEAST_OF_EACH_VERDICT);
    assert_true(n_of_verdict[VERDICT_NOT_CLOSED_LOOP] >= LEAST_OF_EACH_VERDICT);
    assert_true(n_of_verdict[VERDICT_DUPLICATES_EXCEEDED] >= LEAST_OF_EACH_VERDICT);
    assert_true(n_of_verdict[VERDICT_INCONCLUSIVE] >= LEAST_OF_EACH_VERDICT);
    print_message("closed_loop %u, not_closed_loop %u, duplicates_exceeded %u, inconclusive %u\n",
                  n_of_verdict[VERDICT_CLOSED_LOOP], n_of_verdict[VERDICT_NOT_CLOSED_LOOP],
                  n_of_verdict[VERDICT_DUPLICATES_EXCEEDED], n_of_verdict[VERDICT_INCONCLUSIVE]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_report_or_event_contradicts_its_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
