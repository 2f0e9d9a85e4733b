/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of pennyline-replay. */
#ifndef REPLAY_OPTIONS_H
#define REPLAY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/test_options.h"
#include "config/config.h"

struct options {
    struct test_options test;
    const char *pcap;
    const char *events; /* NULL: none */
    uint64_t limit;     /* packets; 0: all */
    uint32_t n_flows;   /* 0: the default of the configuration */
    bool drops;
    /* Its map instead of a test. */
    bool map, unexpected;
    const char *config;      /* NULL: none; names of ingresses */
    const char *port;        /* NULL: the only one */
    const char *expectation; /* NULL: none */
    uint32_t n_entries;
};

/* Reads the command line and the configuration that it says; NULL where there is a map to be made,
 * and no test. Ends the program (EXIT_USAGE) when
 * either is refused. The configuration is the caller's; options_free() frees the rest. */
struct config *options_read(struct options *options, int argc, char **argv);
void options_free(struct options *options);

#endif
