/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "service/health.h"

/* The rule by looking back over all results: the verdict changes when the last `n` results all say
 * otherwise. */
static bool naive_is_up(const bool *results, unsigned int n, uint8_t rise, uint8_t fall)
{
    bool is_up = true;
    unsigned int streak = 0;

    for (unsigned int i = 0; i < n; i++) {
        streak = results[i] == is_up ? 0 : streak + 1;
        if (streak == (is_up ? fall : rise)) {
            is_up = !is_up;
            streak = 0;
        }
    }
    return is_up;
}

static void a_verdict_changes_after_as_many_results_in_a_row(void **state)
{
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 5, 5);
    for (uint8_t rise = 1; rise <= SERVICE_MOST_RISE_FALL; rise++) {
        for (uint8_t fall = 1; fall <= SERVICE_MOST_RISE_FALL; fall++) {
            struct service_health h;
            bool results[200];

            service_health_init(&h);
            for (unsigned int i = 0; i < 200; i++) {
                bool before = service_health_takes_flows(&h), is_changed;

                results[i] = i % 40 < 20 ? random_u32(&r) % 8 == 0 : random_u32(&r) % 8 != 0;
                is_changed =
                    service_health_note(&h, SERVICE_CHECK_NEIGHBOR, results[i], rise, fall);
                assert_int_equal(service_health_takes_flows(&h),
                                 naive_is_up(results, i + 1, rise, fall));
                assert_int_equal(is_changed, before != service_health_takes_flows(&h));
            }
        }
    }
}

static void one_check_that_fails_is_enough_and_is_named(void **state)
{
    (void)state;
    for (unsigned int check = 0; check < SERVICE_N_CHECKS; check++) {
        struct service_health h;

        service_health_init(&h);
        assert_int_equal(service_health_cause(&h), SERVICE_N_CHECKS);
        assert_true(service_health_note(&h, (enum service_check)check, false, 1, 1));
        assert_int_equal(service_health_cause(&h), check);
        assert_false(service_health_keeps_flows(&h));
        assert_false(service_health_takes_flows(&h));
        assert_true(service_health_note(&h, (enum service_check)check, true, 1, 1));
        assert_true(service_health_takes_flows(&h));
    }
}

static void orders_outweigh_checks_that_are_good_and_none_that_failed(void **state)
{
    const struct {
        enum service_order order;
        bool is_up, keeps, takes;
    } cases[] = {
        {SERVICE_ENABLED, true, true, true},  {SERVICE_ENABLED, false, false, false},
        {SERVICE_DRAINED, true, true, false}, {SERVICE_DRAINED, false, false, false},
        {SERVICE_DOWN, true, false, false},   {SERVICE_DOWN, false, false, false},
    };

    (void)state;
    for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct service_health h;

        service_health_init(&h);
        h.order = cases[i].order;
        service_health_note(&h, SERVICE_CHECK_LINK, cases[i].is_up, 1, 1);
        assert_int_equal(service_health_keeps_flows(&h), cases[i].keeps);
        assert_int_equal(service_health_takes_flows(&h), cases[i].takes);
    }
}

static void words_are_the_ones_that_people_type(void **state)
{
    (void)state;
    assert_string_equal(service_check_name(SERVICE_CHECK_CONNECT), "connect");
    assert_string_equal(service_order_name(SERVICE_DRAINED), "drained");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verdict_changes_after_as_many_results_in_a_row),
        cmocka_unit_test(one_check_that_fails_is_enough_and_is_named),
        cmocka_unit_test(orders_outweigh_checks_that_are_good_and_none_that_failed),
        cmocka_unit_test(words_are_the_ones_that_people_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
