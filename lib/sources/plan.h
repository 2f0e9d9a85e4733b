/* SPDX-License-Identifier: BSD-3-Clause */
/* What is counted: sources, apart by family, transport and destination port, in windows of the wall
 * clock. */
#ifndef SOURCES_PLAN_H
#define SOURCES_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

#define SOURCES_MOST_PORTS        1024
#define SOURCES_MOST_EXACT        (UINT32_C(1) << 24)
#define SOURCES_MOST_DESTINATIONS 32
#define SOURCES_WINDOW_STEP_S     10
#define SOURCES_MOST_WINDOW_S     86400

struct sources_plan {
    uint32_t window_s;  /* a multiple of SOURCES_WINDOW_STEP_S */
    uint32_t n_exact;   /* pairs of source and port that are held as they are; 0: sketches alone */
    uint32_t precision; /* of the sketches */
    uint32_t n_ports;   /* in `ports`; when ports come as they are: how many are told apart */
    bool takes_any_port;
    bool tcp, udp;
    bool hides_local; /* what ip_prefix_special_bits() knows */
    uint32_t n_destinations;
    struct ip_prefix destinations[SOURCES_MOST_DESTINATIONS]; /* none: any */
    uint16_t ports[SOURCES_MOST_PORTS];
};

/* A place for each family and transport of a port. Ports have slots: those that are listed in their
 * order, others as they come; what came when all were taken is in the last one. */
enum { SOURCES_CELLS_A_SLOT = 4 };

static inline uint32_t sources_n_slots(const struct sources_plan *p)
{
    return p->n_ports + p->takes_any_port;
}

static inline uint32_t sources_n_cells(const struct sources_plan *p)
{
    return sources_n_slots(p) * SOURCES_CELLS_A_SLOT;
}

static inline uint16_t sources_cell(uint32_t slot, bool is_udp, bool is_ipv6)
{
    return (uint16_t)(slot * SOURCES_CELLS_A_SLOT + is_udp * 2 + is_ipv6);
}

#endif
