/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker has of its own for responders: limits, what answers showed, counters. And what all
 * workers share: the keys of cookies, and the addresses that showed life. */
#ifndef PENNYLINE_RESPONDING_H
#define PENNYLINE_RESPONDING_H

#include <stdint.h>

#include "config/responders.h"
#include "responder/alive.h"
#include "responder/cookie.h"
#include "responder/limit.h"
#include "responder/reply.h"
#include "responder/witness.h"

/* Source prefixes that answers are counted for, of each worker. */
#define RESPONDING_SOURCES 512 /* a power of two */

/* X(name, help): each is a counter of packets, or of what they are about. */
#define RESPONDING_COUNTERS(X)                                                                     \
    X(syns, "SYNs for its addresses")                                                              \
    X(answered, "SYNs that were answered")                                                         \
    X(limited_prefix, "answers that were not given: too many to their prefix")                     \
    X(limited, "answers that were not given: too many in all")                                     \
    X(alive, "for an address that showed life: passed on")                                         \
    X(acks, "ACKs for its addresses")                                                              \
    X(right, "ACKs with the right number, by the same way")                                        \
    X(wrong, "ACKs with a wrong number")                                                           \
    X(late, "of them: with a number that was right a time slot earlier")                           \
    X(not_counted, "ACKs that no evidence counts: of a flow that was a witness, or beyond limits")

struct responding_counters {
#define X(name, help) uint64_t name;
    RESPONDING_COUNTERS(X)
#undef X
    uint64_t silences[RESPONDER_N_SILENCES];
};

/* Whose a number of counters is. */
struct responding_owner {
    char name[CONFIG_NAME_BYTES];      /* "": nobody had it yet */
    struct responding_counters before; /* under this number, of who had it before */
};

/* Written by the manager, but for `alive`; read by workers, but for `owners`. */
struct responding_shared {
    struct responder_keys keys;
    struct responder_alive alive;
    struct responding_owner owners[CONFIG_MAX_RESPONDERS];
};

/* One source prefix in one hour. */
struct responding_source {
    struct ip_address prefix; /* /24 or /48 */
    bool is_used;
    struct responder_witnesses witnesses;
};

struct responding {
    struct responding_shared *shared;
    uint32_t n_workers;
    struct responder_limit limits[CONFIG_MAX_RESPONDERS];
    struct responding_counters counters[CONFIG_MAX_RESPONDERS];
    uint64_t sources_full; /* ACKs of prefixes that found no place */
    struct responding_source sources[RESPONDING_SOURCES];
};

/* Of the families, the bits of a source prefix. */
#define RESPONDING_BITS_IPV4 24
#define RESPONDING_BITS_IPV6 48

#endif
