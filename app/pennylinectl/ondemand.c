/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices and tests at run time: from the command line to a request, and waiting for what becomes of
 * it. Who waits hears events on the connection that it asked on, so it misses none. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/exit_codes.h"
#include "common/set_option.h"
#include "pennylinectl/ctl.h"
#include "pennylinectl/print.h"
#include "json/json.h"

enum {
    KEY_DESTINATION = 0x200,
    KEY_INGRESS,
    KEY_MODE,
    KEY_SET,
    KEY_LABEL,
    KEY_FORCE,
    KEY_WAIT,
    KEY_SOURCE
};

static const struct argp_option rows[] = {
    {"source", KEY_SOURCE, "CIDR[,...]", 0, "slice: packets from these prefixes", 0},
    {"destination", KEY_DESTINATION, "CIDR[,...]", 0, "Only packets to these prefixes", 0},
    {"ingress", KEY_INGRESS, "PORT[/VLAN]", 0,
     "Only packets that came in there; or the name of an ingress", 0},
    {"mode", KEY_MODE, "MODE", 0, "active (default): drop and watch; passive: watch", 0},
    {"set", KEY_SET, "NAME=VALUE", 0,
     "Set a parameter of the test (of a slice: any option) by its configuration name", 0},
    {"label", KEY_LABEL, "TEXT", 0, "What to call the test in its events and reports", 0},
    {"force", KEY_FORCE, NULL, 0,
     "End a test under way that has these packets, as \"reconfigured\"", 0},
    {"wait", KEY_WAIT, NULL, 0, "test: wait for the verdict; it is the exit code", 0},
    {0},
};

static void add_list(struct argp_state *state, struct options *o, const char *key,
                     const char *argument)
{
    json_t *list = json_array();

    if (!set_option_list(list, argument))
        argp_error(state, "\"%s\": write CIDR,CIDR,... without an empty one", argument);
    json_object_set_new(o->request, key, list);
}

/* PORT, PORT/VLAN, /VLAN, or the name of an ingress, which may be a port's, too. */
static void add_ingress(struct argp_state *state, struct options *o, const char *argument)
{
    const char *slash = strchr(argument, '/');
    size_t n = slash != NULL ? (size_t)(slash - argument) : strlen(argument);
    json_t *ingress = slash != NULL ? json_object() : json_string(argument);
    char *end = NULL;
    unsigned long vlan = slash != NULL ? strtoul(slash + 1, &end, 10) : 0;

    if (slash != NULL && (slash[1] < '0' || slash[1] > '9' || *end != '\0' || vlan > 4094))
        argp_error(state,
                   "--ingress: \"%s\"; write PORT, PORT/VLAN or /VLAN, with a VLAN of 0 to "
                   "4094",
                   argument);
    if (slash != NULL && n > 0)
        json_object_set_new(ingress, "port", json_stringn(argument, n));
    if (slash != NULL)
        json_object_set_new(ingress, "vlan", json_integer((json_int_t)vlan));
    json_object_set_new(o->request, "ingress", ingress);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case KEY_SOURCE:
        add_list(state, o, "source", argument);
        return 0;
    case KEY_DESTINATION:
        add_list(state, o, "destination", argument);
        return 0;
    case KEY_INGRESS:
        add_ingress(state, o, argument);
        return 0;
    case KEY_MODE:
        request_text(state, o, "mode", argument);
        return 0;
    case KEY_SET:
        if (!set_option(o->set, argument))
            argp_error(state, "--set: \"%s\"; write NAME=VALUE, like max_duration_ms=10000",
                       argument);
        return 0;
    case KEY_LABEL:
        request_text(state, o, "label", argument);
        return 0;
    case KEY_FORCE:
        json_object_set_new(o->request, "force", json_true());
        return 0;
    case KEY_WAIT:
        o->wait = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp ondemand_argp = {rows, parse, NULL, NULL, NULL, NULL, NULL};

static void move(json_t *from, const char *key, json_t *to, const char *as)
{
    json_t *value = json_object_get(from, key);

    if (value != NULL)
        json_object_set(to, as, value);
    json_object_del(from, key);
}

/* What the options say is the slice. */
static void describe_slice(struct argp_state *state, struct options *o, const char *name)
{
    json_t *slice = json_pack("{s:s, s:s}", "name", name, "mode", "active");

    if (slice == NULL)
        argp_error(state, "\"%s\" is no UTF-8", name);
    move(o->request, "source", slice, "sources");
    move(o->request, "destination", slice, "destinations");
    move(o->request, "ingress", slice, "ingress");
    move(o->request, "mode", slice, "mode");
    json_object_update(slice, o->set);
    json_object_set_new(o->request, "slice", slice);
    json_object_set_new(o->request, "watch", json_true());
}

static void add_number(struct argp_state *state, struct options *o, const char *word)
{
    const char *digits = strncmp(word, "test-", 5) == 0 ? word + 5 : word;
    char *end;
    unsigned long number = strtoul(digits, &end, 10);

    if (*digits < '0' || *digits > '9' || *end != '\0' || number > UINT32_MAX)
        argp_error(state, "\"%s\": give the number of a test, like 17 or test-17", word);
    json_object_set_new(o->request, "test", json_integer((json_int_t)number));
}

void ondemand_understand(struct argp_state *state, struct options *o, const char *word)
{
    switch (o->subcommand->word) {
    case WORD_SOURCES:
        add_list(state, o, "source", word);
        if (json_object_size(o->set) > 0)
            json_object_set(o->request, "set", o->set);
        if (o->wait)
            json_object_set_new(o->request, "watch", json_true());
        return;
    case WORD_TEST:
        add_number(state, o, word);
        return;
    case WORD_SLICE:
        describe_slice(state, o, word);
        return;
    default:
        request_text(state, o, "name", word);
        if (strcmp(o->subcommand->command, "slice remove") == 0)
            json_object_set_new(o->request, "watch", json_true());
        return;
    }
}

/* As `pennyline test`: report_exit_code() of what a report says. */
static int exit_code_of(const json_t *report)
{
    static const struct {
        const char *verdict;
        int code;
    } codes[] = {{"closed_loop", 0}, {"not_closed_loop", 10}, {"duplicates_exceeded", 11}};
    const char *verdict = json_string_at(report, "verdict");

    if (json_number_at(report, "n_tests") == 0)
        return EXIT_SUCCESS;
    if (json_number_at(report, "dropped") == 0 &&
        json_sum_of_members(json_at(report, "units"), "dropped") == 0)
        return 13;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(codes[i].verdict, verdict) == 0)
            return codes[i].code;
    return 12;
}

/* The test that an event is the end of, or NULL. */
static json_t *ended_by(json_t *tests, const json_t *event)
{
    const char *kind = json_string_at(event, "event"), *slice = json_string_at(event, "slice");
    json_t *test;
    size_t i;

    if (strcmp(kind, "test_ended") != 0 && strcmp(kind, "test_refused") != 0 &&
        strcmp(kind, "watch_ended") != 0)
        return NULL;
    json_array_foreach (tests, i, test)
        if (strcmp(json_string_at(test, "slice"), slice) == 0 && !json_has_at(test, "ended"))
            return test;
    return NULL;
}

/* Until all have ended: 0; -1 when the server left. */
static int await_all(struct control_client *c, json_t *tests)
{
    size_t n_left = json_array_size(tests);

    while (n_left > 0) {
        json_t *event = control_client_next(c), *test;

        if (event == NULL)
            return -1;
        test = ended_by(tests, event);
        if (test != NULL) {
            json_object_set(test, "ended", event);
            n_left--;
        }
        json_decref(event);
    }
    return 0;
}

static int print_test(const json_t *shown)
{
    if (!json_has_at(shown, "report")) {
        fprintf(stderr, "pennylinectl: test %.0f was refused: %s\n", json_number_at(shown, "test"),
                json_string_at(shown, "reason"));
        return EXIT_ERROR;
    }
    print_aggregate(stdout, json_object_get(shown, "report"));
    return exit_code_of(json_object_get(shown, "report"));
}

/* What speaks against senders first, as `pennyline test` has it. */
static int worse_of(int a, int b)
{
    return a == 0 ? b : b == 0 || a < b ? a : b;
}

/* Whole, with every drop: by another connection, since this one hears events only. */
static int show_all(const struct options *o, const json_t *tests)
{
    json_t *all = json_array(), *test;
    struct control_client c;
    int code = EXIT_SUCCESS;
    size_t i;

    if (control_client_open(&c, o->socket, CONTROL_CLIENT_WAIT_S) != 0)
        return fail(&c);
    json_array_foreach (tests, i, test) {
        json_t *request =
            json_pack("{s:s, s:O}", "command", "test show", "test", json_object_get(test, "test"));
        json_t *shown = control_client_ask(&c, request);

        json_decref(request);
        if (shown == NULL) {
            code = fail(&c);
            break;
        }
        if (o->json)
            code = worse_of(code, json_has_at(shown, "report")
                                      ? exit_code_of(json_object_get(shown, "report"))
                                      : EXIT_ERROR);
        else
            code = worse_of(code, print_test(shown));
        json_array_append_new(all, shown);
    }
    if (o->json)
        show_json(all, false);
    json_decref(all);
    control_client_close(&c);
    return code;
}

/* What is tested may be less than what was asked for, and who waits sees the verdict alone. */
static void tell_what_others_keep(const json_t *tests)
{
    json_t *test, *name;
    size_t i, k;

    json_array_foreach (tests, i, test) {
        json_array_foreach (json_object_get(test, "kept_by"), k, name)
            fprintf(stderr, "%s %s",
                    k == 0 ? "pennylinectl: what these slices name stays theirs:" : ",",
                    json_string_value(name));
        if (json_array_size(json_object_get(test, "kept_by")) > 0)
            fprintf(stderr, " (test %.0f of %s)\n", json_number_at(test, "test"),
                    json_string_at(test, "source"));
    }
}

/* Who forgot the kill switch would wait for nothing. */
static void warn_of_kill_switch(const struct options *o)
{
    json_t *request = json_pack("{s:s}", "command", "status"), *status;
    struct control_client c;

    if (control_client_open(&c, o->socket, CONTROL_CLIENT_WAIT_S) == 0) {
        status = control_client_ask(&c, request);
        if (json_is_true(json_object_get(status, "kill_switch")))
            fprintf(stderr,
                    "pennylinectl: warning: the kill switch is on, so nothing is dropped and no "
                    "test finds anything (pennylinectl kill-switch off)\n");
        json_decref(status);
        control_client_close(&c);
    }
    json_decref(request);
}

int ondemand_run_test(struct control_client *c, const struct options *o)
{
    json_t *result = control_client_ask(c, o->request);
    int code;

    if (result == NULL)
        return fail(c);
    if (strcmp(json_string_at(o->request, "mode"), "passive") != 0)
        warn_of_kill_switch(o);
    if (o->wait)
        tell_what_others_keep(json_object_get(result, "tests"));
    if (!o->wait) {
        if (o->json)
            show_json(result, false);
        else
            print_asked(stdout, result);
        json_decref(result);
        return EXIT_SUCCESS;
    }
    code = await_all(c, json_object_get(result, "tests")) != 0
               ? fail(c)
               : show_all(o, json_object_get(result, "tests"));
    json_decref(result);
    return code;
}

/* The event that says what became of the slice, or NULL: the server left. */
static json_t *await_slice(struct control_client *c, const char *name)
{
    json_t *event;

    while ((event = control_client_next(c)) != NULL) {
        if (strncmp(json_string_at(event, "event"), "slice_", 6) == 0 &&
            strcmp(json_string_at(event, "slice"), name) == 0)
            return event;
        json_decref(event);
    }
    return NULL;
}

int ondemand_run_slice(struct control_client *c, const struct options *o)
{
    json_t *result = control_client_ask(c, o->request), *event;
    int code = EXIT_SUCCESS;

    if (result == NULL)
        return fail(c);
    event = await_slice(c, json_string_at(result, "slice"));
    if (event == NULL) {
        code = fail(c);
    } else if (strcmp(json_string_at(event, "event"), "slice_refused") == 0) {
        fprintf(stderr, "pennylinectl: slice \"%s\" is refused: %s\n",
                json_string_at(event, "slice"), json_string_at(event, "reason"));
        code = EXIT_ERROR;
    } else if (o->json) {
        show_json(event, false);
    } else {
        printf("slice %s is %s\n", json_string_at(event, "slice"),
               strcmp(json_string_at(event, "event"), "slice_removed") == 0 ? "gone" : "in force");
    }
    json_decref(event);
    json_decref(result);
    return code;
}
