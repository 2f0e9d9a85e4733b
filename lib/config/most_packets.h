/* SPDX-License-Identifier: BSD-3-Clause */
/* What the drops of a test are in packets, which budgets of the box and of the map count. */
#ifndef CONFIG_MOST_PACKETS_H
#define CONFIG_MOST_PACKETS_H

#include "config/test_parameters.h"

/* A first flight of QUIC may have several datagrams (unit_rule.most_dropped). */
static inline uint32_t test_parameters_packets_per_drop(const struct test_parameters *p)
{
    const uint32_t quic = 1, datagrams = 4;

    return (p->units & TEST_UNITS_OF(quic)) != 0 ? datagrams : 1;
}

/* No test makes more; of single flows, segments alone are dropped. */
static inline uint32_t test_parameters_most_packets(const struct test_parameters *p)
{
    const uint32_t of_flows =
        test_parameters_have_flows_phase(p) ? p->max_individual_flows * p->max_drops_per_flow : 0;

    return (test_parameters_most_drops(p) - of_flows) * test_parameters_packets_per_drop(p) +
           of_flows;
}

#endif
