/* SPDX-License-Identifier: BSD-3-Clause */
/* A slice: the traffic that the operator wants to know about, what to do with it, and where to send
 * it. Read-only after load; owned by the `struct config` that holds it.
 *
 * Which slice a packet belongs to (classify.h has the code):
 *   a slice matches a packet when one of its sources holds the source address, one of its
 *   destinations holds the destination address, and each ingress condition that is set is met;
 *   of the slices that match, the one with the longest matching source prefix wins, then the one
 *   with the longest matching destination prefix, then the one with an ingress port condition, then
 *   the one with an ingress VLAN condition. Two slices that could still tie are refused at load. */
#ifndef CONFIG_SLICE_H
#define CONFIG_SLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "config/test_parameters.h"

#define CONFIG_NAME_BYTES      64 /* names of ports, next hops and slices, with the NUL */
#define SLICE_MAX              4096
#define SLICE_MAX_SOURCES      4096
#define SLICE_MAX_NEXT_HOPS    16
#define SLICE_MAX_DESTINATIONS 256

#define SLICE_ANY_PORT UINT16_MAX
#define SLICE_ANY_VLAN UINT16_MAX

enum slice_mode {
    SLICE_ACTIVE,  /* drop a few segments, watch which come back */
    SLICE_PASSIVE, /* drop nothing, watch */
    SLICE_OFF,     /* count only */
};

enum slice_start {
    SLICE_START_AUTO,   /* a test begins with the first packets */
    SLICE_START_MANUAL, /* a test begins on command */
};

struct slice_ingress {
    uint16_t port; /* index in config.ports, or SLICE_ANY_PORT */
    uint16_t vlan; /* outer VLAN id, 0 for untagged packets, or SLICE_ANY_VLAN */
};

/* Bits of the source sub-prefix that is one aggregate; 0: the slice's packets of that family belong
 * to the slice's one aggregate. Never shorter than a source of the slice. */
struct slice_granularity {
    uint32_t ipv4;
    uint32_t ipv6;
};

struct slice {
    char name[CONFIG_NAME_BYTES];
    struct ip_prefix *sources; /* never empty: "any" is 0.0.0.0/0 and ::/0 */
    uint32_t n_sources;
    struct ip_prefix *destinations; /* never empty, likewise */
    uint32_t n_destinations;
    struct slice_ingress ingress;
    enum slice_mode mode;
    enum slice_start start;
    struct slice_granularity granularity;
    uint16_t next_hops[SLICE_MAX_NEXT_HOPS]; /* indices in config.next_hops */
    uint32_t n_next_hops; /* 0: leaves by the pair of the port that it came in by */
    struct test_parameters parameters;
};

#endif
