/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of what is an aggregate. */
#include "base/compiler.h"
#include "config/config.h"
#include "config/option.h"

#define GRANULARITY(member) OPTION_FIELD(struct slice_granularity, member)

static const struct option_row granularity_rows[] = {
    {.name = "ipv4",
     .kind = &kind_u32,
     GRANULARITY(ipv4),
     .least = 0,
     .most = 32,
     .fallback = "0",
     .otherwise = "one aggregate",
     .unit = "bits",
     .help = "Each IPv4 source prefix of this length is an aggregate of its own."},
    {.name = "ipv6",
     .kind = &kind_u32,
     GRANULARITY(ipv6),
     .least = 0,
     .most = 128,
     .fallback = "0",
     .otherwise = "one aggregate",
     .unit = "bits",
     .help = "Each IPv6 source prefix of this length is an aggregate of its own."},
};

const struct option_object object_granularity = {
    .noun = "a granularity",
    .help = "Verdicts per source sub-prefix instead of one for the slice. Never shorter than a "
            "source of the slice.",
    .rows = granularity_rows,
    .n_rows = ARRAY_LENGTH(granularity_rows),
};
