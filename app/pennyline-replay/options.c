/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-replay/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/exit_codes.h"
#include "pennyline-replay/count.h"
#include "pennyline-replay/machine.h"

enum {
    KEY_PCAP = 0x100,
    KEY_LIMIT,
    KEY_FLOWS,
    KEY_EVENTS,
    KEY_DROPS,
    KEY_MAP,
    KEY_UNEXPECTED,
    KEY_CONFIG,
    KEY_PORT,
    KEY_EXPECT,
    KEY_ENTRIES,
    KEY_SOURCES,
    KEY_MACHINE
};

#define DEFAULT_ENTRIES 65536
#define MOST_ENTRIES    4000000

static const struct argp_option argp_rows[] = {
    {"pcap", KEY_PCAP, "FILE", 0,
     "The capture, pcap or pcapng, also in gzip; \"-\" is standard input", 0},
    {"limit", KEY_LIMIT, "N", 0, "Read no more than the first N packets", 0},
    {"flows", KEY_FLOWS, "N", 0,
     "Memory for so many flows at once: 1024 to 25165824 (default 262144)", 0},
    {"drops", KEY_DROPS, NULL, 0, "List every drop in the JSON summary", 0},
    {"events", KEY_EVENTS, "FILE", 0, "Append events as lines of JSON; \"-\" is standard output",
     0},
    {"map", KEY_MAP, NULL, 0,
     "Instead of a test: who enters where in the capture, by ingress and prefix", 1},
    {"config", KEY_CONFIG, "FILE", 0, "With --map: a configuration, for the names of ingresses", 1},
    {"port", KEY_PORT, "NAME", 0, "With --config: the port that the capture came in by", 1},
    {"expect", KEY_EXPECT, "FILE", 0, "With --map: what pennyline-map build made, for grades", 1},
    {"entries", KEY_ENTRIES, "N", 0, "With --map: memory for so many entries (default 65536)", 1},
    {"unexpected", KEY_UNEXPECTED, NULL, 0,
     "With --map: only entries that come in where no route leads, or from where none may", 1},
    {"sources", KEY_SOURCES, NULL, 0, COUNT_HELP, 0},
    {"machine", KEY_MACHINE, "FILE", 0, MACHINE_HELP, 0},
    {0},
};

static const char description[] =
    "Runs the test of pennyline over a capture: the same parser, engine and rules, with the times "
    "of the packets as the clock. Needs no NIC and no root."
    "\v"
    "A recording does not answer. In mode active the capture is taken for the output of senders "
    "that cannot react to a drop: no segment comes back because of it, only what was repeated "
    "anyway. That is right for blind senders, and tells what they would be called; it is wrong for "
    "genuine ones, which would have sent again. For traffic that may be genuine use --mode "
    "passive: it drops nothing, and reports repeats, holes and how flows ended.\n"
    "\n"
    "Read are captures of Ethernet, raw IP, Linux cooked (v1, v2) and loopback. A packet that is "
    "older than the one before it is taken to be of the same time. Of a file that is broken, or "
    "cut "
    "off in a packet, what precedes that is reported.\n"
    "\n"
    "Exit code: 10 not_closed_loop; 11 duplicates_exceeded; 12 inconclusive; 13 nothing could be "
    "tested; 0 closed_loop (or only watched, as in mode passive); of several aggregates the first "
    "in "
    "this order decides. 2 usage; 1 any other error, as of a broken file.";

static const struct argp_child children[] = {{&test_options_argp, 0, "What to test:", 1}, {0}};

static uint64_t count_of(struct argp_state *state, const char *option, const char *text,
                         uint64_t most)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value == 0 || value > most)
        argp_error(state, "--%s: \"%s\"; allowed: a whole number from 1 to %llu", option, text,
                   (unsigned long long)most);
    return value;
}

/* What belongs to a map says nothing of a test, and the other way round. */
static void check_map(struct argp_state *state, const struct options *o)
{
    if (!o->map && (o->config != NULL || o->port != NULL || o->expectation != NULL ||
                    o->n_entries != 0 || o->unexpected))
        argp_error(state, "--config, --port, --expect, --entries and --unexpected go with --map");
    if (o->map && (json_array_size(o->test.sources) > 0 || o->events != NULL || o->drops))
        argp_error(state, "--map tests nothing: it goes without --source, --events and --drops");
    if (o->port != NULL && o->config == NULL)
        argp_error(state, "--port goes with --config FILE");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->test;
        return 0;
    case KEY_PCAP:
        o->pcap = argument;
        return 0;
    case KEY_LIMIT:
        o->limit = count_of(state, "limit", argument, INT64_MAX);
        return 0;
    case KEY_FLOWS:
        o->n_flows = (uint32_t)count_of(state, "flows", argument, UINT32_MAX);
        return 0;
    case KEY_EVENTS:
        o->events = argument;
        return 0;
    case KEY_DROPS:
        o->drops = true;
        return 0;
    case KEY_MAP:
        o->map = o->test.needs_no_source = true;
        return 0;
    case KEY_UNEXPECTED:
        o->unexpected = true;
        return 0;
    case KEY_CONFIG:
        o->config = argument;
        return 0;
    case KEY_PORT:
        o->port = argument;
        return 0;
    case KEY_EXPECT:
        o->expectation = argument;
        return 0;
    case KEY_ENTRIES:
        o->n_entries = (uint32_t)count_of(state, "entries", argument, MOST_ENTRIES);
        return 0;
    case ARGP_KEY_END:
        check_map(state, o);
        if (o->pcap == NULL)
            argp_error(state, "which capture? Give --pcap FILE");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What a replay needs besides: as many aggregates as there are slices, and its flows. */
static json_t *compose(const struct options *o)
{
    json_t *root = test_options_compose(&o->test);
    size_t n_slices = json_array_size(json_object_get(root, "slices"));
    json_t *instance = json_pack("{s:I}", "max_aggregates", (json_int_t)n_slices);

    if (o->n_flows != 0)
        json_object_set_new(instance, "flows_per_lcore", json_integer(o->n_flows));
    json_object_set_new(root, "instance", instance);
    return root;
}

/* Names the option, not what the configuration calls it. */
static const char *explain(const struct config_error *error, char *out, size_t n)
{
    static const char flows[] = "$.instance.flows_per_lcore";

    if (strcmp(error->path, flows) != 0 || strncmp(error->text, flows, sizeof(flows) - 1) != 0)
        return test_options_explain(error, out, n);
    snprintf(out, n, "--flows%s", error->text + sizeof(flows) - 1);
    return out;
}

struct config *options_read(struct options *options, int argc, char **argv)
{
    static const struct argp argp = {argp_rows, parse, NULL, description, children, NULL, NULL};
    struct config *config = NULL;
    struct config_error error;
    char text[sizeof(error.text) + 64];
    json_t *root;

    *options = (struct options){0};
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, options);
    if (options->n_entries == 0)
        options->n_entries = DEFAULT_ENTRIES;
    if (options->map)
        return NULL;
    root = compose(options);
    if (config_load_json(root, &config, &error) != 0) {
        fprintf(stderr, "%s: %s\n", program_invocation_short_name,
                explain(&error, text, sizeof(text)));
        exit(EXIT_USAGE);
    }
    json_decref(root);
    return config;
}

void options_free(struct options *options)
{
    test_options_free(&options->test);
}
