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

/* A quiet host was there, and then as many others of the prefix spoke as you like. */
static void no_address_makes_another_one_be_forgotten(void **state)
{
    static const uint64_t secret[2] = {8, 9};
    struct responder_alive *a = malloc(sizeof(*a));
    struct ip_address quiet = {{0x20, 1}};

    (void)state;
    assert_non_null(a);
    responder_alive_init(a, secret);
    responder_alive_note(a, &quiet, 5);
    for (uint32_t i = 0; i < 16 * RESPONDER_ALIVE_PLACES; i++) {
        struct ip_address one = {{0x20, 2, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};

        responder_alive_note(a, &one, 6);
        assert_true(responder_is_alive(a, &one, 6));
    }
    assert_true(responder_is_alive(a, &quiet, 5 + RESPONDER_ALIVE_S));
    /* All of them were silent. */
    assert_false(responder_is_alive(a, &quiet, 7 + RESPONDER_ALIVE_S));
    responder_alive_note(a, &quiet, 8 + RESPONDER_ALIVE_S);
    assert_true(responder_is_alive(a, &quiet, 8 + RESPONDER_ALIVE_S));
    assert_false(responder_is_alive(a, &(struct ip_address){{0x20, 3}}, 8 + RESPONDER_ALIVE_S));
    free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_that_sent_is_alive_for_hours),
        cmocka_unit_test(no_address_makes_another_one_be_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
