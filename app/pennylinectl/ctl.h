/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the program share: one request, and how it is run. */
#ifndef PENNYLINECTL_CTL_H
#define PENNYLINECTL_CTL_H

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "control_client/control_client.h"

struct options {
    const char *socket;
    bool json, wait, origin, csv;
    int sort; /* enum map_sort */
    json_t *request;
    json_t *set; /* --set NAME=VALUE */
    const char *words[5];
    size_t n_words;
    const struct subcommand *subcommand;
};

/* What one more word is. */
enum word {
    WORD_NONE,
    WORD_AGGREGATE,
    WORD_SWITCH,
    WORD_SOURCES, /* CIDR[,CIDR] */
    WORD_TEST,    /* number of a test */
    WORD_SLICE,   /* name of a slice that the options describe */
    WORD_NAME,
    WORD_MEMBER,      /* its name, and an order */
    WORD_MACHINE,     /* its name, and perhaps a key */
    WORD_MACHINE_KEY, /* its name, a key and a state */
    WORD_WHY,         /* prefix and ingress */
    WORD_ALARM,       /* the id of one */
};

struct subcommand {
    const char *words; /* of the command line */
    enum word word;
    const char *command; /* on the wire */
    void (*print)(FILE *out, const json_t *result);
    int (*run)(struct control_client *c, const struct options *o);
};

/* main.c is the caller of all others. */

/* ondemand.c: slices and tests at run time. */
extern const struct argp ondemand_argp;
/* The word of the command, and what the options set: into the request. */
void ondemand_understand(struct argp_state *state, struct options *o, const char *word);
int ondemand_run_test(struct control_client *c, const struct options *o);
int ondemand_run_slice(struct control_client *c, const struct options *o);

/* configuration.c: what is in force, all pages of it. */
int configuration_run_show(struct control_client *c, const struct options *o);

/* mapping.c: the map. */
extern const struct argp mapping_argp;
int mapping_run_entries(struct control_client *c, const struct options *o);
void mapping_print_summary(FILE *out, const json_t *summary);
void mapping_print_why(FILE *out, const json_t *why);
void mapping_print_alarms(FILE *out, const json_t *alarms);
void mapping_print_queue(FILE *out, const json_t *queue);

/* request.c: a text that was given, as a member of the request; what is no UTF-8 is wrong usage. */
void request_text(struct argp_state *state, struct options *o, const char *key,
                  const char *argument);

/* say.c */
void show_json(const json_t *value, bool in_one_line);
int fail(const struct control_client *c);
int run_once(struct control_client *c, const struct options *o);

#endif
