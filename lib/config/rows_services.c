/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of services. */
#include "base/compiler.h"
#include "config/option.h"
#include "config/services.h"

#define SERVICE(member) OPTION_FIELD(struct config_service, member)
#define PREFIX(member)  OPTION_FIELD(struct slice_granularity, member)

static const char *const protocols[] = {"tcp", "udp", "any", NULL};
static const char *const hashes[] = {"flow", "source", "source_prefix", NULL};

static const struct option_row prefix_rows[] = {
    {.name = "ipv4",
     .kind = &kind_u32,
     PREFIX(ipv4),
     .least = 1,
     .most = 32,
     .fallback = "24",
     .unit = "bits",
     .help = "IPv4 clients of one prefix of this length go to one member."},
    {.name = "ipv6",
     .kind = &kind_u32,
     PREFIX(ipv6),
     .least = 1,
     .most = 128,
     .fallback = "48",
     .unit = "bits",
     .help = "Likewise with IPv6."},
};

static const struct option_object object_hash_prefix = {
    .noun = "a prefix to hash by",
    .help = "For `hash` `source_prefix`: how much of the client's address counts. Several boxes "
            "behind one router that spreads by prefix then each have whole prefixes to test.",
    .rows = prefix_rows,
    .n_rows = ARRAY_LENGTH(prefix_rows),
};

const struct option_list option_service_list = {
    .noun = "a service",
    .object = &object_service,
    .items = offsetof(struct config, services),
    .count = offsetof(struct config, n_services),
    .item_size = sizeof(struct config_service),
};

static const struct option_row service_rows[] = {
    {.name = "comment", .kind = &kind_note, .help = "For people; not read."},
    {.name = "name",
     .kind = &kind_name,
     SERVICE(name),
     .least = 1,
     .help = "What commands, events and counters call it."},
    {.name = "addresses",
     .kind = &kind_addresses,
     SERVICE(addresses),
     .count = offsetof(struct config_service, n_addresses),
     .least = 1,
     .most = CONFIG_MAX_SERVICE_ADDRESSES,
     .help = "The addresses that clients ask. Each member has them, too, where nobody asks for "
             "them by ARP or neighbor discovery (on its loopback interface)."},
    {.name = "protocol",
     .kind = &kind_enum,
     SERVICE(protocol),
     .words = protocols,
     .fallback = "\"any\"",
     .help = "`tcp`, `udp`, or `any`: with a port, both; with port 0, all that comes to the "
             "address."},
    {.name = "port",
     .kind = &kind_u32,
     SERVICE(port),
     .least = 0,
     .most = 65535,
     .fallback = "0",
     .otherwise = "all",
     .help = "The destination port. A service for one port takes it from one for all."},
    {.name = "members",
     .kind = &kind_references,
     .offset = offsetof(struct config_service, members),
     .size = sizeof(uint16_t),
     .count = offsetof(struct config_service, n_members),
     .least = 0,
     .most = CONFIG_MAX_SERVICE_MEMBERS,
     .list = &option_next_hop_list,
     .help = "Who answers, by the names of next hops. Boxes that call members by the same names "
             "give each flow to the same one."},
    {.name = "hash",
     .kind = &kind_enum,
     SERVICE(hash),
     .words = hashes,
     .fallback = "\"flow\"",
     .help = "What is kept together at one member: a `flow` (addresses, protocol, ports), all of a "
             "`source`, or of a `source_prefix`."},
    {.name = "hash_prefix",
     .kind = &kind_object,
     SERVICE(hash_prefix),
     .object = &object_hash_prefix,
     .fallback = "{}",
     .help = "For `hash` `source_prefix`: how much of the client's address counts."},
    {.name = "sticky",
     .kind = &kind_bool,
     SERVICE(sticky),
     .fallback = "false",
     .help = "Known flows keep their member while that is up: they do not move when it is drained, "
             "or when another one returns. Memory for `instance.sticky_flows_per_lcore` of them is "
             "taken at start."},
};

const struct option_object object_service = {
    .noun = "a service",
    .help = "Addresses that several members answer for. Packets go to a member by its MAC address "
            "alone, and are not changed behind it; members answer clients directly.",
    .rows = service_rows,
    .n_rows = ARRAY_LENGTH(service_rows),
};
