/* SPDX-License-Identifier: BSD-3-Clause */
/* Text and files to JSON, with errors that name line and column. Internal to the library. */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <jansson.h>
#include <stddef.h>

#include "config/error.h"

/* Text to JSON; keys that occur twice are refused. 0 and a new reference, or -EINVAL or -ENOMEM
 * with the error set. */
int document_parse(const char *text, size_t n, json_t **out, struct config_error *error);

/* The same of a file. Also what open(2) and read(2) say, -EISDIR, -EFBIG, -ENOMEM. The error names
 * no file yet. */
int document_load(const char *path, json_t **out, struct config_error *error);

/* Puts the file's name before the error's text. */
void document_name_file(const char *path, struct config_error *error);

#endif
