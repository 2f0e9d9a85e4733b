/* SPDX-License-Identifier: BSD-3-Clause */
/* The responders of a policy, in the order of the configuration: the first one that permits an
 * address answers for it. */
#ifndef PENNYLINE_POLICY_RESPONDERS_H
#define PENNYLINE_POLICY_RESPONDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

struct acl;
struct packet_view;
struct port;

struct policy_responder {
    struct acl *acl;
    uint32_t ports;  /* by bits, that SYNs come in by */
    uint16_t number; /* of its counters and its limits */
    enum config_after_ack after_ack;
    uint16_t window, mss;
    bool has_all_tcp_ports;
    uint8_t tcp_ports[65536 / 8]; /* by bits */
};

struct policy_responders {
    uint32_t n;
    uint8_t macs[CONFIG_MAX_PORTS][6]; /* of the ports */
    struct policy_responder responders[];
};

/* *out is NULL when the configuration has none. 0 or a negative errno. */
int policy_responders_create(struct policy_responders **out, const struct config *config,
                             const struct port *ports);
void policy_responders_destroy(struct policy_responders *r);

/* Ports, by bits, that any of them answers on. */
uint32_t policy_responders_ports(const struct policy_responders *r);

#endif
