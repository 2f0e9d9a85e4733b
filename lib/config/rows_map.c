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
    {.name = "alarms",
     .kind = &kind_bool,
     MAP(alarms),
     .fallback = "false",
     .help = "Raise alarms (events `ingress_alarm`): of what is unexpected when a test found it "
             "genuine, of prefixes that move, of random sources."},
    {.name = "least_bits_per_s",
     .kind = &kind_u32,
     MAP(least_bits_per_s),
     .least = 0,
     .most = UINT32_MAX,
     .unit = "bit/s",
     .fallback = "10000",
     .help =
         "An entry with less traffic raises no alarm; one that is up stays so above half of it."},
    {.name = "tests",
     .kind = &kind_bool,
     MAP(tests),
     .fallback = "false",
     .help =
         "Test what is unexpected, and a few of what is expected, by itself, where a port of role "
         "`forward` has an ingress with a name. Without, `pennylinectl map queue` shows what would "
         "be "
         "tested."},
    {.name = "max_tests",
     .kind = &kind_u32,
     MAP(max_tests),
     .least = 1,
     .most = 64,
     .unit = "tests",
     .fallback = "16",
     .help = "Such tests at one time."},
    {.name = "max_tests_ingress",
     .kind = &kind_u32,
     MAP(max_tests_ingress),
     .least = 1,
     .most = 64,
     .unit = "tests",
     .fallback = "4",
     .help = "Those of one ingress among them."},
    {.name = "max_drops_per_hour",
     .kind = &kind_u32,
     MAP(max_drops_per_hour),
     .least = 1,
     .most = UINT32_MAX,
     .unit = "segments",
     .fallback = "1000",
     .help = "All such tests together may drop so many segments within any hour. Half of it, as of "
             "each "
             "budget below, has to hold the most that one test may drop, and it is at most "
             "`instance.max_drops_per_hour`."},
    {.name = "max_drops_per_hour_ingress",
     .kind = &kind_u32,
     MAP(max_drops_per_hour_ingress),
     .least = 0,
     .most = UINT32_MAX,
     .unit = "segments",
     .fallback = "0",
     .otherwise = "no limit of its own",
     .help = "Those of one ingress."},
    {.name = "max_drops_per_hour_as",
     .kind = &kind_u32,
     MAP(max_drops_per_hour_as),
     .least = 0,
     .most = UINT32_MAX,
     .unit = "segments",
     .fallback = "0",
     .otherwise = "no limit of its own",
     .help = "Those of one AS, by the route that covers the prefix."},
    {.name = "max_drops_per_hour_prefix",
     .kind = &kind_u32,
     MAP(max_drops_per_hour_prefix),
     .least = 0,
     .most = UINT32_MAX,
     .unit = "segments",
     .fallback = "144",
     .otherwise = "no limit of its own",
     .help = "Those of one prefix at one ingress or several."},
    {.name = "wrong_verdicts_per_year",
     .kind = &kind_real,
     MAP(wrong_verdicts_per_year),
     .least = 1e-6,
     .most = 100,
     .fallback = "0.1",
     .help = "So many of these tests a year may call spoofed traffic genuine, on average, if all "
             "of it were "
             "spoofed and all of the budget were spent: `alpha` of each is made of it, and is at "
             "most that of "
             "`defaults`."},
};

const struct option_object object_map = {
    .noun = "the map",
    .help = "Who enters where: an entry for each ingress and prefix. Off unless `entries` says how "
            "many.",
    .rows = map_rows,
    .n_rows = ARRAY_LENGTH(map_rows),
};
