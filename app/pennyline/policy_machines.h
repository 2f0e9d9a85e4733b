/* SPDX-License-Identifier: BSD-3-Clause */
/* The machines of a policy: which ports' packets they see, and where their actions lead. In
 * the order of the configuration. */
#ifndef PENNYLINE_POLICY_MACHINES_H
#define PENNYLINE_POLICY_MACHINES_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "nexthop/nexthop.h"

struct machine_running;
struct port;

struct policy_machine {
    struct machine_running *running;
    bool fails_open, tells_changes;
    uint32_t ports; /* by bits; no mirror */
    struct next_hop targets[MACHINE_MAX_TARGETS];
};

struct policy_machines {
    uint32_t n;
    uint32_t forwarding;                        /* ports that packets leave by, by bits */
    struct next_hop straight[CONFIG_MAX_PORTS]; /* out of each, unchanged */
    struct policy_machine machines[MACHINE_MAX];
};

/* Memory of a NUMA socket; `running` has one for each machine of the configuration. *out is NULL
 * when there are no machines. 0 or a negative errno. */
int policy_machines_create(struct policy_machines **out, const struct config *config,
                           struct machine_running *const *running, const struct port *ports,
                           int socket);
void policy_machines_destroy(struct policy_machines *m);

#endif
