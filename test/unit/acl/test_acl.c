/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "acl/acl.h"
#include "base/compiler.h"
#include "base/random.h"

/* The first rule that holds the address decides. */
static bool naive_permits(const struct acl_rule *rules, size_t n, bool otherwise,
                          const struct ip_address *a)
{
    for (size_t i = 0; i < n; i++)
        if (ip_prefix_contains(&rules[i].prefix, a))
            return rules[i].permit;
    return otherwise;
}

static struct ip_address address_of(const char *text)
{
    struct ip_address a;

    assert_int_equal(ip_address_parse(text, &a), 0);
    return a;
}

/* Near the ends of both families, and within a small corner of each. */
static struct ip_address any_address(struct random_source *r)
{
    static const char *const bases[] = {
        "0.0.0.0",   "255.255.255.0", "192.0.2.0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00",
        "2001:db8::"};
    struct ip_address a = address_of(bases[random_u32(r) % ARRAY_LENGTH(bases)]);
    unsigned int n_bits = random_u32(r) % 24;

    for (unsigned int i = 0; i < n_bits; i++) {
        unsigned int bit = random_u32(r) % 14;

        a.bytes[15 - bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    return a;
}

static void the_first_rule_that_holds_an_address_decides(void **state)
{
    struct random_source r;
    struct acl_rule rules[40];

    (void)state;
    random_seed_fixed(&r, 4, 4);
    for (unsigned int round = 0; round < 500; round++) {
        size_t n = random_u32(&r) % ARRAY_LENGTH(rules);
        bool otherwise = random_u32(&r) % 2 == 0;
        struct acl *acl = NULL;

        for (size_t i = 0; i < n; i++) {
            struct ip_address a = any_address(&r);
            uint8_t most = ip_address_is_ipv4(&a) ? 32 : 128;
            uint8_t length = random_u32(&r) % 8 == 0 ? (uint8_t)(random_u32(&r) % (most + 1u))
                                                     : (uint8_t)(most - random_u32(&r) % 14);

            rules[i] = (struct acl_rule){ip_prefix_of_address(&a, length), random_u32(&r) % 2 == 0};
        }
        assert_int_equal(acl_compile(&acl, rules, n, otherwise), 0);
        for (unsigned int i = 0; i < 200; i++) {
            struct ip_address a = any_address(&r);

            assert_int_equal(acl_permits(acl, &a), naive_permits(rules, n, otherwise, &a));
        }
        acl_free(acl);
    }
}

static struct acl_rule rule(const char *prefix, bool permit)
{
    struct acl_rule out = {.permit = permit};

    assert_int_equal(ip_prefix_parse(prefix, &out.prefix), 0);
    return out;
}

static void all_of_a_family_is_one_range(void **state)
{
    const struct acl_rule rules[] = {rule("0.0.0.0/0", true), rule("::/0", true)};
    const struct ip_address ends[] = {address_of("0.0.0.0"), address_of("255.255.255.255"),
                                      address_of("::"),
                                      address_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")};
    struct acl *acl = NULL;

    (void)state;
    assert_int_equal(acl_compile(&acl, rules, 1, false), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(ends); i++)
        assert_int_equal(acl_permits(acl, &ends[i]), i < 2);
    acl_free(acl);
    assert_int_equal(acl_compile(&acl, rules, 2, false), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(ends); i++)
        assert_true(acl_permits(acl, &ends[i]));
    acl_free(acl);
}

static void an_empty_list_is_what_it_is_otherwise(void **state)
{
    const struct ip_address a = address_of("192.0.2.1");
    struct acl *acl = NULL;

    (void)state;
    for (int otherwise = 0; otherwise < 2; otherwise++) {
        assert_int_equal(acl_compile(&acl, NULL, 0, otherwise), 0);
        assert_int_equal(acl_permits(acl, &a), otherwise);
        acl_free(acl);
    }
}

static void sixty_four_thousand_rules_are_compiled_and_no_more(void **state)
{
    struct acl_rule *rules = calloc(ACL_MOST_RULES + 1, sizeof(*rules));
    struct acl *acl = NULL;

    (void)state;
    assert_non_null(rules);
    for (size_t i = 0; i < ACL_MOST_RULES; i++) {
        rules[i] = rule("10.0.0.0/32", true);
        rules[i].prefix.address.bytes[13] = (uint8_t)(i >> 8);
        rules[i].prefix.address.bytes[14] = (uint8_t)i;
    }
    assert_int_equal(acl_compile(&acl, rules, ACL_MOST_RULES + 1, false), -E2BIG);
    assert_int_equal(acl_compile(&acl, rules, ACL_MOST_RULES, false), 0);
    assert_int_equal(acl_n_ranges(acl), 2 * ACL_MOST_RULES + 2);
    acl_free(acl);
    free(rules);
}

static int read_text(const char *text, struct acl_rule **rules, size_t *n, size_t *line)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    int status;

    assert_non_null(file);
    *rules = NULL;
    *n = 0;
    status = acl_read_rules(file, rules, n, line);
    fclose(file);
    return status;
}

static void texts_are_read_line_by_line(void **state)
{
    static const struct {
        const char *text;
        int status;
        size_t n, line;
    } cases[] = {
        {"permit 192.0.2.0/24\ndeny 2001:db8::/32 # why\n\n# all\n  198.51.100.1\t\n", 0, 3, 6},
        {"192.0.2.0/24", 0, 1, 2},
        {"permit 192.0.2.0/24\nallow 192.0.2.1\n", -EINVAL, 1, 2},
        {"permit\n", -EINVAL, 0, 1},
        {"deny 192.0.2.1/24\n", -EINVAL, 0, 1}, /* host bits */
        {"permit 192.0.2.1 192.0.2.2\n", -EINVAL, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct acl_rule *rules;
        size_t n, line;

        assert_int_equal(read_text(cases[i].text, &rules, &n, &line), cases[i].status);
        assert_int_equal(n, cases[i].n);
        assert_int_equal(line, cases[i].line);
        if (i == 0) {
            assert_true(rules[0].permit && !rules[1].permit && rules[2].permit);
            assert_int_equal(rules[2].prefix.length, 32);
        }
        free(rules);
    }
}

static void long_lines_are_none(void **state)
{
    char text[400];
    struct acl_rule *rules;
    size_t n, line;

    (void)state;
    memset(text, ' ', sizeof(text));
    memcpy(text + 300, "192.0.2.1\n", 11);
    assert_int_equal(read_text(text, &rules, &n, &line), -EINVAL);
    free(rules);
}

static void files_say_what_is_wrong_with_them(void **state)
{
    char path[] = "/tmp/acl-XXXXXX";
    int fd = mkstemp(path);
    struct acl_rule *rules = NULL;
    size_t n = 0, line;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "192.0.2.1\n", 10), 10);
    assert_int_equal(acl_read_file(path, &rules, &n, &line), 0);
    assert_int_equal(n, 1);
    close(fd);
    unlink(path);
    assert_int_equal(acl_read_file(path, &rules, &n, &line), -ENOENT);
    assert_int_equal(acl_read_file("/tmp", &rules, &n, &line), -EISDIR);
    free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_rule_that_holds_an_address_decides),
        cmocka_unit_test(all_of_a_family_is_one_range),
        cmocka_unit_test(an_empty_list_is_what_it_is_otherwise),
        cmocka_unit_test(sixty_four_thousand_rules_are_compiled_and_no_more),
        cmocka_unit_test(texts_are_read_line_by_line),
        cmocka_unit_test(long_lines_are_none),
        cmocka_unit_test(files_say_what_is_wrong_with_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
