/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a member may have flows: by what checks found, and by what somebody said. Owned by one
 * thread; pure but for its own state. */
#ifndef SERVICE_HEALTH_H
#define SERVICE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#define SERVICE_MOST_RISE_FALL 10

/* What somebody said (a person, keepalived, a script); it outweighs what checks find, but for
 * ENABLED. */
enum service_order {
    SERVICE_ENABLED, /* as checks find */
    SERVICE_DRAINED, /* no new flows; those that are known go on, as long as checks find it up */
    SERVICE_DOWN,    /* none */
};
#define SERVICE_N_ORDERS 3

/* X(enum suffix, name, help): kinds of checks. A member is up when every one that is on says so. */
#define SERVICE_CHECKS(X)                                                                          \
    X(LINK, "link", "the port that it is reached by has a link")                                   \
    X(NEIGHBOR, "neighbor", "it answers ARP or neighbor solicitations")                            \
    X(CONNECT, "connect", "it accepts a TCP connection to the service's address")                  \
    X(COMMAND, "command", "nobody reported it as failed")

enum service_check {
#define SERVICE_CHECK_ENUM(suffix, name, help) SERVICE_CHECK_##suffix,
    SERVICE_CHECKS(SERVICE_CHECK_ENUM)
#undef SERVICE_CHECK_ENUM
        SERVICE_N_CHECKS
};
const char *service_check_name(enum service_check check);

/* One check of one member: it goes down after `fall` failures in a row, up after `rise` successes.
 */
struct service_verdict {
    bool is_up;
    uint8_t streak; /* results in a row that say otherwise */
};

struct service_health {
    enum service_order order;
    struct service_verdict checks[SERVICE_N_CHECKS];
};

/* All checks up, enabled: a service begins with members that it has not seen fail. */
void service_health_init(struct service_health *h);

/* Counts a result. True: the check's verdict changed with it. `rise` and `fall` are at least 1. */
bool service_health_note(struct service_health *h, enum service_check check, bool is_good,
                         uint8_t rise, uint8_t fall);

/* May it have flows that it has already, and new ones? */
bool service_health_keeps_flows(const struct service_health *h);
bool service_health_takes_flows(const struct service_health *h);

/* The check that found it down, the first in the list; SERVICE_N_CHECKS: none did. */
enum service_check service_health_cause(const struct service_health *h);

const char *service_order_name(enum service_order order);

#endif
