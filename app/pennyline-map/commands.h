/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of pennyline-map. Each returns the exit code of the program. */
#ifndef PENNYLINE_MAP_COMMANDS_H
#define PENNYLINE_MAP_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "expect/layout.h"

/* What build puts together. */
struct source {
    enum expect_file_kind kind;
    const char *path;
};

struct options {
    const char *config, *expectation;
    bool json;
    bool shrunk; /* build: a file of much fewer routes may take the place of the old one */
    struct source *sources;
    size_t n_sources;
    const char **words; /* behind the command */
    size_t n_words;
    /* run, alarms, history */
    const char *store, *event_log, *socket, *box, *syslog, *alertmanager; /* NULL: not given */
    unsigned int syslog_facility, alertmanager_interval_s;
    uint32_t keep_days, keep_mib; /* 0: no limit */
    uint32_t count;
    bool all; /* alarms: those that are over, too */
};

int command_alarms(const struct options *options);
int command_build(const struct options *options);
int command_check(const struct options *options);
int command_history(const struct options *options);
int command_routes(const struct options *options);
int command_run(const struct options *options);
int command_why(const struct options *options);

#endif
