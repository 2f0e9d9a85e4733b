/* SPDX-License-Identifier: BSD-3-Clause */
/* An alarm of the map: what it is about, how bad, and how far. Plain data. */
#ifndef MAP_ALARM_H
#define MAP_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

/* What an alarm's ingress is when it has none. */
#define ALARM_NO_INGRESS UINT16_MAX
#define ALARM_EXAMPLES   5

/* X(suffix, name, hold_s, gather_s, parts, meaning). hold_s: how long it has to be so before it is
 * raised. gather_s: how long others of the same cause are waited for, to be told as one. parts:
 * what tells one cause from another, beside the kind; what a sender can make many of, as sources
 * that have no route, is told by its ingress only. */
#define ALARM_KINDS(X)                                                                             \
    X(UNEXPECTED_GENUINE, "unexpected_genuine", 0, 0, ALARM_OF_PREFIX | ALARM_AT_INGRESS,          \
      "Real senders where no route leads.")                                                        \
    X(UNEXPECTED_SPOOFED, "unexpected_spoofed", 0, 0, ALARM_OF_PREFIX | ALARM_AT_INGRESS,          \
      "Two tests say that nobody is there: who is behind this ingress does not filter sources.")   \
    X(PART_OF_ROUTE_MOVED, "part_of_route_moved", 0, 0, ALARM_OF_PREFIX | ALARM_AT_INGRESS,        \
      "Real senders of a part of a route come in elsewhere than the rest of it: a stealthy "       \
      "hijack looks so.")                                                                          \
    X(OWN_PREFIX_FROM_OUTSIDE, "own_prefix_from_outside", 0, 0,                                    \
      ALARM_OF_PREFIX | ALARM_AT_INGRESS, "Own addresses as sources, from outside.")               \
    X(INGRESS_CHANGE, "ingress_change", 0, 60, ALARM_OF_PREFIX,                                    \
      "Most of a prefix's traffic comes in elsewhere than before.")                                \
    X(INGRESS_GONE, "ingress_gone", 60, 60, ALARM_OF_PREFIX | ALARM_AT_INGRESS,                    \
      "Real traffic comes in no more.")                                                            \
    X(NOT_FOR_US, "not_for_us", 300, 0, ALARM_AT_INGRESS,                                          \
      "Traffic to destinations that are not announced there.")                                     \
    X(UNKNOWN_NEIGHBOR, "unknown_neighbor", 60, 0, ALARM_AT_INGRESS,                               \
      "Frames of somebody whom the configuration does not name.")                                  \
    X(BOGON, "bogon", 300, 0, ALARM_AT_INGRESS, "Sources that no packet may have.")                \
    X(UNROUTED, "unrouted", 300, 0, ALARM_AT_INGRESS, "Sources that no route leads to.")           \
    X(DIFFUSE_UNEXPECTED, "diffuse_unexpected", 60, 0, ALARM_AT_INGRESS,                           \
      "Many unexpected prefixes of a few packets each: sources that somebody makes up.")           \
    X(FLAPPING, "flapping", 0, 0, ALARM_OF_PREFIX | ALARM_AT_INGRESS,                              \
      "It comes and goes: what it does is not told each time.")                                    \
    X(EXPECTATION_STALE, "expectation_stale", 0, 0, 0, "What is expected is old.")                 \
    X(MAP_PRESSURE, "map_pressure", 60, 0, 0, "The map is full: what comes new is not in it.")

#define ALARM_OF_PREFIX  1u
#define ALARM_AT_INGRESS 2u

enum alarm_kind {
#define X(suffix, name, hold_s, gather_s, parts, meaning) ALARM_##suffix,
    ALARM_KINDS(X)
#undef X
        ALARM_N_KINDS
};

enum alarm_severity { ALARM_INFO, ALARM_WARNING, ALARM_CRITICAL, ALARM_N_SEVERITIES };

#define ALARM_STATES(X)                                                                            \
    X(PENDING, "pending", "It gathers what belongs to it, and is not told yet.")                   \
    X(RAISED, "raised", "It is so, and was told.")                                                 \
    X(ACKNOWLEDGED, "acknowledged", "Somebody looks after it.")                                    \
    X(ACCEPTED, "accepted", "Somebody said that it is all right, until a time.")                   \
    X(CLEARED, "cleared", "It is over.")

enum alarm_state {
#define X(suffix, name, meaning) ALARM_##suffix,
    ALARM_STATES(X)
#undef X
        ALARM_N_STATES
};

/* The cause: kind, and as far as the kind has them, prefix, ingress and where it came in before. */
struct alarm_cause {
    enum alarm_kind kind;
    uint16_t at;   /* ingress; ALARM_NO_INGRESS */
    uint16_t from; /* where it was before, or is expected; ALARM_NO_INGRESS */
    bool has_prefix;
    struct ip_prefix prefix;
};

/* What is known of it now. */
struct alarm_facts {
    enum alarm_severity severity;
    uint64_t packets, bytes; /* of the entry, growing */
    double bytes_per_s;
    uint32_t origin_as; /* 0: none */
    uint32_t test;      /* the one that says it; 0: none */
    float log10_evidence;
};

#define ALARM_WHO_BYTES 64

struct alarm {
    uint64_t id; /* never 0; the same from its beginning to its end, also over restarts */
    enum alarm_state state;
    struct alarm_cause cause; /* of the first of them */
    struct alarm_facts facts; /* of that, as of late; severity: the greatest of all */
    bool is_muted;            /* it began in a maintenance window, which goes on */
    bool was_told;
    /* On the clock of the alarms, which may have begun later. */
    int64_t raised_ns, ended_ns, accepted_until_ns; /* accepted_until_ns 0: without end */
    uint32_t n_members, n_members_ever;
    uint64_t packets, bytes; /* of all of them, while it was up */
    struct ip_prefix examples[ALARM_EXAMPLES];
    uint8_t n_examples;
    char who[ALARM_WHO_BYTES]; /* acknowledged or accepted it; "": nobody */
};

const char *alarm_kind_name(enum alarm_kind kind);
const char *alarm_kind_meaning(enum alarm_kind kind);
unsigned int alarm_kind_parts(enum alarm_kind kind);
uint32_t alarm_kind_hold_s(enum alarm_kind kind);
uint32_t alarm_kind_gather_s(enum alarm_kind kind);
const char *alarm_state_name(enum alarm_state state);
const char *alarm_severity_name(enum alarm_severity severity);

/* By name. False: there is no such one. */
bool alarm_kind_of(const char *name, enum alarm_kind *out);
bool alarm_state_of(const char *name, enum alarm_state *out);
bool alarm_severity_of(const char *name, enum alarm_severity *out);

#endif
