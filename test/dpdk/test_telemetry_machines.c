/* SPDX-License-Identifier: BSD-3-Clause */
/* What telemetry shows of state machines, as DPDK takes it. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/machine.h"
#include "telemetry/internal.h"

/* DPDK frees what is in a reply when it has sent it; these are not. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:add_container\n";
}

/* Names with all that may be in one. */
static json_t *two_machines(void)
{
    json_t *rules = json_array(), *states = json_object();
    char name[MACHINE_NAME_BYTES];

    for (int i = 0; i < MACHINE_MAX_RULES + 1; i++)
        json_array_append_new(rules, json_integer(i));
    for (int i = 0; i < MACHINE_MAX_STATES; i++) {
        snprintf(name, sizeof(name), "a-name_as_long_as_they_may_%03d", i);
        json_object_set_new(states, name, json_integer(i < 100 ? i : 0));
    }
    return json_pack("{s:[{s:s, s:b, s:i, s:i, s:o, s:o, s:{s:i, s:{s:i}, s:{}}}, "
                     "{s:s, s:b, s:i, s:i, s:{}, s:[i], s:{s:i, s:{}, s:{}}}]}",
                     "machines", "name", "much", "forwards_all", 0, "keys", 4950, "max_keys", 9999,
                     "states", states, "rules", rules, "counters", "packets", 7, "counts",
                     "a-count", 3, "events", "name", "less", "forwards_all", 1, "keys", 0,
                     "max_keys", 1, "states", "rules", 5, "counters", "packets", 5, "counts",
                     "events");
}

static void assert_telemetry_takes(const json_t *reply)
{
    struct rte_tel_data *data = rte_tel_data_alloc();

    assert_non_null(data);
    assert_int_equal(telemetry_convert(reply, data), 0);
    rte_tel_data_free(data);
}

static void all_are_told_in_short(void **state)
{
    json_t *result = two_machines();
    json_t *page = telemetry_shape_machines(result, &(struct telemetry_parameters){.offset = 0});
    json_t *item = json_object_get(json_object_get(page, "items"), "1");

    (void)state;
    assert_string_equal(json_string_value(json_object_get(item, "name")), "less");
    assert_int_equal(json_integer_value(json_object_get(item, "packets")), 5);
    assert_telemetry_takes(page);
    json_decref(page);
    json_decref(result);
}

static void each_rule_of_one_is_on_one_page(void **state)
{
    struct telemetry_parameters p = {.machine = "much"};
    json_t *result = two_machines();
    json_int_t n = 0;

    (void)state;
    do {
        json_t *one = telemetry_shape_machine(result, &p), *page = json_object_get(one, "rules");
        json_t *item = json_array_get(json_object_get(one, "states"), 0);
        const json_int_t shown = json_integer_value(json_object_get(page, "shown"));
        char key[24];

        assert_int_equal(json_integer_value(json_object_get(page, "total")), MACHINE_MAX_RULES + 1);
        for (json_int_t i = p.offset; i < p.offset + shown; i++, n++) {
            snprintf(key, sizeof(key), "%lld", (long long)i);
            assert_int_equal(
                json_integer_value(json_object_get(json_object_get(page, "items"), key)), i);
        }
        /* Names may have a '-', which names in telemetry may not; 0 of a state is not told. */
        assert_string_equal(json_string_value(json_object_get(item, "state")),
                            "a-name_as_long_as_they_may_001");
        assert_int_equal(json_integer_value(json_object_get(one, "states_in_use")), 99);
        assert_telemetry_takes(one);
        p.offset = (uint32_t)json_integer_value(json_object_get(page, "next"));
        json_decref(one);
    } while (p.offset != 0);
    assert_int_equal(n, MACHINE_MAX_RULES + 1);
    json_decref(result);
}

static void one_that_is_not_there_is_told_in_words(void **state)
{
    json_t *result = two_machines();
    json_t *reply =
        telemetry_shape_machine(result, &(struct telemetry_parameters){.machine = "none"});

    (void)state;
    assert_non_null(strstr(json_string_value(reply), "no machine none"));
    json_decref(reply);
    json_decref(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_told_in_short),
        cmocka_unit_test(each_rule_of_one_is_on_one_page),
        cmocka_unit_test(one_that_is_not_there_is_told_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
