/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine for people: in words, and as a picture. Pure but for the file that is written to. */
#ifndef MACHINE_PRINT_H
#define MACHINE_PRINT_H

#include <stdio.h>

#include "config/machine.h"

/* Its key, then its rules, a line each. */
void machine_print_words(FILE *to, const struct machine *machine);

/* For Graphviz' dot: states, rules as arrows, timers as dashed ones. */
void machine_print_dot(FILE *to, const struct machine *machine);

#define MACHINE_KEY_TEXT_BYTES 192

/* A key as its fields are written, with commas between: "192.0.2.1,198.51.100.7". Returns `out`. */
const char *machine_key_text(const struct machine *machine, const void *key,
                             char out[MACHINE_KEY_TEXT_BYTES]);

/* The other way: text of the fields of `lookup`. 0, or -EINVAL with `error` saying what is allowed.
 */
int machine_key_parse(const struct machine *machine, const char *text, void *key, char *error,
                      size_t n_error);

#endif
