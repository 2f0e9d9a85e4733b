/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline-replay --sources: how many sources sent to which port, by the times of the packets. */
#ifndef REPLAY_COUNT_H
#define REPLAY_COUNT_H

#include <stdbool.h>

#define COUNT_HELP                                                                                 \
    "Count sources instead of testing: how many sent to which port, in windows of the packets' "   \
    "times; see --sources --help"

/* Is that what the command line asks for? */
bool count_is_asked_for(int argc, char **argv);

/* All of it; the exit code. */
int count_main(int argc, char **argv);

#endif
