/* SPDX-License-Identifier: BSD-3-Clause */
/* What telemetry shows of the map, as DPDK takes it. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "telemetry/internal.h"

/* DPDK frees what is in a reply when it has sent it; these are not. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:add_container\n";
}

#define N_INGRESSES 1024

static json_t *cell(const char *grade, const char *reality, int n)
{
    return json_pack("{s:s, s:s, s:i, s:f, s:f}", "grade", grade, "reality", reality, "entries", n,
                     "packets_per_s", 1.5, "bits_per_s", 9.5);
}

static json_t *summary(void)
{
    json_t *ingresses = json_array();

    for (int i = 0; i < N_INGRESSES; i++) {
        json_t *name = json_sprintf("port/vlan%d.4094/gre:%d", i, i);
        json_t *standing = json_array();

        json_array_append_new(standing, cell("route", "untested", i));
        json_array_append_new(standing, cell("unexpected", "untested", 1));
        json_array_append_new(standing, cell("unexpected", "genuine", 2));
        json_array_append_new(
            ingresses, json_pack("{s:o, s:b, s:n, s:i, s:i, s:I, s:I, s:b, s:o}", "name", name,
                                 "named", 0, "relation", "entries", i + 3, "unexpected", 3,
                                 "stray_packets", (json_int_t)1 << 40, "stray_bytes",
                                 (json_int_t)1 << 50, "diffuse", 0, "standing", standing));
    }
    return json_pack("{s:i, s:{s:i}, s:n, s:o}", "most_entries", 1000000, "counters", "entries", 7,
                     "expectation", "ingresses", ingresses);
}

static void each_ingress_is_on_one_page(void **state)
{
    struct telemetry_parameters p = {.offset = 0};
    json_t *result = summary();
    json_int_t n = 0;

    (void)state;
    do {
        json_t *reply = telemetry_shape_map(result, &p),
               *page = json_object_get(reply, "ingresses");
        struct rte_tel_data *data = rte_tel_data_alloc();
        const json_int_t shown = json_integer_value(json_object_get(page, "shown"));

        for (json_int_t i = p.offset; i < p.offset + shown; i++, n++) {
            char key[24];
            json_t *item;

            snprintf(key, sizeof(key), "%lld", (long long)i);
            item = json_object_get(json_object_get(page, "items"), key);
            assert_int_equal(json_integer_value(json_object_get(item, "untested")), i + 1);
            assert_int_equal(json_integer_value(json_object_get(item, "genuine")), 2);
        }
        assert_int_equal(telemetry_convert(reply, data), 0);
        rte_tel_data_free(data);
        p.offset = (uint32_t)json_integer_value(json_object_get(page, "next"));
        json_decref(reply);
    } while (p.offset != 0);
    assert_int_equal(n, N_INGRESSES);
    json_decref(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_ingress_is_on_one_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
