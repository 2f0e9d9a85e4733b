/* SPDX-License-Identifier: BSD-3-Clause */
/* What no test drops a segment of. */
#include "base/compiler.h"
#include "config/config.h"
#include "config/option.h"

#define NEVER_DROP(member) OPTION_FIELD(struct never_drop, member)

static const struct option_row never_drop_rows[] = {
    {.name = "comment", .kind = &kind_note, .help = "For people; not read."},
    {.name = "ports",
     .kind = &kind_tcp_ports,
     NEVER_DROP(ports),
     .count = offsetof(struct never_drop, n_ports),
     .most = NEVER_DROP_MAX_PORTS,
     .fallback = "[22, 179]",
     .help = "TCP ports, of the source or the destination: SSH and BGP, when nothing is said."},
    {.name = "prefixes",
     .kind = &kind_prefixes,
     NEVER_DROP(prefixes),
     .count = offsetof(struct never_drop, n_prefixes),
     .least = 0,
     .most = NEVER_DROP_MAX_PREFIXES,
     .fallback = "[]",
     .otherwise = "none",
     .help = "Prefixes that hold the source or the destination; null is all of them, so that "
             "nothing is dropped."},
};

const struct option_object object_never_drop = {
    .noun = "what is never dropped",
    .help = "Flows that no test drops a segment of. They are forwarded, followed and counted as "
            "others are; a test that sees no other flow ends with the reason `protected`.",
    .rows = never_drop_rows,
    .n_rows = ARRAY_LENGTH(never_drop_rows),
};
