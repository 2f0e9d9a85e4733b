/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline-sim: senders, losses and attackers against the verdict rules, in virtual time. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "common/exit_codes.h"
#include "pennyline-sim/commands.h"

const char *argp_program_version = "pennyline-sim " PENNYLINE_VERSION;

static const struct {
    const char *name, *help;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run", "many trials of one scenario", command_run},
    {"fig7", "the paper's Figure 7, exactly and by simulation", command_fig7},
    {"fig8", "the paper's Figure 8: accuracy by traffic and loss, both rules", command_fig8},
    {"fig14", "the paper's Figure 14: the same with few genuine packets", command_fig14},
    {"attacks", "how often each attack fools each rule, at its worst", command_attacks},
    {"errors", "what a blind sender gains at most, exactly", command_errors},
    {"head-to-head", "both rules on genuine and mixed traffic", command_head_to_head},
    {"mixtures", "a genuine minority: the rules beside one who knows it", command_mixtures},
    {"passive", "how well mode passive estimates losses", command_passive},
};

static void print_usage(FILE *to)
{
    fprintf(to, "Usage: pennyline-sim COMMAND [OPTION...]\n\n"
                "Genuine and blind senders, losses and attacks against the rules of the test.\n\n");
    for (unsigned int i = 0; i < ARRAY_LENGTH(commands); i++)
        fprintf(to, "  %-14s %s\n", commands[i].name, commands[i].help);
    fprintf(to, "\npennyline-sim COMMAND --help tells its options.\n");
}

int main(int argc, char **argv)
{
    static char name[64]; /* argp keeps a pointer to it */

    argp_err_exit_status = EXIT_USAGE;
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        print_usage(stdout);
        return 0;
    }
    if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
        printf("%s\n", argp_program_version);
        return 0;
    }
    for (unsigned int i = 0; argc >= 2 && i < ARRAY_LENGTH(commands); i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        snprintf(name, sizeof(name), "pennyline-sim %s", argv[1]);
        argv[1] = name;
        return commands[i].run(argc - 1, argv + 1);
    }
    if (argc >= 2)
        fprintf(stderr, "pennyline-sim: \"%s\" is no command\n\n", argv[1]);
    print_usage(stderr);
    return EXIT_USAGE;
}
