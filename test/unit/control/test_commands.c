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
#include "base/time.h"
#include "world.h"

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    *state = w;
    return world_open(w);
}

static int tear_down(void **state)
{
    world_close(*state);
    free(*state);
    return 0;
}

/* The caller's. */
static json_t *ask(struct world *w, const char *request)
{
    bool watch = false;
    json_t *reply = control_execute(&w->operations, request, strlen(request), &world_operator,
                                    w->now_ns, &watch);

    assert_non_null(reply);
    return reply;
}

/* "result" of a request that must be granted. The caller's. */
static json_t *result_of(struct world *w, const char *request)
{
    json_t *reply = ask(w, request), *result = json_incref(json_object_get(reply, "result"));

    if (!json_is_true(json_object_get(reply, "ok")))
        fail_msg("%s: %s", request, json_string_value(json_object_get(reply, "error")));
    json_decref(reply);
    return result;
}

static void assert_refused(struct world *w, const char *request, const char *words)
{
    json_t *reply = ask(w, request);
    const char *error = json_string_value(json_object_get(reply, "error"));

    assert_true(json_is_false(json_object_get(reply, "ok")));
    assert_non_null(error);
    if (strstr(error, words) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", request, error, words);
    json_decref(reply);
}

static void each_refusal_says_what_is_wrong_and_what_to_do(void **state)
{
    static const struct {
        const char *request, *words;
    } cases[] = {
        {"", "no JSON object"},
        {"{", "no JSON object"},
        {"[1]", "no JSON object"},
        {"{\"command\": \"status\", \"command\": \"status\"}", "no JSON object"},
        {"{}", "names no command"},
        {"{\"command\": 3}", "names no command"},
        {"{\"command\": \"reboot\"}", "\"reboot\": no such command"},
        {"{\"command\": \"status\", \"verbose\": true}", "it knows no \"verbose\""},
        {"{\"command\": \"aggregate\"}", "\"aggregate\" is missing"},
        {"{\"command\": \"aggregate\", \"aggregate\": -1}", "out of bounds"},
        {"{\"command\": \"aggregate\", \"aggregate\": 1.5}", "out of bounds"},
        {"{\"command\": \"aggregate\", \"aggregate\": 4}", "there are 4, counted from 0"},
        {"{\"command\": \"aggregate\", \"aggregate\": \"nobody\"}", "is no aggregate's slice"},
        {"{\"command\": \"aggregate\", \"aggregate\": \"192.0.2.0/25\"}",
         "is no aggregate's slice"},
        {"{\"command\": \"aggregate\", \"aggregate\": \"edge 198.51.100.0/24\"}",
         "is no aggregate's slice"},
        {"{\"command\": \"aggregate\", \"aggregate\": \"\"}", "is no aggregate's slice"},
        {"{\"command\": \"aggregate\", \"aggregate\": \" \"}", "is no prefix"},
        {"{\"command\": \"aggregates\", \"count\": 1001}", "from 0 to 1000"},
        {"{\"command\": \"aggregates\", \"drops\": 1}", "true or false"},
        {"{\"command\": \"aggregates\", \"slice\": \"nobody\"}", "\"nobody\""},
        {"{\"command\": \"aggregates\", \"verdict\": \"guilty\"}", "give closed_loop"},
        {"{\"command\": \"test start\", \"aggregate\": \"mirror\"}", "not in mode active"},
        {"{\"command\": \"test stop\", \"aggregate\": 0}", "nothing to stop"},
        {"{\"command\": \"drain\", \"timeout_s\": 604801}", "a whole number from 0 to 604800"},
        {"{\"command\": \"drain\", \"timeout_s\": \"soon\"}", "a whole number from 0 to 604800"},
        {"{\"command\": \"kill-switch\"}", "\"on\" is missing"},
        {"{\"command\": \"kill-switch\", \"on\": \"yes\"}", "true or false"},
    };
    struct world *w = *state;
    unsigned int n_events = w->n_events;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_refused(w, cases[i].request, cases[i].words);
    /* And nothing changed. */
    assert_int_equal(w->n_events, n_events);
    assert_false(manager_any_running(w->operations.manager));
    assert_false(manager_kill_switch(w->operations.manager));
}

/* A slice alone means its one aggregate, so a prefix that cannot be read must not be left out. */
static void a_prefix_that_cannot_be_read_begins_no_test(void **state)
{
    static const char *const texts[] = {
        "twice 203.0.113.7/24",  /* bits beyond its length */
        "twice 203.0.113.0/33",  /* too long */
        "twice garbage",         /* no address */
        "twice ",                /* nothing */
        "twice  203.0.113.0/25", /* two spaces */
        "twice 203.0.113.0/25 ", /* something behind it */
    };
    struct world *w = *state;
    char request[128];

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        snprintf(request, sizeof(request), "{\"command\": \"test start\", \"aggregate\": \"%s\"}",
                 texts[i]);
        assert_refused(w, request, "what follows the slice is no prefix");
    }
    assert_false(manager_any_running(w->operations.manager));
}

static void a_request_may_hold_any_bytes(void **state)
{
    static const char zero[] = "{\"command\": \"sta\0tus\"}";
    struct world *w = *state;
    bool watch = false;
    json_t *reply =
        control_execute(&w->operations, zero, sizeof(zero) - 1, &world_operator, w->now_ns, &watch);

    assert_true(json_is_false(json_object_get(reply, "ok")));
    json_decref(reply);
    assert_refused(w, "{\"command\": \"\xff\xfe\"}", "no JSON object");
    assert_refused(w, "{\"command\": \"sta\\u0000tus\"}", "");
    assert_refused(w, "{\"command\": \"\\\xc5\x83\"}", "no JSON object");
    /* Quoted, and cut in the middle of a letter. */
    assert_refused(
        w,
        "{\"command\": \"a\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
        "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
        "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
        "\xc3\xa4\xc3\xa4\"}",
        "no such command");
}

static void an_aggregate_is_meant_by_number_slice_or_prefix(void **state)
{
    static const struct {
        const char *text;
        uint32_t aggregate;
    } cases[] = {
        {"1", 1},
        {"\"lab\"", 1},
        {"\"198.51.100.0/24\"", 1},
        {"\"2001:db8::/32\"", 2},
        {"\"twice\"", 3},
        {"\"203.0.113.0/25\"", 3},
        {"\"203.0.113.128/25\"", 3},
        {"\"lab 198.51.100.0/24\"", 1},
    };
    struct world *w = *state;
    char request[128];

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct aggregate_report report;
        json_t *result;

        snprintf(request, sizeof(request), "{\"command\": \"aggregate\", \"aggregate\": %s}",
                 cases[i].text);
        result = result_of(w, request);
        assert_true(manager_report(w->operations.manager, cases[i].aggregate, &report));
        assert_string_equal(json_string_value(json_object_get(result, "slice")),
                            report.slice->name);
        json_decref(result);
    }
}

static void a_test_starts_and_stops_on_command(void **state)
{
    static const char start[] = "{\"command\": \"test start\", \"aggregate\": \"edge\"}";
    struct world *w = *state;
    struct aggregate_report report;

    json_decref(result_of(w, start));
    world_run(w, 3);
    assert_true(manager_report(w->operations.manager, 0, &report));
    assert_int_equal(report.state, TEST_POOLED);
    assert_refused(w, start, "a test of it is running");
    json_decref(result_of(w, "{\"command\": \"test stop\", \"aggregate\": 0}"));
    world_run(w, 3);
    assert_false(manager_any_running(w->operations.manager));
    assert_true(manager_report(w->operations.manager, 0, &report));
    assert_int_equal(report.reason, REASON_NO_TRAFFIC);
}

static void who_drains_is_told_so_and_begins_no_test(void **state)
{
    struct world *w = *state;
    json_t *status = result_of(w, "{\"command\": \"status\"}"), *done;

    assert_true(json_is_null(json_object_get(status, "draining")));
    json_decref(status);
    assert_false(w->is_draining);
    done = result_of(w, "{\"command\": \"drain\", \"timeout_s\": 60}");
    assert_int_equal(w->drain_timeout_s, 60);
    assert_true(json_is_object(json_object_get(done, "draining")));
    json_decref(done);
    assert_refused(w, "{\"command\": \"test start\", \"aggregate\": 0}", "the box is draining");
    status = result_of(w, "{\"command\": \"status\"}");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(status, "draining"), "ends_within_s")),
        60);
    json_decref(status);
    json_decref(result_of(w, "{\"command\": \"drain\"}"));
    assert_int_equal(w->drain_timeout_s, UINT32_MAX);
}

static void where_there_is_no_path_nothing_drains(void **state)
{
    struct world *w = *state;

    w->operations.drain = NULL;
    assert_refused(w, "{\"command\": \"drain\"}", "no path to be left");
    assert_false(manager_is_draining(w->operations.manager));
}

static void the_kill_switch_is_set_and_shown(void **state)
{
    struct world *w = *state;
    json_t *status;

    json_decref(result_of(w, "{\"command\": \"kill-switch\", \"on\": true}"));
    assert_true(manager_kill_switch(w->operations.manager));
    assert_int_not_equal(w->gate->kill_switch, 0);
    status = result_of(w, "{\"command\": \"status\"}");
    assert_true(json_is_true(json_object_get(status, "kill_switch")));
    json_decref(status);
    json_decref(result_of(w, "{\"command\": \"kill-switch\", \"on\": false}"));
    assert_false(manager_kill_switch(w->operations.manager));
}

static void status_shows_workers_ports_and_tests(void **state)
{
    struct world *w = *state;
    json_t *s = result_of(w, "{\"command\": \"status\"}"), *worker;
    json_int_t rx, not_ip, flows_now;

    worker = json_array_get(json_object_get(s, "workers"), 0);
    assert_int_equal(json_array_size(json_object_get(s, "workers")), 1);
    assert_int_equal(json_unpack(worker, "{s:{s:I}, s:{s:I}, s:{s:I}}", "counters", "rx_packets",
                                 &rx, "packet_reasons", "not_ip", &not_ip, "flows", "now",
                                 &flows_now),
                     0);
    assert_int_equal(rx, 7);
    assert_int_equal(not_ip, 2);
    assert_int_equal(flows_now, 3);
    assert_int_equal(json_array_size(json_object_get(s, "ports")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(s, "tests"), "idle")), 4);
    assert_string_equal(json_string_value(json_object_get(s, "version")), PENNYLINE_VERSION);
    assert_true(json_is_null(json_object_get(s, "suspended")));
    json_decref(s);
}

/* A worker tells of segments of aggregate 0, and of drops that it had a budget for. */
static void tell_of_drops(struct world *w, uint64_t n_dropped)
{
    struct aggregate_table *table = (struct aggregate_table *)w->memory;
    const struct message m = {
        .kind = MESSAGE_COUNTERS,
        .counters = {.packets = 10, .segments = 10, .droppable = 10, .dropped = n_dropped}};

    for (uint64_t i = 0; i < n_dropped; i++)
        assert_true(aggregate_take(&aggregate_table_control(table, 0)->budget));
    manager_receive(w->operations.manager, &m);
    world_run(w, 2);
}

static void a_test_beyond_the_budget_of_the_box_is_refused_with_the_time_to_wait(void **state)
{
    struct world *w = *state;
    json_t *status, *budget;

    manager_set_max_drops_per_hour(w->operations.manager, 2);
    json_decref(result_of(w, "{\"command\": \"test start\", \"aggregate\": 0}"));
    tell_of_drops(w, 0);
    assert_refused(
        w, "{\"command\": \"test start\", \"aggregate\": 1}",
        "test start: aggregate 1: tests under way have reserved all 2 drops that the box "
        "may make within an hour; try again when one has ended, or raise "
        "instance.max_drops_per_hour");
    tell_of_drops(w, 2);
    assert_refused(w, "{\"command\": \"test start\", \"aggregate\": 1}",
                   "test start: aggregate 1: the 2 drops that the box may make within an hour are "
                   "spent; some are free again in 62 min; or raise instance.max_drops_per_hour");
    status = result_of(w, "{\"command\": \"status\"}");
    budget = json_object_get(status, "drop_budget");
    assert_int_equal(json_integer_value(json_object_get(budget, "max_per_hour")), 2);
    assert_int_equal(json_integer_value(json_object_get(budget, "made")), 2);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(budget, "made_by"), "command")), 2);
    assert_int_equal(json_integer_value(json_object_get(budget, "left")), 0);
    assert_true(json_is_true(json_object_get(budget, "awaited")));
    json_decref(status);
}

static void a_label_is_told_with_its_test(void **state)
{
    struct world *w = *state;
    json_t *report;

    assert_refused(w, "{\"command\": \"test start\", \"aggregate\": 0, \"label\": \"a\\nb\"}",
                   "test start: label \"a?b\" has a newline or another control character; allowed: "
                   "one line of text");
    json_decref(result_of(
        w, "{\"command\": \"test start\", \"aggregate\": 0, \"label\": \"f\u00fcr 4711\"}"));
    report = result_of(w, "{\"command\": \"aggregate\", \"aggregate\": 0}");
    assert_string_equal(json_string_value(json_object_get(report, "label")), "f\u00fcr 4711");
    json_decref(report);
    report = result_of(w, "{\"command\": \"aggregate\", \"aggregate\": 1}");
    assert_null(json_object_get(report, "label"));
    json_decref(report);
}

static void more_tests_by_command_than_allowed_are_refused(void **state)
{
    struct world *w = *state;

    manager_set_max_tests_by_command(w->operations.manager, 1);
    json_decref(result_of(w, "{\"command\": \"test start\", \"aggregate\": 0}"));
    assert_refused(w, "{\"command\": \"test start\", \"aggregate\": 1}",
                   "test start: aggregate 1: no more than 1 tests by command may be under way "
                   "(instance.max_tests_by_command), and as many are; wait for one to end, or stop "
                   "one");
}

static void status_shows_how_busy_a_worker_is(void **state)
{
    struct world *w = *state;
    json_t *s = result_of(w, "{\"command\": \"status\"}"), *load;
    json_int_t busy, idle, bursts, two, full, hz;
    double share;

    load = json_object_get(json_array_get(json_object_get(s, "workers"), 0), "load");
    assert_int_equal(json_unpack(load, "{s:I, s:I, s:I, s:I, s:{s:I, s:I}, s:{s:f}}", "tsc_hz", &hz,
                                 "busy_cycles", &busy, "idle_cycles", &idle, "bursts", &bursts,
                                 "bursts_by_packets", "2", &two, "64", &full, "recent",
                                 "busy_share", &share),
                     0);
    assert_int_equal(hz, 1000);
    assert_int_equal(busy, 2100);
    assert_int_equal(idle, 900);
    assert_int_equal(bursts, 2);
    assert_int_equal(two, 1);
    assert_int_equal(full, 0);
    assert_float_equal(share, 0.7, 1e-12);
    json_decref(s);
}

static void aggregates_come_in_pages(void **state)
{
    static const struct {
        const char *arguments;
        int total, n;
    } cases[] = {
        {"", 4, 4},
        {", \"count\": 3", 4, 3},
        {", \"offset\": 3, \"count\": 3", 4, 1},
        {", \"offset\": 9", 4, 0},
        {", \"offset\": 4294967295", 4, 0},
        {", \"from\": 1, \"count\": 2", 3, 2},
        {", \"count\": 0", 4, 0},
        {", \"slice\": \"lab\"", 1, 1},
        {", \"verdict\": \"undecided\"", 4, 4},
        {", \"verdict\": \"closed_loop\"", 0, 0},
        {", \"slice\": \"lab\", \"verdict\": \"undecided\", \"drops\": true", 1, 1},
    };
    struct world *w = *state;
    char request[160];

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        json_t *page;

        snprintf(request, sizeof(request), "{\"command\": \"aggregates\"%s}", cases[i].arguments);
        page = result_of(w, request);
        assert_int_equal(json_integer_value(json_object_get(page, "total")), cases[i].total);
        assert_int_equal(json_array_size(json_object_get(page, "aggregates")), cases[i].n);
        json_decref(page);
    }
}

static void slices_are_told_with_the_parameters_of_their_tests(void **state)
{
    json_t *page = result_of(*state, "{\"command\": \"slices\"}");
    json_t *list = json_object_get(page, "slices"), *twice = json_array_get(list, 3);

    assert_int_equal(json_integer_value(json_object_get(page, "total")), 4);
    assert_int_equal(json_array_size(list), 4);
    assert_string_equal(json_string_value(json_object_get(twice, "slice")), "twice");
    assert_string_equal(json_string_value(json_object_get(twice, "mode")), "active");
    assert_int_equal(json_array_size(json_object_get(twice, "sources")), 2);
    assert_true(json_real_value(json_object_get(json_object_get(twice, "parameters"), "alpha")) ==
                1e-6);
    json_decref(page);
    page = result_of(*state, "{\"command\": \"slices\", \"offset\": 1, \"count\": 2}");
    list = json_object_get(page, "slices");
    assert_int_equal(json_integer_value(json_object_get(page, "total")), 4);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "slice")),
                        "lab");
    json_decref(page);
}

static void the_latest_verdicts_come_first(void **state)
{
    static const int order[] = {1, 0, 3};
    struct world *w = *state;
    char request[80];
    json_t *list;

    for (size_t i = 0; i < ARRAY_LENGTH(order); i++) {
        snprintf(request, sizeof(request), "{\"command\": \"test start\", \"aggregate\": %d}",
                 order[i]);
        json_decref(result_of(w, request));
        w->now_ns += NS_PER_S;
        snprintf(request, sizeof(request), "{\"command\": \"test stop\", \"aggregate\": %d}",
                 order[i]);
        json_decref(result_of(w, request));
        w->now_ns += NS_PER_S;
    }
    list = result_of(w, "{\"command\": \"verdicts\", \"count\": 2}");
    assert_int_equal(json_array_size(list), 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(json_integer_value(json_object_get(json_array_get(list, i), "aggregate")),
                         order[2 - i]);
    json_decref(list);
}

static void aggregates_are_told_by_when_they_changed(void **state)
{
    struct world *w = *state;
    json_t *page;

    json_decref(result_of(w, "{\"command\": \"test start\", \"aggregate\": 1}"));
    w->now_ns += 60 * NS_PER_S;
    page = result_of(w, "{\"command\": \"aggregates\", \"changed_within_ms\": 1000}");
    assert_int_equal(json_integer_value(json_object_get(page, "total")), 1);
    json_decref(page);
    page = result_of(w, "{\"command\": \"aggregates\", \"changed_within_ms\": 70000}");
    assert_int_equal(json_integer_value(json_object_get(page, "total")), 4);
    json_decref(page);
}

static void help_lists_every_command(void **state)
{
    json_t *help = result_of(*state, "{\"command\": \"help\"}"), *row;
    size_t i;

    assert_true(json_array_size(help) >= 9);
    json_array_foreach (help, i, row) {
        assert_non_null(json_string_value(json_object_get(row, "command")));
        assert_non_null(json_string_value(json_object_get(row, "help")));
    }
    json_decref(help);
}

static void only_watch_makes_a_watcher(void **state)
{
    struct world *w = *state;
    static const char request[] = "{\"command\": \"watch\"}";
    bool watch = false;

    json_decref(
        control_execute(&w->operations, "{\"command\": \"help\"}", 19, &world_operator, 0, &watch));
    assert_false(watch);
    json_decref(
        control_execute(&w->operations, request, sizeof(request) - 1, &world_operator, 0, &watch));
    assert_true(watch);
}

static bool becomes_a_watcher(const struct world *w, const char *request)
{
    bool watch = false;

    json_decref(control_execute(&w->operations, request, strlen(request), &world_operator,
                                w->now_ns, &watch));
    return watch;
}

static void who_starts_a_test_may_hear_of_it_on_the_same_connection(void **state)
{
    static const char begin[] =
        "{\"command\": \"test start\", \"aggregate\": \"edge\", \"watch\": true}";
    struct world *w = *state;

    assert_true(becomes_a_watcher(w, begin));
    assert_true(manager_any_running(w->operations.manager));
    /* Refused, as one is running: the connection may ask again. */
    assert_false(becomes_a_watcher(w, begin));
    assert_false(
        becomes_a_watcher(w, "{\"command\": \"test start\", \"aggregate\": 1, \"watch\": false}"));
}

static void note_change(void *context, json_t *members, uint64_t now_ns)
{
    struct world *w = context;

    (void)now_ns;
    w->n_told++;
    json_decref(w->told);
    w->told = json_incref(members);
}

static void assert_told(const struct world *w, unsigned int n, const char *expected)
{
    json_t *as_expected = json_loads(expected, 0, NULL);
    char *is = json_dumps(w->told, JSON_SORT_KEYS);

    assert_non_null(as_expected);
    assert_int_equal(w->n_told, n);
    if (!json_equal(w->told, as_expected))
        fail_msg("%s", is);
    free(is);
    json_decref(as_expected);
}

static void who_changes_what_is_told_before_and_after(void **state)
{
    struct world *w = *state;

    w->operations.on_command = note_change;
    json_decref(ask(w, "{\"command\": \"kill-switch\", \"on\": true, "
                       "\"on_behalf_of\": \"192.0.2.1 (REST)\"}"));
    assert_told(w, 1,
                "{\"command\": \"kill-switch\", \"arguments\": {\"on\": true}, \"way\": \"test\", "
                "\"user\": 7, \"process\": 70, \"on_behalf_of\": \"192.0.2.1 (REST)\", "
                "\"before\": {\"kill_switch\": false}, \"after\": {\"kill_switch\": true}}");
    json_decref(ask(w, "{\"command\": \"test start\", \"aggregate\": 0}"));
    assert_told(
        w, 2,
        "{\"command\": \"test start\", \"arguments\": {\"aggregate\": 0}, \"way\": \"test\", "
        "\"user\": 7, \"process\": 70, \"on_behalf_of\": null, "
        "\"before\": {\"state\": \"idle\"}, \"after\": {\"state\": \"pooled\"}}");
    /* What was refused, and what only asks, changes nothing. */
    assert_refused(w, "{\"command\": \"test start\", \"aggregate\": 0}", "running");
    assert_refused(w, "{\"command\": \"kill-switch\", \"on\": true, \"on_behalf_of\": \"a\\nb\"}",
                   "on_behalf_of");
    json_decref(ask(w, "{\"command\": \"status\"}"));
    assert_int_equal(w->n_told, 2);
    assert_refused(w, "{\"command\": \"status\", \"on_behalf_of\": \"me\"}", "knows no");
    json_decref(w->told);
}

/* Whatever command there is: what is not known to read only is for those who may operate. */
static void who_may_only_read_changes_nothing(void **state)
{
    static const struct control_peer reader = {.way = "test", .user = 8};
    static const char *const reading[] = {"status",   "slices",     "aggregates", "verdicts",
                                          "services", "responders", "aggregate",  "machines",
                                          "watch",    "version",    "help",       "sources"};
    struct world *w = *state;
    json_t *table = result_of(w, "{\"command\": \"help\"}"), *row;
    unsigned int n_refused = 0;
    size_t i;

    json_array_foreach (table, i, row) {
        const char *name = json_string_value(json_object_get(row, "command"));
        json_t *request = json_pack("{s:s}", "command", name), *reply, *argument;
        bool watch = false, may = false;
        char *text;
        size_t k;

        /* Of what was asked for at run time, and of machines, there is nothing here to show. */
        if (strcmp(name, "test show") == 0 || strcmp(name, "slice show") == 0 ||
            strcmp(name, "config show") == 0 || strcmp(name, "machine") == 0 ||
            strncmp(name, "map", 3) == 0 || strcmp(name, "sources list") == 0) {
            json_decref(request);
            continue;
        }
        for (size_t j = 0; j < ARRAY_LENGTH(reading); j++)
            may |= strcmp(name, reading[j]) == 0;
        json_array_foreach (json_object_get(row, "arguments"), k, argument)
            if (json_is_true(json_object_get(argument, "required")))
                json_object_set_new(request, json_string_value(json_object_get(argument, "name")),
                                    strcmp(name, "kill-switch") == 0 ? json_true()
                                                                     : json_integer(0));
        text = json_dumps(request, 0);
        reply = control_execute(&w->operations, text, strlen(text), &reader, w->now_ns, &watch);
        assert_int_equal(json_is_true(json_object_get(reply, "ok")), may);
        if (!may) {
            const char *error = json_string_value(json_object_get(reply, "error"));

            if (strstr(error, "may only read") == NULL && strstr(error, "wrong kind") == NULL)
                fail_msg("%s: %s", name, error);
            n_refused++;
        }
        free(text);
        json_decref(reply);
        json_decref(request);
    }
    assert_true(n_refused >= 4);
    assert_false(manager_kill_switch(w->operations.manager));
    json_decref(table);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_refusal_says_what_is_wrong_and_what_to_do),
        TEST(a_prefix_that_cannot_be_read_begins_no_test),
        TEST(a_request_may_hold_any_bytes),
        TEST(an_aggregate_is_meant_by_number_slice_or_prefix),
        TEST(a_test_starts_and_stops_on_command),
        TEST(the_kill_switch_is_set_and_shown),
        TEST(who_drains_is_told_so_and_begins_no_test),
        TEST(where_there_is_no_path_nothing_drains),
        TEST(status_shows_workers_ports_and_tests),
        TEST(a_test_beyond_the_budget_of_the_box_is_refused_with_the_time_to_wait),
        TEST(a_label_is_told_with_its_test),
        TEST(more_tests_by_command_than_allowed_are_refused),
        TEST(status_shows_how_busy_a_worker_is),
        TEST(aggregates_come_in_pages),
        TEST(slices_are_told_with_the_parameters_of_their_tests),
        TEST(the_latest_verdicts_come_first),
        TEST(aggregates_are_told_by_when_they_changed),
        TEST(help_lists_every_command),
        TEST(only_watch_makes_a_watcher),
        TEST(who_changes_what_is_told_before_and_after),
        TEST(who_may_only_read_changes_nothing),
        TEST(who_starts_a_test_may_hear_of_it_on_the_same_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
