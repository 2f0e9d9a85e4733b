/* SPDX-License-Identifier: BSD-3-Clause */
/* Places where traffic comes in, by number: those that the configuration names, and those that
 * packets came in by without a name. A place keeps its number as long as the map lives: a name by
 * its text, the others by what they are (lib/ingress). */
#ifndef MAP_PLACES_H
#define MAP_PLACES_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "expect/expect.h"
#include "ingress/ingress.h"
#include "map/entry.h"
#include "map/worker.h"

/* Of them, at most so many without a name. */
#define MAP_MOST_UNNAMED 1024

struct map_place {
    char name[CONFIG_NAME_BYTES];
    bool is_named;     /* the configuration in force has it */
    uint8_t relation;  /* enum ingress_relation, of a named one */
    uint16_t expected; /* its index in the expectation in force; EXPECT_NO_INGRESS */
    uint32_t scale;    /* one packet that came in stands for so many */
    uint32_t n_entries, n_unexpected;
    /* What came in here of no entry, by the workers' counts. */
    uint64_t stray_packets, stray_bytes;
    /* Of those that should not come in here, in the present window: packets sampled. */
    uint32_t n_sampled;
    uint8_t distinct[MAP_DISTINCT_BYTES]; /* of /24s and /48s */
    uint8_t n_calm;                       /* windows since it was diffuse */
    bool is_diffuse; /* many prefixes with few packets each, as of random sources */
};

struct map_places {
    struct map_place *places; /* MAP_MOST_PLACES */
    uint16_t n, n_unnamed;
    uint64_t n_refused; /* had no number left */
};

/* How well a named ingress fits: larger is more specific; -1: not. */
int map_named_ingress_fits(const struct named_ingress *named, const struct ingress *at);

/* The ingress of the configuration that the packets belong to, or -1. */
int map_find_named_ingress(const struct config *c, const struct ingress *at);

/* "mirror/vlan100.7/gre:5": what has no name. */
void map_describe_ingress(const struct config *c, const struct ingress *at,
                          char out[CONFIG_NAME_BYTES]);

/* A place of this name, with a number if there is one to be had; MAP_NO_INGRESS. *is_new: it was
 * not there before. */
uint16_t map_places_find_or_add(struct map_places *p, const char *name, bool is_named,
                                bool *is_new);
uint16_t map_places_find(const struct map_places *p, const char *name);

/* Names and relations as a configuration has them. */
void map_places_follow(struct map_places *p, const struct config *c);

#endif
