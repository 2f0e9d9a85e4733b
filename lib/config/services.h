/* SPDX-License-Identifier: BSD-3-Clause */
/* Services: addresses that several members answer for, each by its own address of the link.
 * Read-only after load, but for the numbers. */
#ifndef CONFIG_SERVICES_H
#define CONFIG_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "config/slice.h"

#define CONFIG_MAX_SERVICES          128
#define CONFIG_MAX_SERVICE_ADDRESSES 64
#define CONFIG_MAX_SERVICE_MEMBERS   64
#define CONFIG_MAX_WEIGHT            1000
#define CONFIG_MAX_RISE_FALL         10

/* In the order of the words of the configuration. */
enum config_service_protocol { SERVICE_TCP, SERVICE_UDP, SERVICE_ANY };
enum config_service_hash { SERVICE_BY_FLOW, SERVICE_BY_SOURCE, SERVICE_BY_SOURCE_PREFIX };

struct config_service {
    char name[CONFIG_NAME_BYTES];
    struct ip_address *addresses;
    uint32_t n_addresses;
    enum config_service_protocol protocol;
    uint32_t port;                                /* 0: all */
    uint16_t members[CONFIG_MAX_SERVICE_MEMBERS]; /* indices in config.next_hops */
    uint32_t n_members;
    enum config_service_hash hash;
    struct slice_granularity hash_prefix;
    bool sticky;
    /* By these counters, health and memory know them: they stay as long as the names do, see
     * config_take_numbers(). */
    uint16_t number;
    uint8_t member_numbers[CONFIG_MAX_SERVICE_MEMBERS];
};

struct config;

/* Gives every service, every member of one and every responder a number below CONFIG_MAX_SERVICES,
 * CONFIG_MAX_SERVICE_MEMBERS and CONFIG_MAX_RESPONDERS: the one that it has in `before`, by its
 * name, or a free one. NULL: there was none before. Pure. */
void config_take_numbers(struct config *config, const struct config *before);

#endif
