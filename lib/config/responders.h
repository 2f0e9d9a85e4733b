/* SPDX-License-Identifier: BSD-3-Clause */
/* Responders: addresses that nobody has, and how SYNs to them are answered. Read-only after load,
 * but for the numbers. */
#ifndef CONFIG_RESPONDERS_H
#define CONFIG_RESPONDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "acl/acl.h"
#include "config/slice.h"

#define CONFIG_MAX_RESPONDERS          8
#define CONFIG_MAX_RESPONDER_RULES     1024
#define CONFIG_MAX_RESPONDER_TCP_PORTS 64

/* In the order of the words of the configuration. */
enum config_after_ack { AFTER_ACK_RESET, AFTER_ACK_IGNORE, AFTER_ACK_HOLD };
enum config_otherwise { OTHERWISE_DENY, OTHERWISE_PERMIT };

struct config_responder {
    char name[CONFIG_NAME_BYTES];
    uint16_t port; /* index in config.ports, of role forward; CONFIG_NONE: all of that role */
    struct acl_rule *rules;
    uint32_t n_rules;
    enum config_otherwise otherwise;
    uint16_t tcp_ports[CONFIG_MAX_RESPONDER_TCP_PORTS];
    uint32_t n_tcp_ports; /* 0: all */
    enum config_after_ack after_ack;
    uint32_t window;
    uint32_t mss;                  /* 0: none is told */
    uint32_t max_per_prefix_per_s; /* answers, of each worker */
    uint32_t max_per_s;            /* answers of all workers */
    /* By this, counters and limits know it: as config_service.number. */
    uint16_t number;
};

#endif
