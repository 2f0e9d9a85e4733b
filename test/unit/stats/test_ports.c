/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats/ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct port_statistics before = {
    .missed = 10, .no_buffer = 20, .rx_errors = 30, .tx_errors = 40};

static void losses_are_what_each_counter_grew_by(void **state)
{
    const struct port_statistics now = {
        .rx_packets = 9, .missed = 11, .no_buffer = 22, .rx_errors = 33, .tx_errors = 44};
    struct port_statistics last = before;
    struct port_statistics grown = port_statistics_take_losses(&last, &now);

    (void)state;
    assert_int_equal(grown.missed, 1);
    assert_int_equal(grown.no_buffer, 2);
    assert_int_equal(grown.rx_errors, 3);
    assert_int_equal(grown.tx_errors, 4);
    grown = port_statistics_take_losses(&last, &now);
    assert_int_equal(grown.missed + grown.no_buffer + grown.rx_errors + grown.tx_errors, 0);
}

/* Not a loss of 2^64. */
static void counters_that_start_again_have_lost_nothing(void **state)
{
    const struct port_statistics again = {.missed = 3};
    struct port_statistics last = before;
    struct port_statistics grown = port_statistics_take_losses(&last, &again);

    (void)state;
    assert_int_equal(grown.missed, 0);
    assert_int_equal(grown.no_buffer + grown.rx_errors + grown.tx_errors, 0);
    grown = port_statistics_take_losses(&last, &before);
    assert_int_equal(grown.missed, 7);
    assert_int_equal(grown.tx_errors, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_what_each_counter_grew_by),
        cmocka_unit_test(counters_that_start_again_have_lost_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
