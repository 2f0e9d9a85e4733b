/* SPDX-License-Identifier: BSD-3-Clause */
/* Which TCP ports a slice asks for. */
#ifndef CONFIG_SLICE_PORTS_H
#define CONFIG_SLICE_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

#define SLICE_MAX_PORT_RANGES 16

struct slice_port_range {
    uint16_t first, last;
};

/* No range: any port, and packets without ports as well. */
struct slice_ports {
    uint32_t n_source, n_destination;
    struct slice_port_range source[SLICE_MAX_PORT_RANGES];
    struct slice_port_range destination[SLICE_MAX_PORT_RANGES];
};

static inline bool slice_ports_asks(const struct slice_ports *wanted);

/* How specific the conditions are, larger is more and at most SLICE_PORTS_MOST_SPECIFIC. */
#define SLICE_PORTS_MOST_SPECIFIC 3
static inline int slice_ports_specificity(const struct slice_ports *wanted);

/* The same, or -1 when the packet does not meet them: a port of it is in none of the ranges, or it
 * has no TCP ports, as other protocols have none, and fragments but the first. */
static inline int slice_ports_fit(const struct slice_ports *wanted, const struct packet_view *view);

/* May a packet meet both? */
static inline bool slice_ports_meet(const struct slice_ports *a, const struct slice_ports *b);

static inline bool slice_ports_asks(const struct slice_ports *wanted)
{
    return wanted->n_source + wanted->n_destination > 0;
}

static inline int slice_ports_specificity(const struct slice_ports *wanted)
{
    return (wanted->n_destination > 0) << 1 | (wanted->n_source > 0);
}

static inline bool slice_ports_hold(const struct slice_port_range *ranges, uint32_t n,
                                    uint16_t port)
{
    for (uint32_t i = 0; i < n; i++)
        if (port >= ranges[i].first && port <= ranges[i].last)
            return true;
    return n == 0;
}

static inline int slice_ports_fit(const struct slice_ports *wanted, const struct packet_view *view)
{
    if (!slice_ports_asks(wanted))
        return 0;
    if ((view->reason != PACKET_TCP && !packet_is_first_fragment(view, PACKET_PROTOCOL_TCP)) ||
        !slice_ports_hold(wanted->source, wanted->n_source, view->source_port) ||
        !slice_ports_hold(wanted->destination, wanted->n_destination, view->destination_port))
        return -1;
    return slice_ports_specificity(wanted);
}

static inline bool slice_port_ranges_meet(const struct slice_port_range *a, uint32_t n_a,
                                          const struct slice_port_range *b, uint32_t n_b)
{
    for (uint32_t i = 0; i < n_a; i++)
        for (uint32_t k = 0; k < n_b; k++)
            if (a[i].first <= b[k].last && b[k].first <= a[i].last)
                return true;
    return n_a == 0 || n_b == 0;
}

static inline bool slice_ports_meet(const struct slice_ports *a, const struct slice_ports *b)
{
    return slice_port_ranges_meet(a->source, a->n_source, b->source, b->n_source) &&
           slice_port_ranges_meet(a->destination, a->n_destination, b->destination,
                                  b->n_destination);
}

#endif
