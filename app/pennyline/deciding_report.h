/* SPDX-License-Identifier: BSD-3-Clause */
/* What a scheduled test came to, by its report. Pure. */
#ifndef PENNYLINE_DECIDING_REPORT_H
#define PENNYLINE_DECIDING_REPORT_H

#include <jansson.h>

#include "map/decide.h"

/* The state, and how many packets were dropped, and came back, whatever units they were of. NULL:
 * there was no test. */
void deciding_read_report(const json_t *report, struct decide_outcome *out);

#endif
