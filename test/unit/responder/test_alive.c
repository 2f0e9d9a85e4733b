/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "responder/alive.h"

static void an_address_that_sent_is_alive_for_hours(void **state)
{
    static const uint64_t secret[2] = {8, 9};
    struct responder_alive *a = malloc(sizeof(*a));
    struct ip_address one = {{1}}, other = {{2}};

    (void)state;
    assert_non_null(a);
    responder_alive_init(a, secret);
    assert_false(responder_is_alive(a, &one, 5));
    assert_true(responder_alive_note(a, &one, 5));
    assert_false(responder_alive_note(a, &one, 6));
    assert_true(responder_is_alive(a, &one, 6 + RESPONDER_ALIVE_S));
    assert_false(responder_is_alive(a, &other, 6));
    assert_false(responder_is_alive(a, &one, 7 + RESPONDER_ALIVE_S));
    assert_true(responder_alive_note(a, &one, 7 + RESPONDER_ALIVE_S));
    free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_that_sent_is_alive_for_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
