/* SPDX-License-Identifier: BSD-3-Clause */
/* What packets with forged sources can make a box tell and test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/time.h"
#include "pennyline/machine_notes.h"

static struct ip_address address(uint32_t number)
{
    const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 8), (uint8_t)number};

    return ip_address_from_ipv4(bytes);
}

static void ten_events_of_a_machine_are_told_in_a_second_and_the_others_counted(void **state)
{
    struct machine_running one = {0}, other = {0};
    unsigned int n = 0;

    (void)state;
    for (uint64_t i = 0; i < 3000; i++)
        n += machine_limits_event(&one, 5 * NS_PER_S + i * NS_PER_MS);
    assert_int_equal(n, 3 * MACHINE_EVENTS_PER_S);
    assert_int_equal(one.n_left_out, 3000 - n);
    assert_true(machine_limits_event(&other, 5 * NS_PER_S));
}

static void a_prefix_is_tested_once_in_ten_minutes_and_few_in_all(void **state)
{
    struct machine_limits l = {0};
    struct ip_address source = address(0xc0000201), same = address(0xc00002ff);
    const uint64_t start_ns = 6000 * NS_PER_S;
    struct ip_prefix p;
    unsigned int n = 0;

    (void)state;
    assert_true(machine_limits_test(&l, &source, start_ns, &p));
    assert_int_equal(p.length, MACHINE_TEST_LENGTH4);
    assert_false(machine_limits_test(&l, &same, start_ns + 599 * NS_PER_S, &p));
    assert_true(machine_limits_test(&l, &same, start_ns + 600 * NS_PER_S, &p));
    for (uint32_t i = 0; i < 6000; i++) {
        source = address(i << 8);
        n += machine_limits_test(&l, &source, start_ns + (660 + i / 100) * NS_PER_S, &p);
    }
    assert_int_equal(n, MACHINE_TESTS_PER_MINUTE);
}

static void what_a_worker_cannot_leave_is_lost_and_counted(void **state)
{
    static struct machine_notes notes;
    const struct machine_note note = {.event = 3};

    (void)state;
    for (unsigned int i = 0; i < MACHINE_NOTES + 5; i++)
        machine_notes_add(&notes, &note);
    assert_int_equal(notes.n_lost, 5);
    assert_int_equal(atomic_load(&notes.n_written), MACHINE_NOTES);
    assert_int_equal(notes.notes[MACHINE_NOTES - 1].event, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_events_of_a_machine_are_told_in_a_second_and_the_others_counted),
        cmocka_unit_test(a_prefix_is_tested_once_in_ten_minutes_and_few_in_all),
        cmocka_unit_test(what_a_worker_cannot_leave_is_lost_and_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
