/* SPDX-License-Identifier: BSD-3-Clause */
/* What the map decides in the appliance: which entry is tested next, by a test at run time, and
 * which alarms are up. The manager's thread. */
#ifndef PENNYLINE_DECIDING_H
#define PENNYLINE_DECIDING_H

#include "state.h"

struct deciding;
struct map;
struct map_change;

/* Whoever remembers what was before the restart has so long to tell it (command "map restore"); no
 * test begins and no alarm is raised until then. */
#define DECIDING_WAIT_S 60

/* Where there is a map. NULL and said: no memory. */
struct deciding *deciding_create(struct appliance *a, struct map *map);
void deciding_destroy(struct deciding *d); /* NULL is allowed */

/* Another configuration is in force. */
void deciding_follow(struct deciding *d);
void deciding_hear(struct deciding *d, const struct map_change *change, uint64_t now_ns);
/* A test of this aggregate is over. */
void deciding_hear_test(struct deciding *d, uint32_t aggregate, uint64_t now_ns);
void deciding_serve(struct deciding *d, bool is_stale, uint64_t now_ns);

/* The commands "map alarms", "map queue", "map acknowledge", "map accept" and "map restore": what
 * they answer, or NULL with `error`. */
json_t *deciding_command(struct deciding *d, const char *command, const json_t *request,
                         uint64_t now_ns, char *error, size_t n_error);

#endif
