/* SPDX-License-Identifier: BSD-3-Clause */
/* The map, told as JSON: one place for the control socket and the replay, as report.h is for tests.
 * The manager's thread; what is returned is the caller's. */
#ifndef REPORT_MAP_H
#define REPORT_MAP_H

#include "map/map.h"
#include "report/report.h"

/* One entry, which is live. */
json_t *report_map_entry(const struct map *m, uint32_t slot, const struct report_clock *clock);

/* Counters, what is expected, and places. */
json_t *report_map_summary(const struct map *m);
json_t *report_map_places(const struct map *m);

json_t *report_map_change(const struct map *m, const struct map_change *change,
                          const struct report_clock *clock);

#endif
