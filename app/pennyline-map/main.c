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
    int (*run)(const struct options *options);
} commands[] = {
    {"routes", 1, SIZE_MAX, "FILE...", command_routes},
};

struct arguments {
    const struct command *command;
    struct options options;
    size_t room;
};

static const char usage[] = "routes FILE...";

static const char description[] =
    "Reads tables of BGP routes. Needs no root, and touches no packet.\v"
    "  routes         the routes of these files, one a line, as they are read here\n"
    "\n"
    "FILE is a table dump of MRT (RFC 6396: TABLE_DUMP, TABLE_DUMP_V2, with ADD-PATH), as BIRD, "
    "FRR, GoBGP and OpenBGPD write it and as route collectors publish it, or the text of bgpdump "
    "-m; plain, in gzip or in bzip2; - is standard input. A file that is cut or contradicts itself "
    "is refused, with the place and the reason.\n"
    "\n"
    "Exit code: 0 done; 1 a file was refused; 2 usage.";

static void add_word(struct argp_state *state, struct arguments *a, char *word)
{
    if (a->command == NULL) {
        for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
            if (strcmp(commands[i].name, word) == 0)
                a->command = &commands[i];
        if (a->command == NULL)
            argp_error(state, "\"%s\": no such command", word);
        return;
    }
    a->options.words[a->options.n_words++] = word;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        add_word(state, a, argument);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "what to do? Like: pennyline-map routes FILE");
        return 0;
    case ARGP_KEY_SUCCESS:
        if (a->options.n_words < a->command->least || a->options.n_words > a->command->most)
            argp_error(state, "give %s %s", a->command->name, a->command->wanted);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp_option rows[] = {{0}};
    static const struct argp argp = {rows, parse, usage, description, NULL, NULL, NULL};
    struct arguments a = {.options.words = calloc((size_t)argc + 1, sizeof(char *))};
    int code;

    if (a.options.words == NULL) {
        say("not enough memory");
        return EXIT_ERROR;
    }
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    code = a.command->run(&a.options);
    free(a.options.words);
    return code;
}
