/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "responder/witness.h"
#include "verdict/cookie.h"

static void a_flow_counts_as_a_witness_once_and_then_never(void **state)
{
    struct responder_witnesses w;

    (void)state;
    responder_witnesses_init(&w, 3, 9);
    assert_true(responder_witnesses_asks(&w, 7, 9, 1));
    responder_witnesses_note(&w, 7, false);
    assert_true(responder_witnesses_asks(&w, 7, 9, 1));
    responder_witnesses_note(&w, 7, true);
    assert_false(responder_witnesses_asks(&w, 7, 9, 1));
    assert_false(responder_witnesses_asks(&w, 7, 10, 1));
    assert_true(responder_witnesses_asks(&w, 8, 10, 1));
    assert_int_equal(w.n_witnesses, 1);
    assert_int_equal(w.n_misses, 1);
}

static void beyond_the_number_that_the_proof_allows_nothing_is_looked_at(void **state)
{
    struct responder_witnesses w;

    (void)state;
    responder_witnesses_init(&w, 3, 9);
    w.n_in_slot = COOKIE_MOST_CANDIDATES_A_SLOT - 1;
    assert_true(responder_witnesses_asks(&w, 1, 9, 1));
    assert_false(responder_witnesses_asks(&w, 2, 9, 1));
    assert_int_equal(w.n_unseen, 1);
    assert_true(responder_witnesses_asks(&w, 2, 10, 1));
    w.n_in_slot = COOKIE_MOST_CANDIDATES_A_SLOT / 4;
    assert_false(responder_witnesses_asks(&w, 3, 10, 4));
}

static void when_all_places_are_taken_the_hour_is_over(void **state)
{
    struct responder_witnesses w;

    (void)state;
    responder_witnesses_init(&w, 3, 9);
    for (uint64_t flow = 0; flow < RESPONDER_MOST_WITNESSES; flow++) {
        assert_true(responder_witnesses_asks(&w, flow, 9, 1));
        responder_witnesses_note(&w, flow, true);
    }
    assert_false(responder_witnesses_asks(&w, 1000, 9, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flow_counts_as_a_witness_once_and_then_never),
        cmocka_unit_test(beyond_the_number_that_the_proof_allows_nothing_is_looked_at),
        cmocka_unit_test(when_all_places_are_taken_the_hour_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
