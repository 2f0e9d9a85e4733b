/* SPDX-License-Identifier: BSD-3-Clause */
/* The services of a policy: who is asked, and the next hop of each member. Services and members by
 * their numbers (config/services.h). */
#ifndef PENNYLINE_POLICY_SERVICES_H
#define PENNYLINE_POLICY_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "nexthop/nexthop.h"
#include "service/service.h"

struct port;

struct policy_service {
    struct next_hop hops[CONFIG_MAX_SERVICE_MEMBERS];
};

struct policy_services {
    struct service_set *set;
    bool any_sticky;
    uint32_t n; /* one more than the largest number */
    struct policy_service services[];
};

/* How a next hop of the configuration leaves. */
struct next_hop policy_hop_of(const struct config_next_hop *c, const struct port *ports);

/* Memory of a NUMA socket for those of a configuration; *out is NULL when there are none. 0 or a
 * negative errno. */
int policy_services_create(struct policy_services **out, const struct config *config,
                           const struct port *ports, int socket);
void policy_services_destroy(struct policy_services *s);

/* What that takes. */
uint64_t policy_services_bytes(const struct config *config);

#endif
