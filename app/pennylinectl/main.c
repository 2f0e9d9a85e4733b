/* SPDX-License-Identifier: BSD-3-Clause */
/* pennylinectl: asks a running pennyline over its control socket. */
#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/paths.h"
#include "common/aggregates.h"
#include "common/exit_codes.h"
#include "pennylinectl/ctl.h"
#include "pennylinectl/print.h"

#define PAGE 500

/* All pages, as one list. */
static json_t *ask_for_all(struct control_client *c, json_t *request)
{
    json_t *all = json_array(), *page;
    json_int_t total;

    json_object_set_new(request, "count", json_integer(PAGE));
    do {
        json_object_set_new(request, "offset", json_integer((json_int_t)json_array_size(all)));
        page = control_client_ask(c, request);
        if (page == NULL) {
            json_decref(all);
            return NULL;
        }
        total = json_integer_value(json_object_get(page, "total"));
        json_array_extend(all, json_object_get(page, "aggregates"));
        if (json_array_size(json_object_get(page, "aggregates")) == 0)
            total = 0;
        json_decref(page);
    } while ((json_int_t)json_array_size(all) < total);
    return all;
}

static int run_aggregates(struct control_client *c, const struct options *o)
{
    json_t *all = ask_for_all(c, o->request);

    if (all == NULL)
        return fail(c);
    if (o->json)
        show_json(all, false);
    else
        aggregates_print(stdout, all);
    json_decref(all);
    return EXIT_SUCCESS;
}

static int run_watch(struct control_client *c, const struct options *o)
{
    json_t *event = control_client_ask(c, o->request);

    for (; event != NULL && !ferror(stdout); event = control_client_next(c)) {
        if (!json_is_true(json_object_get(event, "watching"))) {
            if (o->json)
                show_json(event, true);
            else
                print_event(stdout, event);
        }
        json_decref(event);
    }
    return fail(c);
}

static const struct subcommand subcommands[] = {
    {"status", WORD_NONE, "status", print_status, run_once},
    {"slices", WORD_NONE, "slices", print_slices, run_once},
    {"aggregates", WORD_NONE, "aggregates", NULL, run_aggregates},
    {"aggregate", WORD_AGGREGATE, "aggregate", print_aggregate, run_once},
    {"test start", WORD_AGGREGATE, "test start", print_done, run_once},
    {"test stop", WORD_AGGREGATE, "test stop", print_done, run_once},
    {"test show", WORD_TEST, "test show", print_asked_test, run_once},
    {"test", WORD_SOURCES, "test", NULL, ondemand_run_test},
    {"slice add", WORD_SLICE, "slice add", NULL, ondemand_run_slice},
    {"slice set", WORD_SLICE, "slice set", NULL, ondemand_run_slice},
    {"slice remove", WORD_NAME, "slice remove", NULL, ondemand_run_slice},
    {"slice show", WORD_NAME, "slice show", print_slice, run_once},
    {"services", WORD_NONE, "services", print_services, run_once},
    {"responders", WORD_NONE, "responders", print_responders, run_once},
    {"member", WORD_MEMBER, "member", print_members, run_once},
    {"machines", WORD_NONE, "machines", print_machines, run_once},
    {"machine set", WORD_MACHINE_KEY, "machine set", print_machine_set, run_once},
    {"machine", WORD_MACHINE, "machine", print_machine, run_once},
    {"kill-switch", WORD_SWITCH, "kill-switch", print_done, run_once},
    {"reload", WORD_NONE, "reload", print_reload, run_once},
    {"config show", WORD_NONE, "config show", NULL, configuration_run_show},
    {"config diff", WORD_NONE, "config diff", print_config_diff, run_once},
    {"sources list", WORD_NAME, "sources list", print_sources_list, run_once},
    {"sources", WORD_NONE, "sources", print_sources, run_once},
    {"drain", WORD_NONE, "drain", print_done, run_once},
    {"map summary", WORD_NONE, "map summary", mapping_print_summary, run_once},
    {"map why", WORD_WHY, "map why", mapping_print_why, run_once},
    {"map alarms", WORD_NONE, "map alarms", mapping_print_alarms, run_once},
    {"map queue", WORD_NONE, "map queue", mapping_print_queue, run_once},
    {"map acknowledge", WORD_ALARM, "map acknowledge", print_done, run_once},
    {"map accept", WORD_WHY, "map accept", print_done, run_once},
    {"map", WORD_NONE, "map", NULL, mapping_run_entries},
    {"watch", WORD_NONE, "watch", NULL, run_watch},
};

enum {
    KEY_SLICE = 0x100,
    KEY_VERDICT,
    KEY_DROPS,
    KEY_TIMEOUT,
    KEY_DRY_RUN,
    KEY_ORIGIN,
    KEY_SERVICE,
    KEY_STATE
};

static const struct argp_option argp_rows[] = {
    {"socket", 's', "PATH", 0, "The server's socket (default " CONTROL_DEFAULT_SOCKET ")", 0},
    {"json", 'j', NULL, 0, "Print JSON: all that the server says", 0},
    {"slice", KEY_SLICE, "NAME", 0, "aggregates: only of this slice", 0},
    {"verdict", KEY_VERDICT, "VERDICT", 0, "aggregates: only with this verdict", 0},
    {"drops", KEY_DROPS, NULL, 0, "aggregates: with every drop on record (with --json)", 0},
    {"service", KEY_SERVICE, "NAME", 0, "member: only in this service", 0},
    {"state", KEY_STATE, "STATE", 0, "machine: only keys in this state", 0},
    {"dry-run", KEY_DRY_RUN, NULL, 0, "reload: only tell what would change", 0},
    {"origin", KEY_ORIGIN, NULL, 0, "config show: in words, where it came from", 0},
    {"timeout", KEY_TIMEOUT, "S", 0,
     "drain: forward for S seconds at most (default: as long as packets come)", 0},
    {0},
};

static const char usage[] =
    "status\nslices\naggregates\naggregate AGGREGATE\ntest SOURCE[,SOURCE]\n"
    "test start AGGREGATE\ntest stop AGGREGATE\ntest show TEST\nslice add NAME\nslice set NAME\n"
    "slice remove NAME\nslice show NAME\nservices\nmember MEMBER ORDER\nresponders\nmachines\n"
    "machine NAME [KEY]\nmachine set NAME KEY STATE\nkill-switch "
    "on|off\nreload\nconfig show\n"
    "config diff\nsources\nsources list NAME\ndrain\nmap\nmap summary\nmap why PREFIX "
    "INGRESS\nmap alarms\nmap queue\nmap acknowledge ID\nmap accept PREFIX INGRESS\nwatch";

static const char description[] =
    "Asks a running pennyline, and tells it what to do.\v"
    "  status         workers, ports, tests running, whether drops are allowed\n"
    "  slices         what the configuration names, and how each is tested\n"
    "  aggregates     all aggregates with their evidence and verdicts\n"
    "  aggregate      one of them, with its single flows and drops\n"
    "  test           test any prefix whose packets pass, also one that no slice\n"
    "                 names, for 60 s at most (--set max_duration_ms)\n"
    "  test start     begin a test of an aggregate\n"
    "  test stop      end it without waiting for evidence\n"
    "  test show      how far a test of a prefix is, and what it found\n"
    "  slice add      one more slice, until it is removed\n"
    "  slice set      another description for one that was added\n"
    "  slice remove   take it away\n"
    "  slice show     any slice, whole, and where it came from\n"
    "  services       the services, their members, and how many packets each got\n"
    "  responders     what responders answered, and which sources answered back\n"
    "  member         ORDER drained: no new flows, known ones of sticky services\n"
    "                 go on; down: none; enabled: as checks find\n"
    "  machines       the state machines, and how many keys are in which state\n"
    "  machine        one of them, what its rules did, and its keys (100 of them)\n"
    "  machine set    put a key into a state; the initial one forgets it\n"
    "  kill-switch    on: nothing is dropped until it is off, forwarding goes on\n"
    "  reload         read the configuration file anew, and put it in force while\n"
    "                 packets go through; a file that is refused changes nothing\n"
    "  config show    the configuration in force, with every default;\n"
    "                 --origin: where it and each slice came from\n"
    "  config diff    by what the file differs from it, and which slices in force\n"
    "                 are not the file's\n"
    "  sources        how many sources sent to which port in the last window\n"
    "  sources list   name them, where the configuration allows it\n"
    "  drain          leave the path: all tests end, nothing is dropped any more,\n"
    "                 packets are forwarded until none came for 10 s, then\n"
    "                 pennyline ends\n"
    "  map            who enters where: entries by ingress and prefix\n"
    "  map summary    ingresses of the map, and what is known of them\n"
    "  map why        how well a source fits to an ingress, and which route says so\n"
    "  map alarms     alarms that are up\n"
    "  map queue      what waits for a test, and why it does\n"
    "  map acknowledge\n"
    "                 you look after an alarm\n"
    "  map accept     PREFIX at INGRESS is all right: for --hours, or without end;\n"
    "                 no more, with --remove\n"
    "  watch          events as they happen, until interrupted\n"
    "\n"
    "AGGREGATE is its number, the name of its slice, or its prefix. TEST is its number.\n"
    "\n"
    "Exit code: 0 done; 1 refused or no server: the message says what to do;\n"
    "2 usage. Of test --wait as of pennyline test: 0 closed_loop (or only\n"
    "watched), 10 not_closed_loop, 11 duplicates_exceeded, 12 inconclusive, 13\n"
    "nothing could be tested; of several the first in this order after 0.";

static void add_aggregate(struct options *o, const char *word)
{
    char *end;
    unsigned long long number = strtoull(word, &end, 10);
    bool is_number = *end == '\0' && word[0] >= '0' && word[0] <= '9' && strlen(word) < 19;

    json_object_set_new(o->request, "aggregate",
                        is_number ? json_integer((json_int_t)number) : json_string(word));
}

static void add_switch(struct argp_state *state, struct options *o, const char *word)
{
    if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0)
        argp_error(state, "kill-switch: \"%s\"; give on or off", word);
    json_object_set_new(o->request, "on", json_boolean(strcmp(word, "on") == 0));
}

static void add_seconds(struct argp_state *state, struct options *o, const char *word)
{
    char *end;
    unsigned long seconds = strtoul(word, &end, 10);

    if (word[0] < '0' || word[0] > '9' || *end != '\0' || seconds > UINT32_MAX)
        argp_error(state, "--timeout: \"%s\"; give a whole number of seconds", word);
    json_object_set_new(o->request, "timeout_s", json_integer((json_int_t)seconds));
}

static void add_member(struct options *o, const char *member, const char *order)
{
    json_object_set_new(o->request, "member", json_string(member));
    json_object_set_new(o->request, "order", json_string(order));
}

static void add_machine(struct options *o, size_t n)
{
    static const char *const names[] = {"name", "key", "state"};

    for (size_t i = 0; n + i < o->n_words && i < ARRAY_LENGTH(names); i++)
        json_object_set_new(o->request, names[i], json_string(o->words[n + i]));
}

static void take_word(struct argp_state *state, struct options *o, size_t n)
{
    const char *word = o->words[n];

    switch (o->subcommand->word) {
    case WORD_NONE:
        return;
    case WORD_AGGREGATE:
        add_aggregate(o, word);
        return;
    case WORD_SWITCH:
        add_switch(state, o, word);
        return;
    case WORD_MEMBER:
        add_member(o, word, o->words[n + 1]);
        return;
    case WORD_MACHINE:
    case WORD_MACHINE_KEY:
        add_machine(o, n);
        return;
    case WORD_ALARM:
        json_object_set_new(o->request, "id", json_string(word));
        return;
    case WORD_WHY:
        json_object_set_new(o->request, "prefix", json_string(word));
        json_object_set_new(o->request, "ingress", json_string(o->words[n + 1]));
        return;
    default:
        ondemand_understand(state, o, word);
        return;
    }
}

static const char *const word_names[] = {
    [WORD_AGGREGATE] = "AGGREGATE",
    [WORD_SWITCH] = "of on and off",
    [WORD_SOURCES] = "SOURCE, like 192.0.2.0/24 or several by commas",
    [WORD_TEST] = "TEST",
    [WORD_SLICE] = "NAME",
    [WORD_NAME] = "NAME",
    [WORD_MACHINE] = "NAME, and perhaps a KEY",
    [WORD_MACHINE_KEY] = "NAME, KEY and STATE",
    [WORD_WHY] = "PREFIX and one INGRESS",
    [WORD_ALARM] = "the ID of an alarm",
    [WORD_MEMBER] = "MEMBER and an order: enabled, drained or down",
};

static size_t n_words_after(enum word word)
{
    return word == WORD_NONE                         ? 0
           : word == WORD_MEMBER || word == WORD_WHY ? 2
           : word == WORD_MACHINE_KEY                ? 3
                                                     : 1;
}

/* Finds the subcommand that the words are, and takes what is left as its argument. */
static void understand(struct argp_state *state, struct options *o)
{
    char two[128];

    snprintf(two, sizeof(two), "%s %s", o->words[0], o->n_words > 1 ? o->words[1] : "");
    for (size_t i = 0; i < ARRAY_LENGTH(subcommands); i++) {
        const struct subcommand *s = &subcommands[i];
        size_t n = strchr(s->words, ' ') != NULL ? 2 : 1;

        if (strcmp(s->words, n == 2 ? two : o->words[0]) != 0)
            continue;
        o->subcommand = s;
        json_object_set_new(o->request, "command", json_string(s->command));
        if (s->word == WORD_NONE && o->n_words != n)
            argp_error(state, "%s: too many words", s->words);
        if (o->n_words != n + n_words_after(s->word) &&
            !(s->word == WORD_MACHINE && o->n_words == n + 2))
            argp_error(state, "%s: give one %s", s->words, word_names[s->word]);
        take_word(state, o, n);
        return;
    }
    argp_error(state, "\"%s\": no such command", o->n_words > 1 ? two : o->words[0]);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = state->child_inputs[1] = o;
        return 0;
    case 's':
        o->socket = argument;
        return 0;
    case 'j':
        o->json = true;
        return 0;
    case KEY_SLICE:
        json_object_set_new(o->request, "slice", json_string(argument));
        return 0;
    case KEY_VERDICT:
        json_object_set_new(o->request, "verdict", json_string(argument));
        return 0;
    case KEY_STATE:
        json_object_set_new(o->request, "state", json_string(argument));
        return 0;
    case KEY_SERVICE:
        json_object_set_new(o->request, "service", json_string(argument));
        return 0;
    case KEY_TIMEOUT:
        add_seconds(state, o, argument);
        return 0;
    case KEY_DRY_RUN:
        json_object_set_new(o->request, "dry_run", json_true());
        return 0;
    case KEY_ORIGIN:
        o->origin = true;
        return 0;
    case KEY_DROPS:
        json_object_set_new(o->request, "drops", json_true());
        return 0;
    case ARGP_KEY_ARG:
        if (o->n_words == ARRAY_LENGTH(o->words))
            argp_error(state, "too many words");
        o->words[o->n_words++] = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "what to do? Like: pennylinectl status");
        return 0;
    case ARGP_KEY_SUCCESS:
        understand(state, o);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const char *argp_program_version = "pennylinectl " PENNYLINE_VERSION;

int main(int argc, char **argv)
{
    static const struct argp_child children[] = {
        {&ondemand_argp, 0, "Of test and slice:", 1}, {&mapping_argp, 0, "Of map:", 2}, {0}};
    static const struct argp argp = {argp_rows, parse, usage, description, children, NULL, NULL};
    struct options options = {
        .socket = CONTROL_DEFAULT_SOCKET, .request = json_object(), .set = json_object()};
    struct control_client connection;
    int code;

    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (control_client_open(&connection, options.socket, CONTROL_CLIENT_WAIT_S) == 0) {
        code = options.subcommand->run(&connection, &options);
        control_client_close(&connection);
    } else {
        code = fail(&connection);
    }
    json_decref(options.request);
    json_decref(options.set);
    return code;
}
