/* SPDX-License-Identifier: BSD-3-Clause */
/* What of a machine's text is refused, where, and what stands there instead. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/config.h"

#define WITH(rest)   "{\"machines\":[{\"name\":\"m\",\"lookup\":[\"ip.source\"]," rest "}]}"
#define RULES(rules) WITH("\"states\":[\"a\",\"b\"],\"registers\":[\"n\"],\"rules\":[" rules "]")
#define GO           "{\"state\":\"a\",\"match\":{\"udp.source\":1},\"next\":\"b\"}"

static const struct {
    const char *text, *path, *words;
} bad[] = {
    {"{\"machines\":[{\"name\":\"m\"}]}", "$.machines[0].lookup", "missing"},
    {WITH("\"states\":[\"a\"],\"rules\":[],\"rule\":1"), "$.machines[0].rule", "did you mean"},
    {WITH("\"states\":[],\"rules\":[]"), "$.machines[0].states", "1 to 256 names"},
    {WITH("\"states\":[\"a\",\"a\"],\"rules\":[]"), "$.machines[0].states[1]", "each name once"},
    {WITH("\"states\":[\"a\"],\"initial\":\"b\",\"rules\":[]"), "$.machines[0].initial",
     "a state of the machine"},
    {WITH("\"states\":[\"a\"],\"update\":[\"ipv4.source\"],\"rules\":[]"), "$.machines[0].update",
     "as wide as lookup's, 16 bytes"},
    {WITH("\"states\":[\"a\"],\"scopes\":{\"r\":[\"eth.source\"]},\"rules\":[]"),
     "$.machines[0].scopes.r", "6 bytes"},
    {WITH("\"states\":[\"a\"],\"update\":[\"ip.sauce\"],\"rules\":[]"), "$.machines[0].update[0]",
     "did you mean \"ip.source\""},
    {WITH("\"states\":[\"a\"],\"registers\":[\"n\"],\"globals\":[\"n\"],\"rules\":[]"),
     "$.machines[0].globals[0]", "a name of its own"},
    {RULES("{\"state\":\"c\"}"), "$.machines[0].rules[0].state", "a, b"},
    {RULES("{\"state\":[]}"), "$.machines[0].rules[0].state", "at least one"},
    {RULES(GO ",{\"next\":\"c\"}"), "$.machines[0].rules[1].next", "a, b"},
    {RULES(GO ",{\"next\":\"@port\"}"), "$.machines[0].rules[1].next", "\"port\""},
    {RULES(GO ",{\"match\":{\"udp.port\":1}}"), "$.machines[0].rules[1].match[\"udp.port\"]",
     "a field of a packet"},
    {RULES(GO ",{\"match\":{\"udp.source\":65536}}"),
     "$.machines[0].rules[1].match[\"udp.source\"]", "of the field's width"},
    {RULES(GO ",{\"match\":{\"udp.source\":[9,8]}}"),
     "$.machines[0].rules[1].match[\"udp.source\"]", "before its start"},
    {RULES(GO ",{\"match\":{\"ipv4.source\":\"2001:db8::1\"}}"),
     "$.machines[0].rules[1].match[\"ipv4.source\"]", "192.0.2.0/24"},
    {RULES(GO ",{\"match\":{\"tcp.flags\":{\"value\":\"SF\",\"mask\":\"S\"}}}"),
     "$.machines[0].rules[1].match[\"tcp.flags\"]", "no bit that is not in"},
    {RULES(GO ",{\"match\":{\"tcp.flags\":\"X\"}}"), "$.machines[0].rules[1].match[\"tcp.flags\"]",
     "FSRPAUEC"},
    {RULES(GO ",{\"if\":[\"n >=1\"]}"), "$.machines[0].rules[1].if[0]", "with spaces"},
    {RULES(GO ",{\"if\":[\"q >= 1\"]}"), "$.machines[0].rules[1].if[0]", "a register"},
    {RULES(GO ",{\"update\":[\"n = n / 2\"]}"), "$.machines[0].rules[1].update[0]", "<<"},
    {RULES(GO ",{\"update\":[\"now_us = n\"]}"), "$.machines[0].rules[1].update[0]",
     "before the ="},
    {RULES(GO ",{\"update\":[\"n = 1\",\"n = 2\"]}"), "$.machines[0].rules[1].update[1]",
     "each register once"},
    {RULES(GO ",{\"next\":\"a\",\"update\":[\"n = 1\"]}"), "$.machines[0].rules[1].update",
     "`next` forgets"},
    {RULES(GO ",{\"idle_ms\":5}"), "$.machines[0].rules[1].idle_ms", "without \"next\""},
    {RULES(GO ",{\"next\":\"b\",\"idle_next\":\"a\"}"), "$.machines[0].rules[1].idle_next",
     "\"idle_ms\""},
    {RULES(GO ",{\"do\":\"eat\"}"), "$.machines[0].rules[1].do", "\"flood\""},
    {RULES(GO ",{\"do\":[\"drop\",\"forward\"]}"), "$.machines[0].rules[1].do[1]",
     "one place where"},
    {RULES(GO ",{\"do\":\"output @state\"}"), "$.machines[0].rules[1].do", "\"port\""},
    {RULES(GO ",{\"do\":\"mark 32767\"}"), "$.machines[0].rules[1].do", "0 to 32766"},
    {RULES(GO ",{\"set\":[{\"scope\":\"r\",\"next\":\"b\"}]}"),
     "$.machines[0].rules[1].set[0].scope", "a scope"},
    {RULES(GO ",{\"set\":[{\"scope\":\"update\"}]}"), "$.machines[0].rules[1].set[0].next",
     "missing"},
    {RULES(GO ",{\"set\":[{\"scope\":\"update\",\"then\":\"b\"}]}"),
     "$.machines[0].rules[1].set[0].then", "unknown key"},
    /* What can never be. */
    {RULES("{}"), "$.machines[0].states[1]", "no rule leads to"},
    {RULES(GO ",{\"state\":\"*\"},{\"state\":\"b\",\"do\":\"drop\"}"), "$.machines[0].rules[2]",
     "behind others"},
    {RULES(GO ",{\"state\":\"b\"},{\"state\":\"a\"},{\"do\":\"drop\"}"), "$.machines[0].rules[3]",
     "behind others"},
    {WITH("\"states\":[\"a\"],\"rules\":[],\"otherwise\":{\"do\":\"drop\",\"next\":\"a\"}"),
     "$.machines[0].otherwise", "\"do\" alone"},
};

static void what_a_machine_cannot_be_is_refused_where_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        struct machine *machines = NULL;
        struct config_error e;
        uint32_t n = 0;

        if (machine_list_load_text(bad[i].text, &machines, &n, &e) != -EINVAL)
            fail_msg("%s: taken", bad[i].text);
        if (strcmp(e.path, bad[i].path) != 0 || strstr(e.text, bad[i].words) == NULL)
            fail_msg("%s: %s", bad[i].text, e.text);
    }
}

static struct machine *load(const char *text)
{
    struct machine *machines = NULL;
    struct config_error e;
    uint32_t n = 0;

    if (machine_list_load_text(text, &machines, &n, &e) != 0)
        fail_msg("%s: %s", text, e.text);
    assert_int_equal(n, 1);
    return machines;
}

static void a_list_of_two_numbers_is_a_range_and_other_lists_are_values(void **state)
{
    struct machine *m = load(RULES(GO ",{\"match\":{\"udp.source\":[80,443]}},"
                                      "{\"match\":{\"udp.source\":[[80,443],7]}},"
                                      "{\"match\":{\"udp.source\":[80,443,7]}},"
                                      "{\"match\":{\"ip.protocol\":[\"tcp\",\"udp\"]}}"));
    static const uint32_t n_values[] = {1, 1, 2, 3, 2};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(n_values); i++)
        assert_int_equal(m->rules[i].matches[0].n_values, n_values[i]);
    machine_list_free(m, 1);
}

static void prefixes_of_both_families_are_ranges_of_one_field(void **state)
{
    struct machine *m = load(RULES(GO ",{\"match\":{\"ip.source\":\"192.0.2.0/24\"}},"
                                      "{\"match\":{\"ip.source\":\"2001:db8::/32\"}},"
                                      "{\"match\":{\"ipv4.source\":\"192.0.2.0/24\"}}"));
    const struct machine_values *mapped = &m->rules[1].matches[0].values[0];
    const struct machine_values *wide = &m->rules[2].matches[0].values[0];
    const struct machine_values *narrow = &m->rules[3].matches[0].values[0];

    (void)state;
    assert_int_equal(mapped->first[11], 0xff);
    assert_int_equal(mapped->first[15], 0);
    assert_int_equal(mapped->last[15], 0xff);
    assert_int_equal(mapped->last[14], 2);
    assert_int_equal(wide->last[3], 0xb8);
    assert_int_equal(wide->last[4], 0xff);
    assert_int_equal(narrow->first[0], 192);
    assert_int_equal(narrow->last[3], 0xff);
    assert_int_equal(narrow->last[4], 0);
    machine_list_free(m, 1);
}

#define CONFIG(ports, machine)                                                                     \
    "{\"ports\":[{\"name\":\"in\",\"device\":\"eth0\"},{\"name\":\"out\",\"device\":\"eth1\"},"    \
    "{\"name\":\"tap\",\"device\":\"eth2\",\"role\":\"mirror\"}],\"machines\":[{\"name\":\"m\","   \
    "\"ports\":" ports ",\"lookup\":[\"ip.source\"],\"states\":[\"a\"],\"rules\":[" machine "]}]}"

static void ports_and_next_hops_are_those_of_the_configuration(void **state)
{
    static const struct {
        const char *text, *path;
    } refused[] = {
        {CONFIG("[\"inn\"]", "{}"), "$.machines[0].ports[0]"},
        {CONFIG("[]", "{}"), "$.machines[0].ports"},
        {CONFIG("[\"in\",\"tap\"]", "{}"), "$.machines[0].ports[1]"},
        {CONFIG("null", "{\"do\":\"output ou\"}"), "$.machines[0].rules[0].do"},
        {CONFIG("null", "{\"do\":\"output tap\"}"), "$.machines[0].rules[0].do"},
        {CONFIG("null", "{\"do\":\"next_hop out\"}"), "$.machines[0].rules[0].do"},
    };
    struct config *config = NULL;
    struct config_error e;

    (void)state;
    assert_int_equal(
        config_load_text(CONFIG("[\"in\",\"out\"]", "{\"do\":\"output out\"}"), &config, &e), 0);
    assert_int_equal(config->machines[0].ports, 3);
    assert_int_equal(config->machines[0].targets[0].number, 1);
    config_free(config);
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        assert_int_equal(config_load_text(refused[i].text, &config, &e), -EINVAL);
        assert_string_equal(e.path, refused[i].path);
    }
}

static void a_machine_that_is_written_out_loads_as_the_same(void **state)
{
    struct config *config = NULL, *again = NULL;
    struct config_error e;
    json_t *first, *second, *first_rule;

    (void)state;
    assert_int_equal(config_load_text(CONFIG("[\"in\"]", "{\"do\":[\"drop\",\"count c\"],"
                                                         "\"match\":{\"udp.source\":[1,5]}}"),
                                      &config, &e),
                     0);
    first = config_to_json(config);
    assert_int_equal(config_load_json(first, &again, &e), 0);
    second = config_to_json(again);
    assert_true(json_equal(first, second));
    first_rule = json_array_get(
        json_object_get(json_array_get(json_object_get(first, "machines"), 0), "rules"), 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(first_rule, "do"), 0)),
                        "drop");
    json_decref(first);
    json_decref(second);
    config_free(config);
    config_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_machine_cannot_be_is_refused_where_it_stands),
        cmocka_unit_test(a_list_of_two_numbers_is_a_range_and_other_lists_are_values),
        cmocka_unit_test(prefixes_of_both_families_are_ranges_of_one_field),
        cmocka_unit_test(ports_and_next_hops_are_those_of_the_configuration),
        cmocka_unit_test(a_machine_that_is_written_out_loads_as_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
