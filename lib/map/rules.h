/* SPDX-License-Identifier: BSD-3-Clause */
/* Which alarm an entry is a cause of. Pure.
 *
 * Nothing unexpected is an alarm before a test answered: who sends with made-up sources must not
 * raise any, and that is what tests are for. */
#ifndef MAP_RULES_H
#define MAP_RULES_H

#include "config/named_ingress.h"
#include "map/alarm.h"
#include "map/entry.h"

/* What an entry's neighbourhood says. */
struct rules_surroundings {
    bool is_own;       /* in a prefix of the network's own */
    bool is_named;     /* its ingress is one that the configuration names */
    uint8_t relation;  /* of that one: enum ingress_relation */
    uint16_t rest_at;  /* another ingress where its route comes in, and traffic does; else
                          MAP_NO_INGRESS */
    bool is_part;      /* it is longer than that route */
    uint16_t expected; /* where it was mostly, or is expected; MAP_NO_INGRESS */
};

/* So many verdicts `spoofed` in a row make an alarm. */
#define RULES_SPOOFED 2

/* False: it is none. */
bool rules_of_entry(const struct map_entry *entry, const struct rules_surroundings *around,
                    struct alarm_cause *cause, struct alarm_facts *facts);

#endif
