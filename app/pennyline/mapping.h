/* SPDX-License-Identifier: BSD-3-Clause */
/* The map in the appliance: what workers count, and the manager's thread that merges it, names
 * places, and takes over what is expected. */
#ifndef PENNYLINE_MAPPING_H
#define PENNYLINE_MAPPING_H

#include "stages.h"
#include "state.h"

struct map;
struct mapping;

/* A step of the appliance, before workers run: each gets its part. Nothing is taken when the
 * configuration has no map. */
int mapping_up(struct appliance *a);
void mapping_down(struct appliance *a);

/* NULL without a map. */
struct map *mapping_map(const struct appliance *a);
/* Another configuration is in force. */
void mapping_follow(struct appliance *a);

/* A test of this aggregate is over. */
void mapping_hear_test(struct appliance *a, uint32_t aggregate, uint64_t now_ns);

/* In each turn of the manager's loop. */
void mapping_serve(struct appliance *a, uint64_t now_ns);

/* What is known of the map as a whole; null without one. */
json_t *mapping_json(const struct appliance *a);

/* Commands about its tests and alarms (deciding.h); only where there is a map. */
json_t *mapping_command(struct appliance *a, const char *command, const json_t *request,
                        uint64_t now_ns, char *error, size_t n_error);

stage_function stage_map;

#endif
