/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose network a packet goes to: the operator's own prefixes, else the best relation among those
 * who announce the longest route to it: a customer's, a peer's, a transit provider's. What a peer
 * sends to others than the operator and his customers, nobody announced to him.
 *
 * Made whole, then not written to. */
#ifndef MAP_DESTINATIONS_H
#define MAP_DESTINATIONS_H

#include "expect/expect.h"
#include "map/entry.h"

struct map_own {
    struct expect_prefix *rows; /* sorted, as layout.h has them */
    uint32_t n;
};

/* 0, -ENOMEM. */
int map_own_init(struct map_own *own, const struct ip_prefix *prefixes, uint32_t n);
void map_own_free(struct map_own *own);

/* `e` NULL: nothing is known of others. */
enum map_destination map_destination_of(const struct map_own *own, const struct expectation *e,
                                        const struct ip_address *to);

#endif
