/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "common/test_options.h"
#include "config/config.h"

/* The error text goes to /dev/null: only that it is refused matters. */
static error_t parse(struct test_options *o, const char *const *words)
{
    static char program[] = "program";
    char *argv[16] = {program};
    int argc = 1;
    error_t error;

    memset(o, 0, sizeof(*o));
    while (words[argc - 1] != NULL) {
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
        argc++;
    }
    error = argp_parse(&test_options_argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_ERRS, NULL, o);
    return error;
}

#define PARSE(o, ...) parse(o, (const char *const[]){__VA_ARGS__, NULL})

static void assert_json(json_t *got, const char *expected)
{
    json_t *want = json_loads(expected, 0, NULL);
    char *text = json_dumps(got, JSON_SORT_KEYS);

    assert_non_null(want);
    if (!json_equal(got, want))
        fail_msg("got %s, want %s", text, expected);
    free(text);
    json_decref(want);
    json_decref(got);
}

static void each_source_becomes_a_slice_of_its_own(void **state)
{
    struct test_options o;

    (void)state;
    assert_int_equal(PARSE(&o, "--source", "192.0.2.0/24,2001:db8::/32", "--source=::/0"), 0);
    assert_json(
        test_options_compose(&o),
        "{\"defaults\": {}, \"slices\": ["
        "{\"name\": \"192.0.2.0_24\", \"sources\": [\"192.0.2.0/24\"], \"mode\": \"active\"},"
        "{\"name\": \"2001.db8.._32\", \"sources\": [\"2001:db8::/32\"], \"mode\": \"active\"},"
        "{\"name\": \"any.._0\", \"sources\": [\"::/0\"], \"mode\": \"active\"}]}");
    test_options_free(&o);
}

static void only_what_was_given_is_composed(void **state)
{
    struct test_options o;

    (void)state;
    assert_int_equal(PARSE(&o, "--source", "192.0.2.0/24", "--destination",
                           "198.51.100.0/24,203.0.113.0/24", "--mode", "passive", "--rule", "penny",
                           "--drop-probability", "0.02", "--max-drops", "20", "--duration", "1.5",
                           "--no-individual"),
                     0);
    assert_int_equal(o.duration_ms, 1500);
    assert_json(test_options_compose(&o),
                "{\"defaults\": {\"rule\": \"penny\", \"drop_probability\": 0.02,"
                " \"max_drops_per_aggregate\": 20, \"max_duration_ms\": 1500,"
                " \"fallback_to_individual\": false},"
                "\"slices\": [{\"name\": \"192.0.2.0_24\", \"sources\": [\"192.0.2.0/24\"],"
                " \"destinations\": [\"198.51.100.0/24\", \"203.0.113.0/24\"],"
                " \"mode\": \"passive\"}]}");
    test_options_free(&o);
}

static void set_takes_numbers_booleans_and_words(void **state)
{
    struct test_options o;

    (void)state;
    assert_int_equal(PARSE(&o, "--source", "192.0.2.1", "--set", "beta=1e-3", "--set", "rule=penny",
                           "--set", "fallback_to_individual=false", "--seed", "7"),
                     0);
    assert_json(test_options_compose(&o), "{\"defaults\": {\"beta\": 0.001, \"rule\": \"penny\","
                                          " \"fallback_to_individual\": false, \"seed\": 7},"
                                          "\"slices\": [{\"name\": \"192.0.2.1\", \"sources\": "
                                          "[\"192.0.2.1\"], \"mode\": \"active\"}]}");
    test_options_free(&o);
}

static void an_unknown_option_is_refused(void **state)
{
    struct test_options o;

    (void)state;
    assert_int_not_equal(PARSE(&o, "--source", "192.0.2.1", "--nonsense"), 0);
    test_options_free(&o);
}

/* What is composed loads, and what is refused is named by its option. */
static void composed_documents_load_or_are_refused_by_option(void **state)
{
    static const struct {
        const char *option, *value, *refused;
    } cases[] = {
        {"--rule", "penny", NULL},
        {"--drop-probability", "0.1", NULL},
        {"--max-drops", "24", NULL},
        {"--max-drops-per-flow", "3", NULL},
        {"--retransmission-timeout", "1.5", NULL},
        {"--duration", "60", NULL},
        {"--alpha", "1e-5", NULL},
        {"--seed", "42", NULL},
        {"--set", "max_duplicate_ratio=0.2", NULL},
        {"--mode", "passive", NULL},
        {"--destination", "203.0.113.0/24,::/0", NULL},
        {"--source", "2001:db8::/32,::/0", NULL},
        {"--rule", "guess", "--rule: \"guess\""},
        {"--drop-probability", "7", "--drop-probability: 7"},
        {"--set", "no_such_thing=1", "--set no_such_thing: "},
        {"--mode", "fast", "--mode: \"fast\""},
        {"--source", "192.0.2.1/24", "--source: \"192.0.2.1/24\""},
        {"--destination", "here", "--destination: \"here\""},
    };
    char out[1300];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct config_error error = {0};
        struct config *config = NULL;
        struct test_options o;
        json_t *document;
        int result;

        assert_int_equal(PARSE(&o, "--source", "198.51.100.0/24", cases[i].option, cases[i].value),
                         0);
        document = test_options_compose(&o);
        result = config_load_json(document, &config, &error);
        test_options_explain(&error, out, sizeof(out));
        if (cases[i].refused == NULL && result != 0)
            fail_msg("%s %s: %s", cases[i].option, cases[i].value, out);
        if (cases[i].refused != NULL &&
            (result == 0 || strncmp(out, cases[i].refused, strlen(cases[i].refused)) != 0))
            fail_msg("%s %s: %s", cases[i].option, cases[i].value, out);
        json_decref(document);
        config_free(config);
        test_options_free(&o);
    }
}

static void a_refused_value_is_named_by_its_option(void **state)
{
    static const struct {
        const char *path, *text, *explained;
    } cases[] = {
        {"$.defaults.drop_probability", "$.defaults.drop_probability: 7; allowed: less",
         "--drop-probability: 7; allowed: less"},
        {"$.defaults.bet", "$.defaults.bet: unknown key", "--set bet: unknown key"},
        {"$.slices[0].sources[0]", "$.slices[0].sources[0]: \"x\"; allowed: a prefix",
         "--source: \"x\"; allowed: a prefix"},
        {"$.slices[3].destinations[0]", "$.slices[3].destinations[0]: 1", "--destination: 1"},
        {"$.slices[3].mode", "$.slices[3].mode: \"x\"", "--mode: \"x\""},
        {"$.slices[0].max_drops_per_aggregate",
         "$.slices[0].max_drops_per_aggregate: 4; allowed: at least 5",
         "--max-drops: 4; allowed: at least 5"},
        {"$.slices[1].flow_idle_timeout_ms", "$.slices[1].flow_idle_timeout_ms: 30000; allowed: 1",
         "--set flow_idle_timeout_ms: 30000; allowed: 1"},
        {"$.ports[0].device", "$.ports[0].device: missing", "$.ports[0].device: missing"},
    };
    char out[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct config_error error = {0};

        snprintf(error.path, sizeof(error.path), "%s", cases[i].path);
        snprintf(error.text, sizeof(error.text), "%s", cases[i].text);
        assert_string_equal(test_options_explain(&error, out, sizeof(out)), cases[i].explained);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_source_becomes_a_slice_of_its_own),
        cmocka_unit_test(only_what_was_given_is_composed),
        cmocka_unit_test(set_takes_numbers_booleans_and_words),
        cmocka_unit_test(an_unknown_option_is_refused),
        cmocka_unit_test(composed_documents_load_or_are_refused_by_option),
        cmocka_unit_test(a_refused_value_is_named_by_its_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
