/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of the map. */
#include "base/compiler.h"
#include "config/option.h"

#define MAP(member) OPTION_FIELD(struct config_map, member)

static_assert(ARRAY_LENGTH(((struct config_map *)0)->ports) >= CONFIG_MAX_PORTS, "room for all");

static const struct option_row map_rows[] = {
    {.name = "comment", .kind = &kind_note, .help = "For people; not read."},
    {.name = "entries",
     .kind = &kind_u32,
     MAP(entries),
     .least = 0,
     .most = CONFIG_MOST_MAP_ENTRIES,
     .fallback = "0",
     .otherwise = "no map",
     .help = "Entries there may be at one time: 32 bytes each for each worker, and 340 besides."},
    {.name = "ports",
     .kind = &kind_references,
     MAP(ports),
     .count = offsetof(struct config_map, n_ports),
     .least = 0,
     .most = CONFIG_MAX_PORTS,
     .list = &option_port_list,
     .fallback = "[]",
     .otherwise = "all",
     .help = "Only what comes in by these ports."},
    {.name = "expectation",
     .kind = &kind_text,
     MAP(expectation),
     .least = 0,
     .fallback = "\"\"",
     .otherwise = "none",
     .help = "The file that `pennyline-map build` writes: where traffic should come in. It is "
             "looked at every two seconds, and taken over whole when it changed."},
    {.name = "stale_after_s",
     .kind = &kind_u32,
     MAP(stale_after_s),
     .least = 60,
     .most = 31536000,
     .unit = "s",
     .fallback = "172800",
     .help = "A file that was built longer ago is said to be stale (`expectation_stale`)."},
    {.name = "own",
     .kind = &kind_prefixes,
     MAP(own),
     .count = offsetof(struct config_map, n_own),
     .least = 0,
     .most = CONFIG_MOST_OWN,
     .fallback = "[]",
     .otherwise = "none",
     .help = "Prefixes of the network itself: where packets go is told by `own`, and else by the "
             "relation of the ingress that the route to their destination was received at."},
};

const struct option_object object_map = {
    .noun = "the map",
    .help = "Who enters where: an entry for each ingress and prefix. Off unless `entries` says how "
            "many.",
    .rows = map_rows,
    .n_rows = ARRAY_LENGTH(map_rows),
};
