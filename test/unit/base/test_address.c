/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/address.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/compiler.h"

static void prefixes_keep_their_text(void **state)
{
    const char *texts[] = {"0.0.0.0/0", "10.0.0.0/8",    "192.0.2.128/25",  "192.0.2.1/32",
                           "::/0",      "2001:db8::/32", "2001:db8::1/128", "fe80::/10"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct ip_prefix p;
        char text[IP_TEXT_BYTES];

        assert_int_equal(ip_prefix_parse(texts[i], &p), 0);
        assert_string_equal(ip_prefix_format(&p, text), texts[i]);
    }
}

static void bad_prefixes_are_refused_by_kind(void **state)
{
    const struct {
        const char *text;
        int error;
    } cases[] = {
        {"", -EINVAL},
        {"10.0.0.0/", -EINVAL},
        {"10.0.0.0/x", -EINVAL},
        {"10.0.0/8", -EINVAL},
        {"10.0.0.0/33", -ERANGE},
        {"::/129", -ERANGE},
        {"10.0.0.1/8", -EDOM},
        {"2001:db8::1/32", -EDOM},
        {"10.0.0.0/-1", -EINVAL},
        {"10.0.0.0/8 ", -EINVAL},
        {"10.0.0.0/08x", -EINVAL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct ip_prefix p;

        assert_int_equal(ip_prefix_parse(cases[i].text, &p), cases[i].error);
    }
}

static void address_alone_is_a_full_length_prefix(void **state)
{
    struct ip_prefix p;

    (void)state;
    assert_int_equal(ip_prefix_parse("192.0.2.1", &p), 0);
    assert_int_equal(p.length, 32);
    assert_int_equal(ip_prefix_parse("2001:db8::1", &p), 0);
    assert_int_equal(p.length, 128);
}

static void contains_compares_whole_and_partial_bytes(void **state)
{
    const struct {
        const char *prefix, *address;
        bool inside;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"192.0.2.128/25", "192.0.2.129", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "203.0.113.9", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct ip_prefix p;
        struct ip_address a;

        assert_int_equal(ip_prefix_parse(cases[i].prefix, &p), 0);
        assert_int_equal(ip_address_parse(cases[i].address, &a), 0);
        assert_int_equal(ip_prefix_contains(&p, &a), cases[i].inside);
    }
}

static void prefix_of_address_clears_host_bits(void **state)
{
    struct ip_address a;
    struct ip_prefix p;
    char text[IP_TEXT_BYTES];

    (void)state;
    assert_int_equal(ip_address_parse("192.0.2.77", &a), 0);
    p = ip_prefix_of_address(&a, 26);
    assert_string_equal(ip_prefix_format(&p, text), "192.0.2.64/26");
    assert_int_equal(ip_address_parse("2001:db8:ffff::1", &a), 0);
    p = ip_prefix_of_address(&a, 36);
    assert_string_equal(ip_prefix_format(&p, text), "2001:db8:f000::/36");
}

static void two_halves_are_one_prefix(void **state)
{
    const struct {
        const char *a, *b, *whole;
    } cases[] = {
        {"192.0.2.0/25", "192.0.2.128/25", "192.0.2.0/24"},
        {"192.0.2.128/25", "192.0.2.0/25", "192.0.2.0/24"},
        {"2001:db8::/33", "2001:db8:8000::/33", "2001:db8::/32"},
        {"0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/0"},
        {"::/1", "8000::/1", "::/0"},
        {"192.0.2.6/32", "192.0.2.7/32", "192.0.2.6/31"},
        {"192.0.2.7/32", "192.0.2.8/32", NULL}, /* neighbours, of two prefixes */
        {"192.0.2.0/25", "192.0.2.0/25", NULL},
        {"192.0.2.0/25", "192.0.2.128/26", NULL},
        {"0.0.0.0/0", "0.0.0.0/0", NULL},
        {"0.0.0.0/1", "8000::/1", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct ip_prefix a, b, whole;
        char text[IP_TEXT_BYTES];

        assert_int_equal(ip_prefix_parse(cases[i].a, &a), 0);
        assert_int_equal(ip_prefix_parse(cases[i].b, &b), 0);
        assert_int_equal(ip_prefix_of_halves(&a, &b, &whole), cases[i].whole != NULL);
        if (cases[i].whole != NULL)
            assert_string_equal(ip_prefix_format(&whole, text), cases[i].whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_keep_their_text),
        cmocka_unit_test(bad_prefixes_are_refused_by_kind),
        cmocka_unit_test(address_alone_is_a_full_length_prefix),
        cmocka_unit_test(contains_compares_whole_and_partial_bytes),
        cmocka_unit_test(prefix_of_address_clears_host_bits),
        cmocka_unit_test(two_halves_are_one_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
