/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pace.h"

static void an_answer_that_comes_late_is_of_the_same_pennyline(void **state)
{
    struct pace_start start = {0};

    (void)state;
    assert_false(pace_take_uptime(&start, 1000, 1000, 100));
    /* Seven seconds late, the uptime taken before the stall, or behind it. */
    assert_false(pace_take_uptime(&start, 1001, 1008, 101));
    assert_false(pace_take_uptime(&start, 1009, 1009, 109));
    assert_false(pace_take_uptime(&start, 1010, 1017, 117));
    assert_false(pace_take_uptime(&start, 1018, 1018, 118));
}

static void one_that_began_later_is_another(void **state)
{
    struct pace_start start = {0};

    (void)state;
    assert_false(pace_take_uptime(&start, 1000, 1000, 100));
    assert_true(pace_take_uptime(&start, 1003, 1003, 1));
    assert_false(pace_take_uptime(&start, 1004, 1004, 2));
    /* Also when its first answer is late, or the last one of the one before was. */
    assert_true(pace_take_uptime(&start, 1010, 1015, 1));
    assert_false(pace_take_uptime(&start, 1100, 1107, 91));
    assert_true(pace_take_uptime(&start, 1120, 1120, 3));
}

static void after_a_hang_it_is_asked_again_soon(void **state)
{
    (void)state;
    assert_true(pace_pause_s(0) > 0);
    for (double took_s = 0.002; took_s < 0.2; took_s *= 2)
        assert_true(pace_pause_s(took_s) >= 9 * took_s);
    assert_true(pace_pause_s(7) <= 2);
    assert_true(pace_pause_s(1000) <= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_comes_late_is_of_the_same_pennyline),
        cmocka_unit_test(one_that_began_later_is_another),
        cmocka_unit_test(after_a_hang_it_is_asked_again_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
