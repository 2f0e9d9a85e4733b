/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of counted sources. */
#include "base/compiler.h"
#include "config/counting.h"
#include "config/option.h"

#define COUNTING(member) OPTION_FIELD(struct counting, member)

static const char *const local_words[] = {"show", "hide", NULL};

static const struct option_row counting_rows[] = {
    {.name = "comment", .kind = &kind_note, .help = "For people; not read."},
    {.name = "name",
     .kind = &kind_name,
     COUNTING(name),
     .least = 1,
     .help = "What commands, events and metrics call it."},
    {.name = "slices",
     .kind = &kind_references,
     COUNTING(slices),
     .count = offsetof(struct counting, n_slices),
     .list = &option_slice_list,
     .least = 0,
     .most = COUNTING_MAX_SLICES,
     .fallback = "[]",
     .otherwise = "whatever the slice",
     .help =
         "Count packets of these slices, each by itself. A packet is of the slice that tests it."},
    {.name = "arrives_by",
     .kind = &kind_references,
     COUNTING(arrives_by),
     .count = offsetof(struct counting, n_arrives_by),
     .list = &option_port_list,
     .least = 0,
     .most = COUNTING_MAX_PORTS,
     .fallback = "[]",
     .otherwise = "any",
     .help = "Count packets that come in by these ports of the box."},
    {.name = "ports",
     .kind = &kind_tcp_ports,
     COUNTING(ports),
     .count = offsetof(struct counting, n_ports),
     .most = SOURCES_MOST_PORTS,
     .fallback = "[]",
     .otherwise = "any",
     .help =
         "Destination ports, of TCP and UDP alike, that are counted, each by itself. Without them "
         "the first ports of a window are, and the others together."},
    {.name = "max_ports",
     .kind = &kind_u32,
     COUNTING(max_ports),
     .least = 1,
     .most = SOURCES_MOST_PORTS,
     .fallback = "64",
     .unit = "ports",
     .help = "Without `ports`: so many are counted each by itself."},
    {.name = "window_s",
     .kind = &kind_u32,
     COUNTING(window_s),
     .least = SOURCES_WINDOW_STEP_S,
     .most = SOURCES_MOST_WINDOW_S,
     .fallback = "60",
     .unit = "s",
     .help =
         "Length of a window, a multiple of 10. Windows end at its multiples of the wall clock."},
    {.name = "exact",
     .kind = &kind_u32,
     COUNTING(exact),
     .least = 0,
     .most = SOURCES_MOST_EXACT,
     .fallback = "65536",
     .unit = "pairs",
     .help = "Pairs of source and port that are held as they are; with more of them in a window, "
             "numbers are estimates. About 115 bytes each for each worker, and as many once more."},
    {.name = "precision",
     .kind = &kind_u32,
     COUNTING(precision),
     .least = 4,
     .most = 16,
     .fallback = "12",
     .help =
         "Estimates by 2^precision registers, with a standard error of 1.04 / sqrt(2^precision)."},
    {.name = "tcp",
     .kind = &kind_bool,
     COUNTING(tcp),
     .fallback = "true",
     .help = "Packets of TCP count."},
    {.name = "udp",
     .kind = &kind_bool,
     COUNTING(udp),
     .fallback = "true",
     .help = "Packets of UDP count."},
    {.name = "destinations",
     .kind = &kind_prefixes,
     COUNTING(destinations),
     .count = offsetof(struct counting, n_destinations),
     .least = 1,
     .most = SOURCES_MOST_DESTINATIONS,
     .fallback = "null",
     .otherwise = "any",
     .help = "Only packets to these prefixes."},
    {.name = "local",
     .kind = &kind_enum,
     COUNTING(local),
     .words = local_words,
     .fallback = "\"show\"",
     .help = "`hide`: leave out sources that are none on the Internet, as 10.0.0.0/8 (the "
             "special-purpose registries of IANA)."},
    {.name = "list",
     .kind = &kind_bool,
     COUNTING(list),
     .fallback = "false",
     .help = "May commands name the sources of the last window? Else only numbers are told."},
    {.name = "rise_factor",
     .kind = &kind_u32,
     COUNTING(rise_factor),
     .least = 0,
     .most = 1000000,
     .fallback = "0",
     .otherwise = "no event",
     .help =
         "An event when a window has so many times the sources of a port that the windows before "
         "had on average."},
    {.name = "rise_least",
     .kind = &kind_u32,
     COUNTING(rise_least),
     .least = 1,
     .most = 4294967295.0,
     .fallback = "100",
     .unit = "sources",
     .help = "No such event below this number."},
};

const struct option_object object_counting = {
    .noun = "counted sources",
    .help = "How many different sources send to which port, in windows of time: doc/sources.md.",
    .rows = counting_rows,
    .n_rows = ARRAY_LENGTH(counting_rows),
};

struct sources_plan counting_plan(const struct counting *c)
{
    struct sources_plan p = {.window_s = c->window_s,
                             .n_exact = c->exact,
                             .precision = c->precision,
                             .takes_any_port = c->n_ports == 0,
                             .n_ports = c->n_ports == 0 ? c->max_ports : c->n_ports,
                             .tcp = c->tcp,
                             .udp = c->udp,
                             .hides_local = c->local == COUNTING_HIDES_LOCAL};
    bool is_any = c->n_destinations == 2;

    for (uint32_t i = 0; i < c->n_ports; i++)
        p.ports[i] = c->ports[i];
    for (uint32_t i = 0; i < c->n_destinations; i++) {
        p.destinations[i] = c->destinations[i];
        is_any = is_any && c->destinations[i].length == 0;
    }
    p.n_destinations = is_any ? 0 : c->n_destinations;
    return p;
}

bool counting_looks_at(const struct counting *c, uint32_t port)
{
    for (uint32_t i = 0; i < c->n_arrives_by; i++)
        if (c->arrives_by[i] == port)
            return true;
    return c->n_arrives_by == 0;
}
