/* SPDX-License-Identifier: BSD-3-Clause */
/* A place where traffic enters, by name, and who is behind it. Read-only after load; owned by the
 * `struct config` that holds it. */
#ifndef CONFIG_NAMED_INGRESS_H
#define CONFIG_NAMED_INGRESS_H

#include "config/slice.h"

#define CONFIG_MAX_INGRESSES 4096
#define CONFIG_MAX_NEIGHBORS 4096 /* of one ingress */

enum ingress_relation {
    INGRESS_CUSTOMER,
    INGRESS_PEER,
    INGRESS_TRANSIT,  /* who may send from any source */
    INGRESS_INTERNAL, /* of the operator's own network */
};

/* A router, or all routers of an AS. */
struct config_neighbor {
    bool is_as;
    uint32_t as;
    struct ip_address address;
};

struct named_ingress {
    char name[CONFIG_NAME_BYTES];
    struct slice_ingress at; /* port, outer VLAN, tunnel and its number */
    uint16_t inner_vlan;     /* 0: no second tag; SLICE_ANY_VLAN */
    bool has_source_mac;     /* false: any */
    uint8_t source_mac[6];
    enum ingress_relation relation;
    struct config_neighbor *neighbors;
    uint32_t n_neighbors;
};

/* "customer" */
const char *ingress_relation_name(enum ingress_relation relation);

#endif
