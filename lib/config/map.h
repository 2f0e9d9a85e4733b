/* SPDX-License-Identifier: BSD-3-Clause */
/* The map: who enters where. Read-only after load; owned by the `struct config` that holds it. */
#ifndef CONFIG_MAP_H
#define CONFIG_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

#define CONFIG_MOST_MAP_ENTRIES 4000000
#define CONFIG_MOST_OWN         65536

struct config_map {
    uint32_t entries;      /* 0: there is no map */
    uint16_t ports[32];    /* indices in config.ports */
    uint32_t n_ports;      /* 0: all */
    char expectation[256]; /* the file of pennyline-map; "": none */
    uint32_t stale_after_s;
    struct ip_prefix *own; /* prefixes of the operator's network */
    uint32_t n_own;
    bool alarms;
    uint32_t least_bits_per_s;             /* of what is an alarm */
    bool tests;                            /* begin by themselves */
    uint32_t max_tests, max_tests_ingress; /* at once */
    /* Of those tests. Those of one ingress, AS, prefix: 0 is no limit of its own. */
    uint32_t max_drops_per_hour;
    uint32_t max_drops_per_hour_ingress, max_drops_per_hour_as, max_drops_per_hour_prefix;
    double wrong_verdicts_per_year;
};

/* Is what comes in by this port counted? */
static inline bool config_map_has_port(const struct config_map *map, uint32_t port)
{
    for (uint32_t i = 0; i < map->n_ports; i++)
        if (map->ports[i] == port)
            return map->entries > 0;
    return map->entries > 0 && map->n_ports == 0;
}

#endif
