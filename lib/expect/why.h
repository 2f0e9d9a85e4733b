/* SPDX-License-Identifier: BSD-3-Clause */
/* How well a source fits to an ingress, and what says so: which route, from whom, of which file,
 * how old. As JSON, for whoever shows it. Pure; any thread. */
#ifndef EXPECT_WHY_H
#define EXPECT_WHY_H

#include <jansson.h>

#include "expect/expect.h"

/* The caller's; NULL when memory is short. `ingress` is an index of e->ingresses. */
json_t *expect_why(const struct expectation *e, const struct ip_prefix *source, uint16_t ingress,
                   uint64_t now_s);

/* Names of files are bytes, text of JSON is UTF-8: what is none is "?". */
json_t *expect_text(const char *text);

/* "2026-11-30T08:00:00Z", "-" of 0. Returns `out`. */
const char *expect_time(uint64_t time_s, char out[32]);

/* How old a file is by its own word, else by when it was changed; 0: not known. */
uint64_t expect_age_s(const struct expect_file *file, uint64_t now_s);

#endif
