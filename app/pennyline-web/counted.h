/* SPDX-License-Identifier: BSD-3-Clause */
/* A copy of what pennyline said of the sources that it counts: of each item the last window, and of
 * some windows before what was most. One thread writes (the feed), any number read. */
#ifndef WEB_COUNTED_H
#define WEB_COUNTED_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define COUNTED_MOST_ITEMS   256
#define COUNTED_MOST_WINDOWS 120
#define COUNTED_MOST_ROWS    16 /* of a window before */
#define COUNTED_TIME_BYTES   32
#define COUNTED_NAME_BYTES   64

struct counted;

struct counted *counted_create(void); /* NULL when memory is short */
void counted_destroy(struct counted *c);

/* The feed's. An item as "sources" gives it stays the caller's; one whose window is known keeps it.
 */
void counted_set(struct counted *c, uint32_t item, const json_t *told);
/* There are so many; none above is any more. */
void counted_set_total(struct counted *c, uint32_t n);
/* When the window ended that is known of an item, "" when none is. */
void counted_known(struct counted *c, uint32_t item, char ended[COUNTED_TIME_BYTES]);

/* {"sources": [item...]}, each with "history": [{ended_unix_s, estimate, counts}...], oldest first.
 */
void counted_write(struct counted *c, FILE *out);

/* The name of the first item whose sources may be named. False: there is none. */
bool counted_find_listed(struct counted *c, char name[COUNTED_NAME_BYTES]);

/* For metrics: items 0 to n - 1, NULL those that were not heard of; the reader's lock is held from
 * begin to end. */
uint32_t counted_begin(struct counted *c);
const json_t *counted_item(const struct counted *c, uint32_t i);
void counted_end(struct counted *c);

#endif
