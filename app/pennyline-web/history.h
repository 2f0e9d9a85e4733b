/* SPDX-License-Identifier: BSD-3-Clause */
/* The evidence of tests over time, as it was seen: pennyline itself keeps the present only.
 *
 * Memory is taken once: HISTORY_MAX_TESTS tests of HISTORY_MAX_POINTS points; the test that was
 * added to longest ago makes room. When a test has more points, every second one goes, so that the
 * whole test stays in view. Not locked: its owner does that. */
#ifndef WEB_HISTORY_H
#define WEB_HISTORY_H

#include <stdint.h>
#include <stdio.h>

#define HISTORY_MAX_TESTS  1024
#define HISTORY_MAX_POINTS 240

struct history_point {
    double seconds; /* since the start of pennyline */
    double log10_e, log10_f;
    uint32_t n_dropped, n_retransmitted, n_expired, n_duplicates;
};

struct history;

struct history *history_create(void); /* NULL when memory is short */
void history_destroy(struct history *h);
void history_clear(struct history *h);

/* A point of test number `n_tests` of an aggregate. One that says what the last one said is not
 * kept; the first of another test begins anew. */
void history_add(struct history *h, uint32_t aggregate, uint32_t n_tests,
                 const struct history_point *point);

/* Its number is of another aggregate from now on. */
void history_forget(struct history *h, uint32_t aggregate);

/* Writes a JSON list of objects, oldest first; [] when nothing is known. */
void history_write(const struct history *h, uint32_t aggregate, FILE *out);

#endif
