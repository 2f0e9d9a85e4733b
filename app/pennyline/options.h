/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line, and the configuration that it stands for. */
#ifndef PENNYLINE_OPTIONS_H
#define PENNYLINE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/test_options.h"
#include "config/config.h"
#include "sources/plan.h"

enum command { COMMAND_RUN, COMMAND_TEST, COMMAND_SOURCES, COMMAND_CHECK, COMMAND_CONVERT };

struct options {
    enum command command;
    char **eal_arguments; /* behind "--"; ends with NULL */
    const char *config_path;
    const char *openpenny_path; /* COMMAND_CONVERT */
    bool json;
    bool dot; /* COMMAND_CHECK: only the pictures of machines */
    /* COMMAND_TEST */
    struct test_options test;
    const char *in, *out, *driver, *lcores, *event_log, *control_socket;
    uint32_t queues; /* 0: one for each worker */
    bool no_huge;
    bool keep_forwarding;
    /* COMMAND_SOURCES; also some of the above */
    struct sources_plan plan;
    const char *listen, *token_file;
    uint32_t server_port; /* 0: nothing is served */
    uint32_t duration_s;  /* 0: until it is told to stop */
    bool serve_ip_list, list;
    char control_path[80], read_group[CONFIG_NAME_BYTES]; /* its own; "": no group */
};

/* Reads the command line; ends the process by itself for --help, --version and what is wrong. */
void options_parse(int argc, char **argv, struct options *out);
void options_free(struct options *options);

/* The configuration that was asked for. 0; -EINVAL when it is refused, or what reading the file
 * says; then `error` has one line for a person. */
int options_load_config(const struct options *options, struct config **config, char *error,
                        size_t n_error);

#endif
