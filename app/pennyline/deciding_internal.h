/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of deciding share. */
#ifndef PENNYLINE_DECIDING_INTERNAL_H
#define PENNYLINE_DECIDING_INTERNAL_H

#include "alert/alert.h"
#include "deciding.h"
#include "map/decide.h"

/* A scheduled test. */
struct scheduled {
    bool is_taken;
    struct schedule_pick pick;
    uint32_t test; /* its number at run time */
};

struct deciding {
    struct appliance *appliance;
    struct map *map;
    struct schedule *schedule;
    struct alarms *alarms;
    struct decide *decide;
    struct alert_names names;
    struct schedule_config tests;
    struct scheduled running[SCHEDULE_MOST_TESTS]; /* by ticket */
    double alpha;
    bool is_restored;
    uint64_t began_ns, looked_ns;
};

/* deciding_tests.c: begins what may begin, and takes what ended; each second. */
void deciding_tests_serve(struct deciding *d, uint64_t now_ns);
/* Can packets of this place be dropped, and can a test be told which they are? */
bool deciding_is_forwarded(void *deciding, uint16_t place);

/* Has a slice with its conditions just the packets of this ingress? */
bool deciding_is_told_apart(const struct deciding *d, const struct named_ingress *in);

/* Of an ingress; "" when there is none of this number. */
static inline const char *deciding_place_name(const struct deciding *d, uint16_t place)
{
    const struct map_places *p = map_places(d->map);

    return place < p->n ? p->places[place].name : "";
}

/* deciding.c: from now on tests begin and alarms are raised. */
void deciding_restored(struct deciding *d);

#endif
