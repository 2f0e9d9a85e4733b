/* SPDX-License-Identifier: BSD-3-Clause */
/* Reloads, slices at run time and tests by command in random sequences, on what the appliance
 * itself does with them (change.c, builder.c, asked.c and their libraries) and a manager without
 * packets. Beside it a naive model: a list of slices by name, and each of 32 sources asked in turn
 * whose packets it sends. By that it knows which slices must be in force and where they came from,
 * whose test must have ended as reconfigured, and whose must go on. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/time.h"
#include "config/slots.h"
#include "ondemand/ondemand.h"
#include "pennyline/asked.h"
#include "pennyline/change.h"
#include "sequences.h"
#include "slice_model.h"

enum {
    N_FILE = 6,  /* f0..f5 */
    N_ADDED = 4, /* g0..g3 */
    N_STEPS = 600,
    N_AGGREGATES = 64,
    N_TURNS = 40, /* until all is built, in force, and was left */
    TURN_MS = 50,
};

/* A test under way. */
struct running {
    uint32_t aggregate, n_tests;
    char name[CONFIG_NAME_BYTES];
};

struct world {
    struct appliance appliance;
    struct appliance_options options;
    char directory[64], path[96];
    uint64_t now_ns;
    struct random_source random;
    struct set file, added; /* the model: what must be in force, but for slices of tests */
    struct set before;      /* all that was, as of the last step */
    struct running tests[N_AGGREGATES];
    unsigned n_tests;
    void *table_memory;
    struct config *at_start;
    int result; /* of the latest reload */
    char text[256];
    bool went_by_itself; /* in the latest step, the slice of a test that was over */
    unsigned n_reloads, n_refused, n_ended, n_went_on, n_in_vain;
};

static unsigned any(struct world *w, unsigned n)
{
    return random_u32(&w->random) % n;
}

static struct one any_one(struct world *w, const char *kind, unsigned number)
{
    static const enum slice_mode modes[] = {SLICE_ACTIVE, SLICE_ACTIVE,  SLICE_ACTIVE,
                                            SLICE_ACTIVE, SLICE_PASSIVE, SLICE_OFF};
    struct one one = {.n_parts = 1, .max_drops = 2 + any(w, 2), .mode = modes[any(w, 6)]};

    one.parts[0].bits = any(w, MOST_BITS + 1);
    one.parts[0].first = any(w, N_SOURCES) & ~0u << (MOST_BITS - one.parts[0].bits);
    snprintf(one.name, sizeof(one.name), "%s%u", kind, number);
    return one;
}

static void write_text(const struct world *w, const char *text)
{
    FILE *file = fopen(w->path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void write_file(const struct world *w, const struct set *slices)
{
    json_t *list = json_array(), *root;
    char *text;

    for (unsigned i = 0; i < slices->n; i++)
        json_array_append_new(list, one_json(&slices->all[i]));
    root = json_pack("{s:{s:s, s:i}, s:[{s:s, s:s}], s:o}", "instance", "state_directory",
                     w->directory, "max_tests_by_command", 8, "ports", "name", "west", "device",
                     "eth1", "slices", list);
    text = json_dumps(root, 0);
    write_text(w, text);
    free(text);
    json_decref(root);
}

/* What is in force, as the configuration has it. */
static struct set in_force(const struct world *w)
{
    const struct config *c = w->appliance.config;
    struct set s = {.n = 0};

    for (uint32_t i = 0; i < c->n_slices; i++) {
        const struct slice *slice = &c->slices[i];
        struct one *one = &s.all[s.n];

        if (!slice_is_present(slice))
            continue;
        s.n++;
        *one = (struct one){.n_parts = slice->n_sources,
                            .max_drops = slice->parameters.max_drops_per_flow,
                            .mode = slice->mode};
        assert_true(one->n_parts >= 1 && one->n_parts <= 2);
        snprintf(one->name, sizeof(one->name), "%s", slice->name);
        for (unsigned k = 0; k < one->n_parts; k++)
            one->parts[k] =
                (struct part){slice->sources[k].address.bytes[15], slice->sources[k].length - 27u};
    }
    return s;
}

static bool is_of_test(const char *name)
{
    return strncmp(name, "test-", 5) == 0;
}

/* Just these are in force, and slices of tests. */
static void assert_in_force(const struct world *w, const struct set *now)
{
    unsigned n = 0;

    for (unsigned i = 0; i < now->n; i++) {
        const struct one *one = &now->all[i], *of_file = set_find(&w->file, one->name),
                         *added = set_find(&w->added, one->name);
        const char *origin = ondemand_origin(w->appliance.operations.ondemand, one->name);

        if (is_of_test(one->name)) {
            assert_string_equal(origin, "test");
            continue;
        }
        if (of_file == NULL && added == NULL)
            fail_msg("%s should not be there", one->name);
        assert_true(one_is_same(one, of_file != NULL ? of_file : added));
        assert_string_equal(origin, of_file != NULL ? "file" : "run time");
        n++;
    }
    assert_int_equal(n, w->file.n + w->added.n);
}

static bool is_under_way(enum test_state state)
{
    return state == TEST_POOLED || state == TEST_FLOWS;
}

static void note_tests(struct world *w)
{
    struct aggregate_report r;

    w->n_tests = 0;
    for (uint32_t i = 0; i < manager_n_aggregates(w->appliance.manager); i++) {
        struct running *t = &w->tests[w->n_tests];

        if (!manager_report(w->appliance.manager, i, &r) || !is_under_way(r.state))
            continue;
        *t = (struct running){.aggregate = i, .n_tests = r.n_tests};
        snprintf(t->name, sizeof(t->name), "%s", r.slice->name);
        w->n_tests++;
    }
}

static bool is_tested(const struct world *w, const char *name)
{
    for (unsigned i = 0; i < w->n_tests; i++)
        if (strcmp(w->tests[i].name, name) == 0)
            return true;
    return false;
}

static bool goes_on(const struct world *w, const struct running *t)
{
    struct aggregate_report r;

    return manager_report(w->appliance.manager, t->aggregate, &r) && is_under_way(r.state) &&
           r.n_tests == t->n_tests && strcmp(r.slice->name, t->name) == 0;
}

/* The slice of a test that was over waits for others for a while, and then it goes. */
static bool some_went_by_itself(const struct world *w, const struct set *now)
{
    for (unsigned i = 0; i < w->before.n; i++) {
        const char *name = w->before.all[i].name;

        if (is_of_test(name) && !is_tested(w, name) && set_find(now, name) == NULL)
            return true;
    }
    return false;
}

/* Are other packets its own now, or is it another one? */
static bool is_changed(const struct world *w, const struct set *now, const char *name)
{
    const struct one *was = set_find(&w->before, name), *is = set_find(now, name);

    if (was == NULL || is == NULL || !one_is_same(was, is))
        return true;
    for (unsigned source = 0; source < N_SOURCES; source++) {
        const char *from = set_owner(&w->before, source), *to = set_owner(now, source);

        if ((strcmp(from, name) == 0) != (strcmp(to, name) == 0))
            return true;
    }
    return false;
}

/* Something around it changed, so that its end is one too many, and no harm. */
static bool may_end_in_vain(const struct world *w, const struct set *now, const char *name)
{
    const struct one *own = set_find(now, name);
    const struct set *sets[] = {&w->before, now};

    for (unsigned s = 0; s < 2; s++)
        for (unsigned i = 0; i < sets[s]->n; i++) {
            const struct one *other = &sets[s]->all[i];
            const struct one *then = set_find(sets[1 - s], other->name);

            if (strcmp(other->name, name) != 0 && (then == NULL || !one_is_same(other, then)) &&
                one_overlaps(own, other))
                return true;
        }
    return false;
}

/* `stopped`: a test that was ended by its own number. */
static void assert_tests(struct world *w, const struct set *now, const char *stopped)
{
    for (unsigned i = 0; i < w->n_tests; i++) {
        const struct running *t = &w->tests[i];
        struct aggregate_report r;

        if (strcmp(t->name, stopped) == 0)
            continue;
        if (!is_changed(w, now, t->name)) {
            if (!goes_on(w, t) && !may_end_in_vain(w, now, t->name))
                fail_msg("the test of %s ended, and nothing is the matter with it", t->name);
            w->n_went_on += goes_on(w, t);
            w->n_in_vain += !goes_on(w, t);
            continue;
        }
        w->n_ended++;
        if (goes_on(w, t))
            fail_msg("the test of %s goes on with other packets", t->name);
        if (set_find(now, t->name) != NULL &&
            manager_report(w->appliance.manager, t->aggregate, &r) && r.n_tests == t->n_tests &&
            strcmp(r.slice->name, t->name) == 0) {
            assert_int_equal(r.reason, REASON_RECONFIGURED);
            assert_int_equal(r.verdict, VERDICT_INCONCLUSIVE);
        }
    }
}

static void turn(struct world *w)
{
    struct message m = {.kind = MESSAGE_EPOCH};
    struct manager *manager = w->appliance.manager;

    w->now_ns += TURN_MS * NS_PER_MS;
    sequences_set_time(w->now_ns);
    change_serve(&w->appliance, w->now_ns);
    asked_serve(&w->appliance, w->now_ns);
    sequences_await_builder();
    manager_tick(manager, w->now_ns);
    m.epoch.epoch = manager_epoch(manager);
    if (manager_accepts(manager, 0))
        manager_receive(manager, &m);
}

static void settle(struct world *w)
{
    for (int i = 0; i < N_TURNS; i++)
        turn(w);
}

/* A step is over: all must be as the model has it. */
static void check(struct world *w, const char *stopped)
{
    struct set now;
    const char *broken;

    settle(w);
    now = in_force(w);
    assert_in_force(w, &now);
    assert_tests(w, &now, stopped);
    broken = manager_check(w->appliance.manager);
    if (broken != NULL)
        fail_msg("%s", broken);
    w->went_by_itself = some_went_by_itself(w, &now);
    w->before = now;
    note_tests(w);
}

/* Nothing came of it: as check(), and each test goes on. */
static void check_nothing_happened(struct world *w)
{
    settle(w);
    for (unsigned i = 0; i < w->n_tests; i++) {
        struct set now = in_force(w);

        if (!goes_on(w, &w->tests[i]) && !is_changed(w, &now, w->tests[i].name) &&
            !may_end_in_vain(w, &now, w->tests[i].name))
            fail_msg("the test of %s ended by what was refused", w->tests[i].name);
    }
    check(w, "");
}

static void on_reloaded(void *context, const struct change_result *result)
{
    struct world *w = context;

    w->result = result->error;
    snprintf(w->text, sizeof(w->text), "%s", result->text != NULL ? result->text : "");
}

static void reload(struct world *w)
{
    const struct change_request request = {
        .done = on_reloaded, .context = w, .way = "reload", .who = "a test"};

    w->result = 1;
    assert_int_equal(change_reload(&w->appliance, &request, w->now_ns), 0);
    for (int i = 0; w->result == 1 && i < N_TURNS; i++)
        turn(w);
}

static void reload_a_bad_file(struct world *w)
{
    static const char *const bad[] = {"{", "[]", "{\"slices\": [{\"name\": \"x\"}]}", ""};

    write_text(w, bad[any(w, 4)]);
    reload(w);
    assert_true(w->result < 0);
    assert_true(w->text[0] != '\0');
    w->n_refused++;
    check_nothing_happened(w);
}

/* Each slice as it was, another one, or not there; now and then one that was added at run time. */
static struct set next_file(struct world *w)
{
    struct set next = {.n = 0};

    for (unsigned i = 0; i < N_FILE + N_ADDED; i++) {
        struct one fresh = any_one(w, i < N_FILE ? "f" : "g", i < N_FILE ? i : i - N_FILE);
        const struct one *old = set_find(&w->file, fresh.name);
        unsigned what = any(w, i < N_FILE ? 6 : 24);

        if (what == 0 && !set_ties(&next, &fresh))
            set_put(&next, &fresh);
        if (what > 1 && old != NULL && !set_ties(&next, old))
            set_put(&next, old);
    }
    return next;
}

static void reload_a_good_file(struct world *w)
{
    struct set next = next_file(w);

    write_file(w, &next);
    reload(w);
    if (w->result == 0) {
        w->file = next;
        for (unsigned i = w->added.n; i-- > 0;) {
            const struct one one = w->added.all[i];

            if (set_find(&next, one.name) != NULL || set_ties(&next, &one))
                set_take_out(&w->added, one.name);
        }
        w->n_reloads++;
    } else if (strstr(w->text, "slices, those that left") == NULL) {
        fail_msg("%s", w->text);
    }
    check(w, "");
}

/* Without force no test may lose or gain a packet by it. */
static void check_spares_tests(struct world *w, bool force)
{
    struct set now;

    settle(w);
    now = in_force(w);
    force |= some_went_by_itself(w, &now);
    for (unsigned i = 0; !force && i < w->n_tests; i++)
        if (is_changed(w, &now, w->tests[i].name))
            fail_msg("packets of the test of %s went elsewhere", w->tests[i].name);
    check(w, "");
}

static void assert_busy_rightly(const struct world *w, const char *error)
{
    char name[CONFIG_NAME_BYTES] = "";
    const char *quote = strstr(error, "busy: the test of slice \"");

    if (quote == NULL)
        return;
    sscanf(quote, "busy: the test of slice \"%63[^\"]", name);
    if (!is_tested(w, name))
        fail_msg("%s: no such test", error);
}

static void add_or_set(struct world *w, bool set)
{
    struct one one = any_one(w, "g", any(w, N_ADDED));
    const struct one *old = set_find(&w->added, one.name);
    bool force = any(w, 4) == 0;
    char error[ONDEMAND_ERROR_BYTES] = "";
    json_t *request = json_pack("{s:o, s:b}", "slice", one_json(&one), "force", (int)force);
    json_t *reply =
        ondemand_add_slice(w->appliance.operations.ondemand, request, set, w->now_ns, error);
    bool may = set_find(&w->file, one.name) == NULL && (old != NULL) == set;

    json_decref(request);
    if (reply == NULL) {
        assert_true(!may || strstr(error, "busy") != NULL);
        assert_busy_rightly(w, error);
        check_nothing_happened(w);
        return;
    }
    json_decref(reply);
    assert_true(may);
    if (!set_ties(&w->before, &one))
        set_put(&w->added, &one);
    check_spares_tests(w, force || (set && is_tested(w, one.name)));
}

static void remove_one(struct world *w)
{
    char error[ONDEMAND_ERROR_BYTES] = "", name[8];
    bool force = any(w, 4) == 0;
    json_t *request, *reply;

    snprintf(name, sizeof(name), "g%u", any(w, N_ADDED));
    request = json_pack("{s:s, s:b}", "name", name, "force", (int)force);
    reply = ondemand_remove_slice(w->appliance.operations.ondemand, request, error);
    json_decref(request);
    if (reply == NULL) {
        assert_true(set_find(&w->added, name) == NULL || strstr(error, "busy") != NULL);
        check_nothing_happened(w);
        return;
    }
    json_decref(reply);
    assert_non_null(set_find(&w->added, name));
    set_take_out(&w->added, name);
    check_spares_tests(w, force);
}

static void assert_runs(const struct world *w, const json_t *test)
{
    char error[ONDEMAND_ERROR_BYTES];
    json_t *shown = ondemand_show_test(w->appliance.operations.ondemand, test, error);
    const char *state = json_string_value(json_object_get(shown, "state"));
    const char *slice = json_string_value(json_object_get(shown, "slice"));

    assert_non_null(shown);
    if (strcmp(state, "running") == 0) {
        assert_non_null(set_find(&w->before, slice));
        assert_true(is_tested(w, slice));
    } else {
        /* Or something came between. */
        assert_true(w->went_by_itself || strcmp(state, "refused") == 0);
    }
    json_decref(shown);
}

static void test_a_prefix(struct world *w)
{
    const struct one one = any_one(w, "x", 0);
    bool force = any(w, 4) == 0;
    char error[ONDEMAND_ERROR_BYTES] = "";
    json_t *request =
        json_pack("{s:o, s:b, s:{s:i}}", "source",
                  json_sprintf("10.0.0.%u/%u", one.parts[0].first, 27 + one.parts[0].bits), "force",
                  (int)force, "set", "max_duration_ms", 86400000);
    json_t *reply = ondemand_test(w->appliance.operations.ondemand, request, w->now_ns, error);

    json_decref(request);
    if (reply == NULL) {
        assert_true(error[0] != '\0');
        assert_busy_rightly(w, error);
        check_nothing_happened(w);
        return;
    }
    check_spares_tests(w, force);
    assert_runs(w, json_array_get(json_object_get(reply, "tests"), 0));
    json_decref(reply);
}

static void stop_a_test(struct world *w)
{
    char error[ONDEMAND_ERROR_BYTES], name[CONFIG_NAME_BYTES] = "";
    json_t *request;

    for (unsigned i = 0; i < w->n_tests; i++)
        if (is_of_test(w->tests[i].name) && any(w, 2) == 0)
            strcpy(name, w->tests[i].name);
    if (name[0] == '\0')
        return;
    request = json_pack("{s:i}", "test", atoi(name + 5));
    json_decref(ondemand_stop_test(w->appliance.operations.ondemand, request, w->now_ns, error));
    json_decref(request);
    check(w, name);
}

/* Of a slice of the file, or one that was added. */
static void test_a_slice(struct world *w)
{
    struct aggregate_report r;

    for (uint32_t i = any(w, 4); i < manager_n_aggregates(w->appliance.manager); i += 4)
        if (manager_report(w->appliance.manager, i, &r) && !is_of_test(r.slice->name))
            manager_test_start(w->appliance.manager, i, NULL, w->now_ns);
    check(w, "");
}

static void step(struct world *w)
{
    switch (any(w, 10)) {
    case 0:
        reload_a_bad_file(w);
        return;
    case 1:
    case 2:
        reload_a_good_file(w);
        return;
    case 3:
    case 4:
        add_or_set(w, any(w, 3) == 0);
        return;
    case 5:
        remove_one(w);
        return;
    case 6:
    case 7:
        test_a_prefix(w);
        return;
    case 8:
        stop_a_test(w);
        return;
    default:
        test_a_slice(w);
        return;
    }
}

static void on_event(void *context, const struct manager_event *event)
{
    asked_hear(context, event);
}

static void open_appliance(struct world *w)
{
    static const uint64_t secret[2] = {1, 2};
    size_t n_bytes = aggregate_table_memory_bytes(N_AGGREGATES);
    struct appliance *a = &w->appliance;
    struct config_error error;

    *a = (struct appliance){.options = &w->options};
    if (config_load_file(w->path, &w->at_start, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(config_take_slots(w->at_start, NULL, NULL, N_SLOTS), 0);
    a->config = w->at_start;
    w->table_memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    a->aggregates = aggregate_table_init(w->table_memory, n_bytes, N_AGGREGATES, secret);
    a->gate = aligned_alloc(CACHE_LINE_BYTES, sizeof(*a->gate));
    assert_non_null(a->gate);
    memset(a->gate, 0, sizeof(*a->gate));
    a->manager = manager_create(&(struct manager_config){.slices = a->config->slices,
                                                         .n_slices = a->config->n_slices,
                                                         .aggregates = a->aggregates,
                                                         .gate = a->gate,
                                                         .n_workers = 1,
                                                         .epoch_ms = TURN_MS,
                                                         .n_drop_records = 16,
                                                         .n_concurrent_flow_phases = 1,
                                                         .max_tests_by_command = 8,
                                                         .on_event = on_event,
                                                         .event_context = a});
    assert_non_null(a->manager);
    assert_int_equal(asked_open(a), 0);
    assert_int_equal(change_up(a), 0);
    assert_int_equal(asked_up(a), 0);
    manager_tick(a->manager, w->now_ns);
    manager_start(a->manager, w->now_ns);
    settle(w);
}

static void close_appliance(struct world *w)
{
    struct appliance *a = &w->appliance;

    asked_down(a);
    manager_destroy(a->manager);
    change_down(a);
    asked_close(a);
    config_free(w->at_start);
    free(a->gate);
    free(w->table_memory);
}

static void open_world(struct world *w)
{
    *w = (struct world){.now_ns = NS_PER_S, .directory = "/tmp/pl-sequences-XXXXXX"};
    assert_non_null(mkdtemp(w->directory));
    snprintf(w->path, sizeof(w->path), "%s/file.json", w->directory);
    w->options.config_path = w->path;
    random_seed_fixed(&w->random, 9, 0);
    write_file(w, &w->file);
    sequences_set_time(w->now_ns);
    open_appliance(w);
    w->before = in_force(w);
}

static void close_world(struct world *w)
{
    char path[128];

    close_appliance(w);
    unlink(w->path);
    snprintf(path, sizeof(path), "%s/slices.json", w->directory);
    unlink(path);
    assert_int_equal(rmdir(w->directory), 0);
}

static void whatever_is_asked_for_slices_and_tests_are_as_they_must_be(void **state)
{
    static struct world w;
    struct set now;

    (void)state;
    open_world(&w);
    for (unsigned i = 0; i < N_STEPS; i++)
        step(&w);
    print_message("%u reloads, %u refused; of tests under way %u ended as reconfigured, %u of them "
                  "not needed, and %u went on\n",
                  w.n_reloads, w.n_refused, w.n_ended + w.n_in_vain, w.n_in_vain, w.n_went_on);
    assert_true(w.n_reloads > N_STEPS / 10 && w.n_refused > N_STEPS / 40);
    assert_true(w.n_ended > N_STEPS / 20 && w.n_went_on > N_STEPS / 2);
    /* Over a restart: what was added is there again. */
    write_file(&w, &w.file);
    close_appliance(&w);
    open_appliance(&w);
    now = in_force(&w);
    assert_in_force(&w, &now);
    assert_int_equal(now.n, w.file.n + w.added.n);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_asked_for_slices_and_tests_are_as_they_must_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
