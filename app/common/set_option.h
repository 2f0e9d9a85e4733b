/* SPDX-License-Identifier: BSD-3-Clause */
/* NAME=VALUE of a command line: an option of the configuration by its own name. */
#ifndef COMMON_SET_OPTION_H
#define COMMON_SET_OPTION_H

#include <jansson.h>
#include <stdbool.h>

/* Sets it in `object`; what is no JSON is a word: rule=penny. False: there is no name, or something
 * is no UTF-8. */
bool set_option(json_t *object, const char *argument);

/* Appends the parts of "A,B,...". False: one is empty, or no UTF-8. */
bool set_option_list(json_t *list, const char *argument);

#endif
