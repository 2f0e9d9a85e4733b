/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline-replay --machine: what state machines would make of captures. */
#ifndef REPLAY_MACHINE_H
#define REPLAY_MACHINE_H

#include <stdbool.h>

#define MACHINE_HELP                                                                               \
    "Run state machines instead of testing: what would become of each packet; see --machine "      \
    "FILE --help"

/* Is that what the command line asks for? */
bool machine_is_asked_for(int argc, char **argv);

/* All of it; the exit code. */
int machine_main(int argc, char **argv);

#endif
