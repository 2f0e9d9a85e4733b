/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows that no test drops from: connections whose loss would cost more than a verdict is worth, as
 * the operator's own and those that carry routes. */
#ifndef CONFIG_NEVER_DROP_H
#define CONFIG_NEVER_DROP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"

#define NEVER_DROP_MAX_PORTS    64
#define NEVER_DROP_MAX_PREFIXES 256

struct never_drop {
    uint16_t ports[NEVER_DROP_MAX_PORTS]; /* TCP, of source or destination */
    uint32_t n_ports;
    struct ip_prefix *prefixes; /* of source or destination */
    uint32_t n_prefixes;
};

/* One end of a connection. */
struct never_drop_end {
    const struct ip_address *address;
    uint16_t port;
};

/* Is the flow between the two ends spared, in either direction? Pure; any thread. The cost is that
 * of the two lists, so it is asked once a flow. */
bool never_drop_spares(const struct never_drop *spared, struct never_drop_end a,
                       struct never_drop_end b);

#endif
