/* SPDX-License-Identifier: BSD-3-Clause */
/* All services of a configuration: which one a packet asks, and the member that it goes to.
 *
 * Rows are filled beside the ones in use, some at a time, and put in their place whole. Until then,
 * a row whose member may not have the packet any more is asked anew without the table, which gives
 * what the next table will say: so a member that is lost gets nothing from that moment on, and no
 * row ever moves twice.
 *
 * Threads: one owner builds and follows; workers choose, each with its own memory and counters.
 * All of a set but what service_set_follow() and service_set_work() write is immutable. */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "service/ask.h"
#include "service/directory.h"
#include "service/memory.h"
#include "service/rows.h"

#define SERVICE_MOST_SERVICES 256

/* One service, as it is to be. */
struct service_plan {
    bool is_present;
    struct service_members members; /* by number; weight 0: nobody has this number, or it rests */
    uint64_t identity;              /* for the memory: the same as long as it is the same service */
    enum service_hash hash;
    uint8_t prefix_bits_ipv4, prefix_bits_ipv6;
    bool is_sticky;
};

/* What becomes of the packets of a service, of one worker. */
struct service_counters {
    uint64_t packets;       /* that asked for it */
    uint64_t remembered;    /* of them, by memory */
    uint64_t not_in_memory; /* had no room there, and went by their row */
    uint64_t no_member;     /* nobody may have them */
    uint64_t member_packets[SERVICE_MOST_MEMBERS];
};

/* Adds what another worker counted. */
void service_counters_add(struct service_counters *sum, const struct service_counters *more);

struct service;
struct service_set;

/* A key of service_members: what a member is, by its name. Boxes agree on who takes a flow when
 * they call members by the same names. */
uint64_t service_member_key(const char *name);

/* Bytes for so many services (at most SERVICE_MOST_SERVICES) and places; memory aligned to a cache
 * line. */
size_t service_set_bytes(uint32_t n_services, uint32_t n_places);

/* Makes a set inside `memory`, which the caller owns, with every member of each service usable:
 * their rows are filled at once. `places` speak of services by their index in `plans`. NULL: no
 * memory. */
struct service_set *service_set_init(void *memory, const struct service_plan *plans,
                                     uint32_t n_services, const struct service_place *places,
                                     uint32_t n_places, const uint64_t secret[2]);

/* Which members, by bits, may have new flows, and which those that they have already. Owner only;
 * any number of times. */
void service_set_follow(struct service_set *set, uint32_t service, uint64_t takes, uint64_t keeps);

/* Fills at most `n_rows` rows where a table does not say what was followed. `epoch`: what a worker
 * may read now, it may read until this one is over; `is_over` tells of an earlier one. Owner only.
 * True: all tables say it. */
bool service_set_work(struct service_set *set, uint32_t n_rows, uint64_t epoch,
                      bool (*is_over)(const void *context, uint64_t epoch), const void *context);

/* The service that a packet asks for, or SERVICE_NONE. */
uint16_t service_set_find(const struct service_set *set, const struct service_ask *ask);

/* The member that it goes to, or SERVICE_NO_MEMBER. `memory`: the worker's, or NULL. */
uint8_t service_set_choose(const struct service_set *set, uint16_t service,
                           const struct service_ask *ask, struct service_memory *memory,
                           uint32_t now_s, struct service_counters *counters);

#endif
