/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline-map: what tables of routes say about where traffic should come in, and what happened.
 */
#include <argp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "common/exit_codes.h"
#include "pennyline-map/commands.h"
#include "pennyline-map/say.h"

const char *argp_program_version = "pennyline-map " PENNYLINE_VERSION;

/* Options that a command needs. */
enum { CONFIG = 1, EXPECTATION = 2, SOURCES = 4, STORE = 8, EVENT_LOG = 16 };

static const struct command {
    const char *name;
    size_t least, most; /* words behind it */
    const char *wanted;
    unsigned int needs;
    int (*run)(const struct options *options);
} commands[] = {
    {"build", 0, 0, "no more words", CONFIG | EXPECTATION | SOURCES, command_build},
    {"check", 0, 0, "no more words", EXPECTATION, command_check},
    {"why", 2, 2, "PREFIX INGRESS", EXPECTATION, command_why},
    {"routes", 1, SIZE_MAX, "FILE...", 0, command_routes},
    {"run", 0, 0, "no more words", STORE | EVENT_LOG, command_run},
    {"alarms", 0, 0, "no more words", STORE, command_alarms},
    {"history", 0, 1, "one PREFIX, or none", STORE, command_history},
};

struct arguments {
    const struct command *command;
    struct options options;
};

enum {
    KEY_ROUTES = 0x100,
    KEY_ACCEPT,
    KEY_VRPS,
    KEY_SHRUNK,
    KEY_EVENT_LOG,
    KEY_SOCKET,
    KEY_BOX,
    KEY_SYSLOG,
    KEY_FACILITY,
    KEY_ALERTMANAGER,
    KEY_INTERVAL,
    KEY_DAYS,
    KEY_MIB,
    KEY_COUNT,
    KEY_ALL,
};

static const struct argp_option rows[] = {
    {"expectation", 'e', "FILE", 0, "The file that build writes, and that check and why read", 0},
    {"json", 'j', NULL, 0, "check, why, alarms, history: print JSON", 0},
    {NULL, 0, NULL, 0, "What to build it of (each may be given several times):", 1},
    {"config", 'c', "FILE", 0, "The configuration of pennyline, whose ingresses name the places",
     1},
    {"routes", KEY_ROUTES, "TABLE", 0,
     "Routes as they were received from neighbors: MRT, or the text of bgpdump -m", 1},
    {"accept", KEY_ACCEPT, "CSV", 0, "What you know: columns prefix, ingress, until, note", 1},
    {"vrps", KEY_VRPS, "JSON", 0, "VRPs of routinator or rpki-client: a label", 1},
    {"shrunk", KEY_SHRUNK, NULL, 0,
     "Let it take the place of a file that had over a fifth more prefixes", 1},
    {NULL, 0, NULL, 0, "What happened, and where alarms go:", 2},
    {"store", 's', "FILE", 0, "What run keeps it in, and alarms and history read", 2},
    {"event-log", KEY_EVENT_LOG, "FILE", 0, "run: the event log of pennyline, which is followed",
     2},
    {"socket", KEY_SOCKET, "PATH", 0,
     "run: the control socket of pennyline, which is told of alarms that were up before it began",
     2},
    {"keep-days", KEY_DAYS, "N", 0, "run: forget what is older (default 90; 0: nothing)", 2},
    {"keep-mib", KEY_MIB, "N", 0, "run: forget the oldest above that (default 1024; 0: nothing)",
     2},
    {"syslog", KEY_SYSLOG, "TARGET", 0,
     "run: send alarms by RFC 5424 to udp:HOST:PORT, tcp:HOST:PORT or unix:PATH", 2},
    {"syslog-facility", KEY_FACILITY, "N", 0, "run: 0 to 23 (default 16, local0)", 2},
    {"alertmanager", KEY_ALERTMANAGER, "URL", 0,
     "run: send alarms to Alertmanager, as http://127.0.0.1:9093", 2},
    {"alertmanager-interval", KEY_INTERVAL, "SECONDS", 0,
     "run: those that are up again after so long (default 60)", 2},
    {"box", KEY_BOX, "NAME", 0, "run: the label \"box\" (default: this machine's name)", 2},
    {"all", KEY_ALL, NULL, 0, "alarms: those that are over, too", 2},
    {"count", KEY_COUNT, "N", 0, "history: so many rows at most (default 100)", 2},
    {0},
};

static const char usage[] = "build -c FILE -e FILE [--routes TABLE]... [--accept CSV]...\n"
                            "check -e FILE\nwhy -e FILE PREFIX INGRESS\nroutes TABLE...\n"
                            "run -s FILE --event-log FILE [--syslog TARGET] [--alertmanager URL]\n"
                            "alarms -s FILE [--all]\nhistory -s FILE [PREFIX]";

static const char description[] =
    "Knows where traffic should come in, by tables of BGP routes and by what you say. Needs no "
    "root, and touches no packet.\v"
    "  build          put tables together into one file, which is checked whole\n"
    "                 before it is used\n"
    "  check          is the file good, and what is in it?\n"
    "  why            how well sources of PREFIX fit to INGRESS, and which route\n"
    "                 says so\n"
    "  routes         the routes of these tables, one a line, as they are read here\n"
    "  run            follow the event log, keep what is about verdicts and alarms,\n"
    "                 and send alarms on; ends by SIGTERM\n"
    "  alarms         alarms that are up\n"
    "  history        what happened to PREFIX, or to any, latest first\n"
    "\n"
    "TABLE is a table dump of MRT (RFC 6396: TABLE_DUMP, TABLE_DUMP_V2, with ADD-PATH), as BIRD, "
    "FRR, GoBGP and OpenBGPD write it and as route collectors publish it, or the text of bgpdump "
    "-m; plain, in gzip or in bzip2; - is standard input. A table that is cut or contradicts "
    "itself is refused, with the place and the reason, and then nothing is written.\n"
    "\n"
    "Exit code: 0 done; 1 a file was refused; 2 usage, or the configuration was refused.";

static void add_word(struct argp_state *state, struct arguments *a, char *word)
{
    if (a->command != NULL) {
        a->options.words[a->options.n_words++] = word;
        return;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        if (strcmp(commands[i].name, word) == 0)
            a->command = &commands[i];
    if (a->command == NULL)
        argp_error(state, "\"%s\": no such command", word);
}

static void add_source(struct arguments *a, enum expect_file_kind kind, const char *path)
{
    a->options.sources[a->options.n_sources++] = (struct source){kind, path};
}

static void check(struct argp_state *state, const struct arguments *a)
{
    const struct command *c = a->command;
    const struct options *o = &a->options;

    if (o->n_words < c->least || o->n_words > c->most)
        argp_error(state, "%s: give %s", c->name, c->wanted);
    if ((c->needs & CONFIG) && o->config == NULL)
        argp_error(state, "%s: give --config FILE", c->name);
    if ((c->needs & EXPECTATION) && o->expectation == NULL)
        argp_error(state, "%s: give --expectation FILE", c->name);
    if ((c->needs & SOURCES) && o->n_sources == 0)
        argp_error(state, "%s: give --routes, --accept or --vrps", c->name);
    if ((c->needs & STORE) && o->store == NULL)
        argp_error(state, "%s: give --store FILE", c->name);
    if ((c->needs & EVENT_LOG) && o->event_log == NULL)
        argp_error(state, "%s: give --event-log FILE", c->name);
}

static uint32_t count_of(struct argp_state *state, const char *name, const char *text,
                         uint32_t least, uint32_t most)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value < least || value > most)
        argp_error(state, "--%s \"%s\"; allowed: a whole number from %u to %u", name, text, least,
                   most);
    return (uint32_t)value;
}

/* Of run, alarms and history. */
static error_t parse_store(int key, char *argument, struct argp_state *state)
{
    struct options *o = &((struct arguments *)state->input)->options;

    switch (key) {
    case 's':
        o->store = argument;
        return 0;
    case KEY_EVENT_LOG:
        o->event_log = argument;
        return 0;
    case KEY_SOCKET:
        o->socket = argument;
        return 0;
    case KEY_BOX:
        o->box = argument;
        return 0;
    case KEY_SYSLOG:
        o->syslog = argument;
        return 0;
    case KEY_FACILITY:
        o->syslog_facility = count_of(state, "syslog-facility", argument, 0, 23);
        return 0;
    case KEY_ALERTMANAGER:
        o->alertmanager = argument;
        return 0;
    case KEY_INTERVAL:
        o->alertmanager_interval_s = count_of(state, "alertmanager-interval", argument, 1, 240);
        return 0;
    case KEY_DAYS:
        o->keep_days = count_of(state, "keep-days", argument, 0, 36500);
        return 0;
    case KEY_MIB:
        o->keep_mib = count_of(state, "keep-mib", argument, 0, 1 << 30);
        return 0;
    case KEY_COUNT:
        o->count = count_of(state, "count", argument, 1, 1000000);
        return 0;
    case KEY_ALL:
        o->all = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case 'c':
        a->options.config = argument;
        return 0;
    case 'e':
        a->options.expectation = argument;
        return 0;
    case 'j':
        a->options.json = true;
        return 0;
    case KEY_ROUTES:
        add_source(a, EXPECT_FILE_ROUTES, argument);
        return 0;
    case KEY_ACCEPT:
        add_source(a, EXPECT_FILE_ACCEPT, argument);
        return 0;
    case KEY_VRPS:
        add_source(a, EXPECT_FILE_VRPS, argument);
        return 0;
    case KEY_SHRUNK:
        a->options.shrunk = true;
        return 0;
    case ARGP_KEY_ARG:
        add_word(state, a, argument);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "what to do? Like: pennyline-map routes FILE");
        return 0;
    case ARGP_KEY_SUCCESS:
        check(state, a);
        return 0;
    default:
        return parse_store(key, argument, state);
    }
}

int main(int argc, char **argv)
{
    static const struct argp argp = {rows, parse, usage, description, NULL, NULL, NULL};
    struct arguments a = {.options = {.words = calloc((size_t)argc + 1, sizeof(char *)),
                                      .sources = calloc((size_t)argc + 1, sizeof(struct source)),
                                      .syslog_facility = 16,
                                      .alertmanager_interval_s = 60,
                                      .keep_days = 90,
                                      .keep_mib = 1024,
                                      .count = 100}};
    int code = EXIT_ERROR;

    argp_err_exit_status = EXIT_USAGE;
    if (a.options.words == NULL || a.options.sources == NULL) {
        say("not enough memory");
    } else {
        argp_parse(&argp, argc, argv, 0, NULL, &a);
        code = a.command->run(&a.options);
    }
    free(a.options.words);
    free(a.options.sources);
    return code;
}
