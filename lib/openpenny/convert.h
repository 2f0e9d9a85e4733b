/* SPDX-License-Identifier: BSD-3-Clause */
/* Configurations of OpenPenny (github.com/pgigis/openpenny) to ours.
 *
 * Both generations are read: that of 1.0.0 (input_sources, monitoring) and that of 1.1.0
 * (traffic_policy, runtime_policy, platform, egress, includes). What a key means there is taken
 * from what OpenPenny's code does with it, also where its documentation says otherwise. The rule of
 * the result is `penny`. Whatever has no counterpart, is changed to fit, or means something else
 * here gets a note with its place; nothing is left out in silence.
 *
 * Functions have no state: any thread. They read the files that the configuration names. */
#ifndef OPENPENNY_CONVERT_H
#define OPENPENNY_CONVERT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define OPENPENNY_ERROR_BYTES 2048

struct openpenny_notes {
    char **lines; /* "file:line: key: value: what became of it" */
    size_t n;
};

struct openpenny_options {
    const char *out_device; /* where traffic leaves; "same": where it came in; NULL: not said */
};

/* The configuration that a file stands for: 0 and a new reference, which config_load_json() takes.
 * -EINVAL when OpenPenny's file is none, or stands for what pennyline refuses; -ENOMEM; or what
 * open(2) and read(2) say. Then `error` has one line, and there may be notes all the same. `notes`
 * is the caller's, to be given to openpenny_notes_free() in any case. */
int openpenny_convert_file(const char *path, const struct openpenny_options *options,
                           json_t **config, struct openpenny_notes *notes,
                           char error[OPENPENNY_ERROR_BYTES]);

/* The same of a text in memory, which `name` stands for in notes. Its includes are files. */
int openpenny_convert_text(const char *name, const char *text, size_t n,
                           const struct openpenny_options *options, json_t **config,
                           struct openpenny_notes *notes, char error[OPENPENNY_ERROR_BYTES]);

/* `config_override_json` of OpenPenny's StartTest, of either generation, to parameters of one test:
 * those that it gives, a new reference. Each thing that is not honoured is a note. -EINVAL with one
 * line in `error` when it is no JSON, or would change what is tested: other traffic, another mode
 * than `is_passive` says, or no drops at all; -ENOMEM. */
int openpenny_read_override(const char *text, size_t n, bool is_passive, json_t **parameters,
                            struct openpenny_notes *notes, char error[OPENPENNY_ERROR_BYTES]);

void openpenny_notes_free(struct openpenny_notes *notes);

#endif
