/* SPDX-License-Identifier: BSD-3-Clause */
/* A slice: the traffic that the operator wants to know about, what to do with it, and where to send
 * it. Read-only after load; owned by the `struct config` that holds it.
 *
 * Which slice a packet belongs to (classify.h has the code):
 *   a slice matches a packet when one of its sources holds the source address, one of its
 *   destinations holds the destination address, and each condition on ingress and TCP ports that is
 *   set is met, as is that on the mark; of the slices that match, the one with the longest matching
 * source prefix wins, then the one with the longest matching destination prefix, then the one with
 * an ingress condition: on the port, then on the VLAN, then on the tunnel, then on its number; then
 * the one with a condition on the destination's TCP port, then on the source's, then on the mark.
 * Two slices that could still tie are refused at load. */
#ifndef CONFIG_SLICE_H
#define CONFIG_SLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "config/slice_ports.h"
#include "config/test_parameters.h"
#include "ingress/ingress.h"
#include "packet/packet.h"
#include "stats/findings.h"

#define CONFIG_NAME_BYTES      64 /* names of ports, next hops and slices, with the NUL */
#define SLICE_MAX              4096
#define SLICE_MAX_SOURCES      4096
#define SLICE_MAX_NEXT_HOPS    16
#define SLICE_MAX_DESTINATIONS 256

#define SLICE_ANY_PORT UINT16_MAX
#define SLICE_ANY_VLAN UINT16_MAX

/* What a state machine marked a packet with. It is a part of the key of a flow, so it is not
 * greater. */
#define SLICE_MOST_MARK 32766
#define SLICE_NO_MARK   UINT32_MAX

enum slice_mode {
    SLICE_ACTIVE,  /* drop a few segments, watch which come back */
    SLICE_PASSIVE, /* drop nothing, watch */
    SLICE_OFF,     /* count only */
};

enum slice_start {
    SLICE_START_AUTO,   /* a test begins with the first packets */
    SLICE_START_MANUAL, /* a test begins on command */
};

/* What slice_ingress.tunnel says: SLICE_ANY_TUNNEL, or this of an enum packet_tunnel. */
#define SLICE_ANY_TUNNEL   0u
#define SLICE_TUNNEL(kind) ((unsigned int)(kind) + 1)

struct slice_ingress {
    uint16_t port;       /* index in config.ports, or SLICE_ANY_PORT */
    uint16_t vlan;       /* outer VLAN id, 0 for untagged packets, or SLICE_ANY_VLAN */
    unsigned int tunnel; /* the outermost one that was taken off, as above */
    bool has_tunnel_id;  /* false: any */
    uint32_t tunnel_id;  /* as in struct packet_view */
};

/* Bits of the source sub-prefix that is one aggregate; 0: the slice's packets of that family belong
 * to the slice's one aggregate. Never shorter than a source of the slice. */
struct slice_granularity {
    uint32_t ipv4;
    uint32_t ipv6;
};

#define SLICE_NONE                UINT16_MAX
#define SLICE_MOST_TESTS_PER_HOUR 60

/* In slice_escalation.when, beside 1u << enum passive_finding. */
#define ESCALATE_ON_VOLUME  (1u << PASSIVE_N_FINDINGS)
#define ESCALATE_ON_SOURCES (1u << (PASSIVE_N_FINDINGS + 1))

/* What is seen of a watched slice may start a test of the same traffic, where that passes through
 * the box: the test of another slice, which is active. How many sources it has may start that of an
 * active one, too. */
struct slice_escalation {
    uint32_t when; /* 0: never */
    uint16_t test; /* index in config.slices; SLICE_NONE: the slice itself, if it is active */
    uint32_t max_per_hour; /* at most SLICE_MOST_TESTS_PER_HOUR */
    uint64_t above_bps;    /* ESCALATE_ON_VOLUME: more than this, IP packets and Ethernet headers */
    uint32_t above_sources; /* ESCALATE_ON_SOURCES: more than so many in a window that is counted */
};

/* Where a process runs for long, a slice keeps its place in config.slices as long as it keeps its
 * name (config/slots.h), and places may be empty. */
enum slice_presence {
    SLICE_PRESENT,
    SLICE_LEAVING, /* no packet belongs to it any more; what was found out of it still has its name
                    */
    SLICE_ABSENT,  /* nobody's place */
};

struct slice {
    char name[CONFIG_NAME_BYTES];
    enum slice_presence presence; /* SLICE_PRESENT in what was just loaded */
    struct ip_prefix *sources;    /* never empty: "any" is 0.0.0.0/0 and ::/0 */
    uint32_t n_sources;
    struct ip_prefix *destinations; /* never empty, likewise */
    uint32_t n_destinations;
    struct slice_ingress ingress;
    struct slice_ports ports;
    bool has_mark; /* false: any packet */
    uint32_t mark; /* of a state machine; 0 where there is none */
    enum slice_mode mode;
    enum slice_start start;
    struct slice_granularity granularity;
    uint16_t next_hops[SLICE_MAX_NEXT_HOPS]; /* indices in config.next_hops */
    uint32_t n_next_hops; /* 0: leaves by the pair of the port that it came in by */
    struct slice_escalation escalation;
    struct test_parameters parameters;
};

/* What a change of the configuration means for who is in a slot. */
enum slice_fate {
    SLICE_STAYS,        /* it goes on, and so does its test */
    SLICE_IS_RETUNED,   /* its test would be another one, of the same packets */
    SLICE_IS_REDRAWN,   /* other packets belong to it now */
    SLICE_COMES,        /* it is new in this slot */
    SLICE_LEAVES,       /* it was there until now */
    SLICE_IS_ELSEWHERE, /* nobody is there, or only who is leaving since before */
};

static inline bool slice_is_present(const struct slice *s)
{
    return s->presence == SLICE_PRESENT;
}

/* Does its test drop more than data segments? */
static inline bool slice_has_more_units(const struct slice *s)
{
    return s->mode == SLICE_ACTIVE && test_parameters_kinds(&s->parameters) != 0;
}

/* 1: it asks for this mark; 0: it asks for none; -1: for another one than the packet has. */
static inline int slice_mark_fits(bool has_mark, uint32_t wanted, uint32_t mark)
{
    return !has_mark ? 0 : wanted == mark ? 1 : -1;
}

/* May a packet meet both? */
static inline bool slice_marks_meet(const struct slice *a, const struct slice *b)
{
    return !a->has_mark || !b->has_mark || a->mark == b->mark;
}

/* How specific the conditions are, larger is more and at most SLICE_MOST_SPECIFIC; -1 when the
 * packet does not meet them. */
#define SLICE_MOST_SPECIFIC 15
static inline int slice_ingress_fits(const struct slice_ingress *wanted, const struct ingress *at);

static inline int slice_ingress_fits(const struct slice_ingress *wanted, const struct ingress *at)
{
    bool port = wanted->port != SLICE_ANY_PORT, vlan = wanted->vlan != SLICE_ANY_VLAN;
    bool tunnel = wanted->tunnel != SLICE_ANY_TUNNEL, id = wanted->has_tunnel_id;

    if ((port && wanted->port != at->port) || (vlan && wanted->vlan != ingress_outer_vlan(at)) ||
        (tunnel && wanted->tunnel != SLICE_TUNNEL(at->tunnel)) ||
        (id && wanted->tunnel_id != at->tunnel_id))
        return -1;
    return port << 3 | vlan << 2 | tunnel << 1 | id;
}

#endif
