/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <rte_version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "common/exit_codes.h"
#include "eal_arguments.h"
#include "lcores.h"
#include "options_sources.h"
#include "seed.h"

#define USUAL_LCORES       "0-1"
#define LEAST_AGGREGATES   1024
#define AGGREGATES_PER_ANY 4

static const char commands_text[] =
    "Drops a few TCP segments of a traffic slice, and says from what comes back whether real "
    "senders "
    "are there.\v"
    "Commands:\n"
    "  run --config FILE      serve until stopped\n"
    "  test --in D --out D --source CIDR\n"
    "                         one test, and its verdict as the exit code\n"
    "  sources --in D         how many sources send to which port; only looks\n"
    "  check --config FILE    look at a configuration and at this machine\n"
    "  convert --from-openpenny FILE\n"
    "                         OpenPenny's configuration as one of pennyline's\n"
    "\n"
    "Each has its own --help. Arguments behind \"--\" go to DPDK's EAL.\n";

enum {
    KEY_CONFIG = 0x100,
    KEY_IN,
    KEY_OUT,
    KEY_DRIVER,
    KEY_QUEUES,
    KEY_LCORES,
    KEY_NO_HUGE,
    KEY_EVENT_LOG,
    KEY_CONTROL,
    KEY_JSON,
    KEY_DOT,
    KEY_KEEP,
    KEY_FROM_OPENPENNY
};

#define CONFIG_OPTION INITIALIZER("config", KEY_CONFIG, "FILE", 0, "Configuration (JSON)", 0)

static const struct argp_option run_rows[] = {
    CONFIG_OPTION,
    {"json", KEY_JSON, NULL, 0, "Print the summary at the end as JSON", 0},
    {0},
};

static const struct argp_option check_rows[] = {
    CONFIG_OPTION,
    {"dot", KEY_DOT, NULL, 0, "Only print the state machines, as pictures for Graphviz' dot", 0},
    {0},
};

static const struct argp_option convert_rows[] = {
    {"from-openpenny", KEY_FROM_OPENPENNY, "FILE", 0,
     "Configuration of OpenPenny 1.0.0 or 1.1.0 (YAML, with its includes)", 0},
    {"out", KEY_OUT, "DEVICE", 0,
     "Where traffic leaves, since OpenPenny delivers on the box itself; \"same\": by the port that "
     "it "
     "came in by",
     0},
    {0},
};

static const struct argp_option test_rows[] = {
    {"in", KEY_IN, "DEVICE", 0,
     "Where the tested traffic comes in: a kernel interface, a PCI "
     "address, or a whole vdev (net_pcap0,rx_pcap=...)",
     0},
    {"out", KEY_OUT, "DEVICE", 0,
     "Where it leaves; what comes in there leaves by the other one. "
     "\"same\": by the port that it came in by, unchanged. "
     "Not needed with --mode passive: then --in brings copies",
     0},
    {"driver", KEY_DRIVER, "NAME", 0, "Of kernel interfaces: auto (default), af_xdp, af_packet", 0},
    {"queues", KEY_QUEUES, "N", 0, "Receive queues of each port (default: one for each worker)", 0},
    {"lcores", KEY_LCORES, "LIST", 0,
     "As EAL's --lcores (default " USUAL_LCORES "): the lowest is "
     "the manager's, the others are workers",
     0},
    {"no-huge", KEY_NO_HUGE, NULL, 0, "Do without hugepages", 0},
    {"event-log", KEY_EVENT_LOG, "FILE", 0, "Append events to FILE, one JSON object a line", 0},
    {"control", KEY_CONTROL, "SOCKET", 0, "UNIX socket for pennylinectl", 0},
    {"keep-forwarding", KEY_KEEP, NULL, 0,
     "Forward on when the test has ended, until SIGINT or SIGTERM; else the path is cut then", 0},
    {0},
};

static error_t parse_queues(struct options *o, const char *argument, struct argp_state *state)
{
    char *end;
    unsigned long n = strtoul(argument, &end, 10);

    if (*argument == '\0' || *end != '\0' || n < 1 || n > CONFIG_MAX_QUEUES)
        argp_error(state, "--queues: \"%s\"; allowed: 1 to %d", argument, CONFIG_MAX_QUEUES);
    o->queues = (uint32_t)n;
    return 0;
}

static void check_test(const struct options *o, struct argp_state *state)
{
    bool is_passive = o->test.mode != NULL && strcmp(o->test.mode, "passive") == 0;

    if (o->in == NULL)
        argp_error(state, "where does the traffic come in? Give --in DEVICE, like --in eth1");
    if (o->out == NULL && !is_passive)
        argp_error(state, "where does the traffic leave? Give --out DEVICE, like --out eth2");
}

static error_t parse_test(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;

    if (key == KEY_IN || key == KEY_OUT || key == KEY_DRIVER || key == KEY_EVENT_LOG ||
        key == KEY_CONTROL)
        test_options_text(state, argument);
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->test;
        return 0;
    case KEY_IN:
        o->in = argument;
        return 0;
    case KEY_OUT:
        o->out = argument;
        return 0;
    case KEY_DRIVER:
        o->driver = argument;
        return 0;
    case KEY_QUEUES:
        return parse_queues(o, argument, state);
    case KEY_LCORES:
        o->lcores = argument;
        return 0;
    case KEY_NO_HUGE:
        o->no_huge = true;
        return 0;
    case KEY_EVENT_LOG:
        o->event_log = argument;
        return 0;
    case KEY_KEEP:
        o->keep_forwarding = true;
        return 0;
    case KEY_CONTROL:
        o->control_socket = argument;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "\"%s\": what is this?", argument);
        return 0;
    case ARGP_KEY_END:
        check_test(o, state);
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static error_t parse_config_only(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case KEY_CONFIG:
        o->config_path = argument;
        return 0;
    case KEY_JSON:
        o->json = true;
        return 0;
    case KEY_DOT:
        o->dot = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "\"%s\": what is this? The configuration is given by --config", argument);
        return 0;
    case ARGP_KEY_END:
        if (o->config_path == NULL)
            argp_error(state, "which configuration? Give --config FILE");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static error_t parse_convert(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case KEY_FROM_OPENPENNY:
        o->openpenny_path = argument;
        return 0;
    case KEY_OUT:
        test_options_text(state, argument);
        o->out = argument;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "\"%s\": what is this? The file is given by --from-openpenny", argument);
        return 0;
    case ARGP_KEY_END:
        if (o->openpenny_path == NULL)
            argp_error(state, "convert what? Give --from-openpenny FILE");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static const struct argp_child test_children[] = {{&test_options_argp, 0, "What to test:", 1}, {0}};

static const struct argp run_argp = {run_rows,
                                     parse_config_only,
                                     "[-- EAL...]",
                                     "Serves until SIGTERM or SIGINT. SIGUSR1 turns the kill "
                                     "switch on, SIGUSR2 off; SIGHUP opens the "
                                     "event log anew.",
                                     NULL,
                                     NULL,
                                     NULL};
static const struct argp check_argp = {
    check_rows,
    parse_config_only,
    NULL,
    "Says of a configuration whether it is good, and of this machine what stands in its way. Exit "
    "code 0: nothing does.",
    NULL,
    NULL,
    NULL};
static const struct argp convert_argp = {
    convert_rows,
    parse_convert,
    NULL,
    "Prints the configuration that OpenPenny's file stands for. Standard error has a line for each "
    "key "
    "that has no counterpart, was changed to fit, or means something else here.\v"
    "Exit codes: 0 converted; 1 refused, or a file that cannot be read; 2 wrong usage.\n",
    NULL,
    NULL,
    NULL};
static const struct argp test_argp = {
    test_rows,
    parse_test,
    "[-- EAL...]",
    "Tests once.\v"
    "Exit codes: 10 not_closed_loop, 11 duplicates_exceeded, 12 inconclusive, 13 nothing could be "
    "tested, 0 closed_loop (or only watched); of several aggregates the first in this order "
    "decides. "
    "2 wrong usage, 1 any other error. When it has its verdict it ends, and forwards no more, "
    "unless --keep-forwarding is given.\n",
    test_children,
    NULL,
    NULL};

static const struct {
    const char *name, *whole_name;
    enum command command;
    const struct argp *argp;
} commands[] = {
    {"run", "pennyline run", COMMAND_RUN, &run_argp},
    {"test", "pennyline test", COMMAND_TEST, &test_argp},
    {"sources", "pennyline sources", COMMAND_SOURCES, &options_sources_argp},
    {"check", "pennyline check", COMMAND_CHECK, &check_argp},
    {"convert", "pennyline convert", COMMAND_CONVERT, &convert_argp},
};

static error_t parse_no_command(int key, char *argument, struct argp_state *state)
{
    if (key == ARGP_KEY_ARG)
        argp_error(state,
                   "\"%s\" is no command; there are run, test, sources, check and "
                   "convert",
                   argument);
    if (key == ARGP_KEY_NO_ARGS)
        argp_error(state, "what to do? Give a command: run, test, sources, check or convert");
    return key == ARGP_KEY_ARG || key == ARGP_KEY_NO_ARGS ? 0 : ARGP_ERR_UNKNOWN;
}

static void print_version(FILE *stream, struct argp_state *state)
{
    (void)state;
    fprintf(stream, "pennyline %s, %s\n", PENNYLINE_VERSION, rte_version());
}

/* What stands behind "--" is EAL's. Returns what is ours. */
static int split_arguments(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--") == 0) {
            o->eal_arguments = argv + i + 1;
            return i;
        }
    return argc;
}

void options_parse(int argc, char **argv, struct options *out)
{
    static const struct argp main_argp = {
        NULL, parse_no_command, "COMMAND [OPTION...]", commands_text, NULL, NULL, NULL};

    *out = (struct options){0};
    argp_program_version_hook = print_version;
    argp_err_exit_status = EXIT_USAGE;
    argc = split_arguments(argc, argv, out);
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        out->command = commands[i].command;
        argv[1] = (char *)(uintptr_t)commands[i].whole_name;
        argp_parse(commands[i].argp, argc - 1, argv + 1, 0, NULL, out);
        return;
    }
    argp_parse(&main_argp, argc, argv, ARGP_IN_ORDER, NULL, NULL);
    exit(EXIT_USAGE);
}

void options_free(struct options *options)
{
    test_options_free(&options->test);
}

static json_t *port_of(const struct options *o, const char *name, const char *device,
                       const char *pair, uint32_t queues)
{
    json_t *port =
        json_pack("{s:s, s:s, s:i}", "name", name, "device", device, "queues", (int)queues);

    if (pair != NULL)
        json_object_set_new(port, "pair", json_string(pair));
    else
        json_object_set_new(port, "role", json_string("mirror"));
    if (o->driver != NULL && config_device_kind(device) == PORT_DEVICE_INTERFACE)
        json_object_set_new(port, "driver", json_string(o->driver));
    return port;
}

static json_t *instance_of(const struct options *o)
{
    size_t n_sources = json_array_size(o->test.sources);
    size_t n = AGGREGATES_PER_ANY * n_sources;
    json_t *instance = json_pack("{s:I}", "max_aggregates",
                                 (json_int_t)(n > LEAST_AGGREGATES ? n : LEAST_AGGREGATES));

    if (o->event_log != NULL)
        json_object_set_new(instance, "event_log", json_string(o->event_log));
    if (o->control_socket != NULL)
        json_object_set_new(instance, "control_socket", json_string(o->control_socket));
    return instance;
}

/* One port with --out same, and with --mode passive without --out; else two that are each other's
 * pair. */
static json_t *ports_of(const struct options *o, uint32_t queues)
{
    json_t *ports = json_array();
    bool same = o->out != NULL && strcmp(o->out, "same") == 0;

    if (o->out == NULL || same) {
        json_array_append_new(ports, port_of(o, "in", o->in, same ? "in" : NULL, queues));
    } else {
        json_array_append_new(ports, port_of(o, "in", o->in, "out", queues));
        json_array_append_new(ports, port_of(o, "out", o->out, "in", queues));
    }
    return ports;
}

/* The configuration that a `test` stands for. */
static json_t *compose(const struct options *o)
{
    json_t *root = test_options_compose(&o->test);
    char listed[EAL_LCORES_BYTES];
    const char *given = eal_arguments_lcores(o->eal_arguments, listed);
    const char *lcores = given != NULL ? given : o->lcores != NULL ? o->lcores : USUAL_LCORES;
    uint32_t queues = lcores_queues(lcores, o->queues, CONFIG_MAX_QUEUES);

    json_object_set_new(root, "ports", ports_of(o, queues));
    json_object_set_new(root, "instance", instance_of(o));
    json_object_set_new(root, "eal",
                        json_pack("{s:s, s:b}", "lcores", lcores, "huge", !o->no_huge));
    return root;
}

static int refuse_seed(struct config **config, char *error, size_t n_error)
{
    int status = seed_check(*config, error, n_error);

    if (status != 0) {
        config_free(*config);
        *config = NULL;
    }
    return status;
}

int options_load_config(const struct options *o, struct config **config, char *error,
                        size_t n_error)
{
    struct config_error why = {0};
    json_t *root = NULL;
    int status;

    if (o->command == COMMAND_TEST) {
        root = compose(o);
        status = config_load_json(root, config, &why);
        json_decref(root);
        test_options_explain(&why, error, n_error);
    } else if (o->command == COMMAND_SOURCES) {
        root = options_sources_compose(o);
        status = config_load_json(root, config, &why);
        json_decref(root);
        snprintf(error, n_error, "%s", why.text);
    } else {
        status = config_load_file(o->config_path, config, &why);
        snprintf(error, n_error, "%s", why.text);
    }
    return status == 0 ? refuse_seed(config, error, n_error) : status;
}
