/* SPDX-License-Identifier: BSD-3-Clause */
/* The subcommands. Each takes its own arguments, argv[0] its name; an exit code. */
#ifndef SIM_COMMANDS_H
#define SIM_COMMANDS_H

int command_run(int argc, char **argv);
int command_fig7(int argc, char **argv);
int command_fig8(int argc, char **argv);
int command_fig14(int argc, char **argv);
int command_attacks(int argc, char **argv);
int command_errors(int argc, char **argv);
int command_head_to_head(int argc, char **argv);
int command_mixtures(int argc, char **argv);
int command_passive(int argc, char **argv);

#endif
