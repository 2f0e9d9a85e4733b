/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);

    assert_non_null(value);
    return value;
}

static void a_dotted_key_leads_into_objects(void **state)
{
    json_t *o = parse("{\"a\": {\"b\": {\"c\": 7}, \"n\": null}, \"b\": 8}");

    (void)state;
    assert_int_equal(json_integer_value(json_at(o, "a.b.c")), 7);
    assert_int_equal(json_integer_value(json_at(o, "b")), 8);
    assert_null(json_at(o, "a.c"));
    assert_null(json_at(o, "b.c"));
    assert_null(json_at(o, "x.y.z"));
    assert_null(json_at(NULL, "a.b"));
    assert_true(json_has_at(o, "a.b"));
    assert_false(json_has_at(o, "a.n"));
    assert_false(json_has_at(o, "a.x"));
    json_decref(o);
}

static void what_is_not_there_reads_as_nothing(void **state)
{
    json_t *o =
        parse("{\"null\": null, \"text\": \"x\", \"three\": 3, \"half\": 0.5, \"yes\": true, "
              "\"no\": false}");

    (void)state;
    assert_true(json_number_at(o, "three") == 3);
    assert_true(json_number_at(o, "half") == 0.5);
    assert_true(json_number_at(o, "yes") == 1);
    assert_true(json_number_at(o, "no") == 0);
    assert_true(json_number_at(o, "text") == 0);
    assert_true(json_number_at(o, "null") == 0);
    assert_true(json_number_at(NULL, "three") == 0);
    assert_string_equal(json_string_at(o, "text"), "x");
    assert_string_equal(json_string_at(o, "three"), "");
    assert_string_equal(json_string_at(o, "missing"), "");
    json_decref(o);
}

static void any_value_is_told_to_people(void **state)
{
    static const struct {
        const char *value, *text;
    } cases[] = {
        {"\"some text\"", "some text"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"0.123456", "0.1235"},
        {"true", "yes"},
        {"false", "no"},
        {"null", "-"},
        {"{\"a\": 1}", "-"},
        {"[1]", "-"},
    };
    char out[JSON_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *o = json_pack("{s:o}", "v", json_loads(cases[i].value, JSON_DECODE_ANY, NULL));

        assert_string_equal(json_text_at(o, "v", out), cases[i].text);
        json_decref(o);
    }
    assert_string_equal(json_text_at(NULL, "v", out), "-");
}

static void text_longer_than_the_buffer_is_cut(void **state)
{
    char long_text[3 * JSON_TEXT_BYTES], out[JSON_TEXT_BYTES];
    json_t *o;

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    o = json_pack("{s:s}", "v", long_text);
    assert_int_equal(strlen(json_text_at(o, "v", out)), JSON_TEXT_BYTES - 1);
    json_decref(o);
}

static void what_json_cannot_say_is_null(void **state)
{
    json_t *real = json_real_or_null(0.25), *text = json_text_or_null("x");

    (void)state;
    assert_true(json_real_value(real) == 0.25);
    assert_string_equal(json_string_value(text), "x");
    assert_true(json_is_null(json_real_or_null(NAN)));
    assert_true(json_is_null(json_real_or_null(-INFINITY)));
    assert_true(json_is_null(json_text_or_null("")));
    assert_true(json_is_null(json_text_or_null(NULL)));
    json_decref(real);
    json_decref(text);
}

static void numbers_of_members_add_up(void **state)
{
    json_t *o =
        json_loads("{\"a\": {\"n\": 1}, \"b\": {\"n\": 2.5}, \"c\": {}, \"d\": 7}", 0, NULL);

    (void)state;
    assert_non_null(o);
    assert_true(json_sum_of_members(o, "n") == 3.5);
    assert_true(json_sum_of_members(o, "m") == 0);
    assert_true(json_sum_of_members(NULL, "n") == 0);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_members_add_up),
        cmocka_unit_test(a_dotted_key_leads_into_objects),
        cmocka_unit_test(what_is_not_there_reads_as_nothing),
        cmocka_unit_test(any_value_is_told_to_people),
        cmocka_unit_test(text_longer_than_the_buffer_is_cut),
        cmocka_unit_test(what_json_cannot_say_is_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
