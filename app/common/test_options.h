/* SPDX-License-Identifier: BSD-3-Clause */
/* The options that say what to test and how, for every program that runs one test from the command
 * line: one table, one way to a configuration.
 *
 * Use it as a child of the program's own argp:
 *
 *     const struct argp_child children[] = {{&test_options_argp, 0, "What to test:", 1}, {0}};
 *     case ARGP_KEY_INIT: state->child_inputs[0] = &options.test;
 *
 * and set argp_err_exit_status to EXIT_USAGE before parsing. Values are only read here; whether
 * they are within bounds is for config_load_json() to say, once for all ways in. */
#ifndef COMMON_TEST_OPTIONS_H
#define COMMON_TEST_OPTIONS_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/error.h"

struct test_options {
    json_t *sources;      /* texts, as given; one aggregate each */
    json_t *destinations; /* texts; empty: any */
    json_t *parameters;   /* what was given of the test parameters, by their configuration names */
    const char *mode;     /* NULL: not given */
    uint32_t duration_ms; /* 0: not given; also in `parameters` */
    bool json;            /* the summary as JSON */
    bool needs_no_source; /* the program's own: there is something else to do */
};

/* Owned keys of argp: own options of a program keep below it. */
#define TEST_OPTIONS_FIRST_KEY 0x7000

/* Its input is a zeroed struct test_options. Refuses a command line without a source. */
extern const struct argp test_options_argp;

/* What is no UTF-8 cannot stand in a configuration, which is JSON, and would be left out of it
 * without a word: a usage error then, else `argument`. */
const char *test_options_text(struct argp_state *state, const char *argument);

/* {"defaults": parameters, "slices": [one for each source]}, to be completed with what the program
 * needs (ports, instance) and given to config_load_json(). The caller's; NULL when memory is
 * short. A slice is named after its source: "192.0.2.0_24", "2001.db8.._32". */
json_t *test_options_compose(const struct test_options *options);

/* A refused value in words of the command line ("--drop-probability: 7; allowed: ...") where it
 * came from an option, else as the configuration says it. Returns `out`. */
const char *test_options_explain(const struct config_error *error, char *out, size_t n);

void test_options_free(struct test_options *options);

#endif
