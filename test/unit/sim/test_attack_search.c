/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/attack_search.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct attack_space *space_of(const char *attack)
{
    const struct attack_space *space;

    for (unsigned int i = 0; (space = attack_space_by_index(i)) != NULL; i++)
        if (strcmp(space->attack, attack) == 0)
            return space;
    fail();
    return NULL;
}

static struct attack_found search(const char *attack, enum test_rule rule, uint64_t seed)
{
    const struct study_options options = {.n_runs = 6, .n_threads = 1, .seed = seed};
    const struct attack_space *space = space_of(attack);
    struct scenario s = attack_scenario(space, rule);
    struct attack_found found;

    s.test.fallback_to_individual = false;
    assert_int_equal(attack_search(space, &s, &options, &found), 0);
    return found;
}

static double score_at(const struct attack_found *found, double ratio, enum test_rule rule)
{
    const struct study_options options = {.n_runs = 100, .n_threads = 1, .seed = 99};
    struct scenario s = attack_scenario(space_of("duplicates"), rule);
    struct trial_result results[100];
    struct summary summary;
    double sum = 0;

    s.test.fallback_to_individual = false;
    s.blind = found->blind;
    s.blind.duplicate_ratio = ratio;
    assert_int_equal(study_run(&s, &options, &summary, results), 0);
    for (int i = 0; i < 100; i++)
        sum += attack_score(rule, &results[i]);
    return sum / 100;
}

/* Known from enumeration: the best that a sender of duplicates can do against rule penny is to
 * stay a little below the limit of 15 %. */
static void the_search_finds_what_enumeration_knows(void **state)
{
    struct attack_found found = search("duplicates", TEST_RULE_PENNY, 1);

    (void)state;
    assert_true(found.n_sets > 60);
    assert_true(found.blind.duplicate_ratio > 0.05 && found.blind.duplicate_ratio < 0.25);
    assert_true(score_at(&found, found.blind.duplicate_ratio, TEST_RULE_PENNY) >
                2 * score_at(&found, 0.01, TEST_RULE_PENNY));
}

static void the_same_seed_finds_the_same(void **state)
{
    struct attack_found a = search("sweep", TEST_RULE_ANYTIME, 3);
    struct attack_found b = search("sweep", TEST_RULE_ANYTIME, 3);

    (void)state;
    assert_memory_equal(&a.blind.delay_ms, &b.blind.delay_ms, sizeof(a.blind.delay_ms));
    assert_int_equal(a.blind.n_covered, b.blind.n_covered);
    assert_int_equal(a.blind.n_flows, b.blind.n_flows);
    assert_true(a.blind.n_covered >= 1 && a.blind.n_covered <= 200);
}

static void an_attack_without_parameters_is_taken_as_it_is(void **state)
{
    struct attack_found found = search("syn-flood", TEST_RULE_ANYTIME, 1);

    (void)state;
    assert_int_equal(found.n_sets, 1);
    assert_true(isnan(found.score));
}

/* Near is more than far, and a certain success no more than a success. */
static void a_score_grows_with_how_near_a_trial_came(void **state)
{
    struct trial_result r = {.max_log10_e = 4, .log10_odds_penny = -4};

    (void)state;
    assert_float_equal(attack_score(TEST_RULE_ANYTIME, &r), 10, 1e-6);
    assert_float_equal(attack_score(TEST_RULE_PENNY, &r), 0.1, 1e-6);
    r.log10_odds_penny = INFINITY;
    assert_float_equal(attack_score(TEST_RULE_PENNY, &r), sqrt(10), 1e-6);
    r.log10_odds_penny = -INFINITY;
    assert_float_equal(attack_score(TEST_RULE_PENNY, &r), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_search_finds_what_enumeration_knows),
        cmocka_unit_test(the_same_seed_finds_the_same),
        cmocka_unit_test(an_attack_without_parameters_is_taken_as_it_is),
        cmocka_unit_test(a_score_grows_with_how_near_a_trial_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
