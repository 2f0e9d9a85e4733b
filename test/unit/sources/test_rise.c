/* SPDX-License-Identifier: BSD-3-Clause */
#include "sources/rise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/compiler.h"

static bool look(struct sources_rise *r, int32_t port, uint64_t sources, double *average)
{
    const struct sources_cell_count c = {.port = port, .sources = sources};

    return sources_rise_look(r, &c, 10, 100, average);
}

static void a_window_with_many_times_the_sources_before_is_a_rise(void **state)
{
    static const struct {
        uint64_t sources;
        bool is_rise;
    } windows[] = {{50, false},  {5000, false}, {40, false},  {60, false},
                   {400, false}, {900, false},  {900, false}, {60000, true}};
    struct sources_rise *r = sources_rise_create();
    double average;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(windows); i++) {
        sources_rise_next(r);
        assert_int_equal(look(r, 80, windows[i].sources, &average), windows[i].is_rise);
    }
    assert_true(average > 900 && average < 1200);
    sources_rise_destroy(r);
}

static void of_a_port_that_is_new_only_enough_sources_are(void **state)
{
    struct sources_rise *r = sources_rise_create();
    double average;

    (void)state;
    for (int i = 0; i < 10; i++)
        sources_rise_next(r);
    assert_false(look(r, 7, 99, &average));
    assert_true(look(r, -1, 100, &average));
    assert_true(average == 0);
    sources_rise_destroy(r);
}

static void windows_without_a_packet_count_as_none(void **state)
{
    struct sources_rise *r = sources_rise_create();
    double average;

    (void)state;
    for (int i = 0; i < 20; i++) {
        sources_rise_next(r);
        look(r, 80, 1000, &average);
    }
    sources_rise_next(r);
    assert_false(look(r, 80, 1000, &average));
    assert_true(average > 999 && average < 1001);
    for (int i = 0; i < 30; i++)
        sources_rise_next(r);
    assert_true(look(r, 80, 1000, &average));
    assert_true(average < 30);
    sources_rise_destroy(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_with_many_times_the_sources_before_is_a_rise),
        cmocka_unit_test(of_a_port_that_is_new_only_enough_sources_are),
        cmocka_unit_test(windows_without_a_packet_count_as_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
