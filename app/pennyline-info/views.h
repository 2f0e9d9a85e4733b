/* SPDX-License-Identifier: BSD-3-Clause */
/* What is shown, as JSON: the same names as in the control socket's replies. All that is returned
 * is the caller's. */
#ifndef PENNYLINE_INFO_VIEWS_H
#define PENNYLINE_INFO_VIEWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "info/read.h"

/* Of the list of aggregates. */
struct page {
    uint32_t offset, count; /* count 0: all */
    const char *slice;      /* NULL: of any */
    const char *verdict;    /* NULL: with any */
};

/* Who, how old what the manager wrote is, whether drops are allowed. */
json_t *view_box(const struct info_header *h);

json_t *view_ports(const struct info_header *h);
/* `before`: an earlier reading of each worker's load, for rates; NULL: none. */
json_t *view_lcores(const struct info_header *h, const struct worker_load *before);
json_t *view_flows(const struct info_header *h);
json_t *view_rings(const struct info_header *h);
json_t *view_memory(const struct info_header *h);
/* Each with how many aggregates of it have which verdict. */
json_t *view_slices(const struct info_header *h);
/* Is there a slice of that name? */
bool view_knows_slice(const struct info_header *h, const char *name);
/* {total, offset, aggregates}: total counts those that the page's conditions let through. */
json_t *view_aggregates(const struct info_header *h, const struct page *page);
/* How many aggregates have which verdict, and which state. */
json_t *view_verdicts(const struct info_header *h);

/* One reading of each worker's load; free() it. NULL when memory is short. */
struct worker_load *view_read_loads(const struct info_header *h);

#endif
