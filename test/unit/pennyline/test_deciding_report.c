/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline/deciding_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct decide_outcome read_text(const char *text)
{
    json_t *report = json_loads(text, 0, NULL);
    struct decide_outcome out = {.slot = 7};

    deciding_read_report(report, &out);
    json_decref(report);
    return out;
}

static void every_dropped_packet_is_charged_to_the_budgets_of_the_map(void **state)
{
    const struct decide_outcome out =
        read_text("{\"verdict\":\"closed_loop\",\"mixed\":false,\"dropped\":3,\"retransmitted\":2,"
                  "\"anytime\":{\"log10_e\":6.5},\"units\":{"
                  "\"handshake\":{\"dropped\":4,\"dropped_packets\":4,\"retransmitted\":3},"
                  "\"quic\":{\"dropped\":2,\"dropped_packets\":7,\"retransmitted\":1}}}");

    (void)state;
    assert_int_equal(out.n_drops, 3 + 4 + 7);
    assert_int_equal(out.n_repaired, 2 + 3 + 1);
    assert_int_equal(out.state, MAP_GENUINE);
    assert_int_equal(out.slot, 7);
    assert_true(out.log10_evidence > 6.4f && out.log10_evidence < 6.6f);
}

static void a_test_that_dropped_anything_was_one(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("{\"verdict\":\"inconclusive\",\"dropped\":0,\"units\":{\"handshake\":"
                  "{\"dropped_packets\":12,\"retransmitted\":0}}}")
            .state,
        MAP_INCONCLUSIVE);
    assert_int_equal(read_text("{\"verdict\":\"inconclusive\",\"dropped\":1}").state,
                     MAP_INCONCLUSIVE);
    assert_int_equal(read_text("{\"verdict\":\"inconclusive\",\"dropped\":0}").state, MAP_UNTESTED);
    assert_int_equal(read_text("null").state, MAP_UNTESTED);
    assert_int_equal(read_text("{\"verdict\":\"closed_loop\",\"mixed\":true}").state, MAP_MIXED);
    assert_int_equal(read_text("{\"verdict\":\"not_closed_loop\"}").state, MAP_SPOOFED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_dropped_packet_is_charged_to_the_budgets_of_the_map),
        cmocka_unit_test(a_test_that_dropped_anything_was_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
