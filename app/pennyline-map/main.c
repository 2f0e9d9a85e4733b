/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline-map: what tables of routes say about where traffic should come in. */
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

static const struct command {
    const char *name;
    size_t least, most; /* words behind it */
    const char *wanted;
    bool needs_config, needs_expectation, needs_sources;
    int (*run)(const struct options *options);
} commands[] = {
    {"build", 0, 0, "no more words", true, true, true, command_build},
    {"check", 0, 0, "no more words", false, true, false, command_check},
    {"why", 2, 2, "PREFIX INGRESS", false, true, false, command_why},
    {"routes", 1, SIZE_MAX, "FILE...", false, false, false, command_routes},
};

struct arguments {
    const struct command *command;
    struct options options;
};

enum { KEY_ROUTES = 0x100, KEY_ACCEPT, KEY_VRPS, KEY_SHRUNK };

static const struct argp_option rows[] = {
    {"expectation", 'e', "FILE", 0, "The file that build writes, and that check and why read", 0},
    {"json", 'j', NULL, 0, "check, why: print JSON", 0},
    {NULL, 0, NULL, 0, "What to build it of (each may be given several times):", 1},
    {"config", 'c', "FILE", 0, "The configuration of pennyline, whose ingresses name the places",
     1},
    {"routes", KEY_ROUTES, "TABLE", 0,
     "Routes as they were received from neighbors: MRT, or the text of bgpdump -m", 1},
    {"accept", KEY_ACCEPT, "CSV", 0, "What you know: columns prefix, ingress, until, note", 1},
    {"vrps", KEY_VRPS, "JSON", 0, "VRPs of routinator or rpki-client: a label", 1},
    {"shrunk", KEY_SHRUNK, NULL, 0,
     "Let it take the place of a file that had over a fifth more prefixes", 1},
    {0},
};

static const char usage[] = "build -c FILE -e FILE [--routes TABLE]... [--accept CSV]...\n"
                            "check -e FILE\nwhy -e FILE PREFIX INGRESS\nroutes TABLE...";

static const char description[] =
    "Knows where traffic should come in, by tables of BGP routes and by what you say. Needs no "
    "root, and touches no packet.\v"
    "  build          put tables together into one file, which is checked whole\n"
    "                 before it is used\n"
    "  check          is the file good, and what is in it?\n"
    "  why            how well sources of PREFIX fit to INGRESS, and which route\n"
    "                 says so\n"
    "  routes         the routes of these tables, one a line, as they are read here\n"
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
    if (c->needs_config && o->config == NULL)
        argp_error(state, "%s: give --config FILE", c->name);
    if (c->needs_expectation && o->expectation == NULL)
        argp_error(state, "%s: give --expectation FILE", c->name);
    if (c->needs_sources && o->n_sources == 0)
        argp_error(state, "%s: give --routes, --accept or --vrps", c->name);
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
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp argp = {rows, parse, usage, description, NULL, NULL, NULL};
    struct arguments a = {.options = {.words = calloc((size_t)argc + 1, sizeof(char *)),
                                      .sources = calloc((size_t)argc + 1, sizeof(struct source))}};
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
