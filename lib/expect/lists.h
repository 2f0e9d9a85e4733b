/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists that people and validators write: the operator's word, and VRPs. They go to a builder,
 * whose file they are of (expect_builder_begin_file()). */
#ifndef EXPECT_LISTS_H
#define EXPECT_LISTS_H

#include <stdio.h>

#include "expect/build.h"
#include "expect/expect.h"

/* CSV (RFC 4180, a row a line) whose first line names the columns: `prefix` (or AS64500: all routes
 * that it originates) and `ingress`; if there, `until` (2026-12-31: that day is the last, UTC) and
 * `note`; others are passed over, and empty lines and those that begin with #. 0; -EINVAL with line
 * and reason; -ENOMEM; what read(2) says. */
int expect_read_accepts(struct expect_builder *b, const struct config *config, FILE *in,
                        char error[EXPECT_ERROR_BYTES]);

/* JSON as routinator, rpki-client and StayRTR have it: {"roas": [{"asn": 64500 or "AS64500",
 * "prefix": "192.0.2.0/24", "maxLength": 24}]}, or the list alone. 0; -EINVAL with place and
 * reason; -ENOMEM. */
int expect_read_vrps(struct expect_builder *b, FILE *in, char error[EXPECT_ERROR_BYTES]);

#endif
