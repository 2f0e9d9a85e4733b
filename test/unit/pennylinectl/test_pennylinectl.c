/* SPDX-License-Identifier: BSD-3-Clause */
/* The program as a person runs it, against a real server in a thread. Its first argument is the
 * program's path. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../control/world.h"
#include "base/compiler.h"

static const char *program;

struct fixture {
    struct world world;
    struct control *control;
    pthread_t server;
    atomic_bool stop;
    bool publishes; /* an event to every watcher, on and on */
    char directory[64], path[108], output[16384];
};

/* Of each shape one. */
static void publish_all(struct control *control)
{
    static const char *const events[] = {
        "{\"event\": \"command\", \"instance\": \"here\", \"command\": \"kill-switch\", "
        "\"arguments\":"
        " {\"on\": true}, \"way\": \"control socket\", \"user\": 0, \"on_behalf_of\": null, "
        "\"before\":"
        " {\"kill_switch\": false}}",
        "{\"event\": \"reconfigured\", \"by\": \"root\", \"generation\": 3, \"n_changes\": 2,"
        " \"changes\": [{\"change\": \"slice \\\"a\\\" added\", \"class\": \"traffic\"},"
        " {\"change\": \"slice \\\"b\\\" removed\", \"class\": \"traffic\"}]}",
        "{\"event\": \"finding\", \"aggregate\": 0, \"name\": \"edge\", \"slice\": \"edge\", "
        "\"prefix\":"
        " null, \"finding\": {\"finding\": \"syn_only\", \"severity\": \"warning\", \"words\":"
        " \"Only SYNs.\"}}",
        "{\"event\": \"slice_refused\", \"slice\": \"a\", \"reason\": \"no room for it\"}",
        "{\"event\": \"to_come\", \"name\": \"knock\", \"depth\": 2.5, \"parts\": [1, 2]}",
    };

    for (size_t i = 0; i < ARRAY_LENGTH(events); i++) {
        json_t *event = json_loads(events[i], 0, NULL);

        json_object_set_new(event, "monotonic_s", json_real(1.0));
        control_publish(control, event);
        json_decref(event);
    }
}

static void *serve(void *argument)
{
    struct fixture *f = argument;

    while (!atomic_load(&f->stop)) {
        world_run(&f->world, 1);
        control_poll(f->control, f->world.now_ns);
        if (f->publishes && control_has_watchers(f->control)) {
            json_t *event = json_pack("{s:f, s:s, s:s}", "monotonic_s", 1.5, "event", "suspended",
                                      "reason", "own loss");
            json_t *verdict =
                json_pack("{s:f, s:s, s:s, s:{s:i, s:s, s:s, s:s, s:{s:f, s:f}}}", "monotonic_s",
                          2.5, "event", "verdict", "name", "edge", "report", "n_tests", 1,
                          "verdict", "closed_loop", "rule", "anytime", "reason_text",
                          "That is why.", "anytime", "log10_e", 6.25, "log10_f", -1.0);

            control_publish(f->control, event);
            control_publish(f->control, verdict);
            json_decref(event);
            json_decref(verdict);
            publish_all(f->control);
        }
        usleep(500);
    }
    return NULL;
}

static int set_up_with(void **state, bool publishes)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char error[512];

    *state = f;
    f->publishes = publishes;
    strcpy(f->directory, "/tmp/pennylinectl-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof(f->path), "%s/s.sock", f->directory);
    assert_int_equal(world_open(&f->world), 0);
    f->control = control_open(f->path, &f->world.operations, error, sizeof(error));
    assert_non_null(f->control);
    return pthread_create(&f->server, NULL, serve, f);
}

static int set_up(void **state)
{
    return set_up_with(state, false);
}

static int set_up_publishing(void **state)
{
    return set_up_with(state, true);
}

static void stop_server(struct fixture *f)
{
    if (f->control == NULL)
        return;
    atomic_store(&f->stop, true);
    pthread_join(f->server, NULL);
    control_close(f->control);
    f->control = NULL;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    stop_server(f);
    world_close(&f->world);
    rmdir(f->directory);
    free(f);
    return 0;
}

/* Runs it with what it says in f->output; its exit code. */
static int run(struct fixture *f, const char *arguments)
{
    char command[1024];
    size_t n;
    FILE *pipe;
    int status;

    snprintf(command, sizeof(command), "%s --socket %s %s 2>&1", program, f->path, arguments);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    n = fread(f->output, 1, sizeof(f->output) - 1, pipe);
    f->output[n] = '\0';
    status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void assert_run(struct fixture *f, const char *arguments, int code, const char *expected)
{
    int got = run(f, arguments);

    if (got != code || strstr(f->output, expected) == NULL)
        fail_msg("pennylinectl %s: exit code %d, \"%s\"; expected %d, \"%s\"", arguments, got,
                 f->output, code, expected);
}

static void commands_are_done_refused_or_not_understood(void **state)
{
    static const struct {
        const char *arguments;
        int code;
        const char *output;
    } cases[] = {
        {"status", 0, "drops        allowed"},
        {"status", 0, "tests        4 idle"},
        {"status", 0, "port         name=west"},
        {"aggregates", 0, "edge       192.0.2.0/24     idle"},
        {"slices", 0, "mirror  passive"},
        {"slices", 0, "203.0.113.0/25, and 1 more"},
        {"slices", 0, "any > 443,8000-8100 "},
        {"slices now", 2, "too many words"},
        {"aggregates --slice nobody", 1, "\"slices\" lists them"},
        {"aggregates --slice lab", 0, "lab"},
        {"aggregates --verdict guilty", 1, "give closed_loop"},
        {"aggregate 1", 0, "not tested"},
        {"aggregate nobody", 1, "pennylinectl: aggregate: \"nobody\" is no aggregate's slice"},
        {"test start edge", 0, "aggregate 0: test started"},
        {"test start 192.0.2.0/24", 1, "a test of it is running"},
        {"test stop 0", 0, "aggregate 0: test stopped"},
        {"kill-switch on", 0, "nothing is dropped"},
        {"status", 0, "the kill switch is on"},
        {"kill-switch off", 0, "it forbids no drop any more"},
        {"", 2, "what to do?"},
        {"reboot", 2, "\"reboot\": no such command"},
        {"test", 2, "give one SOURCE"},
        {"test 192.0.2.0/24,", 2, "without an empty one"},
        {"test 192.0.2.0/24 --ingress up/4095", 2, "with a VLAN of 0 to 4094"},
        {"test 192.0.2.0/24 --set alpha", 2, "write NAME=VALUE"},
        {"test 192.0.2.0/24 --wait", 1, "test: here slices are as they were at the start"},
        {"test show seventeen", 2, "give the number of a test"},
        {"slice add", 2, "give one NAME"},
        {"slice", 2, "no such command"},
        {"slice remove edge", 1, "slice remove: here slices are as they were at the start"},
        {"test start", 2, "give one AGGREGATE"},
        {"drain --timeout soon", 2, "a whole number of seconds"},
        {"drain --timeout 700000", 1, "from 0 to 604800"},
        {"drain now", 2, "too many words"},
        {"drain --timeout 60", 0, "in 60 s at the latest"},
        {"status", 0, "none: the box is draining"},
        {"drain", 0, "it ends when no packet came for 10 s (now: for 0.0 s)\n"},
        {"kill-switch maybe", 2, "give on or off"},
        {"kill-switch", 2, "give one of on and off"},
        {"status now", 2, "too many words"},
        {"--nonsense", 2, "unrecognized option"},
        {"--help", 0, "Exit code: 0 done"},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        assert_run(*state, cases[i].arguments, cases[i].code, cases[i].output);
}

static void json_is_what_the_server_says(void **state)
{
    static const char *const arguments[] = {"--json status", "aggregates --json --drops",
                                            "aggregate lab -j", "-j kill-switch off"};
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(arguments); i++) {
        json_t *value;

        assert_int_equal(run(f, arguments[i]), 0);
        value = json_loads(f->output, 0, NULL);
        assert_non_null(value);
        json_decref(value);
    }
}

static void without_a_server_it_says_what_to_do(void **state)
{
    struct fixture *f = *state;

    stop_server(f);
    assert_run(f, "status", 1, "is pennyline running?");
}

/* Whoever watches must see what an event is about, be it of a kind that nobody knew when this was
 * written. */
static void an_event_is_printed_with_all_that_it_has(void **state)
{
    static const char *const lines[] = {
        "1.000  command          kill-switch  arguments={\"on\":true}  way=control socket  user=0  "
        "before={\"kill_switch\":false}\n",
        "1.000  reconfigured     by=root  generation=3  n_changes=2  slice \"a\" added; slice "
        "\"b\" "
        "removed\n",
        "1.000  finding          edge  syn_only (warning): Only SYNs.\n",
        "1.000  slice_refused    a  no room for it\n",
        "1.000  to_come          knock  depth=2.5  parts=[1,2]\n",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
        assert_run(f, "watch | head -n 12", 0, lines[i]);
}

static void watch_prints_events_as_they_come(void **state)
{
    struct fixture *f = *state;

    assert_run(f, "watch | head -n 3", 0, "1.500  suspended        own loss\n");
    assert_run(f, "watch | head -n 4", 0,
               "2.500  verdict          edge  closed_loop, E=10^6.2 F=10^-1.0. That is why.\n");
    assert_run(f, "watch --json | head -n 3", 0, "\"reason\": \"own loss\"");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commands_are_done_refused_or_not_understood, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(json_is_what_the_server_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_server_it_says_what_to_do, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_is_printed_with_all_that_it_has, set_up_publishing,
                                        tear_down),
        cmocka_unit_test_setup_teardown(watch_prints_events_as_they_come, set_up_publishing,
                                        tear_down),
    };

    if (argc != 2) {
        fprintf(stderr, "usage: %s PENNYLINECTL\n", argv[0]);
        return 2;
    }
    program = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
