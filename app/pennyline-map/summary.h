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

#endif
