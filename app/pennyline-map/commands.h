/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of pennyline-map. Each returns the exit code of the program. */
#ifndef PENNYLINE_MAP_COMMANDS_H
#define PENNYLINE_MAP_COMMANDS_H

#include <stddef.h>

struct options {
    const char **words; /* behind the command */
    size_t n_words;
};

int command_routes(const struct options *options);

#endif
