/* SPDX-License-Identifier: BSD-3-Clause */
/* What sources are counted of: the items of `sources`. */
#ifndef CONFIG_COUNTING_H
#define CONFIG_COUNTING_H

#include <stdbool.h>
#include <stdint.h>

#include "config/named_ingress.h"
#include "sources/plan.h"

#define COUNTING_MAX        8
#define COUNTING_MAX_SLICES 8
#define COUNTING_MAX_PORTS  32 /* of the box */
#define COUNTING_NAME_BYTES CONFIG_NAME_BYTES

enum counting_local { COUNTING_SHOWS_LOCAL, COUNTING_HIDES_LOCAL };

struct counting {
    char name[COUNTING_NAME_BYTES];
    uint16_t slices[COUNTING_MAX_SLICES]; /* none: whatever the slice */
    uint32_t n_slices;
    uint16_t arrives_by[COUNTING_MAX_PORTS]; /* none: any port of the box */
    uint32_t n_arrives_by;
    uint16_t ports[SOURCES_MOST_PORTS]; /* none: any */
    uint32_t n_ports;
    uint32_t max_ports;
    uint32_t window_s;
    uint32_t exact;
    uint32_t precision;
    bool tcp, udp;
    bool list;
    enum counting_local local;
    struct ip_prefix *destinations;
    uint32_t n_destinations;
    uint32_t rise_factor, rise_least;
};

/* As the counters want it. */
struct sources_plan counting_plan(const struct counting *c);

/* Is anything counted of what comes in by this port of the box? */
bool counting_looks_at(const struct counting *c, uint32_t port);

#endif
