/* SPDX-License-Identifier: BSD-3-Clause */
/* The map by command: parts of it, what matches, why, and what is refused. */
#include "../map/fixture.h"
#include "report/map.h"
#include "world.h"

struct place {
    struct world w;
    struct fixture f;
};

static json_t *summary(void *context)
{
    return report_map_summary(((struct place *)context)->f.map);
}

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    *state = p;
    if (world_open(&p->w) != 0)
        return -1;
    fixture_open(&p->f, 64, 1);
    p->w.operations.map = p->f.map;
    p->w.operations.map_summary = summary;
    p->w.operations.context = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    fixture_close(&p->f);
    p->w.operations.context = &p->w;
    world_close(&p->w);
    free(p);
    return 0;
}

/* The caller's. */
static json_t *ask(struct place *p, const char *request)
{
    bool watch = false;
    json_t *reply = control_execute(&p->w.operations, request, strlen(request), &world_operator,
                                    p->f.turn.now_ns, &watch);

    assert_non_null(reply);
    return reply;
}

static json_t *result_of(struct place *p, const char *request)
{
    json_t *reply = ask(p, request), *result = json_incref(json_object_get(reply, "result"));

    if (!json_is_true(json_object_get(reply, "ok")))
        fail_msg("%s: %s", request, json_string_value(json_object_get(reply, "error")));
    json_decref(reply);
    return result;
}

static void assert_refused(struct place *p, const char *request, const char *words)
{
    json_t *reply = ask(p, request);
    const char *error = json_string_value(json_object_get(reply, "error"));

    if (error == NULL || strstr(error, words) == NULL)
        fail_msg("%s: %s", request, error != NULL ? error : "not refused");
    json_decref(reply);
}

static size_t count(struct place *p, const char *request)
{
    json_t *result = result_of(p, request);
    const size_t n = json_array_size(json_object_get(result, "entries"));

    json_decref(result);
    return n;
}

/* Twenty /24s at the customer's, ten of them at the peer's, too. */
static void send_all(struct place *p)
{
    const uint16_t customer = ingress_of_vlan(&p->f, 1), peer = ingress_of_vlan(&p->f, 2);

    fixture_turn(&p->f);
    for (uint32_t i = 0; i < 20; i++) {
        const struct ip_address a = ipv4(0x14000001 + i * 256);

        send_from(&p->f, 0, &a, customer, 8);
        if (i < 10)
            send_from(&p->f, 0, &a, peer, 8);
    }
    fixture_turn(&p->f);
}

static void parts_make_up_the_whole(void **state)
{
    struct place *p = *state;
    char request[128];
    unsigned int n = 0;
    json_int_t after = 0;

    send_all(p);
    for (bool more = true; more;) {
        json_t *result, *next;

        snprintf(request, sizeof(request), "{\"command\": \"map\", \"count\": 7, \"after\": %lld}",
                 (long long)after);
        result = result_of(p, request);
        next = json_object_get(result, "next");
        n += (unsigned int)json_array_size(json_object_get(result, "entries"));
        assert_true(json_array_size(json_object_get(result, "entries")) <= 7);
        more = !json_is_null(next);
        after = json_integer_value(next);
        json_decref(result);
    }
    assert_int_equal(n, 30);
}

static void entries_are_found_by_what_they_are(void **state)
{
    struct place *p = *state;

    send_all(p);
    assert_int_equal(count(p, "{\"command\": \"map\", \"ingress\": \"peer\"}"), 10);
    assert_int_equal(count(p, "{\"command\": \"map\", \"prefix\": \"20.0.3.9\"}"), 2);
    assert_int_equal(count(p, "{\"command\": \"map\", \"prefix\": \"20.0.0.0/22\"}"), 8);
    assert_int_equal(count(p, "{\"command\": \"map\", \"unexpected\": true}"), 0);
    assert_int_equal(count(p, "{\"command\": \"map\", \"reality\": \"untested\"}"), 30);
    assert_int_equal(count(p, "{\"command\": \"map\", \"reality\": \"genuine\"}"), 0);
    assert_int_equal(count(p, "{\"command\": \"map\", \"seen_within_s\": 5}"), 30);
    p->f.turn.now_ns += 10 * NS_PER_S;
    assert_int_equal(count(p, "{\"command\": \"map\", \"seen_within_s\": 5}"), 0);
}

static void why_names_the_route_and_its_sender(void **state)
{
    struct place *p = *state;
    struct expect_builder *b;
    json_t *why;

    assert_refused(p, "{\"command\": \"map why\", \"prefix\": \"20.0.0.1\", \"ingress\": \"peer\"}",
                   "nothing is known");
    b = begin_expectation(p->f.config);
    add_route(b, "20.0.0.0/12", 64501);
    assert_int_equal(map_expect(p->f.map, finish_expectation(b), 0), 0);
    why = result_of(p, "{\"command\": \"map why\", \"prefix\": \"20.0.0.1\", \"ingress\": "
                       "\"customer\"}");
    assert_string_equal(json_string_value(json_object_get(why, "grade")), "route");
    assert_int_equal(json_array_size(json_object_get(json_object_get(why, "route_here"), "from")),
                     1);
    json_decref(why);
    assert_refused(p, "{\"command\": \"map why\", \"prefix\": \"20.0.0.1\", \"ingress\": \"x\"}",
                   "no ingress of the file");
}

static void the_whole_is_summed_up(void **state)
{
    struct place *p = *state;
    json_t *result;

    send_all(p);
    result = result_of(p, "{\"command\": \"map summary\"}");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(result, "counters"), "entries")), 30);
    assert_true(json_is_null(json_object_get(result, "expectation")));
    json_decref(result);
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct place *p = *state;

    assert_refused(p, "{\"command\": \"map\", \"ingress\": \"nowhere\"}", "no ingress of the map");
    assert_refused(p, "{\"command\": \"map\", \"prefix\": \"20.0.0.1/8\"}", "allowed: a prefix");
    assert_refused(p, "{\"command\": \"map\", \"reality\": \"real\"}", "allowed: untested");
    assert_refused(p, "{\"command\": \"map\", \"count\": 501}", "500");
    p->w.operations.map = NULL;
    assert_refused(p, "{\"command\": \"map\"}", "no map here");
    assert_refused(p, "{\"command\": \"map summary\"}", "no map here");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(parts_make_up_the_whole),
        TEST(entries_are_found_by_what_they_are),
        TEST(why_names_the_route_and_its_sender),
        TEST(the_whole_is_summed_up),
        TEST(what_makes_no_sense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
