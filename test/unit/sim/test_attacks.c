/* SPDX-License-Identifier: BSD-3-Clause */
/* Attacks on what a rule compares drops with, and on when it looks: by each of them rule penny once
 * called a blind sender genuine, in a tenth to all of the tests. */
#include "pennyline-sim/study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/compiler.h"

#define N_RUNS 60

static uint64_t n_fooled(const struct scenario *s, uint64_t seed)
{
    const struct study_options options = {.n_runs = N_RUNS, .n_threads = 1, .seed = seed};
    struct summary summary;

    assert_int_equal(study_run(s, &options, &summary, NULL), 0);
    return summary.outcomes[VERDICT_CLOSED_LOOP].n;
}

/* A sender alone, with a plan of so many steps. */
static struct scenario attack(const char *name, double rate, uint32_t n_steps, enum test_rule rule)
{
    struct scenario s;

    scenario_default(&s);
    s.genuine.n_flows = 0;
    s.blind.attack = attack_by_name(name);
    s.blind.segments_per_second = rate;
    s.blind.n_steps = n_steps;
    s.blind.start_ms = 10;
    s.test.rule = rule;
    return s;
}

static void what_cannot_be_dropped_dilutes_nothing(void **state)
{
    (void)state;
    for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++)
        for (enum sender_between between = SENDER_ONE_BYTE; between < SENDER_N_BETWEEN; between++) {
            struct scenario s = attack("undroppable", 1000, 1000, (enum test_rule)rule);

            s.blind.between = between;
            assert_int_equal(n_fooled(&s, 1), 0);
            s.blind.n_flows = 100;
            s.blind.n_between = 7;
            s.test.protect_first_packets = 5;
            assert_int_equal(n_fooled(&s, 2), 0);
        }
}

static void a_flow_that_waits_for_a_repair_dilutes_nothing(void **state)
{
    static const uint32_t n_between[] = {50, 100, 200};

    (void)state;
    for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++)
        for (unsigned int i = 0; i < ARRAY_LENGTH(n_between); i++) {
            struct scenario s = attack("blocked", 1000, 1000, (enum test_rule)rule);

            s.blind.n_between = n_between[i];
            assert_int_equal(n_fooled(&s, 3 + i), 0);
        }
}

/* All drops fall within a millisecond, what comes until the manager's next epoch is without a coin,
 * and the last repair comes just before one. */
static void repeats_that_are_not_due_yet_are_waited_for(void **state)
{
    static const double delays_ms[] = {500, 2500, 2505, 2509, 2509.5, 2995};
    static const struct {
        double rate;
        uint32_t n_steps;
    } rates[] = {{1e4, 1000}, {1e5, 3000}, {1e6, 15000}};

    (void)state;
    for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++)
        for (unsigned int i = 0; i < ARRAY_LENGTH(rates); i++)
            for (unsigned int k = 0; k < ARRAY_LENGTH(delays_ms); k++) {
                struct scenario s =
                    attack("delay", rates[i].rate, rates[i].n_steps, (enum test_rule)rule);

                s.blind.n_flows = 100;
                s.blind.delay_ms = delays_ms[k];
                s.n_lcores = 1 + 2 * (k % 2);
                assert_int_equal(n_fooled(&s, 10 + 10 * i + k), 0);
            }
}

static void what_comes_after_the_last_drop_dilutes_nothing(void **state)
{
    static const double rates[] = {1e4, 1e5, 1e6};

    (void)state;
    for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++)
        for (unsigned int i = 0; i < ARRAY_LENGTH(rates); i++) {
            struct scenario s = attack("pulses", rates[i], 15000, (enum test_rule)rule);

            s.blind.n_flows = 100;
            s.n_lcores = 1 + i;
            assert_int_equal(n_fooled(&s, 50 + i), 0);
            s.blind.start_ms = 0.5; /* always in its first part */
            assert_int_equal(n_fooled(&s, 60 + i), 0);
        }
}

/* And that is no way of saying nothing of anybody. */
static void genuine_senders_are_found_all_the_same(void **state)
{
    static const double losses[] = {0, 0.03}, paces[] = {0, 50};

    (void)state;
    for (int rule = TEST_RULE_ANYTIME; rule <= TEST_RULE_PENNY; rule++)
        for (unsigned int i = 0; i < 4; i++) {
            struct scenario s;

            scenario_default(&s);
            s.test.rule = (enum test_rule)rule;
            s.genuine.pace = paces[i % 2];
            s.network.loss_downstream = losses[i / 2];
            assert_true(n_fooled(&s, 70 + i) >= N_RUNS - 1);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_dropped_dilutes_nothing),
        cmocka_unit_test(a_flow_that_waits_for_a_repair_dilutes_nothing),
        cmocka_unit_test(repeats_that_are_not_due_yet_are_waited_for),
        cmocka_unit_test(what_comes_after_the_last_drop_dilutes_nothing),
        cmocka_unit_test(genuine_senders_are_found_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
