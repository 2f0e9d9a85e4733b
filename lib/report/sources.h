/* SPDX-License-Identifier: BSD-3-Clause */
/* How many sources there were, in the words of the control socket, of `pennyline sources` and of a
 * replay. All that is returned is the caller's. */
#ifndef REPORT_SOURCES_H
#define REPORT_SOURCES_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "sources/keeper.h"

struct report_sources {
    const char *name;  /* of what is counted */
    const char *slice; /* NULL: not of a slice */
    const struct sources_plan *plan;
    const struct sources_result *result; /* NULL: no window has ended yet */
    struct sources_keeper_counters counters;
    bool is_listed;    /* sources may be named */
    const char *known; /* when a window ended that need not be told again; NULL: none */
};

/* {name, slice, window_s, windows, short_windows, late, clock_sets, listed, window}; window is null
 * before the first one ended. With `known` also window_known, and then window is null, too. */
json_t *report_sources_json(const struct report_sources *s);

/* The window as lines for people. */
void report_sources_table(FILE *out, const struct report_sources *s);

/* Sources of the window that is shown, from `offset` on and at most `count`: a list of {ip,
 * network, transport, port}, the port of those that got no place of their own is null. */
json_t *report_sources_seen(const struct sources_keeper *k, uint32_t offset, uint32_t count);

/* A window as lines for people, or as one line of JSON; with the sources that `named` holds of it,
 * if that is not NULL. */
void report_sources_print(FILE *out, const struct report_sources *s,
                          const struct sources_keeper *named, bool as_json);

/* "IPv4", "IPv6"; "TCP", "UDP"; "80", "other". */
const char *report_sources_network(bool is_ipv6);
const char *report_sources_transport(bool is_udp);
const char *report_sources_port(int32_t port, char out[8]);

#endif
