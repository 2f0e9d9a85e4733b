/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

static void a_prefix_that_no_slice_names_becomes_a_slice(void **state)
{
    struct world *w = *state;
    json_t *result = test_of(w, "{\"source\": \"172.16.0.0/12\", \"label\": \"why\"}");

    assert_json(result, "{\"tests\":[{\"test\":1,\"slice\":\"test-1\",\"source\":\"172.16.0.0/12\","
                        "\"kept_by\":[]}]}");
    json_decref(result);
    ondemand_poll(w->o, w->now_ns);
    assert_json(w->building, "[{\"name\":\"test-1\",\"sources\":[\"172.16.0.0/12\"],\"mode\":"
                             "\"active\",\"start\":\"manual\",\"max_duration_ms\":60000,"
                             "\"next_hops\":[]}]");
    assert_string_equal(ondemand_origin(w->o, "test-1"), "test");
    assert_string_equal(ondemand_origin(w->o, "edge"), "file");
}

static void what_is_asked_for_is_in_the_slice(void **state)
{
    struct world *w = *state;

    json_decref(test_of(w, "{\"source\": [\"172.16.0.0/12\"], \"destination\": \"8.8.8.0/24\","
                           " \"ingress\": {\"port\": \"west\", \"vlan\": 5}, \"mode\": \"passive\","
                           " \"set\": {\"report_flows\": 7, \"max_duration_ms\": 1000}}"));
    ondemand_poll(w->o, w->now_ns);
    assert_json(built(w, 0),
                "{\"name\":\"test-1\",\"sources\":[\"172.16.0.0/12\"],\"mode\":\"passive\","
                "\"start\":\"manual\",\"destinations\":[\"8.8.8.0/24\"],\"ingress\":{\"port\":"
                "\"west\",\"vlan\":5},\"report_flows\":7,\"max_duration_ms\":1000,\"next_hops\":[]"
                "}");
}

/* Halves are longer, so they are the test's for its time. */
static void a_prefix_that_a_slice_names_is_tested_by_its_halves(void **state)
{
    struct world *w = *state;

    json_decref(test_of(w, "{\"source\": [\"192.0.2.0/24\", \"2001:db8::/32\"]}"));
    ondemand_poll(w->o, w->now_ns);
    assert_json(json_object_get(built(w, 0), "sources"), "[\"192.0.2.0/25\",\"192.0.2.128/25\"]");
    assert_json(json_object_get(built(w, 1), "sources"),
                "[\"2001:db8::/33\",\"2001:db8:8000::/33\"]");
    finish(w, NULL);
}

/* Its slice is there until the next build, and must not pass for one that names the prefix. */
static void the_same_prefix_may_be_tested_again_at_once(void **state)
{
    struct world *w = *state;
    char error[ONDEMAND_ERROR_BYTES] = "";
    json_t *stop = request_of("{\"test\": 1}"), *result;

    for (int round = 0; round < 2; round++) {
        const char *source = round == 0 ? "192.0.2.0/24" : "172.16.0.0/12";
        json_t *request = json_pack("{s:s}", "source", source);

        result = ondemand_test(w->o, request, w->now_ns, error);
        assert_non_null(result);
        json_decref(result);
        poll_later(w);
        finish(w, NULL);
        json_object_set_new(stop, "test", json_integer(1 + 2 * round));
        json_decref(ondemand_stop_test(w->o, stop, w->now_ns, error));
        result = ondemand_test(w->o, request, w->now_ns, error);
        if (result == NULL)
            fail_msg("%s", error);
        assert_json(json_object_get(json_array_get(json_object_get(result, "tests"), 0), "kept_by"),
                    "[]");
        json_decref(result);
        json_decref(request);
        poll_later(w);
        assert_int_equal(json_array_size(w->building), 1);
        assert_json(json_object_get(built(w, 0), "sources"),
                    round == 0 ? "[\"192.0.2.0/25\",\"192.0.2.128/25\"]" : "[\"172.16.0.0/12\"]");
        finish(w, NULL);
        json_object_set_new(stop, "test", json_integer(2 + 2 * round));
        json_decref(ondemand_stop_test(w->o, stop, w->now_ns, error));
        poll_later(w);
        finish(w, NULL);
    }
    json_decref(stop);
}

/* Two who ask for the same at once, of what a slice names and of what none does. */
static void a_second_test_of_the_same_prefix_is_busy(void **state)
{
    static const char *const sources[] = {"192.0.2.0/24", "172.16.0.0/12"};
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(sources); i++) {
        json_t *request = json_pack("{s:s}", "source", sources[i]), *result;
        char *text = json_dumps(request, 0), error[ONDEMAND_ERROR_BYTES] = "";

        result = ondemand_test(w->o, request, w->now_ns, error);
        if (result == NULL)
            fail_msg("%s", error);
        json_decref(result);
        assert_refused(w, text, "busy: "); /* the first one is in no build yet */
        poll_later(w);
        assert_refused(w, text, "busy: "); /* in the one under way */
        finish(w, NULL);
        json_decref(request);
        free(text);
    }
    /* What comes in elsewhere is another test. */
    json_decref(test_of(w, "{\"source\": \"10.9.0.0/16\", \"ingress\": {\"port\": \"west\"}}"));
    json_decref(test_of(w, "{\"source\": \"10.9.0.0/16\", \"ingress\": {\"port\": \"east\"}}"));
}

/* The reply has to tell what the test does without. */
static void a_half_that_another_slice_names_is_told(void **state)
{
    struct world *w = *state;
    json_t *result;

    add_slice(w, "half", "192.0.2.128/25");
    poll_later(w);
    finish(w, NULL);
    result = test_of(w, "{\"source\": \"192.0.2.0/24\"}");
    assert_json(json_object_get(json_array_get(json_object_get(result, "tests"), 0), "kept_by"),
                "[\"half\"]");
    json_decref(result);
    poll_later(w);
    assert_json(json_object_get(built(w, 1), "sources"), "[\"192.0.2.0/25\"]");
    finish(w, NULL);
}

/* A router must not see what another one has had. */
static void packets_keep_their_next_hops(void **state)
{
    struct world *w = *state;
    json_t *result = test_of(w, "{\"source\": [\"192.0.2.64/26\", \"10.0.0.0/9\"]}");

    assert_json(json_object_get(json_array_get(json_object_get(result, "tests"), 1), "kept_by"),
                "[\"part\"]");
    json_decref(result);
    ondemand_poll(w->o, w->now_ns);
    assert_json(json_object_get(built(w, 0), "next_hops"), "[\"r1\"]");
    assert_json(json_object_get(built(w, 1), "next_hops"), "[]");
    finish(w, NULL);
    assert_refused(w, "{\"source\": \"10.1.2.0/24\"}",
                   "its packets leave by different next hops: some as slice \"part\" says, others "
                   "as slice test-2 does");
    json_decref(test_of(w, "{\"source\": \"10.1.2.0/24\", \"destination\": \"203.0.113.0/25\"}"));
    ondemand_poll(w->o, w->now_ns + NS_PER_S);
    assert_json(
        json_object_get(json_array_get(w->building, json_array_size(w->building) - 1), "next_hops"),
        "[\"r2\"]");
}

static void each_refusal_says_what_is_wrong(void **state)
{
    static const struct {
        const char *request, *words;
    } cases[] = {
        {"{\"source\": \"192.0.2.1/24\"}",
         "sources[0]: \"192.0.2.1/24\"; allowed: no host bits, that is \"192.0.2.0/24\""},
        {"{\"source\": \"192.0.2\"}", "sources[0]: \"192.0.2\"; allowed: a prefix"},
        {"{\"source\": []}", "source: allowed: 1 to 64 prefixes"},
        {"{\"source\": [1]}", "source: allowed: 1 to 64 prefixes"},
        {"{\"source\": \"198.51.100.1/32\"}",
         "slices name all of it already, as \"host\" does; test these"},
        {"{\"source\": \"172.16.0.0/12\", \"destination\": \"x\"}",
         "destinations[0]: \"x\"; allowed"},
        {"{\"source\": \"172.16.0.0/12\", \"destination\": []}", "destination: allowed: 1 to 256"},
        {"{\"source\": \"172.16.0.0/12\", \"mode\": \"of\"}", "mode: \"of\"; allowed"},
        {"{\"source\": \"172.16.0.0/12\", \"mode\": \"off\"}", "mode: \"off\" tests nothing"},
        {"{\"source\": \"172.16.0.0/12\", \"ingress\": {\"port\": \"up\"}}",
         "ingress.port: \"up\""},
        {"{\"source\": \"172.16.0.0/12\", \"set\": {\"alpha\": 7}}", "alpha: 7; allowed"},
        {"{\"source\": \"172.16.0.0/12\", \"set\": {\"name\": \"x\"}}",
         "set: \"name\" is no parameter of a test; \"config show\" has them"},
        {"{\"source\": \"172.16.0.0/12\", \"set\": {\"max_duration\": 1000}}",
         "set: \"max_duration\" is no parameter of a test; did you mean \"max_duration_ms\"?"},
        {"{\"source\": \"172.16.0.0/12\", \"set\": {\"seed\": 7}}", "seed: whoever knows it"},
        {"{\"source\": \"172.16.0.0/12\", \"label\": \"a\\nb\"}", "has a newline"},
        {"{\"source\": [\"172.16.0.0/12\", \"172.16.1.0/24\"]}", "one of them holds another one"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_refused(w, cases[i].request, cases[i].words);
    ondemand_poll(w->o, w->now_ns);
    assert_null(w->building);
}

/* A drop of one test whose repair the other saw would be torn apart. */
static void packets_of_a_test_under_way_are_not_taken(void **state)
{
    struct world *w = *state;

    assert_int_equal(manager_test_start(w->manager, 0, NULL, w->now_ns), 0);
    assert_refused(w, "{\"source\": \"192.0.2.0/26\"}", "busy: the test of slice \"edge\"");
    json_decref(test_of(w, "{\"source\": \"192.0.2.0/26\", \"force\": true}"));
    ondemand_poll(w->o, w->now_ns);
    assert_int_equal(json_array_size(w->building), 1);
    /* Those that are on their way, too. */
    json_decref(w->building);
    w->building = NULL;
    assert_refused(w, "{\"source\": \"192.0.2.0/28\"}", "busy: the test of slice");
}

/* The last of all keys of a slice. */
static void a_refusal_is_told_to_its_end(void **state)
{
    struct world *w = *state;
    char error[ONDEMAND_ERROR_BYTES] = "";
    json_t *request =
        request_of("{\"slice\": {\"name\": \"a\", \"mode\": \"off\", \"qqqqqq\": 1}}");

    assert_null(ondemand_add_slice(w->o, request, false, w->now_ns, error));
    assert_non_null(strstr(error, "qqqqqq: unknown key; a slice has name, "));
    assert_string_equal(error + strlen(error) - strlen(", seed"), ", seed");
    json_decref(request);
}

static void what_comes_while_a_build_is_under_way_waits_for_the_next(void **state)
{
    struct world *w = *state;

    json_decref(test_of(w, "{\"source\": \"172.16.0.0/16\"}"));
    ondemand_poll(w->o, w->now_ns);
    json_decref(test_of(w, "{\"source\": \"172.17.0.0/16\"}"));
    json_decref(test_of(w, "{\"source\": \"172.18.0.0/16\"}"));
    ondemand_poll(w->o, w->now_ns);
    assert_int_equal(w->n_builds, 1);
    assert_int_equal(json_array_size(w->building), 1);
    finish(w, NULL);
    poll_later(w);
    assert_int_equal(w->n_builds, 2);
    assert_true(json_array_size(w->building) >= 2);
}

static void an_appliance_that_cannot_build_now_is_asked_again(void **state)
{
    struct world *w = *state;

    w->refuses = true;
    json_decref(test_of(w, "{\"source\": \"172.16.0.0/16\"}"));
    ondemand_poll(w->o, w->now_ns);
    assert_null(w->building);
    w->refuses = false;
    ondemand_poll(w->o, w->now_ns);
    assert_null(w->building);
    poll_later(w);
    assert_int_equal(json_array_size(w->building), 1);
}

/* Two that cannot be told apart: the build of all is refused, and then that of the later one. */
static void of_several_only_the_bad_one_is_refused(void **state)
{
    struct world *w = *state;

    add_slice(w, "a", "172.16.0.0/16");
    add_slice(w, "b", "172.16.0.0/16");
    add_slice(w, "c", "172.17.0.0/16");
    for (int i = 0; i < 8; i++) {
        poll_later(w);
        if (w->building != NULL)
            finish(w, NULL);
    }
    assert_int_equal(w->in_force->n_slices, 6);
    assert_string_equal(ondemand_origin(w->o, "a"), "run time");
    assert_string_equal(ondemand_origin(w->o, "b"), "file"); /* which is: not ours */
    assert_string_equal(ondemand_origin(w->o, "c"), "run time");
    assert_int_equal(json_object_size(w->kept), 2);
    for (unsigned i = 0; i < w->n_events; i++)
        if (strcmp(w->events[i].kind, "slice_refused") == 0) {
            assert_string_equal(w->events[i].slice, "b");
            assert_non_null(strstr(w->events[i].reason, "172.16.0.0/16"));
        }
}

static void a_slice_that_was_added_is_set_removed_and_kept(void **state)
{
    struct world *w = *state;
    char error[ONDEMAND_ERROR_BYTES] = "";
    json_t *request, *result;

    add_slice(w, "a", "172.16.0.0/16");
    poll_later(w);
    finish(w, NULL);
    assert_string_equal(latest(w)->kind, "slice_set");
    assert_json(json_object_get(json_object_get(w->kept, "a"), "sources"), "[\"172.16.0.0/16\"]");
    request = slice_request("a", "172.20.0.0/16");
    assert_null(ondemand_add_slice(w->o, request, false, w->now_ns, error));
    assert_non_null(strstr(error, "there is one of that name already"));
    result = ondemand_add_slice(w->o, request, true, w->now_ns, error);
    assert_non_null(result);
    json_decref(result);
    poll_later(w);
    /* Refused, it stays what it was. */
    finish(w, "no room");
    assert_string_equal(latest(w)->kind, "slice_refused");
    poll_later(w);
    assert_json(json_object_get(built(w, 0), "sources"), "[\"172.16.0.0/16\"]");
    finish(w, NULL);
    result = ondemand_add_slice(w->o, request, true, w->now_ns, error);
    json_decref(result);
    json_decref(request);
    poll_later(w);
    finish(w, NULL);
    assert_json(json_object_get(json_object_get(w->kept, "a"), "sources"), "[\"172.20.0.0/16\"]");
    request = request_of("{\"name\": \"a\"}");
    result = ondemand_remove_slice(w->o, request, error);
    assert_non_null(result);
    json_decref(result);
    poll_later(w);
    assert_int_equal(json_array_size(w->building), 0);
    finish(w, NULL);
    assert_string_equal(latest(w)->kind, "slice_removed");
    assert_int_equal(json_object_size(w->kept), 0);
    assert_null(ondemand_remove_slice(w->o, request, error));
    json_decref(request);
    request = request_of("{\"name\": \"edge\"}");
    assert_null(ondemand_remove_slice(w->o, request, error));
    assert_non_null(strstr(error, "the configuration's file names it"));
    json_decref(request);
}

static void where_file_and_state_disagree_the_file_wins_and_it_is_said(void **state)
{
    struct world *w = *state;
    json_t *kept = request_of("{\"edge\": {\"name\": \"edge\", \"sources\": [\"9.0.0.0/8\"],"
                              " \"mode\": \"off\"}, \"bad\": {\"name\": \"bad\", \"mode\": \"x\"},"
                              " \"good\": {\"name\": \"good\", \"sources\": [\"9.0.0.0/8\"],"
                              " \"mode\": \"off\"}}");

    ondemand_restore(w->o, kept);
    json_decref(kept);
    assert_int_equal(w->n_events, 2);
    assert_string_equal(w->events[0].slice, "edge");
    assert_non_null(strstr(w->events[0].reason, "the file wins"));
    assert_string_equal(w->events[1].slice, "bad");
    assert_non_null(strstr(w->events[1].reason, "mode: \"x\""));
    ondemand_poll(w->o, w->now_ns);
    assert_int_equal(json_array_size(w->building), 1);
    assert_json(json_object_get(built(w, 0), "name"), "\"good\"");
}

static void what_cannot_come_back_says_why(void **state)
{
    struct world *w = *state;
    json_t *kept = request_of("{\"test-7\": {\"name\": \"test-7\", \"sources\": [\"9.0.0.0/8\"],"
                              " \"mode\": \"active\"},"
                              " \"one\": {\"name\": \"other\", \"sources\": [\"9.0.0.0/8\"],"
                              " \"mode\": \"off\"}}");

    ondemand_restore(w->o, kept);
    json_decref(kept);
    assert_int_equal(w->n_events, 2);
    assert_string_equal(w->events[0].slice, "test-7");
    assert_non_null(strstr(w->events[0].reason, "are those of tests"));
    assert_string_equal(w->events[1].slice, "one");
    assert_non_null(strstr(w->events[1].reason, "another name than its own"));
    ondemand_poll(w->o, w->now_ns);
    assert_int_equal(json_array_size(w->building), 0);
}

static void more_tests_than_allowed_are_refused_in_words(void **state)
{
    struct world *w = *state;
    char request[64];

    for (unsigned i = 0; i < 8; i++) {
        snprintf(request, sizeof(request), "{\"source\": \"172.%u.0.0/16\"}", 16 + i);
        json_decref(test_of(w, request));
    }
    assert_refused(*state, "{\"source\": \"172.30.0.0/16\"}",
                   "no more than 8 tests by command may be under way");
}

/* What a naive reader of the events believes: one source for each name, 0: there is none. */
#define N_NAMES 6
struct belief {
    unsigned in_force[N_NAMES], asked[N_NAMES]; /* asked == in_force: nothing is under way */
    unsigned n_heard;
};

static void believe(struct belief *b, const struct world *w)
{
    for (; b->n_heard < w->n_events; b->n_heard++) {
        const struct event *e = &w->events[b->n_heard % ARRAY_LENGTH(w->events)];
        unsigned name = (unsigned)(e->slice[1] - '0');

        if (strcmp(e->kind, "slice_refused") == 0)
            b->asked[name] = b->in_force[name];
        else
            b->in_force[name] = b->asked[name];
    }
}

static json_t *numbered(unsigned name, unsigned source)
{
    char names[8], sources[24];

    snprintf(names, sizeof(names), "n%u", name);
    snprintf(sources, sizeof(sources), "100.%u.%u.0/24", name, source);
    return slice_request(names, sources);
}

/* One change of one slice, which is accepted just when nothing of it is under way, and it fits. */
static void change_some_slice(struct world *w, struct belief *b, struct random_source *r)
{
    unsigned name = random_u32(r) % N_NAMES, source = 1 + random_u32(r) % 200;
    unsigned what = random_u32(r) % 3;
    bool is_idle = b->asked[name] == b->in_force[name], is_there = b->in_force[name] != 0;
    char error[ONDEMAND_ERROR_BYTES] = "", text[8];
    json_t *request = what == 2 ? NULL : numbered(name, source), *result;

    if (!is_idle || (what < 2 && source == b->in_force[name]))
        what = 3;
    snprintf(text, sizeof(text), "n%u", name);
    if (what == 2)
        request = json_pack("{s:s}", "name", text);
    if (what < 3) {
        result = what == 2 ? ondemand_remove_slice(w->o, request, error)
                           : ondemand_add_slice(w->o, request, what == 1, w->now_ns, error);
        assert_int_equal(result != NULL, what == 0 ? !is_there : is_there);
        if (result != NULL)
            b->asked[name] = what == 2 ? 0 : source;
        json_decref(result);
    }
    json_decref(request);
}

static void assert_as_believed(const struct world *w, const struct belief *b)
{
    char text[24], found[IP_TEXT_BYTES];
    unsigned n = 0;

    for (uint32_t i = 0; i < w->in_force->n_slices; i++) {
        const struct slice *s = &w->in_force->slices[i];

        if (s->name[0] != 'n' || s->name[2] != '\0')
            continue;
        snprintf(text, sizeof(text), "100.%c.%u.0/24", s->name[1], b->in_force[s->name[1] - '0']);
        assert_string_equal(ip_prefix_format(&s->sources[0], found), text);
        n++;
    }
    for (unsigned i = 0; i < N_NAMES; i++)
        n -= b->in_force[i] != 0;
    assert_int_equal(n, 0);
}

/* Changes come while builds are under way, and some builds are refused: whoever hears the events
 * knows what is in force. */
static void events_tell_what_is_in_force_whatever_happens(void **state)
{
    struct world *w = *state;
    struct belief b = {.n_heard = 0};
    struct random_source r;

    random_seed_fixed(&r, 7, 0);
    for (int i = 0; i < 3000; i++) {
        unsigned chance = random_u32(&r) % 8;

        if (chance < 4)
            change_some_slice(w, &b, &r);
        else if (chance < 6)
            poll_later(w);
        else if (w->building != NULL) {
            finish(w, random_u32(&r) % 4 == 0 ? "no memory" : NULL);
            believe(&b, w);
            assert_as_believed(w, &b);
        }
    }
    for (int i = 0; i < 40; i++) {
        poll_later(w);
        if (w->building != NULL)
            finish(w, NULL);
        believe(&b, w);
    }
    assert_as_believed(w, &b);
    assert_memory_equal(b.asked, b.in_force, sizeof(b.asked));
    for (unsigned i = 0, n = 0; i < N_NAMES; i++) {
        n += b.in_force[i] != 0;
        if (i == N_NAMES - 1)
            assert_int_equal(json_object_size(w->kept), n);
    }
}

static void assert_shown(struct world *w, uint32_t offset, uint32_t count, const char *names)
{
    json_t *shown = ondemand_show_config(w->o, offset, count), *row;
    char text[256] = "";
    size_t i;

    json_array_foreach (json_object_get(shown, "slices"), i, row)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s (%s) ",
                 json_string_at(row, "slice.name"), json_string_at(row, "origin"));
    assert_string_equal(text, names);
    assert_int_equal(json_number_at(shown, "total"), 6);
    json_decref(shown);
}

static void the_configuration_in_force_is_shown_by_pages_with_where_slices_came_from(void **state)
{
    struct world *w = *state;

    add_slice(w, "added", "172.16.0.0/16");
    json_decref(test_of(w, "{\"source\": \"172.17.0.0/16\"}"));
    poll_later(w);
    finish(w, NULL);
    assert_shown(w, 0, 3, "edge (file) wide (file) part (file) ");
    assert_shown(w, 3, 100, "host (file) added (run time) test-1 (test) ");
    assert_shown(w, 6, 100, "");
}

/* What is shown is what was read: put together, it is the configuration in force. */
static void what_is_shown_is_a_whole_configuration(void **state)
{
    struct world *w = *state;
    json_t *shown = ondemand_show_config(w->o, 0, 100), *slices = json_array(), *row;
    json_t *root = json_object_get(shown, "config"), *in_force = config_to_json(w->in_force);
    struct config *again;
    json_t *written;
    size_t i;

    assert_null(json_object_get(root, "slices"));
    json_array_foreach (json_object_get(shown, "slices"), i, row)
        json_array_append(slices, json_object_get(row, "slice"));
    json_object_set_new(root, "slices", slices);
    again = load(root);
    written = config_to_json(again);
    assert_true(json_equal(written, in_force));
    config_free(again);
    json_decref(written);
    json_decref(in_force);
    json_decref(shown);
}

static void a_seed_is_not_shown(void **state)
{
    struct world *w = *state;
    json_t *root = json_deep_copy(w->file), *shown;
    struct config *seeded;
    char *text;

    json_object_set_new(root, "defaults", json_pack("{s:i}", "seed", 918273));
    json_object_set_new(json_array_get(json_object_get(root, "slices"), 0), "seed",
                        json_integer(645372));
    seeded = load(root);
    ondemand_set_config(w->o, seeded);
    shown = ondemand_show_config(w->o, 0, 100);
    text = json_dumps(shown, 0);
    assert_null(strstr(text, "918273"));
    assert_null(strstr(text, "645372"));
    assert_non_null(strstr(text, "drop_probability"));
    ondemand_set_config(w->o, w->in_force);
    config_free(seeded);
    free(text);
    json_decref(shown);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_prefix_that_no_slice_names_becomes_a_slice),
        TEST(what_is_asked_for_is_in_the_slice),
        TEST(a_prefix_that_a_slice_names_is_tested_by_its_halves),
        TEST(the_same_prefix_may_be_tested_again_at_once),
        TEST(a_half_that_another_slice_names_is_told),
        TEST(a_second_test_of_the_same_prefix_is_busy),
        TEST(packets_keep_their_next_hops),
        TEST(each_refusal_says_what_is_wrong),
        TEST(a_refusal_is_told_to_its_end),
        TEST(packets_of_a_test_under_way_are_not_taken),
        TEST(what_comes_while_a_build_is_under_way_waits_for_the_next),
        TEST(an_appliance_that_cannot_build_now_is_asked_again),
        TEST(of_several_only_the_bad_one_is_refused),
        TEST(a_slice_that_was_added_is_set_removed_and_kept),
        TEST(where_file_and_state_disagree_the_file_wins_and_it_is_said),
        TEST(the_configuration_in_force_is_shown_by_pages_with_where_slices_came_from),
        TEST(what_is_shown_is_a_whole_configuration),
        TEST(a_seed_is_not_shown),
        TEST(what_cannot_come_back_says_why),
        TEST(more_tests_than_allowed_are_refused_in_words),
        TEST(events_tell_what_is_in_force_whatever_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
