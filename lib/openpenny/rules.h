/* SPDX-License-Identifier: BSD-3-Clause */
/* Traffic rules of OpenPenny 1.1.0: the first that matches decides, by priority. Here the most
 * specific slice decides. This reads the rules and finds slices that decide the same for every TCP
 * packet. Internal to the library. */
#ifndef OPENPENNY_RULES_H
#define OPENPENNY_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "config/slice.h"
#include "openpenny/settings.h"

#define MOST_RULES 1024 /* with those that are made of where two meet */

/* What a rule asks of a packet; what is not asked for is any. */
struct rule_match {
    bool has_source, has_destination;
    struct ip_prefix source, destination;   /* IPv4 */
    uint16_t source_port, destination_port; /* 0: any; OpenPenny's ports are 1 to 65535 */
};

struct rule {
    struct rule_match match;
    bool is_include;
    uint32_t order; /* the lower decides first */
    char name[CONFIG_NAME_BYTES];
};

struct rule_list {
    struct rule *rules;
    uint32_t n, room;
};

/* Reads s->rules, in the order in which they decide. Rules of other protocols than TCP, disabled
 * ones, and those that never decide get a note. 0, -EINVAL with the error, -ENOMEM. */
int rules_read(struct settings *s, struct rule_list *out);

/* Makes the list one that decides the same when the most specific rule wins: rules that others
 * cover are gone, and where two meet that decide otherwise there is one of its own. 0, -EINVAL when
 * they are too many, -ENOMEM. */
int rules_order(struct settings *s, struct rule_list *list);

void rule_list_free(struct rule_list *list);

#endif
