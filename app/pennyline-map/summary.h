/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PENNYLINE_MAP_SUMMARY_H
#define PENNYLINE_MAP_SUMMARY_H

#include <stdio.h>

#include <jansson.h>

#include "expect/expect.h"

/* What is in the file: of what it was made, and what is known of each ingress. */
void summary_print(FILE *out, const struct expectation *e, uint64_t now_s);

/* The same; the caller's. */
json_t *summary_json(const struct expectation *e, uint64_t now_s);

/* Names of files are bytes, text of JSON is UTF-8: what is none is "?". */
json_t *summary_text(const char *text);

/* "2026-11-30T08:00:00Z", "-" of 0. Returns `out`. */
const char *summary_time(uint64_t time_s, char out[32]);

/* How old a file is by its own word, else by when it was changed; 0: not known. */
uint64_t summary_age_s(const struct expect_file *file, uint64_t now_s);

#endif
