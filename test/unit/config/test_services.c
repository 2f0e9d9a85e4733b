/* SPDX-License-Identifier: BSD-3-Clause */
/* Services: what is refused, what stands where nothing is said, and the numbers that they and their
 * members keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/config.h"

#define HOP(name, mac)                                                                             \
    "{\"name\":\"" name "\",\"port\":\"b\",\"destination_mac\":\"02:00:00:00:00:" mac "\"}"
#define DOCUMENT(services)                                                                         \
    "{\"ports\":[{\"name\":\"a\",\"device\":\"eth0\"},{\"name\":\"b\",\"device\":\"eth1\"}],"      \
    "\"next_hops\":[" HOP("m1", "01") "," HOP("m2", "02") "," HOP(                                 \
        "m3", "03") "],"                                                                           \
                    "\"services\":[" services "]}"
#define SERVICE(name, options) "{\"name\":\"" name "\"," options "}"
#define AT(address)            "\"addresses\":[\"" address "\"],\"members\":[\"m1\"]"
#define TWO(first, second)     DOCUMENT(SERVICE("x", first) "," SERVICE("y", second))

static struct config *load(const char *text)
{
    struct config_error error;
    struct config *config = NULL;

    if (config_load_text(text, &config, &error) != 0)
        fail_msg("%s", error.text);
    return config;
}

static void each_mistake_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *json, *line; /* NULL: none */
    } cases[] = {
        {DOCUMENT(SERVICE("x", AT("192.0.2.0/24"))),
         "$.services[0].addresses[0]: \"192.0.2.0/24\"; allowed: an address like \"192.0.2.1\" or "
         "\"2001:db8::1\""},
        {DOCUMENT(SERVICE("x", AT("224.0.0.1"))),
         "$.services[0].addresses[0]: \"224.0.0.1\"; allowed: a unicast address like "
         "\"192.0.2.1\" or \"2001:db8::1\""},
        {DOCUMENT(SERVICE("x", AT("0.0.0.0"))),
         "$.services[0].addresses[0]: \"0.0.0.0\"; allowed: a unicast address like "
         "\"192.0.2.1\" or \"2001:db8::1\""},
        {DOCUMENT(SERVICE("x", AT("ff02::1"))),
         "$.services[0].addresses[0]: \"ff02::1\"; allowed: a unicast address like "
         "\"192.0.2.1\" or \"2001:db8::1\""},
        {DOCUMENT(SERVICE("x", "\"addresses\":null,\"members\":[\"m1\"]")),
         "$.services[0].addresses: null; allowed: a list of 1 to 64 addresses"},
        {DOCUMENT(SERVICE("x", "\"addresses\":[\"192.0.2.1\"],\"members\":[\"m9\"]")),
         "$.services[0].members[0]: \"m9\"; allowed: the name of a next hop; did you mean \"m1\"?"},
        {DOCUMENT(SERVICE("x", "\"addresses\":[\"192.0.2.1\"],\"members\":[\"m1\",\"m1\"]")),
         "$.services[0].members[1]: \"m1\"; allowed: each name once"},
        {TWO(AT("192.0.2.1"), AT("192.0.2.1")),
         "$.services[1].addresses[0]: 192.0.2.1, whose port 0 is that of service \"x\", too; "
         "allowed: one service for an address, port and protocol"},
        {TWO(AT("2001:db8::1") ",\"port\":53,\"protocol\":\"udp\"",
             AT("2001:db8::1") ",\"port\":53"),
         "$.services[1].addresses[0]: 2001:db8::1, whose port 53 is that of service \"x\", "
         "too; allowed: one service for an address, port and protocol"},
        {TWO(AT("192.0.2.1") ",\"port\":53,\"protocol\":\"udp\"",
             AT("192.0.2.1") ",\"port\":53,\"protocol\":\"tcp\""),
         NULL},
        {TWO(AT("192.0.2.1") ",\"port\":53", AT("192.0.2.1")), NULL},
        {TWO(AT("192.0.2.1"), AT("192.0.2.2")), NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct config *config = NULL;
        struct config_error error = {0};
        int status = config_load_text(cases[i].json, &config, &error);

        assert_int_equal(status == 0, cases[i].line == NULL);
        assert_string_equal(error.text, cases[i].line == NULL ? "" : cases[i].line);
        config_free(config);
    }
}

static void what_is_not_said_has_its_default(void **state)
{
    struct config *c = load(DOCUMENT(SERVICE("x", AT("192.0.2.1"))));
    const struct config_service *s = &c->services[0];

    (void)state;
    assert_int_equal(s->protocol, SERVICE_ANY);
    assert_int_equal(s->port, 0);
    assert_int_equal(s->hash, SERVICE_BY_FLOW);
    assert_int_equal(s->hash_prefix.ipv4, 24);
    assert_int_equal(s->hash_prefix.ipv6, 48);
    assert_false(s->sticky);
    assert_int_equal(c->next_hops[s->members[0]].weight, 1);
    config_free(c);
}

/* By name; "x" has other members and another place. */
static const struct config_service *service_of(const struct config *c, const char *name)
{
    for (uint32_t i = 0; i < c->n_services; i++)
        if (strcmp(c->services[i].name, name) == 0)
            return &c->services[i];
    fail_msg("no service %s", name);
    return NULL;
}

static void services_and_members_keep_their_numbers(void **state)
{
    struct config *before = load(DOCUMENT(SERVICE("w", AT("192.0.2.9")) "," SERVICE(
        "x", "\"addresses\":[\"192.0.2.1\"],\"members\":[\"m1\",\"m2\"]")));
    struct config *after = load(DOCUMENT(
        SERVICE("x", "\"addresses\":[\"192.0.2.1\"],\"members\":[\"m3\",\"m2\"]") "," SERVICE(
            "z", AT("192.0.2.3"))));
    const struct config_service *x;

    (void)state;
    config_take_numbers(before, NULL);
    assert_int_equal(service_of(before, "w")->number, 0);
    x = service_of(before, "x");
    assert_int_equal(x->number, 1);
    assert_int_equal(x->member_numbers[0], 0);
    assert_int_equal(x->member_numbers[1], 1);

    config_take_numbers(after, before);
    x = service_of(after, "x");
    assert_int_equal(x->number, 1);
    assert_int_equal(x->member_numbers[0], 2); /* not that of m1, who just left */
    assert_int_equal(x->member_numbers[1], 1);
    assert_int_equal(service_of(after, "z")->number, 2);
    config_free(before);
    config_free(after);
}

#define RESPONDER(name) "{\"name\":\"" name "\",\"acl\":[\"permit 192.0.2.0/24\"]}"
#define RESPONDERS(list)                                                                           \
    "{\"ports\":[{\"name\":\"b\",\"device\":\"eth1\"}],\"responders\":[" list "]}"

static void responders_keep_their_numbers(void **state)
{
    struct config *before = load(RESPONDERS(RESPONDER("a") "," RESPONDER("b")));
    struct config *after = load(RESPONDERS(RESPONDER("c") "," RESPONDER("b")));

    (void)state;
    config_take_numbers(before, NULL);
    config_take_numbers(after, before);
    assert_int_equal(before->responders[0].number, 0);
    assert_int_equal(before->responders[1].number, 1);
    assert_int_equal(after->responders[1].number, 1);
    assert_int_equal(after->responders[0].number, 2); /* not that of "a", who just left */
    config_free(before);
    config_free(after);
}

/* CONFIG_MAX_SERVICES of them, named after `letter`. */
static struct config *load_full(char letter)
{
    static const char head[] =
        "{\"ports\":[{\"name\":\"b\",\"device\":\"eth1\"}],\"next_hops\":[" HOP(
            "m1", "01") "],\"services\":[";
    static char text[32 * 1024];
    size_t n = (size_t)snprintf(text, sizeof(text), "%s", head);

    for (unsigned int i = 0; i < CONFIG_MAX_SERVICES; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n,
                              "%s{\"name\":\"%c%u\",\"addresses\":[\"192.0.2.%u\"],"
                              "\"members\":[\"m1\"]}",
                              i == 0 ? "" : ",", letter, i, i + 1);
    snprintf(text + n, sizeof(text) - n, "]}");
    return load(text);
}

static void numbers_are_given_again_when_none_is_left(void **state)
{
    struct config *before = load_full('a'), *after = load_full('b');
    bool is_used[CONFIG_MAX_SERVICES] = {false};

    (void)state;
    config_take_numbers(before, NULL);
    config_take_numbers(after, before);
    for (uint32_t i = 0; i < CONFIG_MAX_SERVICES; i++) {
        assert_true(after->services[i].number < CONFIG_MAX_SERVICES);
        assert_false(is_used[after->services[i].number]);
        is_used[after->services[i].number] = true;
    }
    config_free(before);
    config_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_refused_with_its_line),
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(services_and_members_keep_their_numbers),
        cmocka_unit_test(responders_keep_their_numbers),
        cmocka_unit_test(numbers_are_given_again_when_none_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
